"""Test connection: version, bundle and device of the daemon, or why there is no connection."""

from __future__ import annotations

from typing import Any

from . import strings
from .problem import Problem, problem
from .query import Query


class ConnectionTest(Query):
    """The query `device`; a daemon whose bundle is not ready is a problem too."""

    def __init__(self, endpoint: str, key: str) -> None:
        super().__init__(endpoint, key, "device", {})

    @property
    def device(self) -> dict[str, Any]:
        return self.reply

    @property
    def bundle(self) -> str:
        """ID and version of the daemon's bundle."""
        about = self.welcome.get("bundle", {})
        return f"{about.get('id', '')} {about.get('version', '')}".strip()

    def _end(self, why: Problem | None) -> None:
        if why is None and not self.welcome.get("ready"):
            why = problem("not_ready", strings.NOT_READY)
        super()._end(why)
