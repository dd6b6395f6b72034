"""The packages stand one above the other: what draws or runs a bundle never needs what trains it."""

import ast
from pathlib import Path

import cordline_models

ROOT = Path(cordline_models.__file__).parent
BELOW = {
    "phantom": set(),
    "networks": set(),
    "bundle": {"phantom", "networks"},
    "training": {"phantom", "networks", "bundle"},
}


def test_packages_import_only_what_is_below_them():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(BELOW)
    for path in ROOT.glob("*/*.py"):
        tree = ast.parse(path.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 2]
        used = {node.module.split(".")[0] for node in imports if node.module}
        assert used <= BELOW[path.parent.name], path
