"""Who comes in from other hosts, and what the audit file tells."""

import json
import resource
import subprocess

import pytest
from daemon_process import Client, ConnectError, Rejected, end_of, free_port

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def guarded(daemon, cordline):
    """A daemon that listens for other hosts too, and a maker of keys."""
    daemon.tcp = f"tcp://127.0.0.1:{free_port()}"
    daemon.start()

    def new(name, *flags):
        made = cordline("keys", "new", name, *flags, "--keys", daemon.keys).expect(0)
        path = daemon.folder / f"{name}.key"
        path.write_text(made.stdout)
        return path

    daemon.new_key = new
    return daemon


def test_only_keys_of_the_list_come_in_and_roles_hold(guarded, study, cordline):
    submitter, viewer = guarded.new_key("slicer"), guarded.new_key("screen", "--role", "viewer")
    with Client.connect(guarded.tcp, key=submitter) as client:
        assert client.welcome["role"] == "submitter"
        job = client.submit_study([study])
        assert end_of(client, job)["state"] == "completed"
        with pytest.raises(Rejected) as refused:
            client.forget(job)
        assert refused.value.code == "not_allowed"
    with Client.connect(guarded.tcp, key=viewer) as client:
        assert client.status(job)["state"] == "completed"
        with pytest.raises(Rejected) as refused:
            client.cancel(job)
        assert refused.value.code == "not_allowed"

    strangers = guarded.new_key("strangers")
    cordline("keys", "revoke", "strangers", "--keys", guarded.keys).expect(0)
    with pytest.raises(ConnectError):
        Client.connect(guarded.tcp, key=strangers, timeout_s=1.0)
    with pytest.raises(ConnectError):
        Client.connect(guarded.tcp, timeout_s=1.0)
    assert "a key that is not in the list" in guarded.log()
    assert "slicer" in cordline("keys", "list", "--keys", guarded.keys).expect(0).stdout


def test_connections_that_are_gone_lock_nobody_out(guarded):
    """As a script makes them that asks for the status again and again: the daemon is not told when one is closed."""
    key = guarded.new_key("script")
    with Client.connect(guarded.tcp, key=key) as standing:
        for _ in range(80):
            with Client.connect(guarded.tcp, key=key) as client:
                client.status()
        standing.status()


def test_a_key_that_is_taken_out_ends_a_standing_connection(guarded, cordline):
    with Client.connect(guarded.tcp, key=guarded.new_key("guest")) as client:
        client.status()
        cordline("keys", "revoke", "guest", "--keys", guarded.keys).expect(0)
        with pytest.raises(Rejected) as refused:
            client.status()
        assert refused.value.code == "not_allowed"


def test_the_audit_file_tells_who_did_what_and_shows_every_change(guarded, study, cordline):
    with Client.connect(guarded.tcp, key=guarded.new_key("slicer")) as client:
        job = client.submit_study([study])
        end_of(client, job)
        [seg] = [f for f in client.files(job) if f["kind"] == "segmentation"]
        client.download(job, seg)
    revoked = guarded.new_key("gone")
    cordline("keys", "revoke", "gone", "--keys", guarded.keys).expect(0)
    with pytest.raises(ConnectError):
        Client.connect(guarded.tcp, key=revoked, timeout_s=1.0)
    assert guarded.stop() == 0
    path = guarded.spool / "audit.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = [(line["event"], line["who"]) for line in lines]
    assert told[0] == ("started", "box")
    assert told[-1] == ("stopped", "box")
    assert ("accepted", "slicer") in told
    assert ("fetched", "slicer") in told
    assert "refused" in [event for event, _ in told]
    cordline("audit", "verify", path).expect(0)
    path.write_text(path.read_text().replace('"who":"slicer"', '"who":"nobody"', 1))
    said = cordline("audit", "verify", path).expect(5).stderr
    assert "was changed" in said
    assert "who had access" in said
    assert "who had access" not in cordline("audit", "verify", path.with_name("none")).expect(5).stderr


def test_a_key_that_could_not_be_written_lets_nobody_in(program, tmp_path):
    def small_files():
        # Room for the list and for the daemon's own pair, not for the file that is handed over.
        resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))

    words = [program, "keys", "new", "scanner", "--keys", tmp_path / "keys", "--out", tmp_path / "key"]
    # Python ignores the signal that would end the program, and so it does.
    refused = subprocess.run(
        words, preexec_fn=small_files, restore_signals=False, capture_output=True, text=True, timeout=20
    )
    assert refused.returncode == 5, refused.stderr
    assert "File too large" in refused.stderr
    assert not (tmp_path / "key").exists()
    assert "scanner" not in (tmp_path / "keys/clients.toml").read_text()
    subprocess.run(words, check=True, capture_output=True, timeout=20)
