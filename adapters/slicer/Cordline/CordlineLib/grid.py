"""Where the voxels of a volume lie, in Slicer's order and in the daemon's.

Slicer: arrays (k, j, i), a matrix from (i, j, k, 1) to patient coordinates in RAS, mm. The daemon: arrays (section,
row, column), a matrix from (column, row, section, 1) to LPS, mm. Here both are LPS, and columns of a matrix are
reversed to follow the axes of the array. No MRML in this file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_TOLERANCE = 1e-3
"""How far axes may be from right angles (cosine), as the daemon has it."""
_SAME = 0.01
"""How far a voxel's centre may be from the same voxel's in another grid, in voxels."""


class GridError(ValueError):
    """A grid that cannot be analysed, or two that do not fit; the message says why."""


@dataclass(frozen=True)
class Layout:
    """How the axes of an array in Slicer's order become those of the daemon's.

    axes: for section, row and column the axis of Slicer's array (0 is k, 1 is j, 2 is i).
    reversed: whether the index runs the other way there.
    """

    axes: tuple[int, int, int]
    reversed: tuple[bool, bool, bool]

    def to_wire(self, array: np.ndarray) -> np.ndarray:
        """A view (section, row, column) of an array (k, j, i)."""
        return array.transpose(self.axes)[self._steps()]

    def to_volume(self, array: np.ndarray) -> np.ndarray:
        """A view (k, j, i) of an array (section, row, column)."""
        return array[self._steps()].transpose(tuple(int(n) for n in np.argsort(self.axes)))

    def place(self, box: np.ndarray, first: list[int], shape: tuple[int, int, int]) -> tuple[np.ndarray, list[int]]:
        """A box of voxels (section, row, column) as a box of Slicer's array of `shape` (k, j, i).

        first: index (section, row, column) of its first voxel; the answer has that of the box in Slicer's order.
        """
        found = [0, 0, 0]
        for axis, back, start, size in zip(self.axes, self.reversed, first, box.shape):
            found[axis] = shape[axis] - start - size if back else start
        return self.to_volume(box), found

    def _steps(self) -> tuple[slice, slice, slice]:
        a, b, c = (slice(None, None, -1) if back else slice(None) for back in self.reversed)
        return a, b, c


def lps_of(ijk_to_ras: np.ndarray) -> np.ndarray:
    """The matrix (4, 4) from (i, j, k, 1) to LPS."""
    return RAS_TO_LPS @ ijk_to_ras


def sagittal(ijk_to_ras: np.ndarray, shape: tuple[int, int, int]) -> tuple[Layout, np.ndarray]:
    """The layout in which a volume is sagittal sections as scanners store them, and the matrix of that grid (4, 4,
    LPS).

    Sections run from left to right, rows to the feet, columns to the back, as near as the axes of the volume allow: the
    networks have seen no other. Raises GridError for axes that are not at right angles.
    """
    matrix = lps_of(ijk_to_ras)
    steps = matrix[:3, 2::-1].T  # of k, j, i
    spacing = np.linalg.norm(steps, axis=1)
    if not (np.isfinite(matrix).all() and (spacing > 0).all()):
        raise GridError("the volume's matrix has an axis without length")
    axes = steps / spacing[:, np.newaxis]
    askew = max(abs(axes[a] @ axes[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    if askew > _TOLERANCE:
        raise GridError(f"the volume's axes are not at right angles (cosine {askew:.3f})")
    section = int(np.argmax(abs(axes[:, 0])))
    row, column = (a for a in range(3) if a != section)
    if abs(axes[row, 2]) < abs(axes[column, 2]):
        row, column = column, row
    order = (section, row, column)
    back = (bool(axes[section, 0] > 0), bool(axes[row, 2] > 0), bool(axes[column, 1] < 0))
    return Layout(order, back), _matrix_of(matrix, shape, order, back)


def between(
    ijk_to_ras: np.ndarray, shape: tuple[int, int, int], wire_matrix: np.ndarray, wire_shape: tuple[int, int, int]
) -> Layout:
    """The layout that takes a volume's array to a grid of the daemon, where both have the same voxels.

    shape: (k, j, i). wire_matrix: (4, 4) from (column, row, section, 1) to LPS. wire_shape: (section, row, column).
    Raises GridError, with the numbers, where they are not the same voxels.
    """
    # From (column, row, section, 1) to (i, j, k, 1).
    relation = np.linalg.inv(lps_of(ijk_to_ras)) @ wire_matrix
    turn = np.rint(relation[:3, :3])
    if not (abs(turn).sum(axis=0) == 1).all() or not (abs(turn).sum(axis=1) == 1).all():
        raise GridError("the result has another orientation or spacing than the volume")
    order = tuple(2 - int(np.argmax(abs(turn[:, column]))) for column in (2, 1, 0))
    back = tuple(bool(turn[:, column].sum() < 0) for column in (2, 1, 0))
    if tuple(shape[a] for a in order) != tuple(wire_shape):
        raise GridError(f"the result has {_times(wire_shape)} voxels, the volume {_times(shape)}")
    expected = _matrix_of(lps_of(ijk_to_ras), shape, order, back)
    corners = np.array([[c, r, s, 1.0] for s in (0, wire_shape[0] - 1) for r in (0, wire_shape[1] - 1)
                        for c in (0, wire_shape[2] - 1)])  # fmt: skip
    apart = abs(corners @ (np.linalg.inv(expected) @ wire_matrix - np.eye(4)).T).max()
    if apart > _SAME:
        raise GridError(f"the result lies {apart:.2f} voxels beside the volume")
    return Layout(order, back)


def sagittal_share(wire_matrix: np.ndarray) -> float:
    """How much of the sections' normal lies along x, 0 to 1."""
    step = wire_matrix[:3, 2]
    return float(abs(step[0]) / np.linalg.norm(step))


def _matrix_of(matrix: np.ndarray, shape: tuple, order: tuple, back: tuple) -> np.ndarray:
    """The matrix of a reordered grid: columns for column, row, section."""
    found = np.eye(4)
    origin = matrix[:3, 3].copy()
    for place, (axis, turned) in enumerate(zip(order, back)):
        step = matrix[:3, 2 - axis]
        if turned:
            origin += step * (shape[axis] - 1)
        found[:3, 2 - place] = -step if turned else step
    found[:3, 3] = origin
    return found


def _times(shape: tuple) -> str:
    return " x ".join(str(int(n)) for n in shape)
