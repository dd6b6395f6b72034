"""Volumes of the scene for the tests, and running an analysis to its end."""

import time

import numpy as np
import slicer
import slicer.util
from conftest import APPLICATION
from CordlineLib.grid import RAS_TO_LPS
from mr_series import Grid

TIME_LIMIT_S = 60


def matrix_of(grid: Grid) -> np.ndarray:
    """(4, 4) from (column, row, section, 1) to LPS."""
    matrix = np.eye(4)
    for column, axis in ((0, 2), (1, 1), (2, 0)):
        matrix[:3, column] = grid.axes[axis] * grid.spacing[axis]
    matrix[:3, 3] = grid.origin
    return matrix


def load(voxels: np.ndarray, grid: Grid, name: str = "T2 sag"):
    """A volume of the scene whose array is (section, row, column)."""
    return slicer.util.addVolumeFromArray(voxels, RAS_TO_LPS @ matrix_of(grid), name)


def to_the_end(carry_on, done, limit_s: float = TIME_LIMIT_S) -> float:
    """Calls `carry_on` until `done`; the longest call, in seconds."""
    deadline, longest = time.monotonic() + limit_s, 0.0
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        began = time.perf_counter()
        carry_on()
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.002)
    return longest


def events_until(done, limit_s: float = TIME_LIMIT_S) -> float:
    """Lets the window live until `done`; the longest gap between two turns of its loop, in seconds."""
    return to_the_end(APPLICATION.processEvents, done, limit_s)
