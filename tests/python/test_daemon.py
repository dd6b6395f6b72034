"""The daemon as its clients see it: jobs of every kind, nothing lost, nothing twice, no silence."""

import hashlib
import json
import re
import subprocess
import sys
import time

import msgpack
import numpy as np
import pytest
import zmq
from conftest import TREE
from landmark import draw, sagittal_grid

sys.path.insert(0, str(TREE / "plugin-sdk/python"))
from cordline_client import Client, Nobody, Refused, pack_bits

pytestmark = pytest.mark.timeout(120)
ENDS = ("completed", "failed", "cancelled", "needs_selection", "out_of_scope")


def ended(client, job) -> dict:
    list(client.follow(job))
    return client.status(job)


def test_a_study_goes_in_and_masks_answers_and_files_come_out(client, study, cordline, bundle, tmp_path):
    assert client.welcome["notice"] == "Research use only; not a medical device"
    job = client.submit_study([study])
    events = list(client.follow(job))
    assert [e.number for e in events] == list(range(1, len(events) + 1))
    states = [e.body["state"] for e in events if e.name == "state"]
    assert (states[0], states[-1]) == ("queued", "completed")
    assert states.index("segmenting") < states.index("classifying") < states.index("writing")
    [grid] = [e.body for e in events if e.name == "grid"]
    sections = [e for e in events if e.name == "section" and not e.body["final"]]
    order = [e.body["section"] for e in sections]
    assert sorted(order) == list(range(1, grid["shape"][0] + 1))
    assert abs(order[0] - (grid["shape"][0] + 1) / 2) <= 1, "the middle one comes first"

    files = {file["path"]: client.artifact(job, file) for file in client.files(job)}
    result = json.loads(files["result.json"])
    assert result["state"] == "completed"
    assert any(e.name == "warning" for e in events) == bool(result["warnings"])
    # The same as without a daemon: only times and the moment differ.
    alone = cordline("analyze", study, "--out", tmp_path / "alone", "--bundle", bundle, "--threads", 1).expect(0)
    other = json.loads((tmp_path / "alone/result.json").read_text())
    for timed in (result, other):
        del timed["timings_ms"], timed["created"]
    assert result == other, alone.said
    final = {e.body["section"]: e.mask() for e in events if e.name == "section"}
    voxels = sum(sum(mask) for mask in final.values())
    spacing = result["series"]["spacing_mm"]
    assert voxels * np.prod(spacing) / 1000 == pytest.approx(sum(x["volume_ml"] for x in result["lesions"]))


def test_the_same_input_is_the_same_job(client, study):
    job = client.submit_study([study])
    ended(client, job)
    before = client.status(job)
    assert client.submit_study([study], priority="urgent") == job
    assert client.status(job) == before
    assert client.submit_study([study], series="1.2.3") != job


def test_a_folder_of_the_box(client, study, tmp_path):
    job = client.submit_folder(str(study))
    assert ended(client, job)["state"] == "completed"
    with pytest.raises(Refused) as refused:
        client.submit_folder(str(tmp_path))
    assert refused.value.code == "folder_not_allowed"
    assert str(tmp_path) not in str(refused.value)


def volume_of(study):
    grid = sagittal_grid()
    voxels = draw(grid)
    matrix = np.eye(4)
    matrix[:3, :] = np.column_stack([grid.axes[2] * grid.spacing[2], grid.axes[1] * grid.spacing[1],
                                     grid.axes[0] * grid.spacing[0], grid.origin])  # fmt: skip
    return np.ascontiguousarray(voxels, "<i2"), matrix


