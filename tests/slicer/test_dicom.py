"""Volumes that were loaded from DICOM: files with their UIDs to the box, and objects for the archive back."""

import errno
from pathlib import Path

import numpy as np
import pydicom
import pytest
import slicer
import slicer.util
from CordlineLib.export import Export
from CordlineLib.record import Record, records_of
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


@pytest.fixture
def result(shared, scene, folder) -> Record:
    return analyse(load_dicom(folder, T2W.description), shared).record


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def export_to(folder: Path, result: Record, daemon) -> Export:
    export = Export(result, folder, daemon.endpoint, "")
    to_the_end(export.tick, lambda: export.done)
    return export


def test_results_that_are_saved_into_one_folder_do_not_mix(shared, scene, result, tmp_path):
    """A study's objects have the same names as another's; a heat map of one must not stand beside the other's mask."""
    folder = tmp_path / "saved"
    folder.mkdir()
    first = export_to(folder, result, shared)
    before = contents(folder)
    other = Protocol(study="another", patient="another")
    save(classic(draw(GRID, lesion=False), GRID, other), tmp_path / "another")
    second = export_to(folder, analyse(load_dicom(tmp_path / "another", T2W.description), shared).record, shared)
    assert first.problem is None
    assert second.problem is None
    after = contents(folder)
    assert before.items() <= after.items()
    assert len({path.parent for path in second.written}) == 1
    assert {path.parent for path in second.written}.isdisjoint(path.parent for path in first.written)
    # The same one again would be written over what may have been changed since.
    again = export_to(folder, result, shared)
    assert again.problem.name == "not_written"
    assert contents(folder) == after


def test_nothing_stays_of_objects_that_could_not_all_be_saved(shared, result, tmp_path, monkeypatch):
    folder = tmp_path / "saved"
    folder.mkdir()
    write, count = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        count.append(path)
        write(path, data[: len(data) // 2])
        if len(count) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    export = export_to(folder, result, shared)
    assert str(export.problem).startswith("The objects cannot be written: No space left")
    assert export.written == []
    assert list(folder.iterdir()) == []
    # The same where Slicer is left meanwhile, and then again to the end.
    closed = Export(result, folder, shared.endpoint, "")
    to_the_end(closed.tick, lambda: closed.written)
    closed.close()
    assert list(folder.iterdir()) == []
    assert export_to(folder, result, shared).problem is None


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
