"""A finished run, kept in the scene beside the nodes that show it, and saved and loaded with them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from . import strings
from .grid import GridError, between
from .job import Job
from .volume import digest, ijk_to_ras, shape_of

MODULE = "CordlineResult"
_CONTENT = "content"
_VERSION = 1
_LOOKED_AT: dict[str, tuple[int, bool]] = {}
"""By record: when its volume was last written to, and what the digest said then; a digest takes some 20 ms."""


class Record:
    """One finished run. The node is invisible in the Data module; it goes into scene files and comes back with them."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.content: dict[str, Any] = json.loads(node.GetParameter(_CONTENT))

    @property
    def volume(self) -> Any:
        return self.node.GetNodeReference("volume")

    @property
    def segmentation(self) -> Any:
        """None where there was no lesion, or where a person removed it."""
        return self.node.GetNodeReference("segmentation")

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return self.segmentation.GetName() if self.segmentation is not None else self.content["finding"]

    @property
    def reviews(self) -> list[dict[str, Any]]:
        """What readers said, oldest first, as far as the daemon told when it was asked last."""
        return self.content.get("reviews", [])

    def note(self, **facts: Any) -> None:
        """Keeps facts that the daemon told later; they are saved with the scene."""
        self.content.update(facts)
        self.node.SetParameter(_CONTENT, json.dumps(self.content))

    def heat(self, classifier: str) -> Any:
        """The heat map of an answer; None where it has none."""
        return self.node.GetNodeReference(f"heat {classifier}")

    def centre_ras(self, lesion: dict[str, Any]) -> tuple[float, float, float] | None:
        """Where a lesion is shown: world coordinates in RAS, mm, with the transforms that the volume is under."""
        if self.volume is None:
            return None
        x, y, z = lesion["centre_lps_mm"]
        world = [0.0, 0.0, 0.0]
        transform = self.volume.GetParentTransformNode()
        if transform is None:
            return -x, -y, z
        to_world = vtk.vtkGeneralTransform()
        transform.GetTransformToWorld(to_world)
        to_world.TransformPoint([-x, -y, z], world)
        return world[0], world[1], world[2]

    @property
    def is_of_the_voxels(self) -> bool:
        """Whether the volume still holds what was analysed."""
        volume = self.volume
        if volume is None or volume.GetImageData() is None:
            return False
        written = volume.GetImageData().GetMTime()
        known = _LOOKED_AT.get(self.node.GetID())
        if known is None or known[0] != written:
            known = written, self._compare()
            _LOOKED_AT[self.node.GetID()] = known
        return known[1]

    def _compare(self) -> bool:
        try:
            layout = self.layout()
        except GridError:
            return False
        return digest(self.volume, layout) == self.content["pixel_sha256"]

    def layout(self) -> Any:
        """From the volume's array to the grid of the masks. Raises GridError where they no longer fit."""
        matrix = np.array(self.content["matrix"], float).reshape(4, 4)
        return between(ijk_to_ras(self.volume), shape_of(self.volume), matrix, tuple(self.content["shape"]))


def keep(
    job: Job, volume: Any, segmentation: Any, heat: dict[str, Any], notes: list[str], about: dict[str, Any]
) -> Record:
    """Writes a finished job into the scene.

    heat: by classifier. about: `kind`, `bundle`, `provider`, `daemon`, and of a corrected mask `before`, the finding
    until then, and `reader`, who corrected it.
    """
    assert job.grid is not None
    content = {
        "version": _VERSION,
        "job": job.id,
        "finding": job.finding,
        "answers": job.answers,
        "lesions": job.lesions or [],
        "notes": notes,
        "matrix": job.grid["matrix"],
        "shape": job.grid["shape"],
        "pixel_sha256": job.grid["pixel_sha256"],
        "files": [file for file in job.files if file["media_type"] == "application/dicom"],
        **about,
    }
    name = slicer.mrmlScene.GenerateUniqueName(strings.record_name(volume.GetName()))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", name)
    node.SetUndoEnabled(True)
    node.SetModuleName(MODULE)
    node.SetParameter(_CONTENT, json.dumps(content))
    node.SetNodeReferenceID("volume", volume.GetID())
    if segmentation is not None:
        node.SetNodeReferenceID("segmentation", segmentation.GetID())
    for classifier, each in heat.items():
        node.SetNodeReferenceID(f"heat {classifier}", each.GetID())
    _LOOKED_AT[node.GetID()] = volume.GetImageData().GetMTime(), True
    return Record(node)


def records_of(volume: Any) -> list[Record]:
    """The finished runs of a volume that this version can read, oldest first."""
    found = []
    for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode"):
        if node.GetModuleName() != MODULE or volume is None or node.GetNodeReference("volume") is not volume:
            continue
        record = _read(node)
        if record is not None:
            found.append(record)
    return found


def _read(node: Any) -> Record | None:
    try:
        record = Record(node)
    except ValueError:
        return None
    return record if record.content.get("version") == _VERSION else None
