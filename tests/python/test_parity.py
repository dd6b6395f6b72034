"""The program says what the Python pipeline says: same input, same models."""

import subprocess
import sys
from pathlib import Path

import pytest
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save

BASELINE = Path(__file__).parents[1] / "baseline"
sys.path.insert(0, str(BASELINE))

import parity  # noqa: E402 (its folder is named above)

STUDIES = {
    "straight": (sagittal_grid(), Protocol()),
    "oblique": (sagittal_grid(turn=15.0, tilt=-6.0), Protocol(signed=True, slope=0.5, intercept=512.0)),
    "large": (sagittal_grid(shape=(11, 384, 320), spacing=(3.3, 0.6, 0.6)), Protocol()),
}


@pytest.mark.parametrize("name", STUDIES)
def test_masks_and_probabilities_agree(analyse, bundle, tmp_path, name):
    grid, protocol = STUDIES[name]
    save(classic(draw(grid), grid, protocol), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    command = [sys.executable, BASELINE / "pipeline.py", tmp_path / "in", "--bundle", bundle, "--out", tmp_path / "py"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = parity.compare(run.out, tmp_path / "py")
    assert found["dice"] >= parity.DICE, found
    assert found["probability"] <= parity.PROBABILITY, found
    assert run.result["classifications"], "there was something to compare"
