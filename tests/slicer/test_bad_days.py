"""What goes wrong is said by name, and nothing of it stays in the scene."""

import shutil
import socket
import time

import numpy as np
import pytest
import slicer
import slicer.util
from conftest import TRAINED
from cordline_client import messages
from CordlineLib import correction, request
from CordlineLib.analysis import Analysis
from CordlineLib.connection import Connection
from daemon_process import free_port
from landmark import draw, sagittal_grid
from volumes import Garbled, analyse, load, load_phantom, mask_in, places_of, places_on_the_wire, to_the_end

GRID = sagittal_grid()
FEW = sagittal_grid((7, 176, 144), (5.0, 0.9, 1.1))
"""For the trained models, of which a section takes a while."""


@pytest.fixture
def volume(scene):
    return load(draw(GRID).astype(np.int16), GRID)


def nodes() -> set[str]:
    return {node.GetID() for node in slicer.util.getNodes().values()}


def problem_at(endpoint: str, key: str = "") -> str:
    connection = Connection(endpoint, key)
    to_the_end(connection.poll, lambda: connection.problem is not None or connection.ready)
    connection.close()
    return connection.problem.name if connection.problem is not None else "none"


def test_nobody_listens(tmp_path):
    assert problem_at(f"tcp://127.0.0.1:{free_port()}") == "refused"
    assert problem_at(f"ipc://{tmp_path}/none") == "refused"


def test_somebody_listens_and_says_nothing():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        assert problem_at(f"tcp://127.0.0.1:{mute.getsockname()[1]}") == "time_out"


def test_another_version(shared, monkeypatch):
    monkeypatch.setattr(messages, "MAJOR", 2)
    assert problem_at(shared.endpoint) == "version"


def test_a_good_connection(shared):
    assert problem_at(shared.endpoint) == "none"


# Both ways of changing a volume: by the book, and behind Slicer's back.
def paint(volume, openly: bool) -> None:
    slicer.util.arrayFromVolume(volume)[3, 40:60, 40:60] += 7
    if openly:
        slicer.util.arrayFromVolumeModified(volume)


@pytest.mark.parametrize("openly", [True, False], ids=["openly", "behind its back"])
def test_a_volume_that_is_painted_on_meanwhile(shared, volume, openly):
    before = nodes()
    analysis = analyse(volume, shared, on_segmentation=lambda node: paint(volume, openly))
    assert analysis.problem.name == "volume_changed"
    assert nodes() == before


def test_a_volume_that_is_moved_meanwhile(shared, volume):
    before = nodes()
    analysis = analyse(volume, shared, on_segmentation=lambda node: volume.SetOrigin(1.0, 2.0, 3.0))
    assert analysis.problem.name == "volume_changed"
    assert nodes() == before


def test_a_volume_that_is_written_with_the_same_voxels_is_the_same(shared, volume):
    analysis = analyse(volume, shared, on_segmentation=lambda node: slicer.util.arrayFromVolumeModified(volume))
    assert analysis.problem is None


def test_a_volume_that_is_removed_meanwhile(shared, volume, scene):
    analysis = analyse(volume, shared, on_segmentation=lambda node: scene.RemoveNode(volume))
    assert analysis.problem.name == "volume_gone"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_segmentation_that_is_removed_meanwhile_is_not_made_again(shared, volume, scene):
    analysis = analyse(volume, shared, on_segmentation=scene.RemoveNode)
    assert analysis.problem is None
    assert analysis.record.segmentation is None
    assert analysis.record.content["finding"] == "Tumour: Ependymoma"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_voxels_that_are_no_numbers_fail_in_the_words_of_the_daemon(shared, scene):
    voxels = draw(GRID).astype(np.float32)
    voxels[4, 5, 6] = np.nan
    analysis = analyse(load(voxels, GRID), shared)
    assert analysis.problem is not None
    assert "number" in str(analysis.problem) or "finite" in str(analysis.problem), analysis.problem


def test_a_refusal_is_told_in_the_daemon_s_words(daemon, volume):
    """A result whose job the daemon does not have any more cannot be corrected there."""
    daemon.start()
    record = analyse(volume, daemon).record
    daemon.kill()
    shutil.rmtree(daemon.spool)
    daemon.start()
    analysis = Analysis(correction.build_request(record, "routine"), daemon.endpoint, "")
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "no_such_job"
    assert analysis.problem.sentence.startswith("There is no job")
    assert analysis.problem.action


