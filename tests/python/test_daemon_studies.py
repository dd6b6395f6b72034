"""From a study to its jobs, without sending its files; and clients that the daemon has forgotten."""

import json
import time

import numpy as np
import pytest
from cordline_client import verbs
from daemon_process import Client, HelloRequired, end_of, pack_bits
from gateway_process import Gateway
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save, uid

pytestmark = pytest.mark.timeout(120)
GRID = sagittal_grid()
T2 = Protocol(study="one of many")


def jobs_of(client, study_uid: str, **other) -> list[str]:
    return [summary["job"] for summary in client.list_jobs(study_uid=study_uid, **other)["jobs"]]


def study_uid(folder) -> str:
    import pydicom

    return str(pydicom.dcmread(next(folder.glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID)


def test_a_study_leads_to_every_job_on_it(client, tmp_path):
    save(classic(draw(GRID), GRID, T2), tmp_path / "a")
    uid_a = study_uid(tmp_path / "a")
    assert jobs_of(client, uid_a) == []
    job = client.submit_study([tmp_path / "a"])
    assert end_of(client, job)["study_uid"] == uid_a
    [shape] = [e.body["shape"] for e in client.follow(job) if e.name == "grid"]
    mask = np.zeros(shape, bool)
    mask[shape[0] // 2, 30:44, 30:40] = True
    corrected = client.submit_mask(job, shape, pack_bits(mask.ravel()))
    assert set(jobs_of(client, uid_a)) == {job, corrected}, "a corrected mask is found before it has run"
    end_of(client, corrected)
    assert set(jobs_of(client, uid_a, states=["completed"])) == {job, corrected}
    assert jobs_of(client, uid_a, states=["failed"]) == []
    assert len(jobs_of(client, uid_a, limit=1)) == 1
    assert jobs_of(client, uid_a[:-1]) == jobs_of(client, uid_a + "0") == jobs_of(client, "") == []


def test_a_study_without_an_answer_is_found_too(client, tmp_path):
    tied, other = Protocol(study="tie", series="one"), Protocol(study="tie", series="two", number=2)
    save(classic(draw(GRID), GRID, tied), tmp_path / "tie/1")
    save(classic(draw(GRID), GRID, other), tmp_path / "tie/2")
    t1 = Protocol(study="t1 only", description="T1 TSE sag", echo_ms=9.0, repetition_ms=500.0)
    save(classic(draw(GRID), GRID, t1), tmp_path / "t1")
    for folder, first, state in ((tmp_path / "tie", tmp_path / "tie/1", "needs_selection"),
                                 (tmp_path / "t1", tmp_path / "t1", "out_of_scope")):  # fmt: skip
        job = client.submit_study([folder])
        ended = end_of(client, job)
        assert (ended["state"], ended["study_uid"]) == (state, study_uid(first))
        assert jobs_of(client, study_uid(first)) == [job]


def test_voxels_belong_to_no_study(client):
    voxels = np.zeros((6, 32, 32), "<i2")
    described = {"tensor": {"shape": [6, 32, 32], "element": "i16"}, "matrix": np.diag([1.0, 1, 4, 1]).ravel().tolist()}
    assert "study_uid" not in end_of(client, client.submit_volume(described, voxels.tobytes()))


def test_the_gateway_and_the_command_line_find_the_jobs_of_a_study(shared, client, cordline, program, tmp_path):
    save(classic(draw(GRID), GRID, Protocol(study="by other doors")), tmp_path / "a")
    job = client.submit_study([tmp_path / "a"])
    end_of(client, job)
    wanted = study_uid(tmp_path / "a")
    run = cordline("jobs", "--study", wanted, "--json", "--socket", shared.socket).expect(0)
    assert [summary["job"] for summary in json.loads(run.stdout)["jobs"]] == [job]
    gateway = Gateway(program, shared.endpoint, tmp_path)
    try:
        assert [one["job"] for one in gateway.json(f"/api/v1/jobs?study_uid={wanted}")["jobs"]] == [job]
        assert gateway.json(f"/api/v1/jobs?study_uid={uid('never seen')}")["jobs"] == []
    finally:
        gateway.stop()


@pytest.fixture
def forgetful(daemon):
    daemon.environment["CORDLINE_DAEMON__LIMITS__SILENCE_S"] = "1"
    return daemon.start()


def test_a_client_that_was_silent_for_long_is_greeted_again(forgetful, study):
    with Client.connect(forgetful.endpoint, "sleeper") as client:
        time.sleep(2.5)
        assert client.list_jobs()["jobs"] == []
        time.sleep(2.5)
        job = client.submit_study([study])
        assert end_of(client, job)["state"] == "completed"
        time.sleep(2.5)
        # Without what the client does of itself.
        asked = client._connection.start(verbs.list_jobs())
        while not asked.done:
            client._connection.poll()
        assert isinstance(asked.error, HelloRequired)
        assert asked.error.code == "hello_required"
        assert asked.error.retry


def test_the_gateway_is_met_again_by_a_daemon_that_forgot_it(forgetful, program, tmp_path):
    (tmp_path / "gateway").mkdir()
    gateway = Gateway(program, forgetful.endpoint, tmp_path / "gateway")
    try:
        for _ in range(3):
            assert gateway.json("/api/v1/jobs")["jobs"] == []
            time.sleep(2.2)
    finally:
        gateway.stop()
