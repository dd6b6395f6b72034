"""The segmentation node of one analysis: sections as they arrive, then one segment a lesion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from . import nodes, strings, terminology
from .components import components
from .grid import Layout
from .volume import Snapshot

PROVISIONAL_SEGMENT = "coming"
"""ID of the segment that holds all sections until lesions are known; saved in scenes, so it stays as it is."""


class LesionSegmentation:
    """A new segmentation node; existing ones are not changed.

    Labelmaps are in the coordinates of the volume, and the node has the volume's parent transform. (Importing a
    labelmap node would ignore that transform.)
    """

    def __init__(self, volume: Any, snapshot: Snapshot, layout: Layout, corrected: bool) -> None:
        self._snapshot, self._layout = snapshot, layout
        scene = slicer.mrmlScene
        wanted = strings.segmentation_name(volume.GetName(), corrected)
        taken = scene.GetFirstNodeByName(wanted) is not None
        name = scene.GenerateUniqueName(wanted) if taken else wanted
        self.node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        self.node.SetUndoEnabled(True)
        self.node.CreateDefaultDisplayNodes()
        self.node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        self.node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        display = self.node.GetDisplayNode()
        display.SetOpacity2DFill(0.35)
        display.SetOpacity2DOutline(1.0)
        self._bounds_by_section: dict[int, tuple[slice, slice]] = {}
        self._add(PROVISIONAL_SEGMENT, strings.LESIONS, "inprogress")

    @property
    def in_scene(self) -> bool:
        """False once the user has removed the node."""
        return slicer.mrmlScene.IsNodePresent(self.node) != 0

    def follow_transform_of(self, volume: Any) -> None:
        """Adopts the volume's parent transform."""
        if self.node.GetTransformNodeID() != volume.GetTransformNodeID():
            self.node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())

    def set_section(self, mask: np.ndarray, section: int) -> None:
        """Sets the mask (rows, columns; 0 or 1) of a section, counted from 0.

        Only the bounding box of old and new lesions is written: a whole section of 448 x 448 takes ten times as long.
        """
        logic = slicer.modules.segmentations.logic()
        before, now = self._bounds_by_section.get(section), _bounding_rectangle(mask)
        for box, mode in ((before, logic.MODE_MERGE_MIN), (now, logic.MODE_MERGE_MAX)):
            # MODE_REPLACE would clear the other sections. The minimum removes old voxels, the maximum adds new ones.
            if box is not None:
                first = [section, *(int(each.start) for each in box)]
                self._write(PROVISIONAL_SEGMENT, mask[np.newaxis][(slice(None), *box)], first, mode)
        if now is not None:
            self._bounds_by_section[section] = now

    def split_into_lesions(self, mask: np.ndarray, matrix: np.ndarray, lesions: list[dict[str, Any]]) -> Iterator[int]:
        """Adds a segment for each of the `lesions` that the daemon listed, one a step.

        mask: (section, row, column). matrix: (4, 4) from (column, row, section, 1) to LPS, mm. The last step yields the
        number of components that are no listed lesion; they stay in PROVISIONAL_SEGMENT.
        """
        found = components(mask)
        yield 0
        segments = self.node.GetSegmentation()
        for lesion in lesions:
            part = _matching_component(found, matrix, lesion)
            if part is None or not self.in_scene:
                continue
            # Both segments change within one modification, so views do not flicker.
            found = [each for each in found if each is not part]
            name = f"lesion-{lesion['number']}"
            modified = self.node.StartModify()
            self._add(name, strings.lesion(lesion["number"]), "completed")
            self._write(name, *_bounding_box(part))
            if found:
                self._write(PROVISIONAL_SEGMENT, *_bounding_box(np.concatenate(found)))
            else:
                segments.RemoveSegment(PROVISIONAL_SEGMENT)
            self.node.EndModify(modified)
            yield 0
        # Lesions do not overlap: in one layer, views draw one image instead of one a lesion.
        segments.CollapseBinaryLabelmaps(False)
        yield len(found)

    def show_3d(self, wanted: bool) -> None:
        show_3d(self.node, wanted)

    def remove(self) -> None:
        nodes.remove(self.node)

    def _add(self, name: str, label: str, status: str) -> None:
        segments = self.node.GetSegmentation()
        segments.AddEmptySegment(name, label, terminology.LESION_COLOUR)
        segment = segments.GetSegment(name)
        terminology.tag_segment(segment)
        segment.SetTag("Segmentation.Status", status)

    def _write(self, name: str, box: np.ndarray, first: list[int], *modes: int) -> None:
        """Writes voxels (section, row, column; 0 or 1) into a segment. modes: of Slicer's logic, applied in turn."""
        slab, begin = self._layout.place_box(box, first, self._snapshot.shape)
        image = _oriented_image(slab, begin, self._snapshot.ijk_to_ras)
        logic = slicer.modules.segmentations.logic()
        for mode in modes or (logic.MODE_REPLACE,):
            logic.SetBinaryLabelmapToSegment(image, self.node, name, mode, image.GetExtent())


