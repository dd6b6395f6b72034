"""The Python packages that the client needs: what is missing, and installing it once a person agreed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import slicer
import slicer.util

from . import strings

REQUIREMENTS = Path(__file__).parent.parent / "Resources" / "requirements.txt"
IMPORTED_AS = {"pyzmq": "zmq", "msgpack": "msgpack"}
SIZE_MB = 2
"""About what the wheels of both are."""


def wanted() -> list[str]:
    """The lines of Resources/requirements.txt."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def missing() -> list[str]:
    """Those that cannot be imported."""
    return [line for line in wanted() if importlib.util.find_spec(IMPORTED_AS[_name(line)]) is None]


def ensure(agreed: Callable[[str, str], bool]) -> list[str]:
    """Installs what is missing, if a person agrees; what is still missing then.

    agreed: asks a question (title, text). The one thing of this extension that keeps the window waiting, for some
    seconds.
    """
    lacking = missing()
    if not lacking:
        return []
    if not agreed(strings.INSTALL_TITLE, strings.INSTALL.format(packages="\n".join(lacking), mb=SIZE_MB)):
        return lacking
    slicer.util.pip_install(lacking)
    importlib.invalidate_caches()
    return missing()


def _name(line: str) -> str:
    return line.split("=")[0].rstrip("<>!~ ").split("<")[0].split(">")[0].strip()
