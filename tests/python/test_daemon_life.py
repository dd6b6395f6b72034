"""Nothing is lost and nothing comes twice, whatever becomes of the daemon."""

import subprocess
from pathlib import Path

import pytest
from daemon_process import end_of
from raw_wire import Raw, instance, submit

pytestmark = pytest.mark.timeout(120)
ENDS = ("completed", "failed", "cancelled", "needs_selection", "out_of_scope")


def test_an_upload_goes_on_after_the_daemon_was_killed(daemon, study):
    daemon.start()
    data = [path.read_bytes() for path in sorted(study.iterdir())][:3]
    raw = Raw(daemon.endpoint)
    entries = [instance(n, d) for n, d in enumerate(data)]
    job = submit(raw, *entries)["body"]["job"]
    raw.ask("chunk", {"job": job, "item": 0, "offset": 0}, data[0])
    raw.ask("chunk", {"job": job, "item": 1, "offset": 0}, data[1][:100])
    raw.socket.close()
    daemon.kill()
    daemon.start()
    raw = Raw(daemon.endpoint)
    again = submit(raw, *entries)["body"]
    assert again["job"] == job
    assert again["received"] == [len(data[0]), 100, 0]
    raw.socket.close()


def test_accepted_jobs_survive_a_kill_and_end_once(daemon, study):
    daemon.start()
    with daemon.client() as client:
        jobs = [client.submit_study([study], series=None if n == 0 else f"1.2.{n}") for n in range(4)]
    daemon.kill()
    daemon.start()
    with daemon.client() as client:
        for job in jobs:
            events = list(client.follow(job))
            assert [e.number for e in events] == list(range(1, len(events) + 1))
            assert sum(e.ends for e in events) == 1
    assert daemon.stop() == 0


def test_a_daemon_that_is_asked_to_stop_keeps_its_jobs(daemon, study):
    daemon.start()
    with daemon.client() as client:
        job = client.submit_study([study])
    assert daemon.stop() == 0
    daemon.start()
    with daemon.client() as client:
        assert end_of(client, job)["state"] == "completed"


def test_a_spool_may_be_named_from_where_the_daemon_starts(daemon, study, tmp_path, monkeypatch):
    """Files are read by a process that works elsewhere."""
    monkeypatch.chdir(tmp_path)
    daemon.spool = Path("spool")
    daemon.start()
    with daemon.client() as client:
        job = client.submit_study([study])
        assert end_of(client, job)["state"] == "completed"
        # Who asks for more than there is of a job that has ended is not kept waiting.
        assert list(client.follow(job, since=client.status(job)["last_event"])) == []
    assert daemon.stop() == 0


def test_a_second_daemon_on_the_same_spool_is_refused(daemon, program):
    daemon.start()
    second = subprocess.run(daemon.command(), env=daemon.environment, capture_output=True, text=True, timeout=30)
    assert second.returncode == 5
    assert "another daemon" in second.stderr
    assert str(daemon.process.pid) in second.stderr
    with daemon.client() as client:
        assert client.status()["ready"]


def test_a_queued_job_can_be_cancelled_and_taken_up_again(daemon, study, another):
    others = [another(number) for number in range(6)]
    daemon.start()
    with daemon.client() as client:
        jobs = [client.submit_study([other]) for other in others]
        job = client.submit_study([study], priority="background")
        assert client.cancel(job)["state"] == "cancelled"
        assert client.submit_study([study]) == job
        assert end_of(client, job)["state"] == "completed"
        assert all(end_of(client, j)["state"] in ENDS for j in jobs)


def test_a_job_is_told_where_it_stands_and_how_long_it_takes(daemon, study):
    daemon.start()
    with daemon.client() as client:
        assert end_of(client, client.submit_study([study]))["state"] == "completed"
        jobs = [client.submit_study([study], series=f"1.2.{n}") for n in range(4)]
        background = client.submit_study([study], series="1.3", priority="background")
        first, last = client.status(jobs[0]), client.status(background)
        box = client.status()
        if last["state"] == "queued":
            assert last["position"] <= 4
            assert first.get("seconds_left", 0) <= last["seconds_left"] <= box["seconds_left"] + 1
        for job in (*jobs, background):
            end_of(client, job)
        assert client.status()["seconds_left"] == 0
