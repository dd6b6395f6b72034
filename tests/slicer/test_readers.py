"""What readers said: shown to the next reader of the same volume, added to, taken back; with the real daemon."""

import time

import numpy as np
import pytest
import slicer
from CordlineLib import strings, verdict
from CordlineLib.query import Query
from CordlineLib.record import records_of
from CordlineLib.settings import Settings
from daemon_process import free_port
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save
from volumes import events_until, load, load_dicom, mask_in, to_the_end
from window import Window

GRID = sagittal_grid(turn=6, tilt=5)


@pytest.fixture
def opened(scene):
    """Opens a window on a volume, as each reader has one of their own."""
    windows = []

    def open_(daemon, volume, reader: str) -> Window:
        window = Window()
        windows.append(window)
        window.use(daemon.endpoint)
        window.panel.advanced.reader.text = reader
        window.panel.advanced.reader.editingFinished.emit()
        window.panel.inputs.t2w_selector.setCurrentNode(volume)
        return window

    yield open_
    for window in windows:
        window.close()


def settled(window: Window) -> str:
    """All words that can be seen, once everything that was asked is answered."""
    events_until(lambda: not window.panel.session.busy)
    return window.shown()


def fresh(tmp_path, name: str):
    save(classic(draw(GRID), GRID, Protocol(study=name)), tmp_path / name)
    return load_dicom(tmp_path / name, Protocol().description)


def test_a_verdict_is_shown_to_the_next_reader_and_can_be_withdrawn(shared, opened, tmp_path):
    volume = fresh(tmp_path, "verdict")
    first = opened(shared, volume, "R. Meyer")
    first.run()
    assert strings.VERDICT_OPEN in settled(first)
    assert not first.panel.results.verdict.withdraw.enabled
    first.panel.results.verdict.reject.click()
    row = first.panel.results.verdict.reason_row
    assert row.isVisible()
    first.panel.results.verdict.reason.text = "too large; the upper third is oedema"
    first.panel.results.verdict.reject_now.click()
    said = settled(first)
    assert "Rejected by R. Meyer, " in said
    assert ": too large; the upper third is oedema" in said
    assert not row.isVisible()
    first.picture("panel-rejected")
    first.close()

    # Another reader, on a computer that has never seen it: before Apply, and after.
    slicer.mrmlScene.Clear(False)
    volume = load_dicom(tmp_path / "verdict", Protocol().description)
    second = opened(shared, volume, "A. Novak")
    said = settled(second)
    assert strings.EARLIER in said
    assert "Tumour: Ependymoma – Rejected by R. Meyer, " in said
    second.picture("panel-next-reader-before")
    second.run()
    said = settled(second)
    assert "Rejected by R. Meyer, " in said
    assert strings.EARLIER not in said, "it is the one that is shown"
    second.panel.results.verdict.accept.click()
    assert "Accepted by A. Novak, " in settled(second)
    assert "Rejected by R. Meyer, " in second.panel.results.verdict.current.toolTip, "nothing that was said is lost"
    second.picture("panel-next-reader")
    second.panel.results.verdict.withdraw.click()
    assert strings.WITHDRAWN in settled(second)
    with shared.client() as client:
        job = second.panel.session.record.content["job"]
        kept = client.status(job)["reviews"]
    assert [(each["verdict"], each["reader"]) for each in kept] == [
        ("rejected", "R. Meyer"), ("accepted", "A. Novak"), ("withdrawn", "A. Novak"),
    ]  # fmt: skip
    assert abs(kept[0]["at_ms"] / 1000 - time.time()) < 300


