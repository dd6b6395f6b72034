"""Test connection: who is there, with which models, on what device; or why nobody is."""

from __future__ import annotations

from typing import Any

from . import strings
from .connection import Connection
from .problem import Problem, problem


class Probe:
    """Carried on by `tick` until `done`; then `problem`, or `welcome` and `device` of PROTOCOL.md."""

    def __init__(self, endpoint: str, key: str) -> None:
        self.welcome: dict[str, Any] = {}
        self.device: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.done = False
        self._connection = Connection(endpoint, key)
        self._asking: Any = None

    @property
    def bundle(self) -> str:
        """Name and version of the models that answer."""
        about = self.welcome.get("bundle", {})
        return f"{about.get('id', '')} {about.get('version', '')}".strip()

    def tick(self) -> None:
        connection = self._connection
        connection.poll()
        if connection.problem is not None:
            self._end(connection.problem)
        elif connection.ready and self._asking is None:
            self.welcome = connection.welcome
            self._asking = connection.start(connection.client.ask("device"))
        elif self._asking is not None and self._asking.done:
            self.device = self._asking.result or {}
            self._end(None if self.welcome.get("ready") else problem("not_ready", strings.NOT_READY))

    def close(self) -> None:
        self.done = True
        self._connection.close()

    def _end(self, why: Problem | None) -> None:
        self.problem = why
        self.close()
