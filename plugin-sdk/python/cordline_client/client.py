"""The client: one DEALER socket, used from one thread.

Each thing that can be asked is written once, as a generator that yields requests and is sent their answers. A blocking
call runs it to its end; `start` and `poll` run it a step at a time, whenever a message has come, for windows that must
not wait.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

from . import files, messages
from .errors import ClientError, Damaged, HelloRequired, Nobody, OtherVersion, Silence, refused
from .link import Link
from .messages import Answer, Event

DEFAULT_ENDPOINT = "ipc:///run/cordline/cordline.sock"
PING_EVERY_S = 8.0

Asking = Generator["Wanted", Answer, Any]


@dataclass(frozen=True)
class Wanted:
    """What a generator wants: to send this, and (unless `later`) to be sent the answer. `later`: to go on at once."""

    verb: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    later: bool = False


class Operation:
    """Something that was begun with `start`: `done`, then `result` or `error`."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._begun = False
        self._due: list[int] = []
        self._ready: deque[Answer] = deque()
        self.done = False
        self.result: Any = None
        self.error: ClientError | None = None


class Client:
    """A connection to the daemon.

    endpoint: where it listens. name: name and version of the program, for its log.
    patience_s: how long an answer may take. key: key file (what `cordline keys new` printed), for a daemon elsewhere.
    wait: False for windows: `greeting` is the operation that ends with the welcome, `link` tells how far it is, `heard`
    when the last message came (time.monotonic).
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        name: str = "python",
        patience_s: float = 10.0,
        key: str | os.PathLike[str] | None = None,
        wait: bool = True,
    ) -> None:
        self.endpoint, self.name, self.patience_s = endpoint, name, patience_s
        self._key = _read_key(Path(key)) if key is not None else None
        self._number = 0
        self._operations: list[Operation] = []
        self._events: deque[Event] = deque()
        self._socket = self._open()
        self.welcome: dict[str, Any] = {}
        self.link: Link | None = None
        self.heard = time.monotonic()
        if not wait:
            self.link = Link(self._socket)
            self._socket.connect(endpoint)
            self.greeting = self.start(self._hello())
            return
        self._socket.connect(endpoint)
        try:
            self._run(self._hello())
        except Silence:
            self.close()
            raise Nobody(endpoint) from None
        except OtherVersion:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket. Jobs go on."""
        if self.link is not None:
            self.link.close()
        self._socket.close()

    # What can be asked, waiting for the answer.

    def status(self, job: str | None = None) -> dict[str, Any]:
        """Where a job is; without one, how the daemon is."""
        return self._known(lambda: _ask("status", {"job": job} if job else {}))

    def list(self, **wanted: Any) -> dict[str, Any]:
        """Jobs, newest first: `states`, `study_uid`, `limit`, `before_ms`."""
        return self._known(lambda: _ask("list", wanted))

    def cancel(self, job: str) -> dict[str, Any]:
        """Stops a job, between two sections."""
        return self._known(lambda: _ask("cancel", {"job": job}))

    def choose(self, job: str, series: str) -> dict[str, Any]:
        """Chooses the series of a job that needs it."""
        return self._known(lambda: _ask("choose", {"job": job, "series": series}))

    def review(self, job: str, verdict: str, reader: str, reason: str = "") -> dict[str, Any]:
        """Says what a reader thinks of the answer of a completed job: `accepted`, `rejected` or `withdrawn`."""
        body = {"job": job, "verdict": verdict, "reason": reason, "reader": reader}
        return self._known(lambda: _ask("review", body))

    def device(self) -> dict[str, Any]:
        """What the box is and can run."""
        return self._known(lambda: _ask("device", {}))

    def submit_study(self, inputs: Iterable[str | os.PathLike[str]], **options: Any) -> str:
        """Sends DICOM files, and those in folders; returns the job. Options: `priority`, `series`, `again`."""
        return self._known(lambda: self.study(inputs, **options))

    def submit_folder(self, path: str, **options: Any) -> str:
        """Has a folder of the daemon's own box analysed."""
        return self._known(lambda: self._submit({"kind": "folder", "path": path, **options}, []))

    def submit_volume(self, t2w: dict[str, Any], voxels: bytes, **options: Any) -> str:
        """Sends a volume: `t2w` with `tensor` and `matrix` as in PROTOCOL.md, and its bytes."""
        return self._known(lambda: self.volume(t2w, voxels, **options))

    def submit_mask(self, job: str, shape: Iterable[int], bits: bytes, **options: Any) -> str:
        """Sends a corrected mask (packed) of an earlier job. Options: `priority`, `reader` (who corrected it)."""
        return self._known(lambda: self.mask(job, shape, bits, **options))

    def files(self, job: str) -> list[dict[str, Any]]:
        """The files that a job has made."""
        listed: list[dict[str, Any]] = []
        for event in self.follow(job, to_the_end=False):
            if event.name == "files":
                listed = event.body["files"]
        return listed

    def artifact(self, job: str, file: dict[str, Any]) -> bytes:
        """A file of `files`, checked against its digest."""
        return self._known(lambda: _artifact(job, file))

    def follow(self, job: str, since: int = 0, to_the_end: bool = True) -> Iterator[Event]:
        """Every event after number `since`, until the job has ended; a lost connection is mended on the way."""
        tries = 0
        while True:
            try:
                begun = self._run(_ask("events", {"job": job, "since": since, "follow": to_the_end}))
                if begun["last"] <= since and (not to_the_end or begun["state"] in messages.ENDS):
                    return
                for event in self._incoming():
                    if event.job != job or event.number <= since:
                        continue
                    since, tries = event.number, 0
                    yield event
                    if since >= begun["last"] and (event.ends or not to_the_end):
                        return
            except (Silence, Nobody, HelloRequired):
                tries += 1
                if tries > 5:
                    raise
                time.sleep(min(2**tries, 16))
                self._reconnect()

    # The same for windows that must not wait.

    def study(self, inputs: Iterable[str | os.PathLike[str]], **options: Any) -> Asking:
        """For `start`: sends a study."""
        return self.instances(files.manifest(inputs), **options)

    def instances(self, found: list[tuple[Path, dict[str, Any]]], **options: Any) -> Asking:
        """For `start`: sends a study whose files were looked at before, with `files.entry`."""
        if not found:
            raise ClientError("no DICOM file was found in what was named")
        found = sorted(found, key=lambda each: each[1]["sop_uid"])
        readers = [path.read_bytes for path, _ in found]
        return self._submit({"kind": "study", "instances": [entry for _, entry in found], **options}, readers)

    def volume(
        self, t2w: dict[str, Any], voxels: bytes, t1c: tuple[dict[str, Any], bytes] | None = None, **options: Any
    ) -> Asking:
        """For `start`: sends a volume, and the T1-weighted one with contrast agent where there is one.

        A description may have its `sha256` already: a window makes it in small steps.
        """
        sent = {"t2w": (t2w, voxels), **({"t1c": t1c} if t1c else {})}
        body = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), **about} if "sha256" not in about else about
            for name, (about, data) in sent.items()
        }
        readers = [lambda data=data: data for _, data in sent.values()]
        return self._submit({"kind": "volume", **body, **options}, readers)

    def mask(self, job: str, shape: Iterable[int], bits: bytes, **options: Any) -> Asking:
        """For `start`: sends a corrected mask."""
        tensor = {"shape": [int(n) for n in shape], "element": "bit"}
        body = {"kind": "mask", "job": job, "mask": tensor, "sha256": hashlib.sha256(bits).hexdigest(), **options}
        return self._submit(body, [lambda: bits])

    def events(self, job: str, since: int = 0) -> Asking:
        """For `start`: has the events of a job come with `poll`."""
        return _ask("events", {"job": job, "since": since, "follow": True})

    def ask(self, verb: str, **body: Any) -> Asking:
        """For `start`: any question of PROTOCOL.md that is one message and one answer; ends with the answer's body."""
        return _ask(verb, body)

    def fetch(self, job: str, file: dict[str, Any]) -> Asking:
        """For `start`: a file of the event `files`, checked against its digest."""
        return _artifact(job, file)

    def start(self, asking: Asking) -> Operation:
        """Begins something; `poll` carries it on. One upload at a time: the credit is that of the connection."""
        operation = Operation(asking)
        self._operations.append(operation)
        self._advance(operation)
        return operation

    def poll(self) -> list[Event]:
        """Reads what has come, carries on what was started, and returns the events; never waits."""
        while self._socket.poll(0):
            self.heard = time.monotonic()
            self._take(messages.read(self._socket.recv_multipart()))
        events, self._events = list(self._events), deque()
        return events

    # Underneath.

    def _hello(self) -> Asking:
        self.welcome = yield from _ask("hello", {"client": self.name})
        if self.link is not None:
            # What nobody reads would fill up, and then hold ZeroMQ's own thread.
            self.link.close()
        return self.welcome

    def _submit(self, body: dict[str, Any], readers: list[Callable[[], bytes]]) -> Asking:
        return _submit(body, readers, self.welcome["limits"]["frame_bytes"])

    def _known(self, asking: Callable[[], Asking]) -> Any:
        """Runs what `asking` makes; once more after a greeting, where the daemon forgot this client (it was silent)."""
        try:
            return self._run(asking())
        except HelloRequired:
            self._run(self._hello())
            return self._run(asking())

    def _run(self, asking: Asking) -> Any:
        operation = self.start(asking)
        deadline = time.monotonic() + self.patience_s
        while not operation.done:
            if self._wait(deadline):
                deadline = time.monotonic() + self.patience_s
            elif not operation.done:
                self._operations.remove(operation)
                raise Silence(self.endpoint)
        if operation.error is not None:
            raise operation.error
        return operation.result

    def _wait(self, deadline: float) -> bool:
        if not self._socket.poll(max(0, int((deadline - time.monotonic()) * 1000))):
            return False
        self._take(messages.read(self._socket.recv_multipart()))
        return True

    def _incoming(self) -> Iterator[Event]:
        """Events as they come, with a sign of life while none does."""
        while True:
            while self._events:
                yield self._events.popleft()
            if not self._wait(time.monotonic() + PING_EVERY_S):
                self._run(_ask("ping", {}))

    def _take(self, message: Answer | Event | OtherVersion | None) -> None:
        if isinstance(message, OtherVersion):
            # Nothing that such a daemon says can be understood.
            for operation in self._operations:
                operation.done, operation.error = True, message
            self._operations.clear()
        elif isinstance(message, Event):
            self._events.append(message)
        elif isinstance(message, Answer):
            for operation in self._operations:
                if message.id in operation._due:
                    operation._due.remove(message.id)
                    operation._ready.append(message)
                    self._advance(operation)
                    return

    def _advance(self, operation: Operation) -> None:
        """Lets a generator go on until it waits for an answer that is not there yet."""
        try:
            while True:
                if not operation._begun:
                    operation._begun = True
                    wanted = next(operation._asking)
                elif operation._ready:
                    wanted = self._resume(operation)
                else:
                    return
                while wanted.later:
                    self._send(operation, wanted)
                    wanted = operation._asking.send(None)  # type: ignore[arg-type]
                if wanted.verb:
                    self._send(operation, wanted)
        except StopIteration as end:
            operation.done, operation.result = True, end.value
        except ClientError as error:
            operation.done, operation.error = True, error
        self._operations.remove(operation)

    def _resume(self, operation: Operation) -> Wanted:
        answer = operation._ready.popleft()
        if answer.name == "fault":
            return operation._asking.throw(refused(answer.body))
        return operation._asking.send(answer)

    def _send(self, operation: Operation, wanted: Wanted) -> None:
        self._number += 1
        operation._due.append(self._number)
        header = messages.request(self._number, wanted.verb, wanted.body)
        self._socket.send_multipart([header] if wanted.raw is None else [header, wanted.raw])

    def _open(self) -> zmq.Socket[bytes]:
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 1000
        if self._key is not None:
            socket.curve_serverkey = self._key["server"].encode()
            socket.curve_publickey = self._key["public"].encode()
            socket.curve_secretkey = self._key["secret"].encode()
        return socket

    def _reconnect(self) -> None:
        """A new socket: one that may have lost messages cannot be mended."""
        self._socket.close()
        self._operations.clear()
        self._events.clear()
        self._socket = self._open()
        self._socket.connect(self.endpoint)
        try:
            self._run(self._hello())
        except Silence:
            raise Nobody(self.endpoint) from None


