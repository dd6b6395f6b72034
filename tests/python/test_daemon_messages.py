"""Wrong messages are refused by name; uploads come in order, within limits; a slow reader misses nothing."""

import signal
import time

import msgpack
import numpy as np
import pytest
from daemon_process import Rejected, end_of
from landmark import draw, sagittal_grid
from mr_series import classic, save
from raw_wire import Raw, instance, pack, submit

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def raw(shared):
    raw = Raw(shared.endpoint)
    yield raw
    raw.socket.close()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([pack(v=2, id=7, verb="ping", body={})], "version_unsupported"),
        ([pack(v=1, id=7, verb="dance", body={})], "unknown_verb"),
        ([pack(v=1, id=7, verb="ping", body={})[:-3]], "malformed"),
        ([b"\xdf\xff\xff\xff\xff"], "malformed"),
        ([b""], "malformed"),
        ([pack(v=1, id=7, verb="commit", body={"job": "../../etc"})], "malformed"),
        ([pack(v=1, id=7, verb="commit", body={"job": "nobody"})], "no_such_job"),
        ([pack(v=1, id=7, verb="ping", body={}), b"raw"], "frames_wrong"),
        ([pack(v=1, id=7, verb="ping", body={}), b"a", b"b"], "frames_wrong"),
        ([pack(v=1, id=7, verb="ping", body={"x": "y" * 4_190_000})], "too_large"),
        ([pack(v=1, id=7, verb="ping", body={"x": "y" * 16_000})], None),
    ],
)
def test_a_wrong_message_is_refused_by_name_and_the_daemon_lives(raw, frames, code):
    answer = raw.send(*frames)
    if code is None:
        assert answer["reply"] == "pong"
    else:
        assert (answer["reply"], answer["body"]["code"]) == ("fault", code)
        assert answer["body"]["action"]
    assert raw.ask("ping", {})["reply"] == "pong"


def test_what_is_refused_for_its_frames_is_still_answered_by_number(raw):
    ping = pack(v=1, id=77, verb="ping", body={})
    for frames, code in (([ping, bytes((1 << 20) + 1)], "too_large"), ([ping, b"a", b"b"], "frames_wrong")):
        answer = raw.send(*frames)
        assert (answer["id"], answer["body"]["code"]) == (77, code)


def test_hello_comes_first(shared):
    raw = Raw(shared.endpoint, greet=False)
    assert raw.ask("list", {})["body"]["code"] == "hello_required"
    raw.socket.close()


def test_a_message_beyond_all_limits_ends_its_connection_and_no_other(shared, client):
    raw = Raw(shared.endpoint)
    raw.socket.send_multipart([pack(v=1, id=1, verb="ping", body={}), bytes(5 << 20)])
    assert raw.socket.poll(1000) == 0
    raw.socket.close()
    assert client.status()["ready"]


def test_pieces_must_come_in_order_and_as_announced(raw):
    salt = str(time.time()).encode()
    job = submit(raw, instance(1, b"abcdef" + salt))["body"]["job"]

    def chunk(offset, data, item=0):
        return raw.ask("chunk", {"job": job, "item": item, "offset": offset}, data)["body"]

    assert chunk(3, b"x")["code"] == "chunk_out_of_order"
    assert chunk(0, b"abc")["offset"] == 3
    assert chunk(3, b"x" * 99)["code"] == "too_large"
    assert chunk(0, b"abc", item=5)["code"] == "manifest_invalid"
    assert raw.ask("commit", {"job": job})["body"]["code"] == "upload_incomplete"
    assert chunk(3, b"deX" + salt)["code"] == "digest_mismatch"
    assert submit(raw, instance(1, b"abcdef" + salt))["body"]["received"] == [0]
    assert chunk(0, b"abcdef" + salt)["offset"] == 6 + len(salt)


@pytest.mark.parametrize(
    "instances",
    [
        [],
        [instance(1, b"a"), instance(1, b"b")],
        [instance(2, b"a"), instance(1, b"b")],
        [instance(1, b"a", sop_uid="../../x")],
        [instance(1, b"a", sha256="00")],
        [instance(1, b"a", bytes=0)],
    ],
)
def test_a_manifest_that_cannot_be_is_refused(raw, instances):
    assert submit(raw, *instances)["body"]["code"] == "manifest_invalid"


def test_a_manifest_beyond_the_limits_is_refused(raw):
    assert submit(raw, instance(1, b"a", bytes=1 << 50))["body"]["code"] == "too_large"


def test_a_series_that_is_no_candidate_is_not_chosen(shared, client, tmp_path):
    for number in range(2):
        grid = sagittal_grid()
        series = classic(draw(grid), grid)
        for ds in series:
            ds.SeriesInstanceUID = f"1.2.3.{number + 1}"
            ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:40]}.{time.time_ns() % 10**9}.{number}"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        (tmp_path / str(number)).mkdir()
        save(series, tmp_path / str(number))
    job = client.submit_study([tmp_path])
    assert end_of(client, job)["state"] == "needs_selection"
    with pytest.raises(Rejected) as refused:
        client.select_series(job, "1.2.3.9")
    assert refused.value.code == "manifest_invalid"
    assert client.status(job)["state"] == "needs_selection"
    client.select_series(job, "1.2.3.2")
    assert end_of(client, job)["state"] == "completed"


