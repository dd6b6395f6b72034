"""The module's widget in a window of its own, for tests and pictures."""

import numpy as np
import pytest
import qt
from conftest import APPLICATION, PICTURES
from Cordline import CordlineWidget
from landmark import draw, sagittal_grid
from volumes import events_until, load

WIDTH, HEIGHT = 430, 1240
GRID = sagittal_grid(turn=6, tilt=5)
"""Of the volume that is `ready`."""


class Window:
    """The module's widget in a window of its own, as the module panel of Slicer holds it."""

    def __init__(self) -> None:
        self.host = qt.QWidget()
        self.host.setLayout(qt.QVBoxLayout())
        self.host.resize(WIDTH, HEIGHT)
        self.widget = CordlineWidget(self.host)
        self.widget.setup()
        self.panel = self.widget.panel
        self.host.show()

    def picture(self, name: str) -> None:
        """As high as what is in it, as the module panel scrolls."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        for _ in range(8):  # labels that break their lines find their height by and by
            APPLICATION.processEvents()
            self.host.resize(WIDTH, self.host.layout().totalHeightForWidth(WIDTH))
        assert self.host.grab().save(str(PICTURES / f"{name}.png"))

    def find(self, name: str):
        [found] = [each for each in self.host.findChildren(qt.QWidget) if each.objectName() == name]
        return found

    def shown(self) -> str:
        """All words that can be seen."""
        labels = [each for each in self.host.findChildren(qt.QLabel) if each.isVisible()]
        return "\n".join(qt.QLabel.text.fget(each) if not callable(each.text) else each.text() for each in labels)

    def use(self, endpoint: str) -> None:
        """Types an address."""
        self.panel.advanced.address.lineEdit().setText(endpoint)
        self.panel.advanced.address.lineEdit().editingFinished.emit()

    def run(self) -> None:
        self.panel.run_controls.button.click()
        events_until(lambda: not self.panel.session.running)

    def close(self) -> None:
        self.widget.cleanup()
        for selector in (self.panel.inputs.t2w_selector, self.panel.inputs.t1c_selector):
            selector.setMRMLScene(None)
        self.host.close()
        self.host.deleteLater()


@pytest.fixture
def window(scene):
    window = Window()
    yield window
    window.close()


@pytest.fixture
def ready(window, shared):
    """With a daemon's address, and a volume."""
    window.use(shared.endpoint)
    window.volume = load(draw(GRID).astype(np.int16), GRID)
    window.panel.inputs.t2w_selector.setCurrentNode(window.volume)
    return window
