"""Headers: MessagePack maps with text keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgpack

from .errors import OtherVersion
from .tensor import unpack_bits

MAJOR = 1
RESEARCH_USE = "Research use only; not a medical device"
ENDS = ("completed", "needs_selection", "out_of_scope", "failed", "cancelled")
"""States after which nothing more happens to a job by itself."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a job; `name` and `body` as in PROTOCOL.md, `raw` the mask or map."""

    job: str
    number: int
    at_ms: int
    name: str
    body: dict[str, Any]
    raw: bytes | None = None

    @property
    def ends(self) -> bool:
        """True where the job has ended with this event."""
        return self.name == "state" and self.body.get("state") in ENDS

    def mask(self) -> bytes:
        """Of a `section`: one byte a voxel, 0 or 1, row by row."""
        rows, columns = self.body["mask"]["shape"]
        return unpack_bits(self.raw or b"", rows * columns)


@dataclass(frozen=True)
class Answer:
    """The daemon's answer to request `id`."""

    id: int
    name: str
    body: dict[str, Any]
    raw: bytes | None = None


def request(number: int, verb: str, body: dict[str, Any]) -> bytes:
    """The header of a request."""
    return msgpack.packb({"v": MAJOR, "id": number, "verb": verb, "body": body})


def read(frames: list[bytes]) -> Answer | Event | OtherVersion | None:
    """A message of the daemon; None for one that this client does not know, an error for one of another protocol."""
    header = msgpack.unpackb(frames[0])
    raw = frames[1] if len(frames) > 1 else None
    if not isinstance(header, dict) or "v" not in header:
        return None
    if header["v"] != MAJOR:
        return OtherVersion(header["v"], MAJOR)
    if "reply" in header:
        return Answer(header["id"], header["reply"], header.get("body", {}), raw)
    if "event" in header:
        return Event(header["job"], header["number"], header["at_ms"], header["event"], header.get("body", {}), raw)
    return None
