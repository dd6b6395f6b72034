"""Where voxels lie in the patient (LPS, mm)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Grid:
    """A regular stack of sections. Arrays are (section, row, column).

    origin: LPS position of voxel (0, 0, 0), mm. axes: 3 unit vectors, LPS, along which section, row and column
    index grow (rows of the matrix). spacing: mm between neighbours in that same order. thickness: of a section, mm.
    """

    shape: tuple[int, int, int]
    origin: np.ndarray
    axes: np.ndarray
    spacing: np.ndarray
    thickness: float

    def affine(self) -> np.ndarray:
        """4 x 4 matrix: (section, row, column, 1) to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = (self.axes * self.spacing[:, None]).T
        matrix[:3, 3] = self.origin
        return matrix

    def points(self, section: int, rows: np.ndarray, columns: np.ndarray, offset_mm: float = 0.0) -> np.ndarray:
        """LPS points (rows, columns, 3) of a section, moved `offset_mm` along the section axis."""
        steps = self.axes * self.spacing[:, None]
        base = self.origin + section * steps[0] + offset_mm * self.axes[0]
        return base + rows[:, None, None] * steps[1] + columns[None, :, None] * steps[2]

    def voxel_ml(self) -> float:
        return float(np.prod(self.spacing)) / 1000.0


def centred(
    centre: np.ndarray, axes: np.ndarray, shape: tuple[int, int, int], spacing: np.ndarray, thickness: float
) -> Grid:
    """The grid whose middle lies at `centre` (LPS mm)."""
    half = (np.array(shape) - 1) / 2.0 * spacing
    return Grid(shape, np.asarray(centre, float) - half @ axes, axes, np.asarray(spacing, float), thickness)


def rotation(axis: int, degrees: float) -> np.ndarray:
    """Rotation about LPS axis 0, 1 or 2."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[[i, j], [i, j]] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


SAGITTAL = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
"""Sections from right to left, rows downwards, columns backwards."""
AXIAL = np.array([[0, 0, 1.0], [0, 1.0, 0], [1.0, 0, 0]])
CORONAL = np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]])
