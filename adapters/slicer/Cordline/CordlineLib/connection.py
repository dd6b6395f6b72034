"""A connection to the daemon that never waits, and whose errors have names."""

from __future__ import annotations

import time
from typing import Any

from . import strings
from .problem import Problem, problem, refused_by_daemon

CLIENT_NAME = "3D Slicer, Cordline 0.1.0"
REFUSED_AFTER_S = 1.0
"""How long connections may be refused before that is an error: a daemon that restarts is back within it."""
REPLY_TIMEOUT_S = 10.0
"""How long a reply may take, the welcome too (PROTOCOL.md); the connection counts as lost after it."""
PING_INTERVAL_S = 8.0


class Connection:
    """Connects at once; `poll` from a timer.

    endpoint: of `address.endpoint`. key: path of a key file, or "". `problem` is set once the connection has failed;
    `welcome` is the daemon's greeting, {} until it has come. The client library is imported late: its dependencies may
    have to be installed first.
    """

    def __init__(self, endpoint: str, key: str = "") -> None:
        from cordline_client import ClientError, PollingClient

        self.endpoint = endpoint
        self.problem: Problem | None = None
        self._operations: list[tuple[Any, float]] = []
        self._client: Any = None
        self._connecting_since = self._last_sent = time.monotonic()
        try:
            self._client = PollingClient.connect(endpoint, name=CLIENT_NAME, key=key or None)
        except (ClientError, OSError, ValueError) as error:
            # Not `str(error)`: it has the whole path, and paths hold names of people.
            why = getattr(error, "strerror", None) or "it is no key file"
            self.problem = problem("key_unreadable", strings.KEY_UNREADABLE, why=why)

    @property
    def verbs(self) -> Any:
        """The module of the client library whose functions make operations for `start`."""
        from cordline_client import verbs

        return verbs

    @property
    def welcome(self) -> dict[str, Any]:
        return self._client.welcome if self._client is not None else {}

    @property
    def ready(self) -> bool:
        return bool(self.welcome) and self.problem is None

    def start(self, operation: Any) -> Any:
        """Starts an operation of the client library, and returns it."""
        self._last_sent = time.monotonic()
        self._client.start(operation)
        self._operations.append((operation, self._last_sent))
        return operation

    def poll(self) -> list[Any]:
        """Handles what has arrived; returns the events, and sets `problem` where the connection has failed."""
        if self.problem is not None or self._client is None:
            return []
        events = self._client.poll()
        now = time.monotonic()
        if not self._client.greeting.done:
            self.problem = self._connect_problem(now - self._connecting_since)
        elif self._client.greeting.error is not None:
            self.problem = problem_from(self._client.greeting.error, self.endpoint)
        else:
            self._check_alive(now)
        return events

    def close(self) -> None:
        """Closes the socket. Jobs go on."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _check_alive(self, now: float) -> None:
        self._operations = [(operation, since) for operation, since in self._operations if not operation.done]
        if self._operations and now - max(self._client.last_message_at, self._operations[0][1]) > REPLY_TIMEOUT_S:
            self.problem = problem("lost", strings.LOST, endpoint=self.endpoint)
        elif now - self._last_sent > PING_INTERVAL_S:
            self.start(self.verbs.call("ping"))

    def _connect_problem(self, waited: float) -> Problem | None:
        state, seen = self._client.monitor.state, self._client.monitor.seen
        if "not_admitted" in seen:
            return problem("key", strings.KEY_REFUSED, endpoint=self.endpoint)
        if waited > REFUSED_AFTER_S and state == "refused" and "connected" not in seen:
            return problem("refused", strings.REFUSED, endpoint=self.endpoint)
        if waited > REPLY_TIMEOUT_S:
            return problem("time_out", strings.TIME_OUT, endpoint=self.endpoint)
        return None


def problem_from(error: Exception, endpoint: str) -> Problem:
    """The problem to show for an error of the client library."""
    from cordline_client import ChecksumMismatch, Rejected, VersionMismatch

    if isinstance(error, VersionMismatch):
        return problem("version", strings.VERSION, theirs=error.theirs, ours=error.ours)
    if isinstance(error, Rejected):
        if error.code == "version_unsupported":
            return refused_by_daemon("version", error.message, error.action)
        return refused_by_daemon(error.code, error.message, error.action)
    if isinstance(error, ChecksumMismatch):
        return problem("damaged", strings.DAMAGED)
    return problem("lost", strings.LOST, endpoint=endpoint)
