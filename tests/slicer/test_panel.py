import time

import numpy as np
import pytest
import qt
from conftest import PICTURES
from Cordline import CordlineWidget
from landmark import draw, sagittal_grid
from volumes import events_until, load


@pytest.fixture
def panel(shared):
    host = qt.QWidget()
    host.setLayout(qt.QVBoxLayout())
    host.resize(430, 900)
    widget = CordlineWidget(host)
    widget.setup()
    host.show()
    widget.panel.session.settings.use_address(shared.endpoint)
    widget.panel._refresh()
    yield widget.panel
    widget.cleanup()


def test_run(panel):
    grid = sagittal_grid(turn=6, tilt=5)
    v = load(draw(grid).astype(np.int16), grid)
    panel.inputs.t2w_selector.setCurrentNode(v)
    print(panel.runner.button.toolTip)
    t = time.time()
    panel.runner.button.click()
    print("click", time.time() - t)
    gap = events_until(lambda: not panel.session.running)
    print("gap", gap, panel.session.problem, panel.log.text.plainText)
    PICTURES.mkdir(parents=True, exist_ok=True)
    panel.results.box.window().grab().save(str(PICTURES / "panel.png"))