def test_a_volume_and_then_its_corrected_mask(client, study):
    voxels, matrix = volume_of(study)
    described = {"tensor": {"shape": list(voxels.shape), "element": "i16"}, "matrix": matrix.ravel().tolist()}
    job = client.submit_volume(described, voxels.tobytes())
    events = list(client.follow(job))
    assert events[-1].body["state"] == "completed", events[-1]
    [grid] = [e.body for e in events if e.name == "grid"]
    assert np.allclose(grid["matrix"], matrix.ravel())
    assert any("not checked" in e.body["message"] for e in events if e.name == "warning")
    assert "segmentation.dcm" not in [f["path"] for f in client.files(job)]

    mask = np.zeros(voxels.shape, bool)
    mask[voxels.shape[0] // 2, 20:30, 20:28] = True
    corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()))
    assert corrected != job
    events = list(client.follow(corrected))
    [lesions] = [e.body["lesions"] for e in events if e.name == "lesions"]
    assert len(lesions) == 1
    assert lesions[0]["volume_ml"] == pytest.approx(80 * np.prod(sagittal_grid().spacing) / 1000)
    final = {e.body["section"]: e for e in events if e.name == "section"}
    assert sorted(final) == list(range(1, mask.shape[0] + 1))
    shown = np.frombuffer(b"".join(final[s].mask() for s in sorted(final)), np.uint8).reshape(mask.shape)
    assert (shown == mask).all()
    assert any("corrected by a person" in e.body["message"] for e in events if e.name == "warning")

    with pytest.raises(Refused) as refused:
        client.submit_mask(job, (1, 2, 3), b"\0")
    assert refused.value.code == "manifest_invalid"


