"""A volume of the scene as it was when Apply was pressed: its voxels for the wire, and how to tell that it changed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from . import strings
from .grid import GridError, Layout, sagittal, sagittal_share

OBLIQUE = 0.707
"""Least share of the sections' normal along left-right; the daemon refuses less (`series.oblique_normal`)."""
THICKER = 1.5
"""A volume whose voxels are so much longer along another axis than left-right was acquired in another plane."""
_WIRE = {np.dtype(np.int16): "i16", np.dtype(np.uint16): "u16", np.dtype(np.float32): "f32"}
_EXACT = (np.uint8, np.int8, np.uint16, np.int16, np.float32)


def why_not(node: Any) -> str:
    """Why a volume cannot be analysed, in a sentence; "" where it can."""
    if node is None:
        return strings.NO_VOLUME
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        return strings.NO_VOXELS
    if image.GetNumberOfScalarComponents() != 1:
        return strings.NOT_SCALAR.format(n=image.GetNumberOfScalarComponents())
    if not is_linear(node):
        return strings.NON_LINEAR
    try:
        _, matrix = sagittal(ijk_to_ras(node), shape_of(node))
    except GridError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."
    share = sagittal_share(matrix)
    if share < OBLIQUE:
        return strings.NOT_SAGITTAL.format(share=share)
    column, row, section = np.linalg.norm(matrix[:3, :3], axis=0)
    if max(column, row) > THICKER * section:
        return strings.OTHER_PLANE.format(section=section, other=max(column, row))
    return ""


def why_not_t1c(node: Any, t2w: Any) -> str:
    """Why a T1c volume cannot go with a T2w volume; "" where it can, or where there is none."""
    if node is None:
        return ""
    if not is_linear(node):
        return strings.NON_LINEAR_T1C
    # Both go in the coordinates of the scanner, and a transform moves one against the other.
    moved = vtk.vtkMatrix4x4()
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(
        node.GetParentTransformNode(), t2w.GetParentTransformNode(), moved
    )
    if not np.allclose(slicer.util.arrayFromVTKMatrix(moved), np.eye(4), atol=1e-4):
        return strings.OTHER_TRANSFORM
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        return strings.NO_VOXELS
    if image.GetNumberOfScalarComponents() != 1:
        return strings.NOT_SCALAR.format(n=image.GetNumberOfScalarComponents())
    return ""


def is_linear(node: Any) -> bool:
    transform = node.GetParentTransformNode()
    return transform is None or bool(transform.IsTransformToWorldLinear())


def ijk_to_ras(node: Any) -> np.ndarray:
    """(4, 4) from (i, j, k, 1) to RAS, mm, without the transforms that the volume is under.

    A transform says where a volume is shown, not what was scanned. Masks are put under the same one, so they lie right.
    """
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def shape_of(node: Any) -> tuple[int, int, int]:
    """Number of voxels along k, j, i."""
    i, j, k = node.GetImageData().GetDimensions()
    return k, j, i


def instance_uids(node: Any) -> list[str]:
    """SOP Instance UIDs of the DICOM files that a volume was loaded from; none where it was not."""
    return (node.GetAttribute("DICOM.instanceUIDs") or "").split()


class Snapshot:
    """The voxels of a volume in the daemon's order, made in small steps.

    `steps` must be run to its end; then `voxels` (bytes, section by section), `sha256` of them, and `pixel_sha256`, the
    digest that the daemon gives of the same voxels (as f32), are there. matrix: (4, 4), (column, row, section, 1) to
    LPS.
    """

    def __init__(self, node: Any) -> None:
        self.node_id: str = node.GetID()
        self.shape = shape_of(node)
        self._ijk_to_ras = ijk_to_ras(node)
        self.layout: Layout
        self.layout, self.matrix = sagittal(self._ijk_to_ras, self.shape)
        self._array = self.layout.to_wire(slicer.util.arrayFromVolume(node))
        self._modified = node.GetImageData().GetMTime()
        self.rounded = self._array.dtype.type not in _EXACT
        kind = self._array.dtype if self._array.dtype in _WIRE else np.dtype(np.float32)
        if self._array.dtype in (np.int8, np.uint8):
            kind = np.dtype(np.int16)
        self.element = _WIRE[kind]
        self._kind = kind.newbyteorder("<")
        self.voxels = b""
        self.sha256 = self.pixel_sha256 = ""

    @property
    def ijk_to_ras(self) -> np.ndarray:
        return self._ijk_to_ras

    @property
    def described(self) -> dict[str, Any]:
        """`t2w` or `t1c` of a `submit`."""
        tensor = {"shape": [int(n) for n in self._array.shape], "element": self.element}
        return {"tensor": tensor, "matrix": [float(v) for v in self.matrix.ravel()], "sha256": self.sha256}

    def steps(self) -> Iterator[None]:
        """One section a step; each takes about a millisecond at 448 x 448."""
        sent, seen, pieces = hashlib.sha256(), hashlib.sha256(), []
        for section in self._array:
            piece = np.ascontiguousarray(section, self._kind).tobytes()
            sent.update(piece)
            seen.update(_as_f32(section))
            pieces.append(piece)
            yield
        self.voxels = b"".join(pieces)
        self.sha256, self.pixel_sha256 = sent.hexdigest(), seen.hexdigest()

    def node(self) -> Any:
        """The volume; None where it was removed."""
        return slicer.mrmlScene.GetNodeByID(self.node_id)

    def is_that_of(self, node: Any) -> bool:
        """Whether a volume still has this grid, and has not been written to, as far as it tells."""
        if node.GetImageData() is None or shape_of(node) != self.shape or not is_linear(node):
            return False
        if not np.allclose(ijk_to_ras(node), self._ijk_to_ras, atol=1e-6):
            return False
        if node.GetImageData().GetMTime() == self._modified:
            return True
        # Something said that it wrote; whether it did, the voxels tell.
        if digest(node, self.layout) != self.pixel_sha256:
            return False
        self._modified = node.GetImageData().GetMTime()
        return True


def digest(node: Any, layout: Layout) -> str:
    """SHA-256 of a volume's voxels as f32, section by section: `pixel_sha256` of the daemon."""
    found = hashlib.sha256()
    for section in layout.to_wire(slicer.util.arrayFromVolume(node)):
        found.update(_as_f32(section))
    return found.hexdigest()


def _as_f32(section: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(section, np.float32)
    return values if sys.byteorder == "little" else values.byteswap()
