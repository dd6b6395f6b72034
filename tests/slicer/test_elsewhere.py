"""Readers who go elsewhere while a run is under way: to another volume, module or scene, or out of Slicer."""

import signal
import time

import numpy as np
import pytest
import slicer
import slicer.util
from CordlineLib import strings
from CordlineLib.record import records_of
from CordlineLib.session import CLOSE_S
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save
from volumes import events_until, load, load_dicom
from window import GRID, ready, window

__all__ = ["ready", "window"]


@pytest.fixture
def two_patients(window, shared, tmp_path):
    """The first is chosen and was analysed; nothing is known of the second."""
    window.use(shared.endpoint)
    volumes = []
    for name in ("first", "second"):
        patient = Protocol(patient=name, study=f"patient {name}")
        save(classic(draw(GRID), GRID, patient), tmp_path / name)
        volumes.append(load_dicom(tmp_path / name, patient.description, name))
    window.panel.inputs.t2w_selector.setCurrentNode(volumes[0])
    window.run()
    return window, *volumes


@pytest.mark.parametrize("end", ["result", "cancel", "problem"])
def test_what_is_shown_is_of_the_chosen_volume_while_another_is_analysed(two_patients, end):
    window, first, second = two_patients
    panel, [before] = window.panel, records_of(first)
    panel.run_controls.button.click()
    panel.inputs.t2w_selector.setCurrentNode(second)
    assert panel.session.running
    assert strings.NO_RESULTS in window.shown()
    assert "Ependymoma" not in window.shown()
    if end == "cancel":
        panel.run_controls.button.click()
    elif end == "problem":
        slicer.util.arrayFromVolume(first)[0] += 1
        slicer.util.arrayFromVolumeModified(first)
    events_until(lambda: not panel.session.busy)
    assert strings.NO_RESULTS in window.shown()
    assert "Ependymoma" not in window.shown(), "neither a result nor an earlier one of the other patient"
    assert panel.correct.editor.segmentationNode() is None
    assert not panel.correct.button.enabled
    assert (strings.RESULT_ELSEWHERE.format(volume="first") in window.shown()) == (end == "result")
    if end == "result":
        window.picture("panel-result-elsewhere")
    panel.inputs.t2w_selector.setCurrentNode(first)
    assert "Tumour: Ependymoma" in window.shown()
    assert "The run has ended" not in window.shown()
    latest = records_of(first)[-1]
    assert (latest.node is before.node) == (end != "result")
    assert panel.correct.editor.segmentationNode() is latest.segmentation
    assert latest.segmentation.GetDisplayVisibility()


def test_a_volume_that_is_chosen_again_has_the_mask_that_is_drawn_in_the_editor(two_patients):
    window, first, second = two_patients
    panel, [before] = window.panel, records_of(first)
    panel.run_controls.button.click()
    panel.inputs.t2w_selector.setCurrentNode(second)
    events_until(lambda: panel.session.analysis.segmentation is not None or not panel.session.running)
    assert panel.session.running
    assert panel.correct.editor.segmentationNode() is None
    panel.inputs.t2w_selector.setCurrentNode(first)
    assert panel.correct.editor.segmentationNode() is panel.session.analysis.segmentation
    assert not before.segmentation.GetDisplayVisibility(), "it would lie over the mask that is drawn"
    events_until(lambda: not panel.session.running)
    assert len(records_of(first)) == 2


def test_the_module_can_be_left_and_the_scene_closed_while_it_runs(ready):
    ready.panel.run_controls.button.click()
    ready.widget.exit()
    events_until(lambda: ready.panel.session.analysis.segmentation is not None)
    slicer.mrmlScene.Clear(False)
    assert not ready.panel.session.running
    assert ready.panel.run_controls.button.toolTip == strings.NO_VOLUME
    ready.widget.enter()
    events_until(lambda: not ready.panel.session.busy)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_run_is_cancelled_when_the_module_is_closed(ready, trained):
    few = sagittal_grid((6, 176, 144), (6.0, 0.9, 1.1))
    ready.panel.inputs.t2w_selector.setCurrentNode(load(draw(few).astype(np.int16) + 3, few))
    ready.use(trained.endpoint)  # a section takes long enough to leave between two
    session = ready.panel.session
    ready.panel.run_controls.button.click()
    events_until(lambda: session.analysis.segmentation is not None or not session.running)
    assert session.running, "it was over before it could be cancelled"
    ready.widget.cleanup()
    assert not session.busy
    with trained.client() as client:
        list(client.follow(session.analysis.remote_job.job.id))
        assert client.status(session.analysis.remote_job.job.id)["state"] == "cancelled"


def test_a_daemon_that_does_not_answer_does_not_hold_slicer_when_it_ends(ready, daemon):
    daemon.start()
    ready.use(daemon.endpoint)
    ready.run()
    events_until(lambda: not ready.panel.session.busy)
    daemon.process.send_signal(signal.SIGSTOP)
    ready.panel.results.verdict.accept.click()
    assert ready.panel.session.busy
    began = time.monotonic()
    ready.widget.cleanup()
    assert CLOSE_S <= time.monotonic() - began < CLOSE_S + 2
    assert not ready.panel.session.busy
