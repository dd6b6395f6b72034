"""A single request to the daemon on a connection of its own. No MRML in this file."""

from __future__ import annotations

from typing import Any

from . import strings
from .connection import Connection, problem_from
from .problem import Problem, problem


class Query:
    """`tick` from a timer until `done`; then `problem` is set, or `reply` holds the body of the reply.

    minor: minor version of the protocol that introduced the verb; older daemons are not asked (`too_old`).
    """

    def __init__(self, endpoint: str, key: str, verb: str, body: dict[str, Any], minor: int = 0) -> None:
        self.reply: dict[str, Any] = {}
        self.welcome: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.done = False
        self._endpoint, self._verb, self._body, self._minor = endpoint, verb, body, minor
        self._connection = Connection(endpoint, key)
        self._operation: Any = None

    def tick(self) -> None:
        connection = self._connection
        connection.poll()
        if connection.problem is not None:
            self._end(connection.problem)
        elif connection.ready and self._operation is None:
            self.welcome = connection.welcome
            if connection.welcome["protocol"][1] < self._minor:
                self._end(problem("too_old", strings.TOO_OLD))
                return
            self._operation = connection.start(connection.verbs.call(self._verb, **self._body))
        elif self._operation is not None and self._operation.done:
            error = self._operation.error
            self.reply = self._operation.result or {}
            self._end(problem_from(error, self._endpoint) if error is not None else None)

    def close(self) -> None:
        self.done = True
        self._connection.close()

    def _end(self, why: Problem | None) -> None:
        self.problem = why
        self.close()
