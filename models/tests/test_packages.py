"""The packages stand one above the other: what draws or runs a bundle never needs what trains it."""

import ast
from importlib.util import resolve_name
from pathlib import Path

import pytest

import cordline_models

ROOT = Path(cordline_models.__file__).parent
BELOW = {
    "phantom": set(),
    "networks": set(),
    "bundle": {"phantom", "networks"},
    "training": {"phantom", "networks", "bundle"},
}
PROGRAM = "cli"


def imported(source: str, package: str) -> set[str]:
    """The other packages, and the program, that a file of `package` imports, in whatever words."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), f"cordline_models.{package}")
            found |= {f"{base}.{alias.name}" for alias in node.names}
    ours = {name.split(".")[1] for name in found if name.startswith("cordline_models.")}
    return ours & {*BELOW, PROGRAM} - {package}


@pytest.mark.parametrize(
    "line",
    [
        "from ..training.store import Sections",
        "from ..training import store",
        "from .. import CLASSES, training",
        "from cordline_models.training import store",
        "from cordline_models import training",
        "import cordline_models.training.store as kept",
    ],
)
def test_an_import_is_seen_in_whatever_words(line):
    assert imported(line, "bundle") == {"training"}
    assert not imported("import numpy\nfrom .. import CLASSES\nfrom . import card", "bundle")


def test_packages_import_only_what_is_below_them():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(BELOW)
    for path in ROOT.glob("*/*.py"):
        assert imported(path.read_text(), path.parent.name) <= BELOW[path.parent.name], path