def show_3d(node: Any, wanted: bool) -> None:
    """Shows or hides a segmentation in 3D views."""
    if wanted:
        node.CreateClosedSurfaceRepresentation()
    node.GetDisplayNode().SetVisibility3D(wanted)


def merged_mask(node: Any, layout: Layout, snapshot: Snapshot) -> np.ndarray:
    """The union of all segments: (section, row, column), 0 or 1, on the volume's grid.

    Parent transforms of both nodes are ignored.
    """
    wanted = _oriented_image(np.zeros(snapshot.shape, np.uint8), [0, 0, 0], snapshot.ijk_to_ras)
    covered = np.zeros(snapshot.shape, bool)
    segments = node.GetSegmentation()
    for name in segments.GetSegmentIDs():
        source = slicer.vtkOrientedImageData()
        if not node.GetBinaryLabelmapRepresentation(name, source) or source.IsEmpty():
            continue
        found = slicer.vtkOrientedImageData()
        slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(source, wanted, found)
        covered |= _voxels_of(found).reshape(snapshot.shape) > 0
    return np.ascontiguousarray(layout.to_wire(covered), np.uint8)


def _oriented_image(slab: np.ndarray, first: list[int], ijk_to_ras: np.ndarray) -> Any:
    """A vtkOrientedImageData of voxels (k, j, i) whose first voxel is at index `first` (k, j, i) of a volume."""
    image = slicer.vtkOrientedImageData()
    extent = [edge for start, size in zip(first[::-1], slab.shape[::-1]) for edge in (start, start + size - 1)]
    image.SetExtent(*extent)
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras))
    scalars = numpy_to_vtk(np.ascontiguousarray(slab, np.uint8).ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def _voxels_of(image: Any) -> np.ndarray:
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars())


def _bounding_rectangle(mask: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns around the set pixels; None where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _bounding_box(voxels: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The smallest box (0 or 1) around voxels with indices (n, 3), and the index of its first voxel."""
    low, high = voxels.min(axis=0), voxels.max(axis=0) + 1
    box = np.zeros(high - low, np.uint8)
    box[tuple((voxels - low).T)] = 1
    return box, [int(n) for n in low]


def _matching_component(found: list[np.ndarray], matrix: np.ndarray, lesion: dict[str, Any]) -> np.ndarray | None:
    """The component in the lesion's sections whose centre is nearest to the lesion's."""
    wanted = {int(n) - 1 for n in lesion["sections"]}
    same = [each for each in found if set(each[:, 0].tolist()) == wanted]
    centre = np.array(lesion["centre_lps_mm"])

    def distance_mm(voxels: np.ndarray) -> float:
        at = matrix @ [*voxels.mean(axis=0)[::-1], 1.0]
        return float(np.linalg.norm(at[:3] - centre))

    return min(same, key=distance_mm) if same else None
