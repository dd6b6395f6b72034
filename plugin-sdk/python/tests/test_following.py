"""A follower is heard by the daemon, comes back where the connection was lost, and is told every event once."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgpack
import pytest
import zmq

from cordline_client import Client, ConnectError, PollingClient, verbs
from cordline_client import client as client_module

LIMITS = {"frame_bytes": 4, "silence_s": 30}
FILES = [{"path": "result.json", "kind": "result", "media_type": "", "bytes": 0, "sha256": ""}]
HELLO_REQUIRED = {"code": "hello_required", "message": "m", "action": "a", "retry": True}


class Daemon:
    """Answers by `answer(verb, body)`, a list of messages; keeps the verbs and when they came."""

    def __init__(self, answer: Callable[[str, dict], list[dict]], limits: dict) -> None:
        self.answer, self.limits = answer, limits
        self.asked: list[tuple[float, str]] = []
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.ended = threading.Event()
        self.name = b""

    def verbs(self) -> list[str]:
        return [verb for _, verb in self.asked]

    def send(self, message: dict) -> None:
        self.socket.send_multipart([self.name, msgpack.packb({"v": 1, "body": {}, **message})])

    def work(self) -> None:
        while not self.ended.is_set():
            if not self.socket.poll(10):
                self.idle()
                continue
            self.name, header, *_ = self.socket.recv_multipart()
            request = msgpack.unpackb(header)
            self.asked.append((time.monotonic(), request["verb"]))
            plain = {"hello": [{"reply": "welcome", "body": {"limits": self.limits}}], "ping": [{"reply": "pong"}]}
            for message in plain.get(request["verb"]) or self.answer(request["verb"], request["body"]):
                self.send({"id": request["id"], **message} if "reply" in message else message)

    def idle(self) -> None:
        """Called every ten milliseconds in which nothing comes."""


@contextmanager
def daemon(answer: Callable[[str, dict], list[dict]], **limits: int) -> Iterator[Daemon]:
    daemon = Daemon(answer, LIMITS | limits)
    thread = threading.Thread(target=daemon.work)
    thread.start()
    yield daemon
    daemon.ended.set()
    thread.join()
    daemon.socket.close(0)


def event(number: int, name: str = "warning", job: str = "a", **body: object) -> dict:
    return {"event": name, "job": job, "number": number, "at_ms": 0, "body": body}


def begun(last: int, state: str = "completed") -> dict:
    return {"reply": "events", "body": {"job": "a", "last": last, "state": state}}


HISTORY = [event(1), event(2, "files", files=FILES), event(3, "state", state="completed")]


def history(verb: str, body: dict) -> list[dict]:
    return [begun(3), *HISTORY[body["since"] :]] if verb == "events" else [{"reply": "daemon"}]


def test_a_follower_whose_events_come_all_the_time_is_heard():
    with daemon(lambda *_: [begun(0, "segmenting")], silence_s=1) as said, Client.connect(said.endpoint) as client:
        numbers = itertools.count(1)
        said.idle = lambda: said.send(event(next(numbers))) if "events" in said.verbs() else None
        until = time.monotonic() + 10
        for _ in client.follow("a"):
            if said.verbs().count("ping") == 2 or time.monotonic() > until:
                break
    assert said.verbs()[:4] == ["hello", "events", "ping", "ping"]


def test_a_follower_comes_back_after_more_than_one_try(monkeypatch):
    pauses = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    with daemon(lambda *_: [begun(1, "queued"), event(1)]) as said:
        client = Client.connect(said.endpoint, timeout_s=0.2)
        following = client.follow("a")
        assert next(following).number == 1
        endpoint = said.endpoint
    # Nobody listens any more, for longer than one try takes.
    client._connection.last_sent_at = 0.0

    def back(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            again.start()

    monkeypatch.setattr(client_module.time, "sleep", back)
    successor = Daemon(lambda *_: [begun(2), event(2, "state", state="completed")], LIMITS)
    successor.socket.unbind(successor.endpoint)
    again = threading.Thread(target=lambda: (successor.socket.bind(endpoint), successor.work()))
    assert [each.number for each in following] == [2]
    assert pauses[:3] == [2, 4, 8]
    successor.ended.set()
    again.join()
    successor.socket.close(0)
    client.close()


def test_a_follower_gives_up_in_the_end(monkeypatch):
    pauses = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    with daemon(lambda *_: [begun(1, "queued"), event(1)]) as said:
        client = Client.connect(said.endpoint, timeout_s=0.05)
        following = client.follow("a")
        next(following)
    client._connection.last_sent_at = 0.0
    with pytest.raises(ConnectError):
        next(following)
    assert pauses == [2, 4, 8, 16, 16]
    client.close()


def test_the_events_of_an_abandoned_call_are_not_those_of_the_next_one():
    with daemon(history) as said, Client.connect(said.endpoint) as client:
        for each in client.follow("a"):
            if each.name == "files":
                break
        # The end of the first call lies before the answer to the next.
        client.status()
        assert client.files("a") == FILES
        next(client.follow("a"))
        client.status()
        assert [each.number for each in client.follow("a")] == [1, 2, 3]


def test_a_greeting_in_between_has_the_follower_come_back(monkeypatch):
    monkeypatch.setattr(client_module.time, "sleep", lambda _: None)
    forgotten = iter([True])

    def answer(verb: str, body: dict) -> list[dict]:
        if verb == "status" and next(forgotten, False):
            return [{"reply": "fault", "body": HELLO_REQUIRED}]
        if verb == "status":
            return [{"reply": "daemon"}]
        return (
            [begun(2, "queued"), event(1)] if body["since"] == 0 else [begun(2), event(2, "state", state="completed")]
        )

    with daemon(answer) as said, Client.connect(said.endpoint) as client:
        numbers = []
        for each in client.follow("a"):
            numbers.append(each.number)
            if each.number == 1:
                client.status()
    assert numbers == [1, 2]
    assert said.verbs() == ["hello", "events", "status", "hello", "status", "hello", "events"]


def test_a_polling_client_that_only_listens_is_heard():
    with (
        daemon(lambda *_: [begun(0, "segmenting")], silence_s=1) as said,
        PollingClient.connect(said.endpoint) as client,
    ):
        client.start(verbs.follow("a"))
        until = time.monotonic() + 10
        while said.verbs().count("ping") < 2 and time.monotonic() < until:
            client.poll()
            time.sleep(0.01)
    assert said.verbs()[:4] == ["hello", "events", "ping", "ping"]
