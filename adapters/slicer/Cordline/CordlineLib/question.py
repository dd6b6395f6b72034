"""One question to the daemon, on a connection of its own. No MRML in this file."""

from __future__ import annotations

from typing import Any

from . import strings
from .connection import Connection, problem_of
from .problem import Problem, problem


class Question:
    """Carried on by `tick` until `done`; then `problem`, or the body of the answer in `answer`.

    minor: the least minor version of the protocol that has it; an older daemon is not asked.
    """

    def __init__(self, endpoint: str, key: str, verb: str, body: dict[str, Any], minor: int = 0) -> None:
        self.answer: dict[str, Any] = {}
        self.welcome: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.done = False
        self._endpoint, self._verb, self._body, self._minor = endpoint, verb, body, minor
        self._connection = Connection(endpoint, key)
        self._asking: Any = None

    def tick(self) -> None:
        connection = self._connection
        connection.poll()
        if connection.problem is not None:
            self._end(connection.problem)
        elif connection.ready and self._asking is None:
            self.welcome = connection.welcome
            if connection.welcome["protocol"][1] < self._minor:
                self._end(problem("too_old", strings.TOO_OLD))
                return
            self._asking = connection.start(connection.client.ask(self._verb, **self._body))
        elif self._asking is not None and self._asking.done:
            error = self._asking.error
            self.answer = self._asking.result or {}
            self._end(problem_of(error, self._endpoint) if error is not None else None)

    def close(self) -> None:
        self.done = True
        self._connection.close()

    def _end(self, why: Problem | None) -> None:
        self.problem = why
        self.close()
