"""What can happen to an upload before, while and after the daemon takes it."""

import pytest
from test_following import HELLO_REQUIRED, Daemon, daemon

from cordline_client import Client, ClientError, InvalidUid, PollingClient, Rejected, Timeout, files, verbs

BEGUN = {"job": "a", "state": "receiving", "received": [0], "credit": 2}
TENSOR = {"tensor": {"shape": [1, 2, 4], "element": "u8"}, "matrix": [0.0] * 16}
QUEUED = {"reply": "job", "body": {"state": "queued"}}


def dicom(uid: str) -> bytes:
    return bytes(128) + b"DICM\x02\x00\x03\x00UI" + len(uid).to_bytes(2, "little") + uid.encode()


def upload(verb: str, body: dict) -> list[dict]:
    return [QUEUED] if verb == "commit" else [{"reply": "upload", "body": BEGUN}]


class Slow:
    """A daemon that answers a commit never, and says of the job what `states` say, one after the other."""

    def __init__(self, *states: str) -> None:
        self.states = iter(states)

    def __call__(self, verb: str, body: dict) -> list[dict]:
        if verb == "commit":
            return []
        if verb == "status":
            return [{"reply": "job", "body": {"state": state}} for state in [next(self.states, None)] if state]
        return upload(verb, body)


@pytest.mark.parametrize("earlier", ["receiving", "failed", "cancelled"])
def test_a_commit_that_takes_long_is_waited_for(earlier):
    with daemon(Slow(earlier, earlier, "queued")) as said, Client.connect(said.endpoint, timeout_s=0.1) as client:
        assert client.submit_folder("/data") == "a"
    assert said.verbs() == ["hello", "submit", "commit", "status", "status", "status"]


def test_a_refusal_after_long_is_told():
    refused = {"code": "folder_not_allowed", "message": "m", "action": "a", "retry": False}
    commits: list[dict] = []

    def answer(verb: str, body: dict) -> list[dict]:
        if verb == "status":
            return [{"reply": "job", "body": {"state": "failed"}}, {"reply": "fault", "id": 3, "body": refused}]
        return commits if verb == "commit" else upload(verb, body)

    with (
        daemon(answer) as said,
        Client.connect(said.endpoint, timeout_s=0.1) as client,
        pytest.raises(Rejected, match="m; a"),
    ):
        client.submit_folder("/data")


def test_a_daemon_that_went_while_it_copied_is_an_error():
    with (
        daemon(Slow("receiving")) as said,
        Client.connect(said.endpoint, timeout_s=0.1) as client,
        pytest.raises(Timeout),
    ):
        client.submit_folder("/data")


def test_the_listing_of_a_folder_is_waited_for():
    late = iter([None, None])

    def answer(verb: str, body: dict) -> list[dict]:
        return [] if verb == "submit" else upload(verb, body)

    with daemon(answer) as said, Client.connect(said.endpoint, timeout_s=0.1) as client:
        # The answer comes after two pings have been answered.
        said.idle = lambda: (
            said.send({"reply": "upload", "id": 2, "body": BEGUN})
            if said.verbs().count("ping") == 2 and next(late, 1) is None
            else None
        )
        assert client.submit_folder("/data") == "a"


def test_what_was_named_once_is_not_named_again_after_a_greeting(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.dcm").write_bytes(dicom(f"1.2.{number}"))
    seen = []

    def answer(verb: str, body: dict) -> list[dict]:
        if verb == "submit":
            seen.append(len(body["instances"]))
            if len(seen) == 1:
                return [{"reply": "fault", "body": HELLO_REQUIRED}]
        return [{"reply": "upload", "body": {"job": "a", "state": "queued", "credit": 1}}]

    with daemon(answer) as said, Client.connect(said.endpoint) as client:
        assert client.submit_study(tmp_path.glob("*.dcm")) == "a"
    assert seen == [3, 3]


def test_a_manifest_that_the_daemon_would_not_read_is_refused_before():
    with daemon(upload, header_bytes=200) as said, Client.connect(said.endpoint) as client:
        with pytest.raises(Rejected) as refused:
            client.submit_volume(TENSOR, bytes(8))
        assert refused.value.code == "too_large"
        assert "200" in refused.value.message
        client.status("a")
    assert said.verbs() == ["hello", "status"]


def test_an_upload_of_a_polling_client_may_be_started_before_the_welcome():
    with daemon(upload) as said, PollingClient.connect(said.endpoint) as client:
        done = client.start(verbs.submit_volume(TENSOR, bytes(8)))
        wait(client, done, said)
    assert (done.result, done.error) == ("a", None)
    assert said.verbs() == ["hello", "submit", "chunk", "chunk", "commit"]


def test_a_file_that_goes_while_it_is_uploaded_is_an_error_of_the_upload(tmp_path):
    paths = [tmp_path / "1", tmp_path / "2"]
    for path in paths:
        path.write_bytes(dicom(f"1.2.{path.name}"))
    operation = verbs.submit_study([tmp_path])
    paths[1].unlink()

    def answer(verb: str, body: dict) -> list[dict]:
        return [{"reply": "upload", "body": BEGUN | {"received": [len(dicom("1.2.1")) - 4, 0]}}]

    with daemon(answer) as said, PollingClient.connect(said.endpoint) as client:
        wait(client, client.start(operation), said)
    assert isinstance(operation.error, ClientError)
    assert said.verbs() == ["hello", "submit", "chunk"]


@pytest.mark.parametrize("uid", ["1..2", ".1", "1.", "", "1" * 65])
def test_a_dicom_file_that_cannot_be_listed_is_named(tmp_path, uid):
    path = tmp_path / "a"
    path.write_bytes(dicom(uid))
    assert files.sop_instance_uid(path.read_bytes()) is None
    with pytest.raises(InvalidUid, match=str(path)):
        files.manifest([tmp_path])


def wait(client: PollingClient, operation, said: Daemon) -> None:
    for _ in range(500):
        client.poll()
        if operation.done:
            return
        said.ended.wait(0.01)
    raise AssertionError("it is never done")
