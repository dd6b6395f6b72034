"""Conversion between Slicer's and the daemon's order of voxels. No MRML in this file.

Slicer: arrays (k, j, i), a matrix from (i, j, k, 1) to RAS, mm. The daemon: arrays (section, row, column), a matrix
from (column, row, section, 1) to LPS, mm. In this file both matrices are LPS. Axis a of an array is column 2 - a of its
matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MAX_AXIS_COSINE = 1e-3
"""How far axes may be from right angles; the daemon's limit."""
_MAX_OFFSET_VOXELS = 0.01
"""How far voxel centres of two equal grids may be apart."""


class GridError(ValueError):
    """A grid that cannot be analysed, or two that differ; the message goes into a sentence for users."""


@dataclass(frozen=True)
class Layout:
    """Permutation and flips from Slicer's array to the daemon's.

    axes: for section, row and column the axis of Slicer's array (0 is k, 1 is j, 2 is i).
    reversed: for section, row and column whether the index runs the other way.
    """

    axes: tuple[int, int, int]
    reversed: tuple[bool, bool, bool]

    def to_wire(self, array: np.ndarray) -> np.ndarray:
        """A view (section, row, column) of an array (k, j, i)."""
        return array.transpose(self.axes)[self._steps()]

    def to_volume(self, array: np.ndarray) -> np.ndarray:
        """A view (k, j, i) of an array (section, row, column)."""
        return array[self._steps()].transpose(tuple(int(n) for n in np.argsort(self.axes)))

    def place_box(self, box: np.ndarray, first: list[int], shape: tuple[int, int, int]) -> tuple[np.ndarray, list[int]]:
        """Converts a box of voxels (section, row, column) to Slicer's order.

        first: index (section, row, column) of its first voxel. shape: of Slicer's whole array, (k, j, i). Returns the
        box (k, j, i) and the index (k, j, i) of its first voxel.
        """
        found = [0, 0, 0]
        for axis, back, start, size in zip(self.axes, self.reversed, first, box.shape):
            found[axis] = shape[axis] - start - size if back else start
        return self.to_volume(box), found

    def _steps(self) -> tuple[slice, slice, slice]:
        a, b, c = (slice(None, None, -1) if back else slice(None) for back in self.reversed)
        return a, b, c


def ijk_to_lps(ijk_to_ras: np.ndarray) -> np.ndarray:
    """(4, 4) from (i, j, k, 1) to LPS, mm."""
    return RAS_TO_LPS @ ijk_to_ras


def sagittal_layout(ijk_to_ras: np.ndarray, shape: tuple[int, int, int]) -> tuple[Layout, np.ndarray]:
    """The layout that is nearest to sagittal sections as scanners store them, and the matrix (4, 4) of its grid (from
    (column, row, section, 1) to LPS, mm).

    Sections run from left to right, rows to the feet, columns to the back: the orientation of the training data. Raises
    GridError for axes that are not at right angles.
    """
    matrix = ijk_to_lps(ijk_to_ras)
    steps = matrix[:3, 2::-1].T  # of k, j, i
    spacing = np.linalg.norm(steps, axis=1)
    if not (np.isfinite(matrix).all() and (spacing > 0).all()):
        raise GridError("the volume's matrix has an axis without length")
    axes = steps / spacing[:, np.newaxis]
    askew = max(abs(axes[a] @ axes[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    if askew > _MAX_AXIS_COSINE:
        raise GridError(f"the volume's axes are not at right angles (cosine {askew:.3f})")
    section = int(np.argmax(abs(axes[:, 0])))
    row, column = (a for a in range(3) if a != section)
    if abs(axes[row, 2]) < abs(axes[column, 2]):
        row, column = column, row
    order = (section, row, column)
    back = (bool(axes[section, 0] > 0), bool(axes[row, 2] > 0), bool(axes[column, 1] < 0))
    return Layout(order, back), _reordered_matrix(matrix, shape, order, back)


def layout_between(
    ijk_to_ras: np.ndarray, shape: tuple[int, int, int], wire_matrix: np.ndarray, wire_shape: tuple[int, int, int]
) -> Layout:
    """The layout from a volume's array to a grid of the daemon with the same voxel centres.

    shape: (k, j, i). wire_matrix: (4, 4) from (column, row, section, 1) to LPS, mm. wire_shape: (section, row, column).
    Raises GridError where the voxel centres differ.
    """
    # From (column, row, section, 1) to (i, j, k, 1).
    relation = np.linalg.inv(ijk_to_lps(ijk_to_ras)) @ wire_matrix
    turn = np.rint(relation[:3, :3])
    if not (abs(turn).sum(axis=0) == 1).all() or not (abs(turn).sum(axis=1) == 1).all():
        raise GridError("the result has another orientation or spacing than the volume")
    order = tuple(2 - int(np.argmax(abs(turn[:, column]))) for column in (2, 1, 0))
    back = tuple(bool(turn[:, column].sum() < 0) for column in (2, 1, 0))
    if tuple(shape[a] for a in order) != tuple(wire_shape):
        raise GridError(f"the result has {_dimensions(wire_shape)} voxels, the volume {_dimensions(shape)}")
    expected = _reordered_matrix(ijk_to_lps(ijk_to_ras), shape, order, back)
    corners = np.array([[c, r, s, 1.0] for s in (0, wire_shape[0] - 1) for r in (0, wire_shape[1] - 1)
                        for c in (0, wire_shape[2] - 1)])  # fmt: skip
    apart = abs(corners @ (np.linalg.inv(expected) @ wire_matrix - np.eye(4)).T).max()
    if apart > _MAX_OFFSET_VOXELS:
        raise GridError(f"the result lies {apart:.2f} voxels beside the volume")
    return Layout(order, back)


def sagittal_share(wire_matrix: np.ndarray) -> float:
    """Component of the section normal along left-right, 0 to 1."""
    step = wire_matrix[:3, 2]
    return float(abs(step[0]) / np.linalg.norm(step))


def _reordered_matrix(matrix: np.ndarray, shape: tuple, order: tuple, back: tuple) -> np.ndarray:
    """The matrix (4, 4) of the grid after permutation and flips; its columns are for column, row, section."""
    found = np.eye(4)
    origin = matrix[:3, 3].copy()
    for place, (axis, turned) in enumerate(zip(order, back)):
        step = matrix[:3, 2 - axis]
        if turned:
            origin += step * (shape[axis] - 1)
        found[:3, 2 - place] = -step if turned else step
    found[:3, 3] = origin
    return found


def _dimensions(shape: tuple) -> str:
    return " x ".join(str(int(n)) for n in shape)