def test_a_corrected_mask_names_its_reader_for_the_next(shared, opened, tmp_path):
    volume = fresh(tmp_path, "corrected")
    first = opened(shared, volume, "R. Meyer")
    first.run()
    session = first.panel.session
    mask = mask_in(session.record.segmentation, volume)
    mask[:, : int(np.median(np.argwhere(mask)[:, 1]))] = False
    names = session.record.segmentation.GetSegmentation().GetSegmentIDs()
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        mask.astype(np.uint8), session.record.segmentation, names[0], volume
    )
    first.panel.correct.button.click()
    events_until(lambda: not session.running)
    assert session.problem is None, session.problem
    assert "Corrected by R. Meyer. Before: Tumour: Ependymoma" in settled(first)
    with shared.client() as client:
        assert client.status(session.record.content["job"])["reader"] == "R. Meyer"
    first.close()

    slicer.mrmlScene.Clear(False)
    second = opened(shared, load_dicom(tmp_path / "corrected", Protocol().description), "A. Novak")
    assert "corrected by R. Meyer" in settled(second)
    second.run()
    assert "corrected by R. Meyer" in settled(second), "the corrected one stays in sight beside the machine's"
    second.picture("panel-corrected-by-another")


def test_a_daemon_that_is_away_keeps_what_is_known(daemon, opened, tmp_path):
    daemon.start()
    volume = fresh(tmp_path, "away")
    window = opened(daemon, volume, "R. Meyer")
    window.run()
    settled(window)
    window.panel.results.verdict.accept.click()
    assert "Accepted by R. Meyer" in settled(window)
    daemon.kill()
    again = opened(daemon, volume, "A. Novak")
    said = settled(again)
    assert "Accepted by R. Meyer" in said, "it is saved with the scene"
    assert strings.UNKNOWN_VERDICT.format(why="Nobody listens") in said
    again.panel.results.verdict.reject.click()
    again.panel.results.verdict.reason.text = "no"
    again.panel.results.verdict.reject_now.click()
    assert "Accepted by R. Meyer" in settled(again), "a verdict that did not arrive is none"
    assert strings.VERDICT_NOT_SENT.format(why="Nobody listens") in again.shown()
    assert strings.VERDICT_NOT_SENT.format(why="Nobody listens") in again.panel.log.text.toPlainText()
    assert again.panel.results.verdict.reason_row.isVisible()
    assert again.panel.results.verdict.reason.text == "no", "typed once is enough"
    again.picture("panel-verdict-not-sent")
    daemon.start()
    again.panel.results.verdict.reason.returnPressed.emit()
    assert "Rejected by A. Novak, " in settled(again)
    assert "was not sent" not in again.shown()
    assert not again.panel.results.verdict.reason_row.isVisible()


@pytest.fixture
def two_results(shared, opened, tmp_path):
    """A window with two results on one volume: of a run, and of its corrected mask, which is shown."""
    volume = fresh(tmp_path, f"two results {tmp_path.name}")
    window = opened(shared, volume, "R. Meyer")
    window.run()
    window.panel.correct.button.click()
    events_until(lambda: not window.panel.session.running)
    settled(window)
    jobs = [record.content["job"] for record in records_of(volume)]
    assert len(set(jobs)) == 2
    return window, *jobs


def verdicts(daemon, job: str) -> list[tuple[str, str]]:
    with daemon.client() as client:
        return [(each["verdict"], each["reason"]) for each in client.status(job).get("reviews", [])]


def test_a_verdict_is_sent_though_another_result_is_shown_meanwhile(shared, two_results):
    window, first, second = two_results
    ask = window.panel.results.verdict
    ask.reject.click()
    ask.reason.text = "too large"
    ask.reject_now.click()
    assert not ask.accept.enabled, "one at a time"
    window.panel.results.picker.activated.emit(0)
    settled(window)
    assert strings.VERDICT_OPEN in window.shown(), "the other one has none"
    assert not ask.reason_row.isVisible()
    assert (verdicts(shared, first), verdicts(shared, second)) == ([], [("rejected", "too large")])
    window.panel.results.picker.activated.emit(1)
    assert "Rejected by R. Meyer, " in settled(window)
    assert not ask.reason_row.isVisible()
    # The same where a run ends meanwhile.
    session = window.panel.session
    window.panel.run_controls.button.click()
    events_until(lambda: session.analysis.remote_job.phase == "following" or not session.running)
    ask.accept.click()
    events_until(lambda: not session.running)
    settled(window)
    assert [said for said, _ in verdicts(shared, second)] == ["rejected", "accepted"]