def burst(raw, shared) -> list[dict]:
    """Answers to forty chunks that lay before the daemon all at once."""
    data = bytes(range(200)) + str(time.time()).encode()
    job = submit(raw, instance(9, data))["body"]["job"]
    shared.process.send_signal(signal.SIGSTOP)
    try:
        for n in range(40):
            body = {"job": job, "item": 0, "offset": n}
            raw.socket.send_multipart([pack(v=1, id=100 + n, verb="chunk", body=body), data[n : n + 1]])
        time.sleep(0.2)
    finally:
        shared.process.send_signal(signal.SIGCONT)
    answers = []
    while len(answers) < 40:
        assert raw.socket.poll(10_000)
        answers.append(msgpack.unpackb(raw.socket.recv_multipart()[0]))
    assert sorted(a["id"] for a in answers) == list(range(100, 140))
    return answers


def test_no_more_chunks_than_granted(raw, shared):
    # On a busy host the first may be answered before the last is read.
    for _ in range(10):
        refused = {a["body"]["code"] for a in burst(raw, shared) if a["reply"] == "fault"}
        assert refused <= {"credit_exceeded", "chunk_out_of_order"}
        if "credit_exceeded" in refused:
            return
    raise AssertionError("all were taken")


def test_files_that_are_no_study_fail_by_name(raw, client, shared):
    data = b"not DICOM " + str(time.time()).encode()
    job = submit(raw, instance(3, data))["body"]["job"]
    assert raw.ask("chunk", {"job": job, "item": 0, "offset": 0}, data)["reply"] == "upload"
    assert raw.ask("commit", {"job": job})["body"]["state"] in ("queued", "decoding", "failed")
    summary = end_of(client, job)
    assert summary["state"] == "failed"
    assert summary["problem"]["action"]
    assert str(shared.spool) not in summary["problem"]["message"], "paths of the box are for its log"


def test_only_listed_files_can_be_fetched(client, study):
    job = client.submit_study([study])
    end_of(client, job)
    for path in ("../../journal.sqlite", "../input/000000", "/etc/passwd", "nothing"):
        with pytest.raises(Rejected) as refused:
            client.download(job, {"path": path, "bytes": 1, "sha256": ""})
        assert refused.value.code == "no_such_artifact"


def test_a_slow_reader_gets_everything_and_holds_up_nobody(shared, client, study):
    job = client.submit_study([study])
    end_of(client, job)
    slow = Raw(shared.endpoint)
    for n in range(50):
        slow.socket.send(pack(v=1, id=n, verb="events", body={"job": job}))
    began = time.monotonic()
    assert client.status()["ready"]
    assert time.monotonic() - began < 2
    last = client.status(job)["last_event"]
    got, deadline = [], time.monotonic() + 60
    while (not got or got[-1] != last) and time.monotonic() < deadline:
        assert slow.socket.poll(5000), "the events stopped"
        header = msgpack.unpackb(slow.socket.recv_multipart()[0])
        if "event" in header:
            got.append(header["number"])
    assert got[-1] == last
    slow.socket.close()


def test_two_clients_of_one_name_do_not_hear_each_other(shared):
    first = Raw(shared.endpoint, name=b"viewer")
    second = Raw(shared.endpoint, greet=False, name=b"viewer")
    second.socket.send(pack(v=1, id=1, verb="hello", body={"client": "second"}))
    assert second.socket.poll(1000) == 0
    assert first.ask("ping", {}, number=2)["id"] == 2
    first.socket.close()
    second.socket.close()


def test_an_upload_goes_on_for_another_client(shared, client):
    data = b"half and half " + str(time.time()).encode()
    gone = Raw(shared.endpoint)
    job = submit(gone, instance(4, data))["body"]["job"]
    assert gone.ask("chunk", {"job": job, "item": 0, "offset": 0}, data[:5])["body"]["offset"] == 5
    gone.socket.close()
    other = Raw(shared.endpoint)
    assert submit(other, instance(4, data))["body"]["received"] == [5]
    assert other.ask("chunk", {"job": job, "item": 0, "offset": 5}, data[5:])["body"]["offset"] == len(data)
    other.ask("commit", {"job": job})
    other.socket.close()
    assert end_of(client, job)["state"] == "failed"  # it is no DICOM


def test_a_client_that_goes_while_it_is_told_holds_up_nobody(shared, client):
    voxels = np.random.default_rng(time.time_ns()).integers(0, 900, (20, 64, 64), np.int16)
    matrix = [0, 0, 4, -40, 1, 0, 0, -32, 0, -1, 0, 32, 0, 0, 0, 1]
    tensor = {"shape": list(voxels.shape), "element": "i16"}
    job = client.submit_volume({"tensor": tensor, "matrix": [float(m) for m in matrix]}, voxels.tobytes())
    gone = Raw(shared.endpoint)
    assert gone.ask("events", {"job": job, "follow": True})["reply"] == "events"
    gone.socket.close()
    assert end_of(client, job)["state"] == "completed"
