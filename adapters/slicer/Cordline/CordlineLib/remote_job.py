"""One job on the daemon: connect, upload, follow events to the end, reconnect. No MRML in this file."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from . import candidates
from .connection import Connection, problem_from
from .job import Job
from .problem import Problem

STATUS_INTERVAL_S = 1.0
"""Interval of the queries for queue position and remaining time."""
RECONNECT_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses before each attempt to reconnect."""
CANCEL_TIMEOUT_S = 10.0
"""How long `cancel` may take to reach the daemon; after it the connection is closed all the same."""
HELLO_REQUIRED = "hello_required"
"""Fault of a daemon that has forgotten this connection, for example while the computer slept."""


class RemoteJob:
    """`tick` from a timer.

    request: of request.py; its `operation()` is the upload. `phase` is one of connecting, sending, following, choosing,
    reconnecting, ended. While choosing, `candidates` and `thumbnails` are to be shown, and `choose_series` continues.
    `problem` is set where the job did not end by itself.
    """

    def __init__(self, request: Any, endpoint: str, key: str) -> None:
        self.job = Job()
        self.phase = "connecting"
        self.problem: Problem | None = None
        self.welcome: dict[str, Any] = {}
        self.device: dict[str, Any] = {}
        self._request, self._endpoint, self._key = request, endpoint, key
        self._connection = Connection(endpoint, key)
        self._upload: Any = None
        self._following: Any = None
        self._status: Any = None
        self._device: Any = None
        self._cancelling: Any = None
        self.thumbnails: dict[str, bytes] = {}
        self._thumbnail_queue: deque[tuple[str, dict[str, Any]]] = deque()
        self._thumbnail: tuple[str, Any] | None = None
        self._choosing: Any = None
        self._prepared = False
        self._reconnects = 0
        self._reconnect_at = self._status_at = 0.0
        self._cancelled_at: float | None = None
        self._events: deque[Any] = deque()

    @property
    def ended(self) -> bool:
        return self.phase == "ended"

    def send(self) -> None:
        """The request is prepared; the upload begins once the daemon has sent its welcome."""
        self._prepared = True

    def tick(self) -> Any:
        """Does one step; returns an event that was applied to `job`, or None.

        One event a call, so that the caller can return to Slicer's event loop in time.
        """
        if not self._events and not self.ended:
            self._step()
        while self._events:
            event = self._events.popleft()
            if self.job.apply(event):
                return event
        if self.phase == "following" and self.job.ended and self._has_last_event():
            if self.candidates:
                self._begin_choice()
            else:
                self._end(None)
        return None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The candidate series while the job needs a selection; [] otherwise, and once one was chosen."""
        if self.job.state != "needs_selection" or self._choosing is not None:
            return []
        return self.job.series.get("candidates", [])

    def choose_series(self, selector: str) -> None:
        """Continues with one of the candidates; selector: of `candidates.selector`."""
        self._thumbnail = None
        self._choosing = self._connection.start(self._connection.verbs.select_series(self.job.id, selector))

    def cancel(self) -> None:
        """Stops at once. `finish_cancel` from the same timer tells the daemon, once the job has an ID."""
        self._cancelled_at = time.monotonic()
        self._events.clear()

    def finish_cancel(self) -> bool:
        """True while the daemon has not confirmed the cancel."""
        late = time.monotonic() - (self._cancelled_at or 0.0) > CANCEL_TIMEOUT_S
        if self.ended or late or self._connection.problem is not None:
            self.close()
            return False
        self._connection.poll()
        if self._upload is not None and self._upload.done and not self.job.id:
            self.job.id = self._upload.result or ""
        if self._cancelling is None and self.job.id:
            self._cancelling = self._connection.start(self._connection.verbs.cancel(self.job.id))
        if self._upload is None or (self._cancelling is not None and self._cancelling.done):
            self.close()
            return False
        return True

    def close(self) -> None:
        self.phase = "ended"
        self._connection.close()

    def _has_last_event(self) -> bool:
        """A job that was taken up again has ends among its older events, so `ended` alone is not enough."""
        begun = self._following.result if self._following.done else None
        return begun is not None and self.job.last_event >= begun["last"]

    def _step(self) -> None:
        if self.phase == "reconnecting":
            if time.monotonic() < self._reconnect_at:
                return
            self._connection = Connection(self._endpoint, self._key)
            self.phase = "connecting"
        self._events.extend(self._connection.poll())
        if self._connection.problem is not None:
            self._on_lost(self._connection.problem)
        elif self.phase == "connecting" and self._connection.ready and self._prepared:
            self._on_welcome()
        elif self.phase == "sending" and self._upload.done:
            self._on_uploaded()
        elif self.phase == "following":
            self._check_operations()
        elif self.phase == "choosing":
            self._wait_for_choice()

    def _on_welcome(self) -> None:
        self.welcome = self._connection.welcome
        if not self.device:
            self._device = self._connection.start(self._connection.verbs.device())
        if self.job.id:
            self._follow()
        else:
            self.phase = "sending"
            self._upload = self._connection.start(self._request.operation())

    def _on_uploaded(self) -> None:
        if self._upload.error is not None:
            return self._end(problem_from(self._upload.error, self._endpoint))
        self.job.id = self._upload.result
        return self._follow()

    def _follow(self) -> None:
        self.phase = "following"
        self._reconnects = 0
        self._following = self._connection.start(self._connection.verbs.follow(self.job.id, self.job.last_event))

    def _begin_choice(self) -> None:
        """The connection stays open meanwhile, and downloads the thumbnails."""
        self.phase = "choosing"
        self._status = None
        for each in self.candidates:
            file = candidates.thumbnail(each, self.job.files)
            if file is not None and candidates.selector(each) not in self.thumbnails:
                self._thumbnail_queue.append((candidates.selector(each), file))

    def _wait_for_choice(self) -> None:
        choosing, self._choosing = self._choosing, None
        if choosing is not None:
            if not choosing.done:
                self._choosing = choosing
            elif choosing.error is not None:
                self._end(problem_from(choosing.error, self._endpoint))
            else:
                self._follow()
        elif self._thumbnail is not None:
            selector, fetching = self._thumbnail
            if fetching.done:
                self._thumbnail = None
                # A failed thumbnail does not prevent the choice; the panel shows that there is none.
                if fetching.error is None:
                    self.thumbnails[selector] = fetching.result
        elif self._thumbnail_queue:
            selector, file = self._thumbnail_queue.popleft()
            download = self._connection.verbs.download(self.job.id, file)
            self._thumbnail = selector, self._connection.start(download)

    def _check_operations(self) -> None:
        if self._device is not None and self._device.done:
            self.device, self._device = self._device.result or {}, None
        for operation in (self._following, self._status):
            error = getattr(operation, "error", None) if operation is not None and operation.done else None
            if error is not None:
                # See HELLO_REQUIRED: with a new connection the job can be followed on.
                found = problem_from(error, self._endpoint)
                return self._on_lost(found) if found.name == HELLO_REQUIRED else self._end(found)
        if self._status is not None and self._status.done:
            self.job.queue_position = self._status.result.get("position")
            self.job.seconds_left = self._status.result.get("seconds_left")
            self._status = None
        now = time.monotonic()
        if self._status is None and now >= self._status_at and not self.job.ended:
            self._status_at = now + STATUS_INTERVAL_S
            self._status = self._connection.start(self._connection.verbs.status(self.job.id))
        return None

    def _on_lost(self, problem: Problem) -> None:
        """Reconnects, unless no connection was ever made: then the address or the key is wrong."""
        self._connection.close()
        self._status = self._device = self._choosing = self._thumbnail = None
        given_up = not self.welcome or self._reconnects >= len(RECONNECT_PAUSES_S)
        if given_up or problem.name in ("key", "key_unreadable", "version"):
            return self._end(problem)
        self.phase, self._reconnect_at = "reconnecting", time.monotonic() + RECONNECT_PAUSES_S[self._reconnects]
        self._reconnects += 1
        return None

    def _end(self, problem: Problem | None) -> None:
        self.problem = problem
        self.close()
