"""Checks of volume nodes, and snapshots of their voxels in the daemon's order."""

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
from .grid import GridError, Layout, sagittal_layout, sagittal_share

MIN_SAGITTAL_SHARE = 0.707
"""Least component of the section normal along left-right; the daemon refuses less (`series.oblique_normal`)."""
MAX_SPACING_RATIO = 1.5
"""Voxels this much longer along another axis than along left-right were acquired in another plane."""
_ELEMENTS = {np.dtype(np.int16): "i16", np.dtype(np.uint16): "u16", np.dtype(np.float32): "f32"}
_LOSSLESS = (np.uint8, np.int8, np.uint16, np.int16, np.float32)


def unmet_requirement(node: Any) -> str:
    """Why a T2w volume cannot be analysed, as a sentence; "" where it can."""
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
        _, matrix = sagittal_layout(ijk_to_ras(node), shape_of(node))
    except GridError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."
    share = sagittal_share(matrix)
    if share < MIN_SAGITTAL_SHARE:
        return strings.NOT_SAGITTAL.format(share=share)
    column, row, section = np.linalg.norm(matrix[:3, :3], axis=0)
    if max(column, row) > MAX_SPACING_RATIO * section:
        return strings.OTHER_PLANE.format(section=section, other=max(column, row))
    return ""


def unmet_requirement_t1c(node: Any, t2w: Any) -> str:
    """Why a T1c volume cannot be used with a T2w volume, as a sentence; "" where it can, or where it is None."""
    if node is None:
        return ""
    if not is_linear(node):
        return strings.NON_LINEAR_T1C
    # Both are sent in scanner coordinates, so a transform between them would be lost.
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
    try:
        sagittal_layout(ijk_to_ras(node), shape_of(node))
    except GridError as error:
        return f"{strings.T1C}: {error}."
    return ""


def is_linear(node: Any) -> bool:
    transform = node.GetParentTransformNode()
    return transform is None or bool(transform.IsTransformToWorldLinear())


def ijk_to_ras(node: Any) -> np.ndarray:
    """(4, 4) from (i, j, k, 1) to RAS, mm, without parent transforms.

    Those say where a volume is shown, not how it was scanned; segmentations get the same parent transform.
    """
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def shape_of(node: Any) -> tuple[int, int, int]:
    """Number of voxels along k, j, i."""
    i, j, k = node.GetImageData().GetDimensions()
    return k, j, i


def instance_uids(node: Any) -> list[str]:
    """SOP Instance UIDs of the DICOM files that a volume was loaded from; [] for other volumes."""
    return (node.GetAttribute("DICOM.instanceUIDs") or "").split()


class Snapshot:
    """The voxels of a volume in the daemon's order (section, row, column).

    Once `steps` is exhausted, these are set: `voxels` (bytes, little-endian), their `sha256`, and `pixel_sha256`, the
    daemon's digest of the same voxels as f32. matrix: (4, 4) from (column, row, section, 1) to LPS, mm.
    """

    def __init__(self, node: Any) -> None:
        self.node_id: str = node.GetID()
        self.shape = shape_of(node)
        self._ijk_to_ras = ijk_to_ras(node)
        self.layout: Layout
        self.layout, self.matrix = sagittal_layout(self._ijk_to_ras, self.shape)
        self._array = self.layout.to_wire(slicer.util.arrayFromVolume(node))
        self._modified = node.GetImageData().GetMTime()
        self.rounded = self._array.dtype.type not in _LOSSLESS
        kind = self._array.dtype if self._array.dtype in _ELEMENTS else np.dtype(np.float32)
        if self._array.dtype in (np.int8, np.uint8):
            kind = np.dtype(np.int16)
        self.element = _ELEMENTS[kind]
        self._kind = kind.newbyteorder("<")
        self.voxels = b""
        self.sha256 = self.pixel_sha256 = ""

    @property
    def ijk_to_ras(self) -> np.ndarray:
        return self._ijk_to_ras

    @property
    def description(self) -> dict[str, Any]:
        """The value of `t2w` or `t1c` in the request `submit`."""
        tensor = {"shape": [int(n) for n in self._array.shape], "element": self.element}
        return {"tensor": tensor, "matrix": [float(v) for v in self.matrix.ravel()], "sha256": self.sha256}

    def steps(self) -> Iterator[None]:
        """One section a step, which takes about a millisecond at 448 x 448."""
        wire_digest, f32_digest, pieces = hashlib.sha256(), hashlib.sha256(), []
        for section in self._array:
            piece = np.ascontiguousarray(section, self._kind).tobytes()
            wire_digest.update(piece)
            f32_digest.update(_f32_bytes(section))
            pieces.append(piece)
            yield
        self.voxels = b"".join(pieces)
        self.sha256, self.pixel_sha256 = wire_digest.hexdigest(), f32_digest.hexdigest()

    def node(self) -> Any:
        """The volume node; None where it was removed."""
        return slicer.mrmlScene.GetNodeByID(self.node_id)

    def matches(self, node: Any) -> bool:
        """Whether a volume has this grid, and no change that it reported since altered its voxels."""
        if node.GetImageData() is None or shape_of(node) != self.shape or not is_linear(node):
            return False
        if not np.allclose(ijk_to_ras(node), self._ijk_to_ras, atol=1e-6):
            return False
        if node.GetImageData().GetMTime() == self._modified:
            return True
        # Modified events also come without a change; the digest decides.
        if digest(node, self.layout) != self.pixel_sha256:
            return False
        self._modified = node.GetImageData().GetMTime()
        return True


def digest(node: Any, layout: Layout) -> str:
    """SHA-256 of a volume's voxels as f32, in the daemon's order: its `pixel_sha256`."""
    found = hashlib.sha256()
    for section in layout.to_wire(slicer.util.arrayFromVolume(node)):
        found.update(_f32_bytes(section))
    return found.hexdigest()


def _f32_bytes(section: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(section, np.float32)
    return values if sys.byteorder == "little" else values.byteswap()