def test_a_daemon_that_dies_and_comes_back_is_met_again(daemon, scene, tmp_path):
    volume = load_phantom(tmp_path / "study")
    daemon.bundle = TRAINED
    daemon.start()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), daemon.endpoint, "")
    to_the_end(analysis.tick, lambda: len(analysis.remote_job.job.received_sections) >= 2)
    daemon.kill()
    to_the_end(analysis.tick, lambda: analysis.phase == "reconnecting", limit_s=30)
    assert analysis.problem is None
    daemon.start()
    to_the_end(analysis.tick, lambda: analysis.phase == "ended", limit_s=120)
    assert analysis.problem is None, analysis.problem
    with daemon.client() as client:
        events = list(client.follow(analysis.remote_job.job.id))
    assert analysis.record.segmentation is not None, "the trained models find the lesion of the phantom"
    mask = mask_in(analysis.record.segmentation, volume)
    np.testing.assert_allclose(places_of(mask, volume), places_on_the_wire(events), atol=0.01)


def test_a_computer_that_slept_is_met_again(daemon, scene):
    volume = load(draw(FEW).astype(np.int16), FEW)
    daemon.bundle = TRAINED
    daemon.environment["CORDLINE_DAEMON__LIMITS__SILENCE_S"] = "1"
    daemon.start()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), daemon.endpoint, "")
    to_the_end(analysis.tick, lambda: len(analysis.remote_job.job.received_sections) >= 1)
    time.sleep(2.5)  # the daemon forgets who is silent
    phases = set()

    def tick() -> None:
        analysis.tick()
        phases.add(analysis.phase)

    to_the_end(tick, lambda: analysis.phase == "ended", limit_s=120)
    assert analysis.problem is None, analysis.problem
    assert "reconnecting" in phases
    assert analysis.remote_job.job.missing_sections == []


def test_a_job_that_somebody_else_cancels_leaves_nothing(daemon, volume):
    daemon.bundle = TRAINED
    daemon.start()
    before = nodes()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), daemon.endpoint, "")
    to_the_end(analysis.tick, lambda: len(analysis.remote_job.job.received_sections) >= 1)
    with daemon.client() as client:
        client.cancel(analysis.remote_job.job.id)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.cancelled
    assert nodes() == before


def test_no_lesion_is_an_answer_without_a_segmentation(shared, scene):
    volume = load(draw(GRID, lesion=False).astype(np.int16), GRID)
    analysis = analyse(volume, shared)
    assert analysis.problem is None
    assert analysis.record.content["finding"] == "No lesion found"
    assert analysis.record.content["lesions"] == []
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_what_cannot_be_read_ends_the_run_by_name(shared, volume):
    def damage(event):
        if event.name == "grid":
            event.body["matrix"][3] += 40.0
        return event

    before = nodes()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), shared.endpoint, "")
    analysis.remote_job = Garbled(analysis.remote_job, damage)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "other_grid"
    assert nodes() == before

    def garble(event):
        if event.name == "section":
            event.body["section"] = "three"
        return event

    analysis = Analysis(request.from_volumes(volume, None, "routine", True), shared.endpoint, "")
    analysis.remote_job = Garbled(analysis.remote_job, garble)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "malformed"
    assert nodes() == before


@pytest.mark.parametrize("lesion", [True, False], ids=["lesion", "no lesion"])
def test_a_job_that_completes_without_a_grid_ends_the_run_by_name(shared, scene, lesion):
    volume = load(draw(GRID, lesion=lesion).astype(np.int16), GRID)
    before = nodes()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), shared.endpoint, "")

    def forget(event):
        if event.body.get("state") == "completed":
            analysis.remote_job.job.grid = None
        return event

    analysis.remote_job = Garbled(analysis.remote_job, forget)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "malformed"
    assert nodes() == before


def test_a_result_for_other_voxels_is_not_drawn(shared, volume):
    def damage(event):
        if event.name == "grid":
            event.body["pixel_sha256"] = "0" * 64
        return event

    before = nodes()
    analysis = Analysis(request.from_volumes(volume, None, "routine", True), shared.endpoint, "")
    analysis.remote_job = Garbled(analysis.remote_job, damage)
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "other_voxels"
    assert nodes() == before
