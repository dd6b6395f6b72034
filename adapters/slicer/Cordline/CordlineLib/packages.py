"""Installation of the Python packages that the client library needs, after the user agreed."""

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
"""Size of both wheels, rounded; shown before they are installed."""


def requirements() -> list[str]:
    """The requirements of Resources/requirements.txt, one each."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def missing() -> list[str]:
    """Requirements that cannot be imported."""
    return [line for line in requirements() if importlib.util.find_spec(IMPORTED_AS[_name(line)]) is None]


def install_missing(confirm: Callable[[str, str], bool]) -> list[str]:
    """Installs missing packages if the user agrees; returns those that are still missing.

    confirm: shows a question (title, text). pip runs in the main thread: for some seconds Slicer does not respond.
    """
    lacking = missing()
    if not lacking:
        return []
    if not confirm(strings.INSTALL_TITLE, strings.INSTALL.format(packages="\n".join(lacking), mb=SIZE_MB)):
        return lacking
    try:
        slicer.util.pip_install(lacking)
    except Exception:
        # Without a connection CalledProcessError, and in other versions of Slicer another. What pip said is in the
        # Python console; the caller tells what is missing, and both ways to it.
        return missing()
    importlib.invalidate_caches()
    return missing()


def _name(line: str) -> str:
    return line.split("=")[0].rstrip("<>!~ ").split("<")[0].split(">")[0].strip()
