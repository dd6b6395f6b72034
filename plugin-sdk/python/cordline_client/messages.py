"""Encoding and decoding of headers: MessagePack maps with text keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgpack

from .errors import VersionMismatch
from .tensor import unpack_bits

MAJOR = 1
RESEARCH_USE = "Research use only; not a medical device"
END_STATES = ("completed", "needs_selection", "out_of_scope", "failed", "cancelled")
"""In these states nothing more happens to a job by itself."""


@dataclass(frozen=True)
class Event:
    """An event of a job; `name` and `body` as in PROTOCOL.md, `raw` the packed mask or the heat map."""

    job: str
    number: int
    at_ms: int
    name: str
    body: dict[str, Any]
    raw: bytes | None = None

    @property
    def ends(self) -> bool:
        """True where this event ended the job."""
        return self.name == "state" and self.body.get("state") in END_STATES

    def mask(self) -> bytes:
        """The mask of a `section` event: one byte a voxel, 0 or 1, in the order (row, column)."""
        rows, columns = self.body["mask"]["shape"]
        return unpack_bits(self.raw or b"", rows * columns)


@dataclass(frozen=True)
class Reply:
    """The daemon's reply to request number `id`; `name` is `fault` where it was rejected."""

    id: int
    name: str
    body: dict[str, Any]
    raw: bytes | None = None


def encode_request(number: int, verb: str, body: dict[str, Any]) -> bytes:
    return msgpack.packb({"v": MAJOR, "id": number, "verb": verb, "body": body})


def decode(frames: list[bytes]) -> Reply | Event | VersionMismatch | None:
    """A message of the daemon. None for kinds that this client does not know: later minor versions may add some."""
    header = msgpack.unpackb(frames[0])
    raw = frames[1] if len(frames) > 1 else None
    if not isinstance(header, dict) or "v" not in header:
        return None
    if header["v"] != MAJOR:
        return VersionMismatch(header["v"], MAJOR)
    if "reply" in header:
        return Reply(header["id"], header["reply"], header.get("body", {}), raw)
    if "event" in header:
        return Event(header["job"], header["number"], header["at_ms"], header["event"], header.get("body", {}), raw)
    return None