def _read_key(path: Path) -> dict[str, str]:
    found = dict(re.findall(r'^(public|secret|server) *= *"(.{40})"$', path.read_text(), re.MULTILINE))
    if len(found) < 3:
        raise ClientError(f"{path} is no key file")
    return found


def _ask(verb: str, body: dict[str, Any]) -> Asking:
    answer = yield Wanted(verb, body)
    return answer.body


def _submit(body: dict[str, Any], readers: list[Callable[[], bytes]], piece: int) -> Asking:
    """Submits, sends what is missing in pieces of `piece` bytes within the credit, commits; the job."""
    upload = (yield Wanted("submit", body)).body
    job = upload["job"]
    if upload["state"] != "receiving":
        return job
    credit, on_the_way = upload["credit"], 0
    for item, (read, received) in enumerate(zip(readers, upload.get("received", []))):
        data = read()
        for offset in range(received, len(data), piece):
            while on_the_way >= max(credit, 1):
                credit, on_the_way = (yield Wanted()).body["credit"], on_the_way - 1
            chunk = {"job": job, "item": item, "offset": offset}
            yield Wanted("chunk", chunk, data[offset : offset + piece], later=True)
            on_the_way += 1
    while on_the_way:
        yield Wanted()
        on_the_way -= 1
    yield Wanted("commit", {"job": job})
    return job


def _artifact(job: str, file: dict[str, Any]) -> Asking:
    data = b""
    while len(data) < file["bytes"]:
        answer = yield Wanted("artifact", {"job": job, "path": file["path"], "offset": len(data)})
        if not answer.raw:
            raise Damaged(f"{file['path']} did not arrive whole")
        data += answer.raw
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise Damaged(f"{file['path']} did not arrive as it was announced")
    return data
