"""Series among which a person chooses: what tells them apart, and the way on from there."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
import slicer.util
from CordlineLib import candidates, strings
from CordlineLib.analysis import Analysis
from CordlineLib.request import StudyRequest
from CordlineLib.volume import Snapshot
from landmark import draw, in_lesion, sagittal_grid
from mr_series import Protocol, classic, save
from volumes import events_until, load, load_dicom, mask_in, to_the_end
from window import Window

GRID = sagittal_grid()
ONE = Protocol(series="one", number=3, description="T2 sag A")
TWO = Protocol(series="two", number=7, description="T2 sag B")


@pytest.fixture
def tie(scene, tmp_path, request):
    """Two series that fit equally well; the volume of the scene is the second. Its request names none."""
    voxels, study = draw(GRID), request.node.name
    save(classic(voxels, GRID, replace(ONE, study=study)), tmp_path / "one")
    save(classic(voxels * 2, GRID, replace(TWO, study=study)), tmp_path / "two")
    volume = load_dicom(tmp_path / "two", TWO.description)
    return StudyRequest(Snapshot(volume), sorted(tmp_path.rglob("*.dcm")), "", "routine"), volume


def offered(analysis: Analysis) -> list[dict]:
    to_the_end(analysis.tick, lambda: analysis.candidates or analysis.phase == "ended")
    assert analysis.problem is None, analysis.problem
    return analysis.candidates


def test_a_choice_goes_on_with_the_series_that_was_taken(shared, tie):
    request, volume = tie
    analysis = Analysis(request, shared.endpoint, "")
    both = offered(analysis)
    assert len(both) == 2
    assert all(line for line in candidates.differences(both)), both
    [mine] = [each for each in both if each["description"] == TWO.description]
    analysis.choose_series(candidates.selector(mine))
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem is None, analysis.problem
    wanted, mask = in_lesion(GRID.positions()), mask_in(analysis.record.segmentation, volume)
    assert 2 * (mask & wanted).sum() / (mask.sum() + wanted.sum()) > 0.9


def test_another_series_than_the_one_that_is_shown_is_not_drawn(shared, tie):
    analysis = Analysis(tie[0], shared.endpoint, "")
    [other] = [each for each in offered(analysis) if each["description"] == ONE.description]
    analysis.choose_series(candidates.selector(other))
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "other_voxels"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_a_choice_that_is_none_of_them_is_refused_in_the_daemon_s_words(shared, tie):
    analysis = Analysis(tie[0], shared.endpoint, "")
    offered(analysis)
    analysis.choose_series("1.2.3")
    to_the_end(analysis.tick, lambda: analysis.phase == "ended")
    assert analysis.problem.name == "manifest_invalid"


def test_cancel_leaves_a_choice_alone(shared, tie):
    analysis = Analysis(tie[0], shared.endpoint, "")
    offered(analysis)
    analysis.cancel()
    to_the_end(lambda: None, lambda: not analysis.finish_cancel())
    with shared.client() as client:
        assert client.status(analysis.remote_job.job.id)["state"] == "needs_selection"


def test_the_panel_shows_what_tells_them_apart(shared, tie, monkeypatch):
    request, volume = tie
    window = Window()
    try:
        window.use(shared.endpoint)
        window.panel.inputs.t2w_selector.setCurrentNode(volume)
        monkeypatch.setattr("CordlineLib.request.from_volumes", lambda *words: request)
        panel = window.panel
        panel.run_controls.button.click()
        events_until(lambda: panel.series_choice.buttons or not panel.session.running)
        assert panel.session.problem is None, panel.session.problem
        assert strings.CHOOSE in window.shown()
        for each in panel.session.analysis.candidates:
            assert candidates.title(each) in window.shown()
            assert candidates.facts(each) in window.shown()
        pictures = {each.get("thumbnail") for each in panel.session.analysis.candidates} - {None}
        events_until(lambda: len(panel.session.analysis.remote_job.thumbnails) == len(pictures))
        window.picture("panel-choice")
        [mine] = [
            candidates.selector(each)
            for each in panel.session.analysis.candidates
            if each["description"] == TWO.description
        ]
        panel.series_choice.buttons[mine].click()
        # The answer is under way: the choice does not come back, and a second click changes nothing.
        panel.tick()
        assert not panel.series_choice.box.isVisible()
        panel.session.choose_series(mine)
        events_until(lambda: not panel.session.running)
        assert panel.session.problem is None, panel.session.problem
        assert panel.session.record is not None
        assert not panel.series_choice.box.isVisible()
    finally:
        window.close()


FACTS = {
    "uid": "1.2.3", "selector": "1.2.3#2", "part": "echo 98 ms", "description": "T2 TSE", "frames": 30,
    "series_number": 7, "acquired": "2026-01-05T10:15:00", "sections": 15, "spacing_mm": [3.3, 0.625, 0.625],
    "height_mm": [-120.0, 100.4], "image_type": ["ORIGINAL", "PRIMARY", "M"], "reasons": ["sagittal"],
}  # fmt: skip


def test_a_candidate_is_named_as_far_as_it_is_known():
    assert candidates.title(FACTS) == "7: T2 TSE · echo 98 ms"
    assert candidates.facts(FACTS) == (
        "2026-01-05 10:15:00 · 15 sections · 3.3 × 0.62 × 0.62 mm · z -120 to 100 mm · ORIGINAL\\PRIMARY\\M"
    )
    assert candidates.selector(FACTS) == "1.2.3#2"
    old = {"uid": "1.2.3", "description": "", "frames": 1, "reasons": []}
    assert candidates.selector(old) == "1.2.3"
    assert (candidates.title(old), candidates.facts(old)) == (strings.UNNAMED_SERIES, "1 frame")


def test_only_what_differs_is_said_to_differ():
    other = FACTS | {"selector": "1.2.3#3", "part": "echo 12 ms"}
    assert candidates.differences([FACTS, other]) == ["echo 98 ms", "echo 12 ms"]
    assert candidates.differences([FACTS, FACTS]) == ["", ""]
    assert candidates.differences([FACTS])[0].startswith("7: T2 TSE")


def test_a_volume_of_no_study_is_looked_up_nowhere(shared, scene):
    from CordlineLib.request import study_uid

    assert study_uid(load(draw(GRID).astype(np.int16), GRID)) == ""
    assert study_uid(None) == ""
