"""The panel, clicked through as a reader does: run, cancel, error, correction, a reload."""

import subprocess
import time
import zipfile

import numpy as np
import slicer
import slicer.util
from conftest import TRAINED, TREE
from Cordline import CordlineTest
from CordlineLib import packages, strings
from CordlineLib.record import records_of
from daemon_process import free_port
from landmark import draw, sagittal_grid
from mr_series import SAGITTAL_T2, classic, save
from tiny_bundle import write
from volumes import events_until, load, load_dicom, mask_in
from window import GRID, Window, ready, window

__all__ = ["ready", "window"]


def test_before_anything_it_says_what_is_missing(window):
    button = window.panel.run_controls.button
    assert not button.enabled
    assert button.toolTip == strings.NO_VOLUME
    assert strings.RESEARCH in window.shown()
    assert strings.NEW_SEGMENTATION in window.shown()
    assert strings.NO_RESULTS in window.shown()
    assert not window.panel.correct.button.enabled
    assert window.panel.correct.button.toolTip == strings.NOTHING_TO_CORRECT
    volume = load(draw(GRID).astype(np.int16), GRID)
    window.panel.inputs.t2w_selector.setCurrentNode(volume)
    assert button.enabled
    window.use("ftp://nowhere")
    assert "begin with tcp:// or ipc://" in button.toolTip
    assert not button.enabled


def test_the_active_volume_is_chosen_beforehand(scene):
    volume = load(draw(GRID).astype(np.int16), GRID)
    slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(volume.GetID())
    window = Window()
    try:
        assert window.panel.inputs.t2w is volume
        assert window.panel.inputs.t1c is None
    finally:
        window.close()


def test_a_run(ready, shared):
    panel = ready.panel
    began = time.perf_counter()
    panel.run_controls.button.click()
    assert time.perf_counter() - began < 0.5
    assert panel.run_controls.button.text == strings.CANCEL
    said, filled = set(), []

    def look() -> bool:
        if panel.run_controls.bar.isVisible():
            said.add(panel.run_controls.bar.format)
        segmentation = panel.session.analysis.segmentation
        if segmentation is not None and panel.session.running:
            names = segmentation.GetSegmentation().GetSegmentIDs()
            filled.append(names)
        return not panel.session.running

    events_until(look)
    assert any("section" in words for words in said), said
    # Masks were there before the end.
    assert ("coming",) in filled
    assert panel.session.problem is None
    assert panel.run_controls.button.text == strings.APPLY
    [record] = records_of(ready.volume)
    assert record.segmentation.GetName() == "T2 sag segmentation"
    shown = ready.shown()
    for words in ("Tumour: Ependymoma", "Tumour or demyelinating lesion?", "Astrocytoma or ependymoma?",
                  "A test bundle; it calls bright spots lesions.", "CPU", "undecided from 0.45 to 0.55"):  # fmt: skip
        assert words in shown, words
    assert "MS or NMOSD?" not in shown, "only the branch that was reached"
    table = panel.results.lesions.table
    row = [table.item(0, column).text() for column in range(5)]
    [lesion] = record.content["lesions"]
    voxel_ml = np.prod(GRID.spacing) / 1000
    assert row[0] == "Lesion 1"
    assert row[1] == f"{mask_in(record.segmentation, ready.volume).sum() * voxel_ml:.2f} mL"
    assert row[2:4] == [f"{lesion['extent_mm']:.0f} mm", f"{lesion['sections'][0]}–{lesion['sections'][-1]}"]
    for line in ("Preparing", "Sending", "Segmenting", "Tumour: Ependymoma"):
        assert line in panel.log.text.toPlainText()
    assert "T2 sag" not in panel.log.text.toPlainText(), "names of volumes may be names of patients"
    ready.picture("panel")


def test_the_editor_of_the_panel_takes_the_mask_back_in_one_step(ready):
    ready.run()
    editor, [record] = ready.panel.correct.editor, records_of(ready.volume)
    mask = mask_in(record.segmentation, ready.volume)
    editor.undo()
    assert not mask_in(record.segmentation, ready.volume).any()
    editor.redo()
    np.testing.assert_array_equal(mask_in(record.segmentation, ready.volume), mask)


def test_no_lesion_is_said_with_what_it_means(ready):
    healthy = load(draw(GRID, lesion=False).astype(np.int16), GRID, "T2 sag")
    ready.panel.inputs.t2w_selector.setCurrentNode(healthy)
    ready.run()
    assert "No lesion found" in ready.shown(), "in the words of the daemon"
    assert strings.NO_LESION_MEANS in ready.shown()
    assert not ready.panel.results.lesions.table.isVisible()
    assert ready.panel.correct.button.toolTip == strings.NOTHING_TO_CORRECT
    ready.picture("panel-no-lesion")


