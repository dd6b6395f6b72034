"""Short soaks in every run of the tests; `make soak` runs the long ones."""

import contextlib
import sys
from pathlib import Path

import pytest
from gateway_process import Gateway

sys.path.insert(0, str(Path(__file__).parents[1] / "soak"))
import crowd
import main as soak
import states

pytestmark = pytest.mark.timeout(900)


def test_every_accepted_job_ends_once_whenever_the_daemon_is_killed(daemon, tmp_path):
    found = states.run(daemon, tmp_path, rounds=100)
    # Some states last a millisecond and are hit by chance.
    assert {"receiving", "queued", "segmenting", "writing"} <= set(found), found
    assert len(set(states.KILLED_AT) & set(found)) >= 6, found


def test_nothing_that_was_said_yes_to_is_lost_while_four_clients_do_everything(daemon, tmp_path):
    did = crowd.run(daemon, tmp_path, kills=12)
    assert min(did[what] for what in crowd.EACH) > 0, did


def test_a_gateway_has_its_clock_after_a_restart_too(program, shared, tmp_path):
    gateway = Gateway(program, shared.endpoint, tmp_path, environment={"FAKETIME_NO_CACHE": "1"})
    gateway.stop()
    gateway.run()
    try:
        assert b"FAKETIME_NO_CACHE=1" in Path(f"/proc/{gateway.process.pid}/environ").read_bytes().split(b"\0")
    finally:
        gateway.stop()


def test_a_soak_that_cannot_begin_says_why(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["main.py", "nights"])
    with pytest.raises(SystemExit):
        soak.main()
    assert "invalid choice: 'nights'" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["main.py", "night"])
    monkeypatch.setattr(soak.night, "small_disk", lambda _: contextlib.nullcontext(False))
    with pytest.raises(PermissionError, match="run as root"):
        soak.main()
