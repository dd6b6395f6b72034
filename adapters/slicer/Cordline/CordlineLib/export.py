"""Download of a result's DICOM objects into a folder, from where they can be sent to an archive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import strings
from .connection import Connection, problem_from
from .problem import Problem, problem
from .record import Record


class Export:
    """`tick` from a timer until `done`; then `problem` is set, or `written` holds the paths.

    The objects of each job have the same names, so they get a folder of their own in `folder`, which must not be there
    yet. It has that name once all of them are in it; nothing stays of a download that failed or was closed.
    """

    def __init__(self, result: Record, folder: Path, endpoint: str, key: str) -> None:
        self.written: list[Path] = []
        self.problem: Problem | None = None
        self.done = False
        self._endpoint = endpoint
        self._job = result.content["job"]
        # The name alone, as of each file: a path from the network must not leave the folder.
        self.folder = folder / f"cordline-{Path(self._job).name}"
        self._part = self.folder.with_name(f"{self.folder.name}.part")
        self._remaining: list[dict[str, Any]] = list(result.content["files"])
        self._connection = Connection(endpoint, key)
        self._download: Any = None
        self._write(self._begin)

    def tick(self) -> None:
        if self.done:
            return
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
            name = Path(self._remaining.pop(0)["path"]).name
            if self._write(lambda: (self._part / name).write_bytes(self._download.result)):
                self.written.append(self.folder / name)
                self._next()

    def close(self) -> None:
        if not self.done:
            shutil.rmtree(self._part, ignore_errors=True)
        self.done = True
        self._connection.close()

    def _begin(self) -> None:
        if self.folder.exists():
            raise FileExistsError(None, strings.THERE_ALREADY.format(name=self.folder.name))
        # Left there by a Slicer that was killed.
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir()

    def _next(self) -> None:
        if self._remaining:
            self._download = self._connection.start(self._connection.verbs.download(self._job, self._remaining[0]))
        elif self._write(lambda: self._part.rename(self.folder)):
            self._end(None)

    def _write(self, change: Callable[[], Any]) -> bool:
        """Whether a change of the disk went well; where not, the download has ended."""
        try:
            change()
        except OSError as error:
            self._end(problem("not_written", strings.NOT_WRITTEN, why=error.strerror))
            return False
        return True

    def _end(self, why: Problem | None) -> None:
        if why is not None:
            self.written = []
        self.problem = why
        self.close()
