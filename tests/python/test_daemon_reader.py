"""Files are read in a process of its own: whatever becomes of it, one job fails by name, and the daemon goes on."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from daemon_process import end_of
from landmark import sagittal_grid
from mr_series import classic, save

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def long_study(tmp_path_factory):
    """A study whose decoding takes a while, and more memory than most."""
    grid = sagittal_grid(shape=(13, 1024, 1024), spacing=(3.0, 0.25, 0.25))
    random = np.random.default_rng(1)
    section = np.rint(random.uniform(300, 1500, grid.shape[1:]))
    voxels = np.stack([np.roll(section, 7 * k, 1) for k in range(grid.shape[0])])
    folder = tmp_path_factory.mktemp("long")
    save(classic(voxels, grid), folder, "jpeg-2000")
    return folder


def readers_of(daemon) -> list[int]:
    """The processes that read for a daemon at this moment."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[1:2] == [b"reader"]:
                        found.append(int(child))
    return found


def reader_of(daemon) -> int:
    """The process that reads for a daemon, as soon as it is there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := readers_of(daemon):
            return found[0]
    raise AssertionError("no reader was started")


def confined(pid: int) -> bool:
    return "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text()


def the_next_one_is_analysed(client, study):
    assert end_of(client, client.submit_study([study]))["state"] == "completed"


def test_a_reader_that_is_killed_fails_one_job(daemon, study, long_study):
    with daemon.start().client() as client:
        job = client.submit_study([long_study])
        reader = reader_of(daemon)
        deadline = time.monotonic() + 10
        while not confined(reader) and time.monotonic() < deadline:
            pass
        assert confined(reader)
        limits = Path(f"/proc/{reader}/limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
        assert Path(f"/proc/{reader}/environ").read_bytes() == b""
        os.kill(reader, signal.SIGKILL)
        ended = end_of(client, job)
        assert (ended["state"], ended["problem"]["code"]) == ("failed", "reader_broke")
        assert "was ended by signal 9" in ended["problem"]["message"]
        the_next_one_is_analysed(client, study)


def test_a_study_that_wants_too_much_memory_fails_by_name(daemon, study, long_study):
    daemon.environment["CORDLINE_DAEMON__READER__MEMORY_BYTES"] = str(72 << 20)
    with daemon.start().client() as client:
        ended = end_of(client, client.submit_study([long_study]))
        assert (ended["state"], ended["problem"]["code"]) == ("failed", "reader_broke"), ended
        assert "needed more memory than it is given" in ended["problem"]["message"]
        assert "more than 72 MB" in ended["problem"]["action"]
        the_next_one_is_analysed(client, study)


def test_a_study_that_takes_too_long_fails_by_name(daemon, study, long_study):
    daemon.environment["CORDLINE_DAEMON__READER__CPU_SECONDS"] = "1"
    with daemon.start().client() as client:
        ended = end_of(client, client.submit_study([long_study]))
        assert (ended["state"], ended["problem"]["code"]) == ("failed", "reader_broke"), ended
        # On a busy machine the clock on the wall is first.
        assert re.search("more than 1 s of processor time|no volume came within 5 s", ended["problem"]["message"])
        the_next_one_is_analysed(client, study)


def test_who_cancels_does_not_wait_for_a_reader(daemon, study, long_study):
    with daemon.start().client() as client:
        job = client.submit_study([long_study])
        reader = reader_of(daemon)
        os.kill(reader, signal.SIGSTOP)
        client.cancel(job)
        began = time.monotonic()
        assert end_of(client, job)["state"] == "cancelled"
        assert time.monotonic() - began < 20
        assert reader not in readers_of(daemon)
        the_next_one_is_analysed(client, study)


def test_a_stop_does_not_wait_for_a_reader(daemon, long_study):
    with daemon.start().client() as client:
        job = client.submit_study([long_study])
        os.kill(reader_of(daemon), signal.SIGSTOP)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 20
    with daemon.start().client() as client:
        assert client.status(job)["state"] != "failed"
        end_of(client, job)


def test_a_reader_ends_with_its_daemon(daemon, long_study):
    with daemon.start().client() as client:
        client.submit_study([long_study])
        reader = reader_of(daemon)
        daemon.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{reader}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{reader}").exists()


def test_the_next_job_is_read_while_this_one_runs(daemon, long_study, tmp_path):
    with daemon.start().client() as client:
        first = client.submit_study([long_study])
        grid = sagittal_grid(shape=(9, 160, 144))
        others = []
        for k in range(3):
            save(classic(np.full(grid.shape, 300.0) + k, grid), tmp_path / str(k))
            others.append(client.submit_study([tmp_path / str(k)]))
        for job in (first, *others):
            end_of(client, job)
        assert daemon.log().count("was read ahead") >= 1
        assert {client.status(job)["state"] for job in (first, *others)} <= {"completed", "out_of_scope", "failed"}


def test_a_box_that_can_run_no_reader_is_told_at_the_start(cordline, bundle, tmp_path):
    env = {"CORDLINE_DAEMON__READER__MEMORY_BYTES": str(1 << 20)}
    flags = ["serve", "--spool", tmp_path / "spool", "--socket", tmp_path / "s", "--bundle", bundle]
    for check in ([], ["--check"]):
        run = cordline(*flags, *check, env=env)
        assert run.code != 0
        assert "the files could not be read" in run.stderr
        assert "daemon.reader.memory_bytes" in run.stderr
