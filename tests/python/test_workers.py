"""Several jobs at the same time: two workers on one processor."""

import json
import time

import pytest
from daemon_process import end_of

RUNNING = ("decoding", "selecting", "segmenting", "classifying", "writing")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def pair(daemon):
    daemon.environment["CORDLINE_DEVICE__WORKERS"] = "2"
    return daemon.start()


def both_run(client) -> bool:
    """Waits until two jobs are computed; false where all ended before."""
    while counts := client.status()["jobs"]:
        if sum(counts.get(state, 0) for state in RUNNING) == 2:
            return True
        if not sum(counts.get(state, 0) for state in (*RUNNING, "queued")):
            return False
        time.sleep(0.002)
    return False


def test_two_jobs_run_at_the_same_time_and_each_finds_what_it_would_alone(pair, study):
    with pair.client() as client:
        assert [worker["provider"] for worker in client.device()["workers"]] == ["CPU", "CPU"]
        jobs = [client.submit_study([study], again=n) for n in range(6)]
        assert both_run(client)
        findings = []
        for job in jobs:
            assert end_of(client, job)["state"] == "completed"
            [file] = [file for file in client.files(job) if file["path"] == "result.json"]
            result = json.loads(client.download(job, file))
            findings.append((result["finding"], result["lesions"], result["classifications"]))
        assert all(found == findings[0] for found in findings)


def test_both_jobs_of_a_killed_daemon_are_taken_up_and_end_once(pair, study):
    with pair.client() as client:
        jobs = [client.submit_study([study], again=n) for n in range(2)]
        both_run(client)
    pair.kill()
    pair.start()
    with pair.client() as client:
        for job in jobs:
            events = list(client.follow(job))
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            assert [event.body["state"] for event in events if event.name == "state"].count("completed") == 1


def test_a_running_job_is_cancelled_and_the_other_is_not(pair, study):
    with pair.client() as client:
        jobs = [client.submit_study([study], again=n) for n in range(2)]
        both_run(client)
        client.cancel(jobs[1])
        ends = [end_of(client, job)["state"] for job in jobs]
        assert ends[0] == "completed"
        assert ends[1] in ("cancelled", "completed"), "it may have ended before"
