"""Clients that want more than their share, and keys that end while their holders are here."""

import contextlib
import os
import re
import resource
import socket
import stat
import subprocess
import time
from pathlib import Path

import msgpack
import pytest
from cordline_client import verbs
from daemon_process import Client, Daemon, Rejected, end_of, free_port
from landmark import draw, sagittal_grid
from mr_series import classic, save
from raw_wire import Raw, instance, pack, submit

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def guarded(daemon, cordline):
    """A daemon that listens for other hosts too, and a maker of keys."""
    daemon.tcp = f"tcp://127.0.0.1:{free_port()}"

    def new(name, *flags):
        path = daemon.folder / f"{name}.key"
        path.write_text(cordline("keys", "new", name, *flags, "--keys", daemon.keys).expect(0).stdout)
        return path

    daemon.new_key = new
    new("first")
    return daemon.start()


def resident_mb(daemon) -> float:
    text = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", text)[1]) / 1024


def answers(raw: Raw, count: int, patience_s: float = 30) -> list[dict]:
    """So many messages of the daemon, whatever they are."""
    found, deadline = [], time.monotonic() + patience_s
    while len(found) < count and raw.socket.poll(max(0, int(1000 * (deadline - time.monotonic())))):
        found.append(msgpack.unpackb(raw.socket.recv_multipart()[0]))
    return found


def begun(client: Client) -> str:
    """A job that receives, and so neither ends nor begins."""
    raw = Raw(client.endpoint)
    job = submit(raw, instance(1, str(time.time_ns()).encode()))["body"]["job"]
    raw.socket.close()
    return job


# Rights end when they end.


@pytest.mark.parametrize("change", ["revoked", "replaced", "expired", "list gone", "lowered"])
def test_whoever_loses_a_right_loses_it_at_once(guarded, cordline, change):
    """A follower hears of it within a second, whichever way the right went, and a ping is no sign of life."""
    key = guarded.new_key("guest")
    clients = guarded.keys / "clients.toml"
    with guarded.client() as box, Client.connect(guarded.tcp, key=key) as guest:
        job = begun(box)
        guest._complete(verbs.follow(job))
        connection = guest._connection
        if change in ("revoked", "replaced"):
            cordline("keys", "revoke", "guest", "--keys", guarded.keys).expect(0)
        if change == "replaced":
            cordline("keys", "new", "guest", "--keys", guarded.keys).expect(0)
        if change == "expired":
            clients.write_text(clients.read_text().replace("[guest]", '[guest]\nuntil = "2020-01-01"'))
        if change == "list gone":
            clients.unlink()
        if change == "lowered":
            clients.write_text(clients.read_text().replace('role = "submitter"', 'role = "viewer"'))
        deadline = time.monotonic() + 3
        while connection.subscription_error is None and time.monotonic() < deadline:
            connection.poll()
            time.sleep(0.02)
        assert connection.subscription_error is not None, "the follower was not told"
        assert connection.subscription_error.code == ("hello_required" if change == "lowered" else "not_allowed")
        with pytest.raises(Rejected) as refused:
            guest.cancel(job)
        assert refused.value.code == "not_allowed"
        if change == "list gone":
            assert any("is missing" in warning for warning in box.status()["warnings"])


# A share of everything.


def test_a_flood_of_reads_holds_up_nobodys_cancel(guarded, study):
    """Each read of a file is a line on the disk; another client's order waits for one heap of them at most."""
    with guarded.client() as box, Client.connect(guarded.tcp, key=guarded.new_key("other")) as other:
        job = box.submit_study([study])
        assert end_of(box, job)["state"] == "completed"
        flood = Raw(guarded.endpoint)
        wanted = {"job": job, "path": "result.json", "offset": 0}
        for number in range(20_000):
            flood.socket.send(pack(v=1, id=number, verb="artifact", body=wanted))
        took = []
        for _ in range(20):
            began = time.monotonic()
            other.cancel(job)
            took.append(time.monotonic() - began)
        assert max(took) < 2, took
        # It reads nothing: refused at first, then forgotten.
        codes = {answer["body"].get("code") for answer in answers(flood, 200, 5)}
        assert codes <= {None, "busy", "hello_required"}
        flood.socket.close()


