"""What is uploaded for a job: voxels of volume nodes, DICOM files with their UIDs, or a corrected mask.

`steps` prepares a request in small pieces for a timer; then `operation` is its upload. `notes` are warnings to show
beside the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slicer

from . import strings
from .volume import Snapshot, instance_uids


class VolumeRequest:
    """The voxels of a T2w volume, and of a T1c volume where there is one."""

    kind = "volume"

    def __init__(self, t2w: Snapshot, t1c: Snapshot | None, priority: str, why_no_files: str) -> None:
        self.t2w, self.t1c, self.priority = t2w, t1c, priority
        self.notes = [strings.WITHOUT_FILES.format(why=why_no_files)]
        if t2w.rounded or (t1c is not None and t1c.rounded):
            self.notes.append(strings.ROUNDED)

    def steps(self) -> Iterator[None]:
        yield from self.t2w.steps()
        if self.t1c is not None:
            yield from self.t1c.steps()

    def operation(self) -> Any:
        from cordline_client import verbs

        t1c = (self.t1c.description, self.t1c.voxels) if self.t1c is not None else None
        return verbs.submit_volume(self.t2w.description, self.t2w.voxels, t1c=t1c, priority=self.priority)


class StudyRequest:
    """The DICOM files of the volumes. series: UID of the T2w series; "" leaves the choice to the daemon."""

    kind = "study"

    def __init__(self, t2w: Snapshot, files: list[Path], series: str, priority: str) -> None:
        self.t2w, self.priority = t2w, priority
        self.notes: list[str] = []
        self._files, self._series = files, series
        self._instances: list[tuple[Path, dict[str, Any]]] = []

    def steps(self) -> Iterator[None]:
        from cordline_client.files import manifest_entry

        for path in self._files:
            found = manifest_entry(path)
            if found is not None:
                self._instances.append((path, found))
            yield
        # The digest of the volume node, to compare with what the daemon read from the files.
        yield from self.t2w.steps()

    def operation(self) -> Any:
        from cordline_client import verbs

        options = {"series": self._series} if self._series else {}
        return verbs.submit_instances(self._instances, priority=self.priority, **options)


class MaskRequest:
    """A corrected mask of an earlier job: (section, row, column), 0 or 1, on that job's grid."""

    kind = "mask"

    def __init__(self, t2w: Snapshot, job: str, mask: Any, priority: str, reader: str = "") -> None:
        self.t2w, self.job, self.mask, self.priority, self.reader = t2w, job, mask, priority, reader
        self.notes: list[str] = []

    def steps(self) -> Iterator[None]:
        yield from self.t2w.steps()

    def operation(self) -> Any:
        import numpy as np
        from cordline_client import verbs

        bits = np.packbits(self.mask.ravel(), bitorder="little").tobytes()
        options = {"reader": self.reader} if self.reader else {}
        return verbs.submit_mask(self.job, self.mask.shape, bits, priority=self.priority, **options)


def from_volumes(t2w: Any, t1c: Any, priority: str, send_files: bool) -> VolumeRequest | StudyRequest:
    """The request for volume nodes: with their DICOM files where `send_files` is set and all of them are known."""
    snapshot = Snapshot(t2w)
    files, why = dicom_files([node for node in (t2w, t1c) if node is not None])
    if send_files and files:
        return StudyRequest(snapshot, files, _series_uid(t2w), priority)
    why = why if send_files else strings.FILES_UNWANTED
    return VolumeRequest(snapshot, Snapshot(t1c) if t1c is not None else None, priority, why)


def dicom_files(volumes: list[Any]) -> tuple[list[Path], str]:
    """Paths of the volumes' files in Slicer's DICOM database; [] and the reason where one is missing."""
    uids = [instance_uids(volume) for volume in volumes]
    if not all(uids):
        return [], strings.NO_DICOM
    wanted = sorted({uid for each in uids for uid in each})
    database = getattr(slicer, "dicomDatabase", None)
    paths = [database.fileForInstance(uid) if database is not None else "" for uid in wanted]
    there = [Path(path) for path in paths if path and Path(path).is_file()]
    if len(there) < len(wanted):
        return [], strings.FILES_GONE.format(n=len(wanted) - len(there), total=len(wanted))
    return there, ""


def _series_uid(volume: Any) -> str:
    """Series Instance UID of a volume, from Slicer's DICOM database."""
    database = slicer.dicomDatabase
    return str(database.seriesForFile(database.fileForInstance(instance_uids(volume)[0])))


def study_uid(volume: Any) -> str:
    """Study Instance UID of a volume, from Slicer's DICOM database; "" where the volume is not in it."""
    database = getattr(slicer, "dicomDatabase", None)
    uids = instance_uids(volume) if volume is not None else []
    path = database.fileForInstance(uids[0]) if database is not None and uids else ""
    return str(database.studyForSeries(database.seriesForFile(path))) if path else ""
