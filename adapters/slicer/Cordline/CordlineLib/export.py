"""Download of a result's DICOM objects into a folder, from where they can be sent to an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import strings
from .connection import Connection, problem_from
from .problem import Problem, problem
from .record import Record


class Export:
    """`tick` from a timer until `done`; then `problem` is set, or `written` holds the paths."""

    def __init__(self, result: Record, folder: Path, endpoint: str, key: str) -> None:
        self.written: list[Path] = []
        self.problem: Problem | None = None
        self.done = False
        self._endpoint, self._folder = endpoint, folder
        self._job = result.content["job"]
        self._remaining: list[dict[str, Any]] = list(result.content["files"])
        self._connection = Connection(endpoint, key)
        self._download: Any = None

    def tick(self) -> None:
        connection = self._connection
        connection.poll()
        if connection.problem is not None:
            self._end(connection.problem)
        elif not connection.ready:
            return
        elif self._download is None:
            self._next()
        elif self._download.done:
            if self._download.error is not None:
                self._end(problem_from(self._download.error, self._endpoint))
                return
            # The name alone: a path from the network must not leave the folder.
            path = self._folder / Path(self._remaining.pop(0)["path"]).name
            try:
                path.write_bytes(self._download.result)
            except OSError as error:
                self._end(problem("not_written", strings.NOT_WRITTEN, why=error.strerror))
                return
            self.written.append(path)
            self._next()

    def close(self) -> None:
        self.done = True
        self._connection.close()

    def _next(self) -> None:
        if not self._remaining:
            self._end(None)
            return
        self._download = self._connection.start(self._connection.verbs.download(self._job, self._remaining[0]))

    def _end(self, why: Problem | None) -> None:
        self.problem = why
        self.close()
