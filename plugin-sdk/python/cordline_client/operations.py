"""Exchanges with the daemon as state machines without a socket.

`begin` gives the first requests, and each reply gives the next ones, until the operation is `done` with a `result` or
an `error`. connection.py sends the requests and brings the replies; both clients run the same operations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import ChecksumMismatch, ClientError, Rejected
from .messages import Reply
from .schema import FileInfo, Limits

MAX_RESUMES = 5
"""How often a rejected upload continues from what has arrived."""
RESUMABLE = ("busy", "credit_exceeded", "chunk_out_of_order")
"""Faults of a chunk after which the daemon still has what came before it."""


@dataclass(frozen=True)
class Request:
    verb: str
    body: dict[str, Any]
    raw: bytes | None = None


class Operation:
    """`done` with a `result`, or with an `error`."""

    def __init__(self) -> None:
        self.done = False
        self.result: Any = None
        self.error: ClientError | None = None

    def begin(self, limits: Limits) -> list[Request]:
        """limits: those of the `welcome`. An operation that failed may be begun again."""
        raise NotImplementedError

    def on_reply(self, request: Request, reply: Reply) -> list[Request]:
        """request: the one that was replied to. Returns what is to be sent next."""
        raise NotImplementedError

    def on_rejected(self, request: Request, error: Rejected) -> list[Request]:
        return self.fail(error)

    def inquiry(self) -> Operation | None:
        """What is to be asked where no reply has come in time; None where that means that the daemon is gone."""
        return None

    def on_inquiry(self, told: dict[str, Any]) -> None:
        """told: the reply to the inquiry. The reply to the operation may have come before it."""

    def finish(self, result: Any) -> list[Request]:
        self.done, self.result = True, result
        return []

    def fail(self, error: ClientError) -> list[Request]:
        self.done, self.error = True, error
        return []


class Call(Operation):
    """One request and one reply; the result is the reply's body."""

    def __init__(self, verb: str, body: dict[str, Any]) -> None:
        super().__init__()
        self._request = Request(verb, body)

    def begin(self, limits: Limits) -> list[Request]:
        self.done, self.error = False, None
        return [self._request]

    def on_reply(self, request: Request, reply: Reply) -> list[Request]:
        return self.finish(reply.body)


class Upload(Operation):
    """`submit`, the missing bytes in chunks within the credit, `commit`; the result is the job's ID.

    body: of `submit`. items: one function for each item that the body announces, in its order, which reads its bytes.
    Items are read one at a time, when their first chunk is due.
    """

    def __init__(self, body: dict[str, Any], items: list[Callable[[], bytes]]) -> None:
        super().__init__()
        self._submit, self._items = Request("submit", body), items

    def begin(self, limits: Limits) -> list[Request]:
        self.done, self.error = False, None
        self._job = ""
        self._credit = self._unanswered = self._resumes = 0
        self._chunks: Iterator[Request] = iter(())
        self._failure: ClientError | None = None
        self._waits_for = self._submit
        self._chunk_bytes = limits["frame_bytes"]
        return [self._submit]

    def on_reply(self, request: Request, reply: Reply) -> list[Request]:
        if request.verb == "commit":
            return self.finish(self._job)
        if request.verb == "chunk":
            self._unanswered -= 1
        else:
            self._job = reply.body["job"]
            if reply.body["state"] != "receiving":
                return self.finish(self._job)
            self._chunks = self._missing_chunks(reply.body.get("received", []))
            self._failure = None
        self._credit = reply.body["credit"]
        return self._next()

    def on_rejected(self, request: Request, error: Rejected) -> list[Request]:
        if request.verb != "chunk":
            return self.fail(error)
        self._unanswered -= 1
        # Chunks behind a rejected one are rejected too; the first error has the cause.
        self._failure = self._failure or error
        return self._next()

    def inquiry(self) -> Operation | None:
        if self._waits_for.verb == "commit":
            # Its input is being forced to the disk; that of a folder is copied.
            return Call("status", {"job": self._job})
        return Call("ping", {}) if self._waits_for.body["kind"] == "folder" else None

    def on_inquiry(self, told: dict[str, Any]) -> None:
        # In these states a job waits for its commit to be done.
        if not self.done and told.get("state", "receiving") not in ("receiving", "failed", "cancelled"):
            self.finish(self._job)

    def _next(self) -> list[Request]:
        chunks = []
        while self._failure is None and self._unanswered < max(self._credit, 1):
            try:
                chunk = next(self._chunks, None)
            except OSError as error:
                self._failure = ClientError(f"a file cannot be read any more: {error}")
                break
            if chunk is None:
                break
            chunks.append(chunk)
            self._unanswered += 1
        if self._unanswered:
            return chunks
        if self._failure is None:
            self._waits_for = Request("commit", {"job": self._job})
            return [self._waits_for]
        resumable = isinstance(self._failure, Rejected) and self._failure.code in RESUMABLE
        if not resumable or self._resumes == MAX_RESUMES:
            return self.fail(self._failure)
        self._resumes += 1
        self._waits_for = self._submit
        return [self._submit]

    def _missing_chunks(self, received: list[int]) -> Iterator[Request]:
        """received: how many bytes of each item the daemon has."""
        for item, (read, begin) in enumerate(zip(self._items, received)):
            data = read()
            for offset in range(begin, len(data), self._chunk_bytes):
                body = {"job": self._job, "item": item, "offset": offset}
                yield Request("chunk", body, data[offset : offset + self._chunk_bytes])


class Download(Operation):
    """A file in pieces; the result is its bytes, whose SHA-256 is the announced one.

    file: an entry of the event `files`.
    """

    def __init__(self, job: str, file: FileInfo) -> None:
        super().__init__()
        self._job, self._file = job, file
        self._data = bytearray()

    def begin(self, limits: Limits) -> list[Request]:
        self.done, self.error = False, None
        return self._next()

    def on_reply(self, request: Request, reply: Reply) -> list[Request]:
        if not reply.raw:
            return self.fail(ChecksumMismatch(f"{self._file['path']} did not arrive whole"))
        self._data += reply.raw
        return self._next()

    def _next(self) -> list[Request]:
        path = self._file["path"]
        if len(self._data) < self._file["bytes"]:
            return [Request("artifact", {"job": self._job, "path": path, "offset": len(self._data)})]
        if hashlib.sha256(self._data).hexdigest() != self._file["sha256"]:
            return self.fail(ChecksumMismatch(f"{path} did not arrive as it was announced"))
        return self.finish(bytes(self._data))