def test_a_reason_stays_with_the_result_for_which_it_was_typed(two_results):
    window, *_ = two_results
    panel, ask = window.panel, window.panel.results.verdict
    window.use(f"127.0.0.1:{free_port()}")
    ask.reject.click()
    ask.reason.text = "too large"
    ask.reject_now.click()
    panel.results.picker.activated.emit(0)
    settled(window)
    assert not ask.reason_row.isVisible()
    assert f"Your verdict on {panel.results.picker.itemText(1)} was not sent: Nobody listens" in window.shown()
    panel.results.picker.activated.emit(1)
    assert ask.reason_row.isVisible()
    assert ask.reason.text == "too large"
    assert strings.VERDICT_NOT_SENT.format(why="Nobody listens") in settled(window)


def test_a_verdict_under_way_is_sent_when_the_module_is_closed(shared, two_results):
    window, _, second = two_results
    window.panel.results.verdict.accept.click()
    window.close()
    assert verdicts(shared, second) == [("accepted", "")]


def test_voxels_without_a_study_have_verdicts_too(shared, opened):
    volume = load(draw(GRID).astype(np.int16) + 1, GRID)
    window = opened(shared, volume, "R. Meyer")
    window.run()
    settled(window)
    window.panel.results.verdict.accept.click()
    assert "Accepted by R. Meyer" in settled(window)
    assert strings.EARLIER not in window.shown()


def test_without_a_name_nothing_can_be_said(shared, opened, monkeypatch):
    monkeypatch.setattr("CordlineLib.settings._user", lambda: "")
    window = opened(shared, load(draw(GRID).astype(np.int16) + 2, GRID), "")
    window.run()
    settled(window)
    for each in (window.panel.results.verdict.accept, window.panel.results.verdict.reject):
        assert not each.enabled
        assert each.toolTip == strings.NO_READER


def test_an_older_daemon_is_not_asked_for_what_it_does_not_know(shared):
    asked = Query(shared.endpoint, "", "review", {}, minor=99)
    to_the_end(asked.tick, lambda: asked.done)
    assert asked.problem.name == "too_old"
    nobody = Query(f"tcp://127.0.0.1:{free_port()}", "", "status", {})
    to_the_end(nobody.tick, lambda: nobody.done)
    assert nobody.problem.name == "refused"


def review(said: str, reader: str = "R. Meyer", reason: str = "", at_ms: int = 1_790_000_000_000) -> dict:
    return {"job": "j", "verdict": said, "reader": reader, "reason": reason, "at_ms": at_ms}


def test_the_last_verdict_stands_unless_it_was_withdrawn():
    accepted, rejected = review("accepted"), review("rejected", reason="too large")
    assert verdict.current([]) is None
    assert verdict.current([accepted, rejected]) is rejected
    assert verdict.current([accepted, review("withdrawn")]) is None
    assert verdict.current([accepted, review("withdrawn"), accepted]) is accepted
    assert verdict.describe(rejected).startswith("Rejected by R. Meyer, 2026-")
    assert verdict.describe(rejected).endswith(": too large")
    job = {"finding": {"label": "Tumour"}, "reviews": [accepted]}
    assert verdict.describe_job(job).startswith("Tumour – Accepted by R. Meyer, ")
    assert verdict.describe_job({"finding": {"label": "Tumour"}}) == f"Tumour – {strings.NO_VERDICT}"
    corrected = job | {"corrects": "k", "reader": "A. Novak", "reviews": []}
    assert verdict.describe_job(corrected) == f"Tumour, corrected by A. Novak – {strings.NO_VERDICT}"


def test_the_reader_is_the_system_s_user_until_a_name_is_entered():
    class Store(dict):
        def value(self, key, default=None):
            return self.get(key, default)

        def setValue(self, key, value):
            self[key] = value

    settings = Settings(Store())
    import getpass

    assert settings.reader == getpass.getuser()
    settings.reader = "  R. Meyer " + "x" * 100
    assert settings.reader.startswith("R. Meyer x")
    assert len(settings.reader) == verdict.READER_LENGTH
    settings.reader = "   "
    assert settings.reader == getpass.getuser()
