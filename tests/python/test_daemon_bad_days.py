"""Bad days of a box: a full disk, a bundle that changes under the daemon, a job that takes it down again and again."""

import contextlib
import json
import os
import subprocess
import time

import numpy as np
import pytest
import tiny_bundle
from daemon_process import Daemon, Rejected, end_of
from landmark import sagittal_grid
from mr_series import Protocol, classic, save

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"this machine lets nobody mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture
def cramped(daemon, small_disk):
    """A daemon whose spool lies on the small disk, and which keeps nothing of it free."""
    daemon.spool = small_disk / "spool"
    daemon.environment["CORDLINE_DAEMON__RESERVE_BYTES"] = "0"
    return daemon


def bulky(folder, number: int):
    """About 13 MB of a study."""
    grid = sagittal_grid(shape=(25, 512, 512), spacing=(3.0, 0.5, 0.5))
    protocol = Protocol(study=f"bulky-{number}", series=f"bulky-{number}")
    save(classic(np.full(grid.shape, 300.0), grid, protocol), folder / str(number))
    return folder / str(number)


def test_a_full_disk_is_named_and_what_was_accepted_is_kept(cramped, small_disk, study, tmp_path):
    with cramped.start().client() as client:
        kept = client.submit_study([study])
        assert end_of(client, kept)["state"] == "completed"
        # Admission looks at what is free; somebody else may take it while the study comes.
        with pytest.raises(Rejected) as refused:
            client.submit_study([bulky(tmp_path, 1)])
        assert refused.value.code == "disk_reserve"
        filler = small_disk / "filler"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filler.write_bytes(b"\0" * max(free - (64 << 10), 0))
        with pytest.raises(Rejected) as refused:
            client.submit_study([study], series="1.2.3")
        assert refused.value.code in ("disk_reserve", "disk_full"), refused.value
        assert client.status(kept)["state"] == "completed"
        filler.unlink()
        assert end_of(client, client.submit_study([study], series="1.2.4"))["state"] == "out_of_scope"  # no such series
        assert client.files(kept)
    assert cramped.stop() == 0


def test_a_disk_that_fills_while_a_job_runs_loses_no_end_of_it(cramped, small_disk, study):
    with cramped.start().client() as client:
        job = client.submit_study([study])
        with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"\0" * 4096) == 4096:
                pass
        deadline = time.monotonic() + 20
        while "the disk of the spool is full" not in cramped.log():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert any("the disk of the spool has only 0 MB left" in w for w in client.status()["warnings"])
        time.sleep(1.5)  # the worker comes to the end of its job
        (small_disk / "filler").unlink()
        ended = end_of(client, job)
        assert ended["state"] == "failed", ended
        assert "space" in ended["problem"]["message"] + ended["problem"]["action"], ended
        assert client.submit_study([study]) == job
        assert end_of(client, job)["state"] == "completed"
        assert client.status()["warnings"] == []
    assert cramped.stop() == 0


def test_a_bundle_that_changes_on_the_disk_answers_from_then_on(program, library, study, tmp_path):
    bundle = tiny_bundle.write(tmp_path / "bundle")
    daemon = Daemon(program, library, bundle, tmp_path)
    manifest = bundle / "bundle.toml"
    with daemon.start().client() as client:
        first = client.submit_study([study])
        assert end_of(client, first)["state"] == "completed"
        manifest.write_text(manifest.read_text().replace('version = "0.1.0"', 'version = "0.2.0"'))
        second = client.submit_study([study])
        assert second != first, "another bundle gives another answer"
        assert end_of(client, second)["state"] == "completed"
        with daemon.client() as another:
            assert another.welcome["bundle"]["version"] == "0.2.0"

        # Half of a copy: a network that is not the one of the manifest.
        whole = (bundle / "ms-nmosd.onnx").read_bytes()
        (bundle / "ms-nmosd.onnx").write_bytes(whole[:-1] + b"\0")
        manifest.write_text(manifest.read_text().replace('version = "0.2.0"', 'version = "0.3.0"'))
        third = client.submit_study([study])
        ended = end_of(client, third)
        assert (ended["state"], ended["problem"]["code"]) == ("failed", "bundle_altered"), ended
        assert client.status()["ready"] is False
        (bundle / "ms-nmosd.onnx").write_bytes(whole)
        assert end_of(client, client.submit_study([study]))["state"] == "completed"
        assert client.status()["ready"] is True
    assert daemon.stop() == 0


def test_a_job_that_takes_the_daemon_down_twice_is_set_aside(daemon, study, tmp_path):
    grid = sagittal_grid(shape=(25, 512, 512), spacing=(3.0, 0.5, 0.5))
    random = np.random.default_rng(1)
    voxels = np.rint(random.uniform(300, 1500, grid.shape))
    save(classic(voxels, grid), tmp_path / "long", "jpeg-2000")
    daemon.start()
    with daemon.client() as client:
        job = client.submit_study([tmp_path / "long"])
        waiting = client.submit_study([study])
    for _ in range(2):
        with daemon.client() as client:
            deadline = time.monotonic() + 20
            while client.status(job)["state"] not in ("decoding", "selecting", "segmenting"):
                assert time.monotonic() < deadline
        daemon.kill()
        daemon.start()
    with daemon.client() as client:
        ended = end_of(client, job)
        assert (ended["state"], ended["problem"]["code"]) == ("failed", "quarantined")
        assert end_of(client, waiting)["state"] == "completed"
    assert daemon.stop() == 0


@pytest.mark.parametrize("loss", ["gone", "emptied", "without its log"])
def test_a_journal_that_lost_its_jobs_costs_no_folder(daemon, study, cordline, loss):
    with daemon.start().client() as client:
        jobs = [client.submit_study([study], series=series) for series in (None, "1.2.3")]
        results = [end_of(client, job)["state"] for job in jobs]
        assert results == ["completed", "out_of_scope"]
    daemon.kill()
    journal = daemon.spool / "journal.sqlite"
    files = {job: sorted(path.name for path in (daemon.spool / "jobs" / job).rglob("*")) for job in jobs}
    if loss == "gone":
        journal.unlink()
    if loss == "emptied":
        journal.write_bytes(b"")
    journal.with_name("journal.sqlite-wal").unlink()
    with daemon.start().client() as client:
        deadline = time.monotonic() + 20
        while not any("cordline spool lost" in w and "set aside" in w for w in client.status()["warnings"][1:]):
            assert time.monotonic() < deadline, client.status()
            time.sleep(0.05)
        assert "the journal lost" in client.status()["warnings"][0]
        listed = cordline("spool", "lost", "--json", "--spool", daemon.spool).stdout
        lost = {one["job"]: one["name"] for one in map(json.loads, listed.splitlines())}
        assert set(lost) == set(jobs)
        for job, name in lost.items():
            found = (daemon.spool / "lost" / name).rglob("*")
            assert sorted(path.name for path in found) == files[job], "nothing was removed"
        assert end_of(client, client.submit_study([study]))["state"] == "completed"
    assert daemon.stop() == 0
