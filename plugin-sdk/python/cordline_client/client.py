"""The blocking client: each method sends a request and waits for its result."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import messages, verbs
from .connection import DEFAULT_ENDPOINT, Connection
from .errors import Busy, ClientError, ConnectError, HelloRequired, Rejected, Timeout
from .messages import Event
from .operations import Operation
from .schema import Daemon, DeviceReport, FileInfo, Instance, Jobs, JobSummary, Welcome

MAX_RECONNECTS = 5
MAX_RECONNECT_PAUSE_S = 16


class Client:
    """A connection to the daemon, used from one thread. `Client.connect` makes one.

    `welcome` is the daemon's greeting: version, role, limits, bundle.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answered_pings = 0

    @classmethod
    def connect(
        cls,
        endpoint: str = DEFAULT_ENDPOINT,
        name: str = "python",
        timeout_s: float = 10.0,
        key: str | os.PathLike[str] | None = None,
    ) -> Client:
        """Connects and says hello.

        name: name and version of the program, for the daemon's log. timeout_s: how long each reply may take. key: key
        file of `cordline keys new`, for a daemon on another host.
        """
        client = cls(Connection(endpoint, name, timeout_s, key))
        try:
            client._reconnect()
        except ClientError:
            client.close()
            raise
        return client

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket. Jobs go on."""
        self._connection.close()

    @property
    def endpoint(self) -> str:
        return self._connection.endpoint

    @property
    def welcome(self) -> Welcome:
        return self._connection.welcome

    def status(self, job: str | None = None) -> JobSummary | Daemon:
        """The state of a job; without one, of the daemon."""
        return self._run(verbs.status(job))

    def list_jobs(self, **filters: Any) -> Jobs:
        """Jobs, newest first. Filters: `states`, `study_uid`, `limit`, `before_ms`."""
        return self._run(verbs.list_jobs(**filters))

    def cancel(self, job: str) -> JobSummary:
        """Stops a job; a running one stops between two sections."""
        return self._run(verbs.cancel(job))

    def forget(self, job: str) -> JobSummary:
        """Removes a job that has ended, for good: input, results and events. The answer is what it was."""
        return self._run(verbs.forget(job))

    def select_series(self, job: str, selector: str) -> JobSummary:
        """Continues a job in the state `needs_selection` with the candidate of this `selector`."""
        return self._run(verbs.select_series(job, selector))

    def review(self, job: str, verdict: str, reader: str, reason: str = "") -> JobSummary:
        """Records a reader's verdict on a completed job: `accepted`, `rejected` or `withdrawn`."""
        return self._run(verbs.review(job, verdict, reader, reason))

    def device(self) -> DeviceReport:
        """Processors, execution provider and memory of the daemon's host."""
        return self._run(verbs.device())

    def submit_study(self, inputs: Iterable[str | os.PathLike[str]], **options: Any) -> str:
        """Uploads DICOM files, and those in folders; returns the job. Options: `priority`, `series`, `again`."""
        return self._run(verbs.submit_study(inputs, **options))

    def submit_instances(self, instances: Iterable[tuple[Path, Instance]], **options: Any) -> str:
        """Uploads files that were hashed before, with their entries of `files.manifest_entry`."""
        return self._run(verbs.submit_instances(instances, **options))

    def submit_folder(self, path: str, **options: Any) -> str:
        """Submits a folder on the daemon's own host; nothing is uploaded."""
        return self._run(verbs.submit_folder(path, **options))

    def submit_volume(
        self, t2w: dict[str, Any], voxels: bytes, t1c: tuple[dict[str, Any], bytes] | None = None, **options: Any
    ) -> str:
        """Uploads a volume; parameters as in `verbs.submit_volume`."""
        return self._run(verbs.submit_volume(t2w, voxels, t1c, **options))

    def submit_mask(self, job: str, shape: Iterable[int], bits: bytes, **options: Any) -> str:
        """Uploads a corrected mask of an earlier job. shape: (section, row, column). bits: `pack_bits` of the mask.

        Options: `priority`, `reader` (who corrected it).
        """
        return self._run(verbs.submit_mask(job, shape, bits, **options))

    def files(self, job: str) -> list[FileInfo]:
        """The files of a job, for `download`."""
        listed: list[FileInfo] = []
        for event in self.follow(job, until_end=False):
            if event.name == "files":
                listed = event.body["files"]
        return listed

    def download(self, job: str, file: FileInfo) -> bytes:
        """The bytes of an entry of `files`, whose SHA-256 is the announced one."""
        return self._run(verbs.download(job, file))

    def follow(self, job: str, since: int = 0, until_end: bool = True) -> Iterator[Event]:
        """Events after number `since`, until the job has ended; `until_end` False: only those that are there.

        Reconnects where the connection is lost, and continues after the last event.
        """
        reconnects = 0
        lost = False
        while True:
            answered = self._answered_pings
            try:
                if lost:
                    self._reconnect()
                    lost = False
                reply = self._complete(verbs.follow(job, since, until_end))
                # Those of an earlier call that came meanwhile: their numbers say nothing of this one.
                self._connection.drop_events(job)
                if reply["last"] <= since and (not until_end or reply["state"] in messages.END_STATES):
                    return
                for event in self._events():
                    if event.job != job or event.number <= since:
                        continue
                    since, reconnects = event.number, 0
                    yield event
                    # A job that was taken up again has ends among its older events.
                    if since >= reply["last"] and (event.ends or not until_end):
                        return
            except (Timeout, ConnectError, Rejected) as error:
                if isinstance(error, Rejected) and not error.retry:
                    raise
                # A connection that lived is another one that is lost: a job may wait for days.
                reconnects = 1 if self._answered_pings > answered else reconnects + 1
                if reconnects > MAX_RECONNECTS:
                    raise
                time.sleep(min(2**reconnects, MAX_RECONNECT_PAUSE_S))
                lost = True

    def _run(self, operation: Operation) -> Any:
        """The result of an operation. After long silence the daemon has forgotten this client: it is greeted again."""
        try:
            return self._complete(operation)
        except HelloRequired as error:
            self._wait_for(self._connection.hello())
            # Whoever follows meanwhile would wait for ever.
            self._connection.subscription_error = error
            return self._complete(operation)

    def _complete(self, operation: Operation) -> Any:
        return self._wait_for(self._connection.start(operation))

    def _wait_for(self, operation: Operation) -> Any:
        """The result of an operation; any message of the daemon starts the timeout anew."""
        timeout_s = self._connection.timeout_s
        deadline = time.monotonic() + timeout_s
        while not operation.done:
            if self._connection.wait(deadline):
                deadline = time.monotonic() + timeout_s
            elif not operation.done:
                self._inquire(operation)
                deadline = time.monotonic() + timeout_s
        if operation.error is not None:
            raise operation.error
        return operation.result

    def _inquire(self, operation: Operation) -> None:
        """Asks whether the daemon is still at work on what it may answer after minutes only."""
        inquiry = operation.inquiry()
        try:
            if inquiry is None:
                raise Timeout(self._connection.endpoint)
            operation.on_inquiry(self._complete(inquiry))
        except Busy:
            # It is there.
            return
        except ClientError:
            self._connection.abandon(operation)
            raise
        if operation.done:
            self._connection.abandon(operation)

    def _events(self) -> Iterator[Event]:
        """Events as they arrive, with a ping where nothing was sent for long: what a client receives does not count."""
        connection = self._connection
        while True:
            if time.monotonic() >= connection.ping_at:
                # Not `_run`: with this client the daemon has forgotten its subscription.
                self._complete(verbs.call("ping"))
                self._answered_pings += 1
            elif connection.events:
                yield connection.events.popleft()
            elif connection.subscription_error is not None:
                error, connection.subscription_error = connection.subscription_error, None
                raise error
            else:
                connection.wait(connection.ping_at)

    def _reconnect(self) -> None:
        try:
            self._wait_for(self._connection.connect())
        except Timeout:
            raise ConnectError(self._connection.endpoint) from None