def test_undecided_is_an_answer_without_a_heat_map(ready, daemon, tmp_path):
    daemon.bundle = write(tmp_path / "undecided", heads={"tumour-demyelinating": ((0.0, 0.0, 0.0), 0.0)})
    daemon.start()
    ready.use(daemon.endpoint)
    ready.run()
    assert ready.panel.session.problem is None, ready.panel.session.problem
    [answer] = ready.panel.results.answers.values()
    assert answer.decision.text == strings.UNDECIDED
    assert not answer.heat.enabled
    assert answer.heat.text == strings.NO_HEAT
    assert strings.INDETERMINATE_MEANS in ready.shown()
    assert ready.panel.results.lesions.table.isVisible()
    ready.picture("panel-undecided")


def test_click_on_a_lesion_goes_there(ready):
    view = slicer.vtkMRMLSliceNode()
    view.SetOrientation("Sagittal")
    view = slicer.mrmlScene.AddNode(view)
    view.SetDimensions(400, 400, 1)
    ready.run()
    panel = ready.panel
    panel.results.lesions.table.cellClicked.emit(0, 4)
    [record] = records_of(ready.volume)
    to_ras = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
    np.testing.assert_allclose(to_ras[:3, 3], record.centre_ras(record.content["lesions"][0]), atol=1e-6)


def test_heat_maps_come_and_go(ready):
    composite = slicer.mrmlScene.AddNode(slicer.vtkMRMLSliceCompositeNode())
    other = load(draw(GRID).astype(np.int16), GRID, "other")
    composite.SetBackgroundVolumeID(ready.volume.GetID())
    composite.SetForegroundVolumeID(other.GetID())
    composite.SetForegroundOpacity(0.2)
    ready.run()
    results = ready.panel.results
    [record] = records_of(ready.volume)
    assert not results.opacity_row.isVisible()
    first, second = results.answers.values()
    first.heat.click()
    assert composite.GetForegroundVolumeID() == record.heat("tumour-demyelinating").GetID()
    assert composite.GetForegroundOpacity() == 0.6
    assert results.opacity_row.isVisible()
    assert not record.segmentation.GetDisplayNode().GetVisibility2DFill()
    results.opacity.value = 30
    assert composite.GetForegroundOpacity() == 0.3
    second.heat.click()
    assert composite.GetForegroundVolumeID() == record.heat("astrocytoma-ependymoma").GetID()
    assert (first.heat.text, second.heat.text) == (strings.SHOW_HEAT, strings.HIDE_HEAT)
    ready.picture("panel-heat-map")
    second.heat.click()
    assert (composite.GetForegroundVolumeID(), composite.GetForegroundOpacity()) == (other.GetID(), 0.2)
    assert record.segmentation.GetDisplayNode().GetVisibility2DFill()
    assert not results.opacity_row.isVisible()


def test_cancel_answers_at_once_and_takes_away_what_was_drawn(ready, daemon):
    window = ready
    few = sagittal_grid((6, 176, 144), (6.0, 0.9, 1.1))
    window.panel.inputs.t2w_selector.setCurrentNode(load(draw(few).astype(np.int16), few, "T2 sag, few sections"))
    daemon.bundle = TRAINED  # a section takes long enough to cancel between two
    daemon.start()
    window.use(daemon.endpoint)
    before = {node.GetID() for node in slicer.util.getNodes().values()}
    window.panel.run_controls.button.click()
    events_until(lambda: window.panel.session.analysis.segmentation is not None or not window.panel.session.running)
    assert window.panel.session.running, "it was over before it could be cancelled"
    window.picture("panel-running")
    window.panel.run_controls.button.click()
    assert window.panel.run_controls.button.text == strings.APPLY
    assert not window.panel.run_controls.bar.isVisible()
    after = {node.GetID() for node in slicer.util.getNodes().values()}
    assert after == before
    job = window.panel.session.analysis.remote_job.job.id
    events_until(lambda: not window.panel.session.busy)
    with daemon.client() as client:
        list(client.follow(job))
        assert client.status(job)["state"] == "cancelled"
    assert window.panel.log.text.toPlainText().rstrip().endswith(strings.STATES["cancelled"])
    # And once more, to the end: the daemon takes up the same job.
    window.run()
    assert window.panel.session.problem is None
    assert window.panel.session.record is not None
    assert window.panel.session.analysis.remote_job.job.id == job


