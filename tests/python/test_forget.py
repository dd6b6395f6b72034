"""What somebody wants gone is gone: from the spool, from the journal, and from nothing else."""

import time
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from daemon_process import Rejected, end_of
from landmark import draw, sagittal_grid
from mr_series import SAGITTAL_T2, classic, save

pytestmark = pytest.mark.timeout(120)


def holds(folder: Path, *words: str) -> list[str]:
    """Files below a folder in whose bytes one of the words stands."""
    found = []
    for path in filter(Path.is_file, folder.rglob("*")):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if any(word.encode() in content for word in words):
            found.append(str(path.relative_to(folder)))
    return found


def test_a_study_is_forgotten_with_all_its_jobs_and_the_audit_says_no_more_than_that(daemon, tmp_path, cordline):
    grid = sagittal_grid()
    save(classic(draw(grid), grid), tmp_path / "a")
    save(classic(draw(grid), grid, replace(SAGITTAL_T2, patient="Another")), tmp_path / "b")
    uid, other = (str(pydicom.dcmread(next((tmp_path / name).iterdir())).StudyInstanceUID) for name in "ab")
    daemon.start()
    with daemon.client() as client:
        jobs = [client.submit_study([tmp_path / "a"], again=n) for n in range(2)]
        kept = client.submit_study([tmp_path / "b"])
        assert [end_of(client, job)["state"] for job in (*jobs, kept)] == ["completed"] * 3
        assert holds(daemon.spool, uid)
        said = cordline("forget", uid, "--socket", daemon.socket).expect(0).stdout
        assert all(f"{job}  is removed" in said for job in jobs)
        for job in jobs:
            with pytest.raises(Rejected) as gone:
                client.status(job)
            assert gone.value.code == "no_such_job"
        until = time.monotonic() + 20
        while left := holds(daemon.spool, uid, *jobs):
            if left == ["audit.jsonl"]:
                break
            assert time.monotonic() < until, left
            time.sleep(0.1)
        assert client.status(kept)["state"] == "completed"
        assert holds(daemon.spool, other)
        assert f"keeps no job of the study {uid}" in cordline("forget", uid, "--socket", daemon.socket).stdout
    audit = (daemon.spool / "audit.jsonl").read_text()
    assert uid not in audit
    assert audit.count('"removed"') == len(jobs)
    cordline("audit", "verify", daemon.spool / "audit.jsonl").expect(0)


def test_a_job_that_has_not_ended_is_cancelled_first(daemon, study):
    daemon.start()
    with daemon.client() as client:
        job = client.submit_study([study])
        with pytest.raises(Rejected) as refused:
            client.forget(job)
        assert refused.value.code == "wrong_state"
        assert "`cancel` ends it" in refused.value.message
        end_of(client, job)
        assert client.forget(job)["state"] == "completed"
        # What was forgotten may come again, as something new.
        assert end_of(client, client.submit_study([study]))["state"] == "completed"
