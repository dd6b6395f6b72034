"""A picture of the patient: voxels, the true mask and where both lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Grid


@dataclass
class Image:
    """One acquired series.

    Attributes
    ----------
    voxels : uint16 (section, row, column), as a scanner stores them, 0..4095
    mask : uint8 of the same shape, 1 in a lesion, else 0
    grid : where the voxels lie
    contrast : T2w, T1w, T1c or STIR
    """

    voxels: np.ndarray
    mask: np.ndarray
    grid: Grid
    contrast: str
