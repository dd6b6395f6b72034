"""A daemon that has too much to do is asked again, and one that sends a follower away is heard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgpack
import pytest
import zmq

from cordline_client import Busy, Client, Rejected

WELCOME = {"limits": {"frame_bytes": 4}}
BUSY = {"code": "busy", "message": "m", "action": "a", "retry": True, "retry_after_ms": 20}


@contextmanager
def daemon(answers: list[tuple[str, dict]]) -> Iterator[tuple[str, list[str]]]:
    """Answers one request after the other with these, and keeps the verbs."""
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    asked: list[str] = []

    def work() -> None:
        for reply, body in [("welcome", WELCOME), *answers]:
            if not socket.poll(5000):
                return
            name, header, *_ = socket.recv_multipart()
            request = msgpack.unpackb(header)
            asked.append(request["verb"])
            number = body.pop("under", request["id"])
            socket.send_multipart([name, msgpack.packb({"v": 1, "id": number, "reply": reply, "body": body})])

    thread = threading.Thread(target=work)
    thread.start()
    yield f"tcp://127.0.0.1:{port}", asked
    thread.join()
    socket.close(0)


def test_the_same_is_asked_again_after_the_pause():
    answers = [("fault", dict(BUSY)), ("fault", dict(BUSY)), ("job", {"state": "queued"})]
    with daemon(answers) as (endpoint, asked), Client.connect(endpoint, "test") as client:
        assert client.status("a")["state"] == "queued"
    assert asked == ["hello", "status", "status", "status"]


def test_a_busy_daemon_is_asked_until_the_timeout():
    answers = [("fault", BUSY | {"retry_after_ms": 60_000})]
    with daemon(answers) as (endpoint, _), Client.connect(endpoint, "test") as client, pytest.raises(Busy):
        client.status("a")


def test_an_upload_goes_on_from_what_arrived():
    begins = {"job": "a", "state": "receiving", "credit": 2}
    answers = [
        ("upload", begins | {"received": [0]}),
        ("upload", begins | {"offset": 4}),
        ("fault", dict(BUSY)),
        ("fault", BUSY | {"code": "chunk_out_of_order"}),
        ("upload", begins | {"received": [4]}),
        ("upload", begins | {"offset": 8}),
        ("upload", begins | {"offset": 12}),
        ("job", {"state": "queued"}),
    ]
    with daemon(answers) as (endpoint, asked), Client.connect(endpoint, "test") as client:
        tensor = {"shape": [1, 3, 4], "element": "u8"}
        assert client.submit_volume({"tensor": tensor, "matrix": [0.0] * 16}, bytes(12)) == "a"
    assert asked == ["hello", "submit", "chunk", "chunk", "chunk", "submit", "chunk", "chunk", "commit"]


def test_a_follower_that_is_sent_away_is_told_why():
    fault = {"code": "not_allowed", "message": "m", "action": "a", "retry": False}
    answers = [("events", {"job": "a", "last": 1, "state": "queued"}), ("fault", fault | {"under": 2})]
    with daemon(answers) as (endpoint, _), Client.connect(endpoint, "test") as client:
        # The second answer is under the number of `events`, whatever was asked meanwhile.
        following = client.follow("a")
        later = msgpack.packb({"v": 1, "id": 9, "verb": "ping"})
        threading.Timer(0.1, lambda: client._connection._socket.send(later)).start()
        with pytest.raises(Rejected) as refused:
            next(following)
    assert refused.value.code == "not_allowed"