def test_headers_cost_no_more_than_their_bytes_and_nothing_before_hello(shared, client):
    """Four million empty maps in four megabytes, from somebody who said nothing yet, and from somebody who did."""
    many = 4_000_000
    header = b"\x84\xa1v\x01\xa2id\x07\xa4verb\xa4ping\xa4body\x81\xa1x\xdd" + many.to_bytes(4, "big") + b"\x80" * many
    strangers = Raw(shared.endpoint, greet=False)
    guest = Raw(shared.endpoint)
    for _ in range(20):
        strangers.socket.send(header)
        guest.socket.send(header)
    began = time.monotonic()
    assert client.status()["ready"]
    assert time.monotonic() - began < 5
    assert {a["body"]["code"] for a in answers(strangers, 20)} == {"hello_required"}
    refused = answers(guest, 20)
    assert {(a["id"], a["body"]["code"]) for a in refused} == {(7, "too_large")}
    strangers.socket.close()
    guest.socket.close()


def test_large_manifests_are_taken_and_hold_up_nobody(daemon):
    daemon.start()
    entries = [{"sop_uid": f"1.2.{n:07d}", "bytes": 5, "sha256": "ab" * 32} for n in range(30_000)]
    raws = [Raw(daemon.endpoint) for _ in range(6)]
    with daemon.client() as client:
        for again, raw in enumerate(raws):
            body = {"kind": "study", "instances": entries, "again": again}
            raw.socket.send(pack(v=1, id=9, verb="submit", body=body))
        took = []
        while any(not raw.socket.poll(0) for raw in raws):
            began = time.monotonic()
            client._complete(verbs.call("ping"))
            took.append(time.monotonic() - began)
        assert max(took) < 1, f"a ping waited {max(took)} s"
        for raw in raws:
            [answer] = answers(raw, 1)
            assert (answer["id"], answer["reply"], len(answer["body"]["received"])) == (9, "upload", 30_000)
            # A piece of it costs nothing of the whole.
            began = time.monotonic()
            chunk = {"job": answer["body"]["job"], "item": 0, "offset": 0}
            assert raw.ask("chunk", chunk, b"x")["body"]["offset"] == 1
            assert time.monotonic() - began < 1
            raw.socket.close()


def test_answers_that_nobody_reads_are_bounded(daemon):
    """4,000 lists of 200 jobs by one client that reads nothing: refused, then forgotten; others go on."""
    daemon.start()
    with daemon.client() as client:
        filler = Raw(daemon.endpoint)
        for number in range(200):
            submit(filler, instance(number, str(number).encode()))
        before = resident_mb(daemon)
        greedy = Raw(daemon.endpoint)
        for number in range(4000):
            greedy.socket.send(pack(v=1, id=number, verb="list", body={"limit": 1000}))
        for _ in range(20):
            client.status()
            time.sleep(0.05)
        assert resident_mb(daemon) - before < 60
        greedy.socket.close()
        filler.socket.close()


def test_uploads_that_are_begun_and_left_are_bounded(guarded):
    with guarded.client() as box:
        raw = Raw(guarded.endpoint)
        entries = [{"sop_uid": f"1.2.{n:07d}", "bytes": 5, "sha256": "ab" * 32} for n in range(30_000)]
        codes = []
        for again in range(50):
            body = {"kind": "study", "instances": entries, "again": again}
            answer = raw.ask("submit", body)["body"]
            codes.append(answer.get("code"))
            if codes[-1]:
                assert answer["retry"]
                assert answer["retry_after_ms"] > 0
                break
            last = answer["job"]
        assert codes[-1] == "busy", "there is no bound"
        box.cancel(last)
        assert raw.ask("submit", {"kind": "study", "instances": entries, "again": 99})["reply"] == "upload"
        raw.socket.close()


# Descriptors.


