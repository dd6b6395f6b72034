"""The segmentation node of one run: sections as they come, then a segment a lesion."""

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

COMING = "coming"
"""Id of the segment that is filled while the box works."""


class LesionSegmentation:
    """A new node of its own; no other segmentation is touched.

    Masks are written in the coordinates of the volume, and the node is under the volume's transform: what Slicer's own
    import does would ignore that transform.
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
        self._boxes: dict[int, tuple[slice, slice]] = {}
        self._add(COMING, strings.LESIONS, "inprogress")

    @property
    def there(self) -> bool:
        """False once a person removed the node."""
        return slicer.mrmlScene.IsNodePresent(self.node) != 0

    def move_with(self, volume: Any) -> None:
        """Stays where the volume is shown."""
        if self.node.GetTransformNodeID() != volume.GetTransformNodeID():
            self.node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())

    def put_section(self, mask: np.ndarray, section: int) -> None:
        """The mask (rows, columns; 0 or 1) of a section, counted from 0, in the place of an earlier one.

        Only the box that changes is written: lesions are small, and a section of 448 x 448 takes ten times as long.
        """
        logic = slicer.modules.segmentations.logic()
        before, now = self._boxes.get(section), _bounds(mask)
        for box, mode in ((before, logic.MODE_MERGE_MIN), (now, logic.MODE_MERGE_MAX)):
            # MODE_REPLACE would empty the other sections. The minimum takes away what is gone, the maximum adds what
            # is new.
            if box is not None:
                first = [section, *(int(each.start) for each in box)]
                self._write(COMING, mask[np.newaxis][(slice(None), *box)], first, mode)
        if now is not None:
            self._boxes[section] = now

    def finish(self, mask: np.ndarray, matrix: np.ndarray, lesions: list[dict[str, Any]]) -> Iterator[int]:
        """A segment for each of the `lesions` that the daemon listed, named by its number; a step each.

        mask: (section, row, column). matrix: (column, row, section, 1) to LPS. The last step tells how many parts of
        the mask belong to no lesion of the list; they stay in sight, in the segment that was there before.
        """
        found = components(mask)
        yield 0
        segments = self.node.GetSegmentation()
        for lesion in lesions:
            part = _that_of(found, matrix, lesion)
            if part is None or not self.there:
                continue
            # What a lesion takes leaves the segment that was filled before in the same step: nothing blinks.
            found = [each for each in found if each is not part]
            name = f"lesion-{lesion['number']}"
            modified = self.node.StartModify()
            self._add(name, strings.lesion(lesion["number"]), "completed")
            self._write(name, *_box(part))
            if found:
                self._write(COMING, *_box(np.concatenate(found)))
            else:
                segments.RemoveSegment(COMING)
            self.node.EndModify(modified)
            yield 0
        # One layer for all, as the lesions do not overlap: views draw one image instead of one a lesion.
        segments.CollapseBinaryLabelmaps(False)
        yield len(found)

    def show_3d(self, wanted: bool) -> None:
        show_3d(self.node, wanted)

    def remove(self) -> None:
        nodes.remove(self.node)

    def _add(self, name: str, words: str, status: str) -> None:
        segments = self.node.GetSegmentation()
        segments.AddEmptySegment(name, words, terminology.LESION_COLOUR)
        segment = segments.GetSegment(name)
        terminology.put_on(segment)
        segment.SetTag("Segmentation.Status", status)

    def _write(self, name: str, box: np.ndarray, first: list[int], *modes: int) -> None:
        """Voxels (section, row, column; 0 or 1) into a segment, by one mode of Slicer's logic after the other."""
        slab, begin = self._layout.place(box, first, self._snapshot.shape)
        image = _oriented(slab, begin, self._snapshot.ijk_to_ras)
        logic = slicer.modules.segmentations.logic()
        for mode in modes or (logic.MODE_REPLACE,):
            logic.SetBinaryLabelmapToSegment(image, self.node, name, mode, image.GetExtent())


def show_3d(node: Any, wanted: bool) -> None:
    """Shows or hides the lesions of a segmentation in 3D views."""
    if wanted:
        node.CreateClosedSurfaceRepresentation()
    node.GetDisplayNode().SetVisibility3D(wanted)


def mask_of(node: Any, layout: Layout, snapshot: Snapshot) -> np.ndarray:
    """What all segments of a segmentation cover together: (section, row, column), 0 or 1.

    Read in the coordinates of the volume, whatever transform both are under.
    """
    wanted = _oriented(np.zeros(snapshot.shape, np.uint8), [0, 0, 0], snapshot.ijk_to_ras)
    covered = np.zeros(snapshot.shape, bool)
    segments = node.GetSegmentation()
    for name in segments.GetSegmentIDs():
        source = slicer.vtkOrientedImageData()
        if not node.GetBinaryLabelmapRepresentation(name, source) or source.IsEmpty():
            continue
        found = slicer.vtkOrientedImageData()
        slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(source, wanted, found)
        covered |= _array_of(found).reshape(snapshot.shape) > 0
    return np.ascontiguousarray(layout.to_wire(covered), np.uint8)


def _oriented(slab: np.ndarray, first: list[int], ijk_to_ras: np.ndarray) -> Any:
    """An image of voxels (k, j, i) that begins at index `first` (k, j, i) of a volume."""
    image = slicer.vtkOrientedImageData()
    extent = [edge for start, size in zip(first[::-1], slab.shape[::-1]) for edge in (start, start + size - 1)]
    image.SetExtent(*extent)
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras))
    scalars = numpy_to_vtk(np.ascontiguousarray(slab, np.uint8).ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def _array_of(image: Any) -> np.ndarray:
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars())


def _bounds(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The smallest rectangle around what is set; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _box(voxels: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The smallest box around voxels (n, 3), 1 where they are, and the index of its first voxel."""
    low, high = voxels.min(axis=0), voxels.max(axis=0) + 1
    box = np.zeros(high - low, np.uint8)
    box[tuple((voxels - low).T)] = 1
    return box, [int(n) for n in low]


def _that_of(found: list[np.ndarray], matrix: np.ndarray, lesion: dict[str, Any]) -> np.ndarray | None:
    """The component that a listed lesion is: in the same sections, its centre nearest to the listed one."""
    wanted = {int(n) - 1 for n in lesion["sections"]}
    same = [each for each in found if set(each[:, 0].tolist()) == wanted]
    centre = np.array(lesion["centre_lps_mm"])

    def apart(voxels: np.ndarray) -> float:
        at = matrix @ [*voxels.mean(axis=0)[::-1], 1.0]
        return float(np.linalg.norm(at[:3] - centre))

    return min(same, key=apart) if same else None
