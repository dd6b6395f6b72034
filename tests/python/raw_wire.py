"""The wire by hand: requests as bytes, for what no client would send."""

import hashlib

import msgpack
import zmq


class Raw:
    """A socket without manners."""

    def __init__(self, endpoint: str, greet: bool = True, name: bytes | None = None) -> None:
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        if name:
            self.socket.routing_id = name
        self.socket.connect(endpoint)
        if greet:
            assert self.ask("hello", {"client": "raw"})["reply"] == "welcome"

    def send(self, *frames: bytes) -> dict:
        self.socket.send_multipart(frames)
        assert self.socket.poll(10_000), "no answer"
        return msgpack.unpackb(self.socket.recv_multipart()[0])

    def ask(self, verb: str, body: dict, *raw: bytes, number: int = 1) -> dict:
        return self.send(msgpack.packb({"v": 1, "id": number, "verb": verb, "body": body}), *raw)


def pack(**message) -> bytes:
    return msgpack.packb(message)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def instance(number: int, data: bytes, **other) -> dict:
    return {"sop_uid": f"1.2.{number}", "bytes": len(data), "sha256": sha(data)} | other


def submit(raw, *instances) -> dict:
    return raw.ask("submit", {"kind": "study", "instances": list(instances)})