def test_a_corrected_mask_of_a_study_becomes_a_segmentation_by_a_person(client, study):
    import pydicom

    job = client.submit_study([study])
    [grid] = [e.body for e in client.follow(job) if e.name == "grid"]
    mask = np.zeros(grid["shape"], bool)
    mask[grid["shape"][0] // 2, 30:44, 30:40] = True
    corrected = client.submit_mask(job, mask.shape, pack_bits(mask.ravel()))
    assert ended(client, corrected)["state"] == "completed"
    [seg] = [f for f in client.files(corrected) if f["kind"] == "segmentation"]
    from io import BytesIO

    dataset = pydicom.dcmread(BytesIO(client.artifact(corrected, seg)))
    assert dataset.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert int(dataset.pixel_array.sum()) == int(mask.sum())


def test_an_axial_volume_is_out_of_scope(client):
    voxels = np.zeros((6, 32, 32), "<i2")
    described = {"tensor": {"shape": [6, 32, 32], "element": "i16"}, "matrix": np.diag([1.0, 1, 4, 1]).ravel().tolist()}
    job = client.submit_volume(described, voxels.tobytes())
    summary = ended(client, job)
    assert (summary["state"], summary["problem"]["code"]) == ("out_of_scope", "not_sagittal")


def test_events_can_be_asked_for_again_from_any_number(client, study):
    job = client.submit_study([study])
    everything = list(client.follow(job))
    assert list(client.follow(job)) == everything
    assert list(client.follow(job, since=5)) == everything[5:]
    assert list(client.follow(job, since=len(everything))) == []


def test_a_window_that_does_not_wait(shared, study):
    with shared.client() as client:
        operation = client.start(client.study([study]))
        events, longest, deadline = [], 0.0, time.monotonic() + 60
        following = None
        while not (events and events[-1].ends) and time.monotonic() < deadline:
            began = time.monotonic()
            events += client.poll()
            longest = max(longest, time.monotonic() - began)
            if operation.done and following is None:
                assert operation.error is None
                following = client.start(client.events(operation.result))
            time.sleep(0.005)
        assert events[-1].body["state"] == "completed"


class Raw:
    """A socket without manners."""

    def __init__(self, endpoint: str, greet: bool = True) -> None:
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        if greet:
            assert self.ask("hello", {"client": "raw"})["reply"] == "welcome"

    def send(self, *frames: bytes) -> dict:
        self.socket.send_multipart(frames)
        assert self.socket.poll(10_000), "no answer"
        return msgpack.unpackb(self.socket.recv_multipart()[0])

    def ask(self, verb: str, body: dict, *raw: bytes, number: int = 1) -> dict:
        return self.send(msgpack.packb({"v": 1, "id": number, "verb": verb, "body": body}), *raw)


@pytest.fixture
def raw(shared):
    raw = Raw(shared.endpoint)
    yield raw
    raw.socket.close()


def pack(**message) -> bytes:
    return msgpack.packb(message)


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
        ([pack(v=1, id=7, verb="ping", body={"x": "y" * 4_190_000})], None),
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


def test_hello_comes_first(shared):
    raw = Raw(shared.endpoint, greet=False)
    assert raw.ask("list", {})["body"]["code"] == "not_allowed"
    raw.socket.close()


def test_a_message_beyond_all_limits_ends_its_connection_and_no_other(shared, client):
    raw = Raw(shared.endpoint)
    raw.socket.send_multipart([pack(v=1, id=1, verb="ping", body={}), bytes(5 << 20)])
    assert raw.socket.poll(1000) == 0
    raw.socket.close()
    assert client.status()["ready"]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def instance(number: int, data: bytes, **other) -> dict:
    return {"sop_uid": f"1.2.{number}", "bytes": len(data), "sha256": sha(data)} | other


def submit(raw, *instances) -> dict:
    return raw.ask("submit", {"kind": "study", "instances": list(instances)})


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


def test_no_more_chunks_than_granted(raw):
    data = bytes(range(200)) + str(time.time()).encode()
    job = submit(raw, instance(9, data))["body"]["job"]
    for n in range(40):
        body = {"job": job, "item": 0, "offset": n}
        raw.socket.send_multipart([pack(v=1, id=100 + n, verb="chunk", body=body), data[n : n + 1]])
    answers = []
    while len(answers) < 40:
        assert raw.socket.poll(10_000)
        answers.append(msgpack.unpackb(raw.socket.recv_multipart()[0]))
    refused = [a for a in answers if a["reply"] == "fault"]
    assert all(a["body"]["code"] in ("credit_exceeded", "chunk_out_of_order") for a in refused)
    assert sorted(a["id"] for a in answers) == list(range(100, 140))


def test_files_that_are_no_study_fail_by_name(raw, client):
    data = b"not DICOM " + str(time.time()).encode()
    job = submit(raw, instance(3, data))["body"]["job"]
    assert raw.ask("chunk", {"job": job, "item": 0, "offset": 0}, data)["reply"] == "upload"
    assert raw.ask("commit", {"job": job})["body"]["state"] in ("queued", "decoding", "failed")
    summary = ended(client, job)
    assert summary["state"] == "failed"
    assert summary["problem"]["action"]


def test_only_listed_files_can_be_fetched(client, study):
    job = client.submit_study([study])
    ended(client, job)
    for path in ("../../journal.sqlite", "../input/000000", "/etc/passwd", "nothing"):
        with pytest.raises(Refused) as refused:
            client.artifact(job, {"path": path, "bytes": 1, "sha256": ""})
        assert refused.value.code == "no_such_artifact"


def test_a_slow_reader_gets_everything_and_holds_up_nobody(shared, client, study):
    job = client.submit_study([study])
    ended(client, job)
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
        assert ended(client, job)["state"] == "completed"


def test_a_second_daemon_on_the_same_spool_is_refused(daemon, program):
    daemon.start()
    second = subprocess.run(daemon.command(), env=daemon.environment, capture_output=True, text=True, timeout=30)
    assert second.returncode == 5
    assert "another daemon" in second.stderr
    assert str(daemon.process.pid) in second.stderr
    with daemon.client() as client:
        assert client.status()["ready"]


def test_a_queued_job_can_be_cancelled_and_taken_up_again(daemon, study):
    daemon.start()
    with daemon.client() as client:
        jobs = [client.submit_study([study], series=f"1.2.{n}") for n in range(6)]
        job = client.submit_study([study], priority="background")
        summary = client.cancel(job)
        if summary["state"] == "cancelled":
            assert client.submit_study([study]) == job
        assert ended(client, job)["state"] in ("completed", "cancelled")
        assert all(ended(client, j)["state"] in ENDS for j in jobs)


def test_a_job_is_told_where_it_stands_and_how_long_it_takes(daemon, study):
    daemon.start()
    with daemon.client() as client:
        assert ended(client, client.submit_study([study]))["state"] == "completed"
        jobs = [client.submit_study([study], series=f"1.2.{n}") for n in range(4)]
        background = client.submit_study([study], series="1.3", priority="background")
        first, last = client.status(jobs[0]), client.status(background)
        box = client.status()
        if last["state"] == "queued":
            assert last["position"] <= 4
            assert first.get("seconds_left", 0) <= last["seconds_left"] <= box["seconds_left"] + 1
        for job in (*jobs, background):
            ended(client, job)
        assert client.status()["seconds_left"] == 0


def test_nobody_listens(tmp_path):
    with pytest.raises(Nobody, match="the key was not accepted, or nobody listens"):
        Client(f"ipc://{tmp_path}/none", patience_s=0.3)


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


def test_the_log_holds_no_patient(shared, study, client):
    import pydicom

    name = str(pydicom.dcmread(next(study.iterdir())).PatientName)
    ended(client, client.submit_study([study]))
    assert name
    assert name not in shared.log()


def test_analyze_by_way_of_the_daemon(shared, study, cordline, tmp_path):
    out = tmp_path / "out"
    run = cordline("analyze", study, "--out", out, "--daemon", "--socket", shared.socket, out=out).expect(0)
    assert run.result["state"] == "completed"
    assert (out / "structured-report.dcm").is_file()
    assert "Research use only" in run.stdout


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


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
    with Client(guarded.tcp, key=submitter) as client:
        assert client.welcome["role"] == "submitter"
        job = client.submit_study([study])
        assert ended(client, job)["state"] == "completed"
    with Client(guarded.tcp, key=viewer) as client:
        assert client.status(job)["state"] == "completed"
        with pytest.raises(Refused) as refused:
            client.cancel(job)
        assert refused.value.code == "not_allowed"

    strangers = guarded.new_key("strangers")
    cordline("keys", "revoke", "strangers", "--keys", guarded.keys).expect(0)
    with pytest.raises(Nobody):
        Client(guarded.tcp, key=strangers, patience_s=1.0)
    with pytest.raises(Nobody):
        Client(guarded.tcp, patience_s=1.0)
    assert "a key that is not in the list" in guarded.log()
    assert "slicer" in cordline("keys", "list", "--keys", guarded.keys).expect(0).stdout


def test_a_key_that_is_taken_out_ends_a_standing_connection(guarded, cordline):
    with Client(guarded.tcp, key=guarded.new_key("guest")) as client:
        client.status()
        cordline("keys", "revoke", "guest", "--keys", guarded.keys).expect(0)
        with pytest.raises(Refused) as refused:
            client.status()
        assert refused.value.code == "not_allowed"


def test_the_audit_file_tells_who_did_what_and_shows_every_change(guarded, study, cordline):
    with Client(guarded.tcp, key=guarded.new_key("slicer")) as client:
        job = client.submit_study([study])
        ended(client, job)
        [seg] = [f for f in client.files(job) if f["kind"] == "segmentation"]
        client.artifact(job, seg)
    revoked = guarded.new_key("gone")
    cordline("keys", "revoke", "gone", "--keys", guarded.keys).expect(0)
    with pytest.raises(Nobody):
        Client(guarded.tcp, key=revoked, patience_s=1.0)
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
    assert "was changed" in cordline("audit", "verify", path).expect(5).stderr


def test_figures_liveness_and_readiness(daemon, study):
    import urllib.error
    import urllib.request

    address = f"127.0.0.1:{free_port()}"
    daemon.environment["CORDLINE_DAEMON__METRICS"] = address
    daemon.start()
    with daemon.client() as client:
        ended(client, client.submit_study([study]))

    def get(path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.read().decode()

    assert get("/live") == "alive\n"
    assert get("/ready") == "ready\n"
    page = get("/metrics")
    assert 'cordline_jobs{state="completed"} 1' in page
    assert 'cordline_jobs_ended_total{state="completed"} 1' in page
    assert 'cordline_stage_seconds_count{stage="segmenting"} 1' in page
    assert 'cordline_provider{provider="CPU"} 1' in page
    with pytest.raises(urllib.error.HTTPError):
        get("/etc/passwd")
    # The dashboard draws nothing that the daemon does not tell.
    drawn = (TREE / "packaging/grafana/cordline.json").read_text()
    for name in set(re.findall(r"cordline_[a-z_]+", drawn)):
        assert f"\n{name}" in page or f"# TYPE {name.removesuffix('_total')} counter" in page, name
