"""No threads and no waiting in the module: Slicer has one thread for everything that a reader sees.

    python tests/slicer/module_lint.py FOLDER...

Under PythonQt an idle event loop starves Python's threads, and whatever waits holds the window. Prints each offence as
FILE:LINE: what; the exit code is their number.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULES = {
    "threading", "_thread", "concurrent", "multiprocessing", "asyncio", "queue", "subprocess", "socket", "select",
    "urllib", "http", "requests", "zmq",
}  # fmt: skip
"""`zmq` too: the wire is spoken by the client of plugin-sdk alone."""

CALLS = {
    "sleep", "processEvents", "exec_", "exec", "waitForFinished", "join_thread", "run_until_complete", "delayDisplay",
    "Popen", "system", "popen", "recv", "recv_multipart", "input",
}  # fmt: skip

WAITING = {
    "submit_study", "submit_instances", "submit_folder", "submit_volume", "submit_mask", "follow", "files", "download",
    "select_series", "list_jobs", "device",
}  # fmt: skip
"""Methods of the blocking client. Of the module `verbs` they are functions that only describe what is to be started."""


def offences(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if name.split(".")[0] in MODULES:
                    yield node.lineno, f"imports {name}"
        elif isinstance(node, ast.Call):
            name, owner = _name(node.func), _name(getattr(node.func, "value", None))
            if name in CALLS:
                yield node.lineno, f"calls {name}()"
            elif name in WAITING and isinstance(node.func, ast.Attribute) and owner != "verbs":
                yield node.lineno, f"waits in {name}()"
            elif "Client" in (name, owner):
                yield node.lineno, "opens a Client, which waits; PollingClient does not"


def _name(node: ast.AST | None) -> str:
    """The last part of a name with dots."""
    return getattr(node, "attr", getattr(node, "id", ""))


def main(folders: list[str]) -> int:
    found = 0
    for path in sorted(file for folder in folders for file in Path(folder).rglob("*.py")):
        for line, what in offences(path.read_text(encoding="utf-8")):
            print(f"{path}:{line}: {what}")
            found += 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
