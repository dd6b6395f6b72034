"""Jobs of every kind go in; masks, answers, events and files come out."""

import json
import time
from datetime import datetime

import numpy as np
import pytest
from cordline_client import verbs
from daemon_process import Rejected, end_of, pack_bits
from landmark import draw, sagittal_grid

pytestmark = pytest.mark.timeout(120)


def test_a_study_goes_in_and_masks_answers_and_files_come_out(client, study, cordline, bundle, tmp_path):
    assert client.welcome["notice"] == "Research use only; not a medical device"
    job = client.submit_study([study])
    events = list(client.follow(job))
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    states = [e.body["state"] for e in events if e.name == "state"]
    assert (states[0], states[-1]) == ("queued", "completed")
    assert states.index("segmenting") < states.index("classifying") < states.index("writing")
    [grid] = [e.body for e in events if e.name == "grid"]
    sections = [e for e in events if e.name == "section" and not e.body["final"]]
    order = [e.body["section"] for e in sections]
    assert sorted(order) == list(range(1, grid["shape"][0] + 1))
    assert abs(order[0] - (grid["shape"][0] + 1) / 2) <= 1, "the middle one comes first"

    files = {file["path"]: client.download(job, file) for file in client.files(job)}
    result = json.loads(files["result.json"])
    assert result["state"] == "completed"
    assert any(e.name == "warning" for e in events) == bool(result["warnings"])
    made = datetime.fromisoformat(result["created"]).timestamp()
    assert made == client.status(job)["submitted_ms"] // 1000, (
        "a job that runs again after a kill writes the same bytes"
    )
    # The same as without a daemon: only times and the moment differ.
    alone = cordline("analyze", study, "--out", tmp_path / "alone", "--bundle", bundle, "--threads", 1).expect(0)
    other = json.loads((tmp_path / "alone/result.json").read_text())
    for timed in (result, other):
        del timed["timings_ms"], timed["created"]
    assert result == other, alone.said
    final = {e.body["section"]: e.mask() for e in events if e.name == "section"}
    voxels = sum(sum(mask) for mask in final.values())
    spacing = result["series"]["spacing_mm"]
    assert voxels * np.prod(spacing) / 1000 == pytest.approx(sum(x["volume_ml"] for x in result["lesions"]))


def test_the_same_input_is_the_same_job(client, study):
    job = client.submit_study([study])
    end_of(client, job)
    before = client.status(job)
    assert client.submit_study([study], priority="urgent") == job
    assert client.status(job) == before
    assert client.submit_study([study], series="1.2.3") != job


def test_a_folder_of_the_box(client, study, tmp_path):
    job = client.submit_folder(str(study))
    assert end_of(client, job)["state"] == "completed"
    with pytest.raises(Rejected) as refused:
        client.submit_folder(str(tmp_path))
    assert refused.value.code == "folder_not_allowed"
    assert str(tmp_path) not in str(refused.value)


def volume_of(study):
    grid = sagittal_grid()
    voxels = draw(grid)
    matrix = np.eye(4)
    matrix[:3, :] = np.column_stack([grid.axes[2] * grid.spacing[2], grid.axes[1] * grid.spacing[1],
                                     grid.axes[0] * grid.spacing[0], grid.origin])  # fmt: skip
    return np.ascontiguousarray(voxels, "<i2"), matrix


def test_a_volume_and_then_its_corrected_mask(client, study):
    voxels, matrix = volume_of(study)
    described = {"tensor": {"shape": list(voxels.shape), "element": "i16"}, "matrix": matrix.ravel().tolist()}
    job = client.submit_volume(described, voxels.tobytes())
    events = list(client.follow(job))
    assert events[-1].body["state"] == "completed", events[-1]
    [grid] = [e.body for e in events if e.name == "grid"]
    assert np.allclose(grid["matrix"], matrix.ravel())
    assert any("not checked" in e.body["message"] for e in events if e.name == "warning")
    assert "segmentation.dcm" not in [f["path"] for f in client.files(job)]

    mask = np.zeros(voxels.shape, bool)
    mask[voxels.shape[0] // 2, 20:30, 20:28] = True
    corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()))
    assert corrected != job
    events = list(client.follow(corrected))
    [lesions] = [e.body["lesions"] for e in events if e.name == "lesions"]
    assert len(lesions) == 1
    assert lesions[0]["volume_ml"] == pytest.approx(80 * np.prod(sagittal_grid().spacing) / 1000)
    final = {e.body["section"]: e for e in events if e.name == "section"}
    assert sorted(final) == list(range(1, mask.shape[0] + 1))
    shown = np.frombuffer(b"".join(final[s].mask() for s in sorted(final)), np.uint8).reshape(mask.shape)
    assert (shown == mask).all()
    assert any("corrected by a person" in e.body["message"] for e in events if e.name == "warning")

    with pytest.raises(Rejected) as refused:
        client.submit_mask(job, (1, 2, 3), b"\0")
    assert refused.value.code == "manifest_invalid"


def test_a_corrected_mask_of_a_study_becomes_a_segmentation_by_a_person(client, study):
    import pydicom

    job = client.submit_study([study])
    [grid] = [e.body for e in client.follow(job) if e.name == "grid"]
    mask = np.zeros(grid["shape"], bool)
    mask[grid["shape"][0] // 2, 30:44, 30:40] = True
    corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()))
    assert end_of(client, corrected)["state"] == "completed"
    [seg] = [f for f in client.files(corrected) if f["kind"] == "segmentation"]
    from io import BytesIO

    dataset = pydicom.dcmread(BytesIO(client.download(corrected, seg)))
    assert dataset.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert int(dataset.pixel_array.sum()) == int(mask.sum())


def test_a_mask_that_a_person_emptied_is_no_lesion(client, study):
    job = client.submit_study([study])
    [grid] = [e.body for e in client.follow(job) if e.name == "grid"]
    bits = bytes(-(-int(np.prod(grid["shape"])) // 8))
    events = list(client.follow(client.submit_mask(job, grid["shape"], bits)))
    assert events[-1].body["finding"]["name"] == "no_lesion"
    assert any("corrected by a person" in e.body["message"] for e in events if e.name == "warning")


def test_an_axial_volume_is_out_of_scope(client):
    voxels = np.zeros((6, 32, 32), "<i2")
    described = {"tensor": {"shape": [6, 32, 32], "element": "i16"}, "matrix": np.diag([1.0, 1, 4, 1]).ravel().tolist()}
    job = client.submit_volume(described, voxels.tobytes())
    summary = end_of(client, job)
    assert (summary["state"], summary["problem"]["code"]) == ("out_of_scope", "not_sagittal")


def test_events_can_be_asked_for_again_from_any_number(client, study):
    job = client.submit_study([study])
    everything = list(client.follow(job))
    assert list(client.follow(job)) == everything
    assert list(client.follow(job, since=5)) == everything[5:]
    assert list(client.follow(job, since=len(everything))) == []


def test_a_window_that_does_not_wait(shared, study):
    with shared.polling_client() as client:
        operation = client.start(verbs.submit_study([study]))
        events, longest, deadline = [], 0.0, time.monotonic() + 60
        following = None
        while not (events and events[-1].ends) and time.monotonic() < deadline:
            began = time.monotonic()
            events += client.poll()
            longest = max(longest, time.monotonic() - began)
            if operation.done and following is None:
                assert operation.error is None
                following = client.start(verbs.follow(operation.result))
            time.sleep(0.005)
        assert events[-1].body["state"] == "completed"
