"""A reader's verdict on its way to the daemon, on a connection of its own."""

from __future__ import annotations

from typing import Any

from . import verdict
from .query import Query
from .record import Record


class SentVerdict(Query):
    """The query `review` on a result. It goes on whichever result is shown meanwhile."""

    def __init__(self, result: Record, verdict_: str, reader: str, reason: str, endpoint: str, key: str) -> None:
        self.record, self.job, self.name = result, result.content["job"], result.name
        body: dict[str, Any] = {"job": self.job, "verdict": verdict_, "reader": reader}
        if reason:
            body["reason"] = reason
        super().__init__(endpoint, key, "review", body, verdict.MIN_MINOR_VERSION)
