"""A connection to the daemon that never waits, and says by name why there is none."""

from __future__ import annotations

import time
from typing import Any

from . import strings
from .problem import Problem, problem, refused_by_daemon

NAME = "3D Slicer, Cordline 0.1.0"
REFUSED_S = 1.0
"""How long nobody may listen before that is said: a daemon that is started anew is back within it."""
ANSWER_S = 10.0
"""How long any answer may take, the welcome too (PROTOCOL.md). Without a message for so long the connection is lost."""
PING_S = 8.0


class Connection:
    """Opened at once; `poll` from a timer carries it on.

    endpoint: as `address.endpoint` makes it. key: path of a key file, or "". `problem` is None while all is well;
    `welcome` is the daemon's greeting once it came. The client library is imported here, for it may have to be
    installed first.
    """

    def __init__(self, endpoint: str, key: str = "") -> None:
        from cordline_client import Client, ClientError

        self.endpoint = endpoint
        self.problem: Problem | None = None
        self._asked: list[tuple[Any, float]] = []
        self._client: Any = None
        self._begun = self._spoke = time.monotonic()
        try:
            self._client = Client(endpoint, name=NAME, key=key or None, wait=False)
        except (ClientError, OSError, ValueError) as error:
            # Not `str(error)` of the system: it would hold the whole path, and people's names are in paths.
            why = getattr(error, "strerror", None) or "it is no key file"
            self.problem = problem("key_unreadable", strings.KEY_UNREADABLE, why=why)

    @property
    def client(self) -> Any:
        """The client of the SDK, to make questions with."""
        return self._client

    @property
    def welcome(self) -> dict[str, Any]:
        return self._client.welcome if self._client is not None else {}

    @property
    def ready(self) -> bool:
        return bool(self.welcome) and self.problem is None

    def start(self, asking: Any) -> Any:
        """Begins something of the client's; its operation."""
        self._spoke = time.monotonic()
        operation = self._client.start(asking)
        self._asked.append((operation, self._spoke))
        return operation

    def poll(self) -> list[Any]:
        """The events that came; afterwards `problem` tells whether the connection still stands."""
        if self.problem is not None or self._client is None:
            return []
        events = self._client.poll()
        now = time.monotonic()
        if not self._client.greeting.done:
            self.problem = self._no_welcome(now - self._begun)
        elif self._client.greeting.error is not None:
            self.problem = problem_of(self._client.greeting.error, self.endpoint)
        else:
            self._keep(now)
        return events

    def close(self) -> None:
        """Jobs go on."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _keep(self, now: float) -> None:
        self._asked = [(operation, since) for operation, since in self._asked if not operation.done]
        if self._asked and now - max(self._client.heard, self._asked[0][1]) > ANSWER_S:
            self.problem = problem("lost", strings.LOST, endpoint=self.endpoint)
        elif now - self._spoke > PING_S:
            self.start(self._client.ask("ping"))

    def _no_welcome(self, waited: float) -> Problem | None:
        state, seen = self._client.link.state, self._client.link.seen
        if "not_admitted" in seen:
            return problem("key", strings.KEY_REFUSED, endpoint=self.endpoint)
        if waited > REFUSED_S and state == "refused" and "connected" not in seen:
            return problem("refused", strings.REFUSED, endpoint=self.endpoint)
        if waited > ANSWER_S:
            return problem("time_out", strings.TIME_OUT, endpoint=self.endpoint)
        return None


def problem_of(error: Exception, endpoint: str) -> Problem:
    """An error of the client as people are told it."""
    from cordline_client import Damaged, OtherVersion, Refused

    if isinstance(error, OtherVersion):
        return problem("version", strings.VERSION, theirs=error.theirs, ours=error.ours)
    if isinstance(error, Refused):
        if error.code == "version_unsupported":
            return refused_by_daemon("version", error.message, error.action)
        return refused_by_daemon(error.code, error.message, error.action)
    if isinstance(error, Damaged):
        return problem("damaged", strings.DAMAGED)
    return problem("lost", strings.LOST, endpoint=endpoint)
