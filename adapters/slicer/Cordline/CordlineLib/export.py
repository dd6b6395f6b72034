"""The DICOM objects of a result, fetched into a folder, to be sent to the archive from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import strings
from .connection import Connection, problem_of
from .problem import Problem, problem
from .record import Record


class Export:
    """Carried on by `tick` until `done`; then `problem`, or the paths that were written in `written`."""

    def __init__(self, result: Record, folder: Path, endpoint: str, key: str) -> None:
        self.written: list[Path] = []
        self.problem: Problem | None = None
        self.done = False
        self._endpoint, self._folder = endpoint, folder
        self._job = result.content["job"]
        self._left: list[dict[str, Any]] = list(result.content["files"])
        self._connection = Connection(endpoint, key)
        self._fetching: Any = None

    def tick(self) -> None:
        connection = self._connection
        connection.poll()
        if connection.problem is not None:
            self._end(connection.problem)
        elif not connection.ready:
            return
        elif self._fetching is None:
            self._next()
        elif self._fetching.done:
            if self._fetching.error is not None:
                self._end(problem_of(self._fetching.error, self._endpoint))
                return
            # The daemon's file names have no folders in them that are not ours (`heat-map-*.dcm`); a name is enough.
            path = self._folder / Path(self._left.pop(0)["path"]).name
            try:
                path.write_bytes(self._fetching.result)
            except OSError as error:
                self._end(problem("not_written", strings.NOT_WRITTEN, why=error.strerror))
                return
            self.written.append(path)
            self._next()

    def close(self) -> None:
        self.done = True
        self._connection.close()

    def _next(self) -> None:
        if not self._left:
            self._end(None)
            return
        client = self._connection.client
        self._fetching = self._connection.start(client.fetch(self._job, self._left[0]))

    def _end(self, why: Problem | None) -> None:
        self.problem = why
        self.close()