@pytest.mark.parametrize("way", ["box", "tcp"])
def test_more_connections_than_descriptors_are_refused_and_the_daemon_lives(guarded, way):
    guarded.stop()
    address = ("127.0.0.1", int(guarded.tcp.rsplit(":", 1)[1]))

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))

    log = (guarded.folder / "log").open("a")
    guarded.process = subprocess.Popen(
        guarded.command(), env=guarded.environment, stdout=log, stderr=log, preexec_fn=few
    )
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(Exception), guarded.client() as client:
            break
        assert time.monotonic() < deadline, guarded.log()
    open_ones = []
    for _ in range(200):
        one = socket.socket(socket.AF_UNIX if way == "box" else socket.AF_INET)
        one.settimeout(1)
        with contextlib.suppress(OSError):
            one.connect(str(guarded.socket) if way == "box" else address)
        open_ones.append(one)
    time.sleep(0.3)
    assert guarded.process.poll() is None, guarded.log()
    if way == "tcp":
        # Strangers from outside do not lock out the box itself.
        with guarded.client() as client:
            assert client.status()["ready"]
    for one in open_ones:
        one.close()
    with guarded.client() as client:
        assert client.status()["ready"]
    with Client.connect(guarded.tcp, key=guarded.new_key("honest")) as client:
        assert client.status()["ready"]


def test_a_silent_connection_is_closed(daemon):
    """Who does not say in five seconds what it speaks holds no place."""
    daemon.start()
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(str(daemon.socket))
    silent.settimeout(15)
    with contextlib.suppress(ConnectionError):
        while silent.recv(1024):
            pass
    silent.close()


# One daemon a socket, and its user's alone.


def test_a_second_daemon_does_not_take_the_socket(daemon, program, library, bundle, tmp_path):
    daemon.start()
    other = Daemon(program, library, bundle, tmp_path)
    other.socket = daemon.socket
    second = subprocess.run(other.command(), env=other.environment, capture_output=True, text=True, timeout=30)
    assert second.returncode == 5
    assert f"process {daemon.process.pid}" in second.stderr
    assert "another socket" in second.stderr
    with daemon.client() as client:
        assert client.status()["ready"]
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()


def test_nobody_else_reads_the_spool_or_opens_the_socket(daemon):
    """Whatever mask the daemon was started with, and whatever rights its folders had."""
    for folder in (daemon.spool, daemon.socket.parent):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    before = os.umask(0)
    try:
        daemon.start()
    finally:
        os.umask(before)
    daemon.stop()
    (daemon.spool / "journal.sqlite").chmod(0o644)
    daemon.spool.chmod(0o755)
    daemon.start()
    paths = [daemon.spool, *daemon.spool.iterdir(), daemon.socket]
    wide = {path.name: oct(mode) for path in paths if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077}
    assert not wide
    assert not stat.S_IMODE(daemon.socket.parent.stat().st_mode) & 0o022
    assert "others had rights on it" in daemon.log()


def test_a_key_file_is_for_its_owner_alone(cordline, tmp_path):
    path = tmp_path / "guest.key"
    cordline("keys", "new", "guest", "--keys", tmp_path / "keys", "--out", path).expect(0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(word in path.read_text() for word in ("public", "secret", "server"))
    # Nothing is overwritten, and then no key is made either.
    again = cordline("keys", "new", "other", "--keys", tmp_path / "keys", "--out", path).expect(5)
    assert "exists" in again.stderr
    assert "other" not in cordline("keys", "list", "--keys", tmp_path / "keys").expect(0).stdout


# Words of files.

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def test_words_of_files_and_clients_do_not_steer_the_terminal(daemon, cordline, tmp_path):
    daemon.environment["CORDLINE_LOG"] = "cordline=info"
    daemon.start()
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(2):
        grid = sagittal_grid()
        series = classic(draw(grid), grid)
        for ds in series:
            ds.SpecificCharacterSet = "ISO_IR 192"
            ds.SeriesDescription = "T2 \x1b[2J\x1b]0;owned\x07 SAG \u202eevil\u2028"
            ds.SeriesInstanceUID = f"1.2.3.{number + 1}"
            ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:40]}.{number}"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        (folder / str(number)).mkdir()
        save(series, folder / str(number))
    raw = Raw(daemon.endpoint, greet=False)
    assert raw.ask("hello", {"client": "evil\x1b[2J\u202e\u2028x"})["reply"] == "welcome"
    raw.socket.close()
    watched = cordline("submit", folder, "--watch", "--socket", daemon.socket)
    analysed = cordline("analyze", folder, "--out", tmp_path / "out")
    as_json = cordline("submit", folder, "--watch", "--json", "--socket", daemon.socket)
    for said in (watched.said, analysed.said, as_json.said, daemon.log()):
        assert not STEERING.search(said), STEERING.findall(said)
    assert "evil" in as_json.stdout, "the words themselves are not lost"
