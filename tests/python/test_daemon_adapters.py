"""Adapters, commands and `analyze --daemon` speak the same wire."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import TREE
from cordline_client import VersionMismatch, messages, verbs
from daemon_process import Client, ConnectError, PollingClient
from landmark import sagittal_grid

pytestmark = pytest.mark.timeout(120)


def test_nobody_listens(tmp_path):
    with pytest.raises(ConnectError, match="the key was not accepted, or nobody listens"):
        Client.connect(f"ipc://{tmp_path}/none", timeout_s=0.3)


def until(client: PollingClient, done) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        client.poll()
        time.sleep(0.005)


def test_a_window_opens_a_connection_without_waiting(shared, tmp_path):
    client = PollingClient.connect(shared.endpoint)
    assert not client.welcome
    until(client, lambda: client.greeting.done)
    assert client.welcome["daemon"].startswith("cordline")
    asked = client.start(verbs.device())
    until(client, lambda: asked.done)
    assert asked.result["provider"] == "CPU"
    client.close()


def test_a_window_is_told_why_nobody_answers(tmp_path):
    client = PollingClient.connect(f"ipc://{tmp_path}/none")
    until(client, lambda: client.monitor.state == "refused")
    assert not client.greeting.done
    client.close()


def test_a_daemon_of_another_version_is_named(shared, monkeypatch):
    monkeypatch.setattr(messages, "MAJOR", 2)
    with pytest.raises(VersionMismatch, match="version 1 of the protocol, this client version 2"):
        Client.connect(shared.endpoint)


def test_the_smallest_adapter(shared, study):
    script = TREE / "plugin-sdk/python/examples/watch_folder.py"
    assert len(script.read_text().splitlines()) <= 40
    said = run_example(shared, [sys.executable, script, study, shared.endpoint])
    assert "voxels of lesion" in said
    assert "Research use only" in said


def test_the_smallest_adapter_in_async_rust(shared, study, program):
    said = run_example(shared, [program.parent / "examples/watch_folder", study, shared.endpoint])
    assert said.splitlines()[0] == "Research use only; not a medical device"
    sections = [line.split()[1] for line in said.splitlines() if line.startswith("section")]
    assert len(sections) == sagittal_grid().shape[0]
    assert len(set(sections)) == len(sections)
    assert "A test bundle" in said
    assert said.splitlines()[-1] == "Tumour: Ependymoma"


def run_example(daemon, command) -> str:
    environment = daemon.environment | {"PYTHONPATH": str(TREE / "plugin-sdk/python")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_speak_the_same_wire(shared, study, cordline, tmp_path):
    at = ("--socket", shared.socket)
    submitted = cordline("submit", study, "--watch", *at).expect(0)
    assert "completed" in submitted.stdout
    assert "Research use only" in submitted.stdout
    job = cordline("submit", study, "--json", *at).expect(0)
    job = json.loads(job.stdout)["job"]
    assert job in cordline("jobs", *at).expect(0).stdout
    assert json.loads(cordline("status", job, "--json", *at).expect(0).stdout)["state"] == "completed"
    fetched = cordline("get", job, "--out", tmp_path / "got", *at).expect(0)
    assert (tmp_path / "got/report.html").is_file(), fetched.stdout
    assert "no job" in cordline("watch", "nobody", *at).expect(5).stderr
    nobody = cordline("status", "--socket", tmp_path / "none").expect(5)
    assert "start `cordline serve`" in nobody.stderr


def test_a_zip_archive_is_named_and_not_left_out_in_silence(shared, study, cordline, tmp_path):
    archive = Path(shutil.make_archive(tmp_path / "more", "zip", study))
    folder = shutil.copytree(study, tmp_path / "both")
    shutil.copy(archive, folder)
    for given in (archive, folder):
        for command in (("analyze", given, "--out", tmp_path / "out", "--daemon"), ("submit", given)):
            run = cordline(*command, "--socket", shared.socket).expect(5)
            assert "more.zip is a ZIP archive" in run.stderr, run.stderr


def test_analyze_by_way_of_the_daemon(shared, study, cordline, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("heat-map-of-another-patient.dcm", "notes.txt"):
        (out / name).write_text("of an earlier run")
    run = cordline("analyze", study, "--out", out, "--daemon", "--socket", shared.socket, out=out).expect(0)
    assert run.result["state"] == "completed"
    assert not (out / "heat-map-of-another-patient.dcm").exists(), "a stale file stands beside the new result"
    assert (out / "notes.txt").exists()
    assert (out / "structured-report.dcm").is_file()
    assert "Research use only" in run.stdout
