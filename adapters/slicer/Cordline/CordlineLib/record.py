"""Results of jobs, stored in the scene (vtkMRMLScriptedModuleNode) and saved with it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer
import slicer.util
import vtk

from . import strings
from .grid import GridError, layout_between
from .job import Job
from .volume import digest, ijk_to_ras, shape_of

MODULE = "CordlineResult"
_CONTENT = "content"
_VERSION = 1
_DIGEST_CACHE: dict[str, tuple[int, bool]] = {}
"""By node ID: modification time of the volume, and whether its digest matched then. A digest takes about 20 ms."""


class Record:
    """The result of one job. Its node references the volume, the segmentation and the heat maps."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.content: dict[str, Any] = json.loads(node.GetParameter(_CONTENT))

    @property
    def volume(self) -> Any:
        return self.node.GetNodeReference("volume")

    @property
    def segmentation(self) -> Any:
        """None where there was no lesion, or where the user removed the node."""
        return self.node.GetNodeReference("segmentation")

    @property
    def name(self) -> str:
        """Label for the list of results."""
        return self.segmentation.GetName() if self.segmentation is not None else self.content["finding"]

    @property
    def reviews(self) -> list[dict[str, Any]]:
        """Reviews by readers, oldest first, as of the latest query."""
        return self.content.get("reviews", [])

    def update(self, **facts: Any) -> None:
        """Adds keys to `content`, which is saved with the scene."""
        self.content.update(facts)
        self.node.SetParameter(_CONTENT, json.dumps(self.content))

    def update_reviews(self, summary: dict[str, Any]) -> None:
        """Stores what the daemon's description of the job says of readers."""
        known = {"reviews": summary.get("reviews", [])}
        if summary.get("reader"):
            known["reader"] = summary["reader"]
        self.update(**known)

    def heat(self, classifier: str) -> Any:
        """The heat map volume of a classifier's answer; None where it has none."""
        return self.node.GetNodeReference(f"heat {classifier}")

    def centre_ras(self, lesion: dict[str, Any]) -> tuple[float, float, float] | None:
        """Centre of a lesion in world coordinates (RAS, mm), with the volume's parent transforms applied."""
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
    def matches_volume(self) -> bool:
        """Whether the volume still has the voxels and the grid that were analysed."""
        volume = self.volume
        if volume is None or volume.GetImageData() is None:
            return False
        written = volume.GetImageData().GetMTime()
        known = _DIGEST_CACHE.get(self.node.GetID())
        if known is None or known[0] != written:
            known = written, self._has_same_digest()
            _DIGEST_CACHE[self.node.GetID()] = known
        return known[1]

    def _has_same_digest(self) -> bool:
        try:
            layout = self.layout()
        except GridError:
            return False
        return digest(self.volume, layout) == self.content["pixel_sha256"]

    def layout(self) -> Any:
        """From the volume's array to the grid of the masks; raises GridError where the volume's grid has changed."""
        matrix = np.array(self.content["matrix"], float).reshape(4, 4)
        return layout_between(ijk_to_ras(self.volume), shape_of(self.volume), matrix, tuple(self.content["shape"]))


def create(
    job: Job, volume: Any, segmentation: Any, heat: dict[str, Any], notes: list[str], about: dict[str, Any]
) -> Record:
    """Stores a completed job in the scene.

    heat: heat map volumes by classifier. about: `kind`, `bundle`, `provider`, `daemon`; for a corrected mask also
    `before` (the earlier finding) and `reader` (who corrected it).
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
    _DIGEST_CACHE[node.GetID()] = volume.GetImageData().GetMTime(), True
    return Record(node)


def records_of(volume: Any) -> list[Record]:
    """Results of a volume that this version can read, oldest first."""
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
