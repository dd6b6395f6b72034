"""Volumes that were loaded from DICOM: files with their UIDs to the box, and objects for the archive back."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import slicer
import slicer.util
from CordlineLib.export import Export
from CordlineLib.record import records_of
from landmark import draw, in_lesion, sagittal_grid
from mr_series import Protocol, classic, save
from volumes import analyse, load_dicom, mask_in, places_of, places_on_the_wire, to_the_end

GRID = sagittal_grid(turn=8, tilt=6)
T2W = Protocol()


@pytest.fixture
def folder(tmp_path) -> Path:
    save(classic(draw(GRID), GRID), tmp_path / "study")
    return tmp_path / "study"


def test_files_go_to_the_box_and_objects_come_back(shared, scene, folder, tmp_path):
    volume = load_dicom(folder, T2W.description)
    analysis = analyse(volume, shared)
    assert analysis.problem is None, analysis.problem
    assert analysis.request.kind == "study"
    with shared.client() as client:
        events = list(client.follow(analysis.remote_job.job.id))
    mask = mask_in(analysis.record.segmentation, volume)
    np.testing.assert_allclose(places_of(mask, volume), places_on_the_wire(events), atol=0.01)
    [series] = [event.body for event in events if event.name == "series"]
    source = [pydicom.dcmread(path) for path in folder.glob("*.dcm")]
    assert series["uid"] == source[0].SeriesInstanceUID

    export = Export(analysis.record, tmp_path, shared.endpoint, "")
    to_the_end(export.tick, lambda: export.done)
    assert export.problem is None, export.problem
    objects = {ds.Modality: ds for ds in map(pydicom.dcmread, export.written)}
    seg = objects["SEG"]
    assert seg.StudyInstanceUID == source[0].StudyInstanceUID
    assert seg.FrameOfReferenceUID == source[0].FrameOfReferenceUID
    referenced = {item.ReferencedSOPInstanceUID for item in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referenced == {ds.SOPInstanceUID for ds in source}
    assert seg.pixel_array.sum() == mask.sum()
    assert "SR" in objects


def test_files_that_lie_the_other_way_round(shared, scene, tmp_path):
    """Slicer may have loaded the sections in the other order than the daemon does."""
    save(classic(draw(GRID), GRID), tmp_path / "study")
    volume = load_dicom(tmp_path / "study", T2W.description)
    array = slicer.util.arrayFromVolume(volume).copy()
    flip = np.diag([1.0, 1, -1, 1])
    flip[2, 3] = len(array) - 1
    from CordlineLib.volume import ijk_to_ras

    turned = slicer.util.addVolumeFromArray(array[::-1].copy(), ijk_to_ras(volume) @ flip, "turned")
    turned.SetAttribute("DICOM.instanceUIDs", volume.GetAttribute("DICOM.instanceUIDs"))
    analysis = analyse(turned, shared)
    assert analysis.problem is None, analysis.problem
    wanted = in_lesion(GRID.positions())[::-1]
    mask = mask_in(analysis.record.segmentation, turned)
    assert 2 * (mask & wanted).sum() / (mask.sum() + wanted.sum()) > 0.9


def test_a_volume_that_is_not_what_its_files_hold_is_refused(shared, scene, folder):
    volume = load_dicom(folder, T2W.description)
    slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    slicer.util.arrayFromVolumeModified(volume)
    analysis = analyse(volume, shared)
    assert analysis.problem.name == "other_voxels"
    assert "Send the DICOM files" in analysis.problem.action
    assert records_of(volume) == []
    # As the sentence says: without the files it goes, and that is said.
    again = analyse(volume, shared, send_files=False)
    assert again.problem is None
    assert again.record.content["files"] == []
    assert any("as set under Advanced" in note for note in again.notes)


def test_files_that_are_gone_are_said_aloud(shared, scene, folder):
    volume = load_dicom(folder, T2W.description)
    slicer.dicomDatabase.files.popitem()
    analysis = analyse(volume, shared)
    assert analysis.request.kind == "volume"
    assert any("1 of 13 are not in Slicer's DICOM database" in note for note in analysis.notes)


def test_a_t1c_volume_goes_along(program, library, tmp_path, scene):
    from daemon_process import Daemon
    from tiny_bundle import write

    bundle = write(tmp_path / "bundle", t1c="optional")
    daemon = Daemon(program, library, bundle, tmp_path).start()
    try:
        save(classic(draw(GRID), GRID), tmp_path / "study")
        volume = load_dicom(tmp_path / "study", T2W.description, known=False)
        alone = analyse(volume, daemon)
        assert any("T1" in note for note in alone.notes), alone.notes
        t1c = load_dicom(tmp_path / "study", T2W.description, "T1 post", known=False)
        both = analyse(volume, daemon, t1c)
        assert both.problem is None, both.problem
        assert not any("T1" in note for note in both.notes), both.notes
        assert both.remote_job.job.id != alone.remote_job.job.id
    finally:
        daemon.stop()