def test_who_waits_sees_place_and_priority(ready, daemon, tmp_path):
    daemon.bundle = TRAINED
    daemon.start()
    ready.use(daemon.endpoint)
    with zipfile.ZipFile(TREE / "tests/data/phantom-ependymoma.zip") as study:
        study.extractall(tmp_path / "study")
    with daemon.client() as client:
        save(classic(draw(GRID), GRID), tmp_path / "another")
        before = [client.submit_study([tmp_path / name]) for name in ("study", "another")]
        ready.panel.advanced.priority.currentIndex = 2
        ready.panel.run_controls.button.click()
        events_until(lambda: "before it" in ready.panel.run_controls.bar.format)
        assert ready.panel.run_controls.bar.format.startswith("Waiting, 1 before it")
        ready.picture("panel-waiting")
        assert client.status(ready.panel.session.analysis.remote_job.job.id)["priority"] == "background"
        ready.panel.run_controls.button.click()
        events_until(lambda: not ready.panel.session.busy)
        for job in before:
            client.cancel(job)


def test_objects_for_the_archive_are_saved_from_the_panel(window, shared, tmp_path):
    save(classic(draw(GRID), GRID), tmp_path / "study")
    volume = load_dicom(tmp_path / "study", SAGITTAL_T2.description)
    window.use(shared.endpoint)
    window.panel.inputs.t2w_selector.setCurrentNode(volume)
    window.run()
    assert window.panel.results.save.enabled
    (tmp_path / "saved").mkdir()
    window.panel.save_into(tmp_path / "saved")
    assert not window.panel.results.save.enabled, "a second one would end the first"
    assert window.panel.results.save.toolTip == strings.SAVING
    events_until(lambda: not window.panel.timer.isActive())
    [folder] = (tmp_path / "saved").iterdir()
    written = sorted(path.name for path in folder.iterdir())
    assert {"segmentation.dcm", "structured-report.dcm"} <= set(written)
    assert f"{len(written)} objects saved in the folder {folder.name}." in window.shown()
    assert window.panel.results.save.enabled
    window.panel.save_into(tmp_path / "saved")
    assert f"{folder.name} is there already" in window.shown()
    assert "objects saved" not in window.shown()
    assert window.panel.results.save.enabled


def test_errors_have_a_name_and_the_next_run_is_clean(ready, shared, tmp_path):
    panel = ready.panel
    ready.use(f"127.0.0.1:{free_port()}")
    ready.run()
    assert panel.session.problem.name == "refused"
    assert "Nobody listens at tcp://127.0.0.1:" in ready.shown()
    assert panel.run_controls.problem.toolTip == "refused"
    assert records_of(ready.volume) == []
    ready.picture("panel-error")
    ready.use(shared.endpoint)
    ready.run()
    assert "Nobody listens" not in ready.shown()
    assert len(records_of(ready.volume)) == 1


def test_connection_can_be_tested_without_a_volume(window, shared):
    window.use(shared.endpoint)
    window.panel.advanced.box.collapsed = False
    window.panel.advanced.test.click()
    assert window.panel.advanced.connection_status.text == strings.TESTING
    events_until(lambda: window.panel.session.connection_test.done and not window.panel.timer.isActive())
    assert "CPU" in window.panel.advanced.connection_status.text
    assert window.panel.advanced.bundle.text == "tiny 0.1.0"
    window.picture("panel-advanced")
    window.use(f"127.0.0.1:{free_port()}")
    assert window.panel.advanced.bundle.text == strings.BUNDLE_UNKNOWN
    window.panel.tick()  # whatever starts the timer
    assert window.panel.advanced.bundle.text == strings.BUNDLE_UNKNOWN, "the models of the other box"
    assert not window.panel.advanced.connection_status.isVisible()
    window.panel.advanced.test.click()
    events_until(lambda: window.panel.session.connection_test.done and not window.panel.timer.isActive())
    assert "Nobody listens" in window.panel.advanced.connection_status.text


def test_a_corrected_mask_is_asked_about_again(ready):
    ready.run()
    panel = ready.panel
    [first] = records_of(ready.volume)
    segmentation = first.segmentation
    assert panel.correct.editor.segmentationNode() is segmentation
    assert panel.correct.editor.sourceVolumeNode() is ready.volume
    # The reader erases the upper half, and paints a segment of their own below.
    mask = mask_in(segmentation, ready.volume)
    places = np.argwhere(mask)
    corrected = mask.copy()
    corrected[:, : int(np.median(places[:, 1]))] = False
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        corrected.astype(np.uint8), segmentation, segmentation.GetSegmentation().GetSegmentIDs()[0], ready.volume
    )
    painted = np.zeros_like(mask, np.uint8)
    painted[5:8, 140:150, 60:70] = 1
    own = segmentation.GetSegmentation().AddEmptySegment("mine", "mine")
    slicer.util.updateSegmentBinaryLabelmapFromArray(painted, segmentation, own, ready.volume)
    corrected |= painted > 0
    panel.correct.box.collapsed = False
    panel.advanced.reader.text = " R. Meyer "
    panel.advanced.reader.editingFinished.emit()
    panel.correct.button.click()
    events_until(lambda: not panel.session.running)
    assert panel.session.problem is None, panel.session.problem
    first, second = records_of(ready.volume)
    assert second.segmentation.GetName() == "T2 sag segmentation corrected"
    np.testing.assert_array_equal(mask_in(second.segmentation, ready.volume), corrected)
    # What the reader had stays as it was.
    np.testing.assert_array_equal(mask_in(first.segmentation, ready.volume), corrected)
    assert "mine" in first.segmentation.GetSegmentation().GetSegmentIDs()
    assert second.content["kind"] == "mask"
    assert len(second.content["lesions"]) == 2
    assert "Corrected by R. Meyer. Before: Tumour: Ependymoma" in ready.shown()
    assert "Dice" in ready.shown()
    ready.picture("panel-corrected")
    # Both results can be chosen; the mask of one is hidden while the other is shown.
    assert panel.results.picker.count == 2
    panel.results.picker.activated.emit(0)
    assert panel.session.record.node is first.node
    assert first.segmentation.GetDisplayVisibility()
    assert not second.segmentation.GetDisplayVisibility()


