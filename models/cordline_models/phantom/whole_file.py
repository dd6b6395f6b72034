"""Files that appear whole or not at all, whoever else writes them or dies meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to be written, which takes the place of `path` in the end; where that fails, it goes.

    Its name is this process's own, since two trainings may share a run, and has the same ending, since writers of
    arrays and NIfTI add theirs where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
