"""Volumes of the scene for the tests, and running an analysis to its end."""

import time
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import slicer
import slicer.util
from conftest import APPLICATION, TREE
from CordlineLib import request
from CordlineLib.analysis import Analysis
from CordlineLib.volume import ijk_to_ras
from mr_series import Grid

TIME_LIMIT_S = 60
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Written here again: a fault in the module must not be in its tests too."""


def matrix_of(grid: Grid) -> np.ndarray:
    """(4, 4) from (column, row, section, 1) to LPS."""
    matrix = np.eye(4)
    for column, axis in ((0, 2), (1, 1), (2, 0)):
        matrix[:3, column] = grid.axes[axis] * grid.spacing[axis]
    matrix[:3, 3] = grid.origin
    return matrix


def load(voxels: np.ndarray, grid: Grid, name: str = "T2 sag"):
    """A volume of the scene whose array is (section, row, column)."""
    return slicer.util.addVolumeFromArray(voxels, LPS_TO_RAS @ matrix_of(grid), name)


def to_the_end(carry_on, done, limit_s: float = TIME_LIMIT_S) -> float:
    """Calls `carry_on` until `done`; the longest call, in seconds."""
    deadline, longest = time.monotonic() + limit_s, 0.0
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        began = time.perf_counter()
        carry_on()
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.002)
    return longest


def events_until(done, limit_s: float = TIME_LIMIT_S) -> float:
    """Lets the window live until `done`; the longest gap between two turns of its loop, in seconds."""
    return to_the_end(APPLICATION.processEvents, done, limit_s)


def load_dicom(folder: Path, description: str, name: str = "T2 sag", known: bool = True):
    """A series of a folder as Slicer's DICOM module loads it: voxels, matrix, and the UIDs of its instances.

    known: whether the files are in Slicer's DICOM database.
    """
    found = [(path, pydicom.dcmread(path)) for path in sorted(folder.rglob("*.dcm"))]
    found = [(path, ds) for path, ds in found if ds.SeriesDescription == description]
    along, down = (np.array(found[0][1].ImageOrientationPatient[k : k + 3], float) for k in (0, 3))
    normal = np.cross(along, down)
    found.sort(key=lambda each: float(np.dot(each[1].ImagePositionPatient, normal)))
    places = np.array([ds.ImagePositionPatient for _, ds in found], float)
    matrix = np.eye(4)
    spacing = found[0][1].PixelSpacing
    matrix[:3, 0], matrix[:3, 1] = along * spacing[1], down * spacing[0]
    matrix[:3, 2], matrix[:3, 3] = (places[-1] - places[0]) / (len(places) - 1), places[0]
    voxels = np.stack([ds.pixel_array for _, ds in found]).astype(np.int16)
    node = slicer.util.addVolumeFromArray(voxels, LPS_TO_RAS @ matrix, name)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(ds.SOPInstanceUID for _, ds in found))
    if known:
        slicer.dicomDatabase.files |= {str(ds.SOPInstanceUID): str(path) for path, ds in found}
    return node


def load_phantom(folder: Path):
    """The sagittal T2w series of the phantom in which the trained models find a lesion; its files go into `folder`."""
    with zipfile.ZipFile(TREE / "tests/data/phantom-ependymoma.zip") as study:
        study.extractall(folder)
    found = {str(pydicom.dcmread(path, stop_before_pixels=True).SeriesDescription) for path in folder.rglob("*.dcm")}
    [t2w] = [each for each in found if "T2" in each and "SAG" in each]
    return load_dicom(folder, t2w)


def mask_in(segmentation, volume) -> np.ndarray:
    """What all segments cover, (k, j, i) of the volume, read by Slicer's own function."""
    names = segmentation.GetSegmentation().GetSegmentIDs()
    masks = [slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, volume) > 0 for name in names]
    return np.logical_or.reduce(masks)


def places_of(mask: np.ndarray, volume) -> np.ndarray:
    """LPS positions (n, 3), in the coordinates of the scan, of the voxels of a mask (k, j, i); sorted."""
    at = np.argwhere(mask)[:, ::-1]
    return ordered((LPS_TO_RAS @ ijk_to_ras(volume) @ np.column_stack([at, np.ones(len(at))]).T)[:3].T)


def ordered(places: np.ndarray) -> np.ndarray:
    """Places (n, 3) in one order, whatever the order they were found in."""
    return places[np.lexsort(np.round(places, 3).T)]


def places_on_the_wire(events: list) -> np.ndarray:
    """LPS positions (n, 3) of the voxels that the daemon said are lesion, the last time that it ran the job; sorted."""
    start = max(place for place, event in enumerate(events) if event.name == "grid")
    grid, events = events[start].body, events[start:]
    last = {event.body["section"]: event.mask() for event in events if event.name == "section"}
    sections, rows, columns = grid["shape"]
    mask = np.stack([np.frombuffer(last[n + 1], np.uint8).reshape(rows, columns) for n in range(sections)])
    at = np.argwhere(mask)[:, ::-1]
    matrix = np.array(grid["matrix"]).reshape(4, 4)
    return ordered((matrix @ np.column_stack([at, np.ones(len(at))]).T)[:3].T)


def analyse(volume, daemon, t1c=None, send_files: bool = True, **options) -> Analysis:
    """An analysis, run to its end."""
    asked = request.from_volumes(volume, t1c, "routine", send_files)
    analysis = Analysis(asked, daemon.endpoint, "", **options)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    return analysis


class Garbled:
    """A remote job whose events break the protocol; everything else is the real one's."""

    def __init__(self, remote_job, damage) -> None:
        self._remote_job, self._damage = remote_job, damage

    def __getattr__(self, name):
        return getattr(self._remote_job, name)

    def tick(self):
        event = self._remote_job.tick()
        return event if event is None else self._damage(event)
