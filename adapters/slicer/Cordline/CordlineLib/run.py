"""One run on the wire: connect, send, follow to the end, mend a lost connection. No MRML in this file."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from . import candidates
from .connection import Connection, problem_of
from .job import Job
from .problem import Problem

STATUS_S = 1.0
"""How often place in the queue and time left are asked for."""
MEND_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses before a lost connection is tried again."""
FAREWELL_S = 10.0
"""How long a cancelled run may take to tell the daemon."""
HELLO_REQUIRED = "hello_required"
"""The name of the problem that the daemon does not know this connection any more."""


class Run:
    """Carried on by `tick`.

    request: what is sent; its `asking(client)` makes the operation (volume.py, correction.py). `phase` is one of
    connecting, sending, following, choosing, mending, ended. While it is choosing, `candidates` and `thumbnails` are
    what a person chooses from, and `take` goes on. `problem` is set where it ended without a job's own end.
    """

    def __init__(self, request: Any, endpoint: str, key: str) -> None:
        self.job = Job()
        self.phase = "connecting"
        self.problem: Problem | None = None
        self.welcome: dict[str, Any] = {}
        self.device: dict[str, Any] = {}
        self._request, self._endpoint, self._key = request, endpoint, key
        self._connection = Connection(endpoint, key)
        self._sending: Any = None
        self._following: Any = None
        self._status: Any = None
        self._device: Any = None
        self._cancelling: Any = None
        self.thumbnails: dict[str, bytes] = {}
        self._pictures: deque[tuple[str, dict[str, Any]]] = deque()
        self._picture: tuple[str, Any] | None = None
        self._choosing: Any = None
        self._prepared = False
        self._tries = 0
        self._next_try = self._next_status = 0.0
        self._cancelled_at: float | None = None
        self._events: deque[Any] = deque()

    @property
    def ended(self) -> bool:
        return self.phase == "ended"

    def send(self) -> None:
        """The request is ready; it goes as soon as the daemon said welcome."""
        self._prepared = True

    def tick(self) -> Any:
        """Carries the run on, and returns one event (already part of `job`), or None where nothing happened.

        One at a time, so that the caller can stop when the window needs its turn.
        """
        if not self._events and not self.ended:
            self._carry_on()
        while self._events:
            event = self._events.popleft()
            if self.job.after(event):
                return event
        if self.phase == "following" and self.job.ended and self._all_told():
            if self.candidates:
                self._offer()
            else:
                self._end(None)
        return None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The series among which a person must choose; none where the job asks for no choice."""
        return self.job.series.get("candidates", []) if self.job.state == "needs_selection" else []

    def take(self, selector: str) -> None:
        """A person took one of the candidates: the job goes on with it."""
        self._picture = None
        self._choosing = self._connection.start(self._connection.client.ask("choose", job=self.job.id, series=selector))

    def cancel(self) -> None:
        """The caller need not wait: `wind_down` from the same timer tells the daemon, as soon as the job has a name."""
        self._cancelled_at = time.monotonic()
        self._events.clear()

    def wind_down(self) -> bool:
        """True while the daemon still has to be told of a cancelled run."""
        late = time.monotonic() - (self._cancelled_at or 0.0) > FAREWELL_S
        if self.ended or late or self._connection.problem is not None:
            self.close()
            return False
        self._connection.poll()
        if self._sending is not None and self._sending.done and not self.job.id:
            self.job.id = self._sending.result or ""
        if self._cancelling is None and self.job.id:
            self._cancelling = self._connection.start(self._connection.client.ask("cancel", job=self.job.id))
        if self._sending is None or (self._cancelling is not None and self._cancelling.done):
            self.close()
            return False
        return True

    def close(self) -> None:
        self.phase = "ended"
        self._connection.close()

    def _all_told(self) -> bool:
        """A job that was taken up again has ends among its older events: the last one that there is must be here."""
        begun = self._following.result if self._following.done else None
        return begun is not None and self.job.last >= begun["last"]

    # One step of each phase.

    def _carry_on(self) -> None:
        if self.phase == "mending":
            if time.monotonic() < self._next_try:
                return
            self._connection = Connection(self._endpoint, self._key)
            self.phase = "connecting"
        self._events.extend(self._connection.poll())
        if self._connection.problem is not None:
            self._lost(self._connection.problem)
        elif self.phase == "connecting" and self._connection.ready and self._prepared:
            self._greeted()
        elif self.phase == "sending" and self._sending.done:
            self._sent()
        elif self.phase == "following":
            self._watch()
        elif self.phase == "choosing":
            self._wait_for_choice()

    def _greeted(self) -> None:
        self.welcome = self._connection.welcome
        client = self._connection.client
        if not self.device:
            self._device = self._connection.start(client.ask("device"))
        if self.job.id:
            self._follow()
        else:
            self.phase = "sending"
            self._sending = self._connection.start(self._request.asking(client))

    def _sent(self) -> None:
        if self._sending.error is not None:
            return self._end(problem_of(self._sending.error, self._endpoint))
        self.job.id = self._sending.result
        return self._follow()

    def _follow(self) -> None:
        self.phase = "following"
        self._tries = 0
        client = self._connection.client
        self._following = self._connection.start(client.events(self.job.id, self.job.last))

    def _offer(self) -> None:
        """The connection stays while a person looks, and brings the pictures."""
        self.phase = "choosing"
        self._status = None
        for each in self.candidates:
            file = candidates.thumbnail(each, self.job.files)
            if file is not None and candidates.selector(each) not in self.thumbnails:
                self._pictures.append((candidates.selector(each), file))

    def _wait_for_choice(self) -> None:
        choosing, self._choosing = self._choosing, None
        if choosing is not None:
            if not choosing.done:
                self._choosing = choosing
            elif choosing.error is not None:
                self._end(problem_of(choosing.error, self._endpoint))
            else:
                self._follow()
        elif self._picture is not None:
            selector, fetching = self._picture
            if fetching.done:
                self._picture = None
                # A choice is possible without a picture; that one is missing can be seen.
                if fetching.error is None:
                    self.thumbnails[selector] = fetching.result
        elif self._pictures:
            selector, file = self._pictures.popleft()
            client = self._connection.client
            self._picture = selector, self._connection.start(client.fetch(self.job.id, file))

    def _watch(self) -> None:
        if self._device is not None and self._device.done:
            self.device, self._device = self._device.result or {}, None
        for operation in (self._following, self._status):
            error = getattr(operation, "error", None) if operation is not None and operation.done else None
            if error is not None:
                # The daemon forgets who is silent for long, as a computer that sleeps is.
                found = problem_of(error, self._endpoint)
                return self._lost(found) if found.name == HELLO_REQUIRED else self._end(found)
        if self._status is not None and self._status.done:
            self.job.place = self._status.result.get("position")
            self.job.seconds_left = self._status.result.get("seconds_left")
            self._status = None
        now = time.monotonic()
        if self._status is None and now >= self._next_status and not self.job.ended:
            self._next_status = now + STATUS_S
            self._status = self._connection.start(self._connection.client.ask("status", job=self.job.id))
        return None

    def _lost(self, problem: Problem) -> None:
        """Mends a connection that stood before; one that never did is for the person to mend."""
        self._connection.close()
        self._status = self._device = self._choosing = self._picture = None
        if not self.welcome or self._tries >= len(MEND_S) or problem.name in ("key", "key_unreadable", "version"):
            return self._end(problem)
        self.phase, self._next_try = "mending", time.monotonic() + MEND_S[self._tries]
        self._tries += 1
        return None

    def _end(self, problem: Problem | None) -> None:
        self.problem = problem
        self.close()