def test_settings_survive_a_restart(window):
    panel = window.panel
    window.use("10.0.0.7:5710")
    window.use("box.example")
    panel.advanced.key.text = "box.key"
    panel.advanced.key.editingFinished.emit()
    panel.advanced.priority.currentIndex = 1
    panel.advanced.files.checked = False
    panel.outputs.in_3d.checked = True
    panel.results.opacity.value = 35
    again = Window()
    try:
        advanced = again.panel.advanced
        assert [advanced.address.itemText(n) for n in range(2)] == ["box.example", "10.0.0.7:5710"]
        assert advanced.address.currentText == "box.example"
        assert advanced.key.text == "box.key"
        assert advanced.priority.currentText == "Urgent"
        assert not advanced.files.checked
        assert again.panel.outputs.in_3d.checked
        assert again.panel.results.opacity.value == 35
    finally:
        again.close()


def test_nothing_is_installed_without_a_yes(ready, monkeypatch):
    asked, installed = [], []
    monkeypatch.setattr(packages, "missing", lambda: [] if installed else ["pyzmq>=25.1,<28"])
    monkeypatch.setattr(slicer.util, "pip_install", installed.append)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, windowTitle: asked.append(text))
    ready.run()
    assert "pyzmq" in asked[0]
    assert installed == []
    assert "pyzmq>=25.1,<28 are not installed" in ready.shown()
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, windowTitle: True)
    ready.run()
    assert installed == [["pyzmq>=25.1,<28"]]
    assert ready.panel.session.record is not None


def test_pip_that_fails_is_told(ready, monkeypatch):
    def fail(requirements):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(packages, "missing", lambda: ["pyzmq>=25.1,<28"])
    monkeypatch.setattr(slicer.util, "pip_install", fail)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, windowTitle: True)
    for each in (ready.panel.run_controls.button, ready.panel.advanced.test):
        ready.panel.run_controls.show_problem(None)
        each.click()
        assert "pyzmq>=25.1,<28 are not installed" in ready.shown()
        assert "Without a connection" in ready.shown()
        assert ready.panel.run_controls.problem.toolTip == "not_installed"


def test_the_self_test_of_the_module_runs_here_too(scene):
    CordlineTest().runTest()


def test_the_keys_of_another_box(window, daemon):
    daemon.tcp = f"tcp://127.0.0.1:{free_port()}"
    daemon.start()
    words = [daemon.program, "keys", "new", "reader", "--keys", str(daemon.keys)]
    key = daemon.folder / "reader.key"
    key.write_text(subprocess.run(words, capture_output=True, text=True, check=True, env=daemon.environment).stdout)
    window.use(daemon.tcp.removeprefix("tcp://"))
    panel = window.panel

    def ask() -> str:
        panel.advanced.test.click()
        events_until(lambda: panel.session.connection_test.done and not panel.timer.isActive())
        return panel.session.connection_test.problem.name if panel.session.connection_test.problem else ""

    assert ask() == "key"
    panel.advanced.key.text = str(daemon.folder / "nothing.key")
    panel.advanced.key.editingFinished.emit()
    assert ask() == "key_unreadable"
    assert str(daemon.folder) not in panel.advanced.connection_status.text
    panel.advanced.key.text = str(key)
    panel.advanced.key.editingFinished.emit()
    assert ask() == ""
    assert panel.advanced.bundle.text == "tiny 0.1.0"
    panel.advanced.key.text = ""
    panel.advanced.key.editingFinished.emit()
    panel.tick()
    assert panel.advanced.bundle.text == strings.BUNDLE_UNKNOWN, "with this key nothing was tested"
