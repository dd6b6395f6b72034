"""A phantom whose one lesion is asymmetric about every axis, so that no flip or shift of the result can go unseen."""

import numpy as np
from mr_series import Grid

CENTRE = np.array([6.0, 12.0, 38.0])
"""Centre of the larger part of the lesion, LPS mm: left of, behind and above the middle of the field of view."""

# Two ellipsoids, (centre, half axes) in LPS mm: a large one, and a small one in front of it, higher and to the right.
PARTS = ((CENTRE, (8.0, 9.0, 14.0)), (CENTRE + np.array([-6.0, -7.0, 13.0]), (6.0, 6.0, 9.0)))


def in_lesion(positions: np.ndarray) -> np.ndarray:
    """Whether each patient position (..., 3) lies in the lesion."""
    inside = [(((positions - centre) / half) ** 2).sum(axis=-1) <= 1 for centre, half in PARTS]
    return np.logical_or(*inside)


def draw(grid: Grid, lesion: bool = True) -> np.ndarray:
    """Voxel values on a grid: noise, a cord that follows the patient's long axis, and the lesion.

    Single voxels at the upper edge are very bright, as spikes of a scanner are. They set the range that the volume is
    normalised to, so that noise is dark with and without a lesion, and are too small to be lesions themselves.
    """
    positions = grid.positions()
    random = np.random.default_rng(20260105)
    voxels = random.normal(300.0, 25.0, grid.shape)
    cord = (positions[..., 0] ** 2 + (positions[..., 1] - 6.0) ** 2) < 8.0**2
    voxels[cord] += 150.0
    if lesion:
        voxels[in_lesion(positions)] = 1500.0 + random.normal(0.0, 20.0, grid.shape)[in_lesion(positions)]
    voxels[:, 2, 10:-10:12] = 12000.0
    return np.rint(np.clip(voxels, 0, None))


def _rotation(axis: int, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    i, j = [k for k in range(3) if k != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix


def sagittal_grid(
    shape: tuple[int, int, int] = (13, 176, 144),
    spacing: tuple[float, float, float] = (3.0, 0.9, 1.1),
    turn: float = 0.0,
    tilt: float = 0.0,
) -> Grid:
    """Sagittal sections from left to right about the origin; rows run to the feet, columns to the back.

    `turn` is a rotation about the patient's long axis and `tilt` one about the sagittal axis, in degrees.
    """
    axes = np.array([(-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)]) @ _rotation(2, turn) @ _rotation(1, tilt)
    middle = (np.array(shape) - 1) / 2 * spacing
    return Grid(shape, spacing, tuple(-middle @ axes), axes)
