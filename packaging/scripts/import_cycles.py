"""Circles of imports between the modules of each Rust crate, file by file and folder by folder.

.venv/bin/python packaging/scripts/import_cycles.py [FOLDER...]

An edge is a `use` or a path that begins with `crate`, `self` or `super`, tests left out. A `mod.rs` that lists its
files and exports some of their items knows those files; a file that takes an item of its `mod.rs` closes a circle.
Exit code 1 names every circle.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[2]
TESTS = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[path[^\]]*\]\s*)?(?:pub(?:\([a-z]+\))? )?mod (\w+)\s*(\{|;)")

Graph = dict[str, set[str]]


def crates() -> list[Path]:
    """Source folders of all crates that git knows."""
    told = subprocess.run(
        ["git", "ls-files", "*Cargo.toml"], cwd=TREE, check=True, capture_output=True, text=True
    ).stdout
    folders = [(TREE / line).parent / "src" for line in told.splitlines()]
    return [folder for folder in folders if (folder / "lib.rs").exists() or (folder / "main.rs").exists()]


def modules(root: Path) -> dict[str, Path]:
    """The file of each module, by its path in the crate; those of tests alone are left out."""
    found, tests = {}, set()
    for file in sorted(root.rglob("*.rs")):
        parts = file.relative_to(root).with_suffix("").parts
        name = "::".join(parts[:-1] if parts[-1] == "mod" else parts)
        found["" if name == "lib" or (name == "main" and not (root / "lib.rs").exists()) else name] = file
    for name, file in found.items():
        for test, end in TESTS.findall(file.read_text()):
            if end == ";":
                tests.add(f"{name}::{test}".removeprefix("::"))
    is_test = lambda name: any(name == test or name.startswith(f"{test}::") for test in tests)  # noqa: E731
    return {name: file for name, file in found.items() if name != "main" and not is_test(name)}


def code(file: Path) -> str:
    """The text of a file without its tests and comments."""
    text = file.read_text()
    for match in TESTS.finditer(text):
        if match[2] == "{":
            text = text[: match.start()]
            break
    return re.sub(r"//.*", "", text)


def flatten(prefix: list[str], body: str) -> Iterator[list[str]]:
    """The paths of one `use`: `a::{b, c::d}` is two."""
    depth, start = 0, 0
    for at, sign in enumerate(f"{body},"):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign != "," or depth:
            continue
        part, start = body[start:at].strip(), at + 1
        nested = re.fullmatch(r"((?:\w+::)*)\{(.*)\}", part, re.DOTALL)
        if nested:
            yield from flatten(prefix + [word for word in nested[1].split("::") if word], nested[2])
        elif part:
            yield prefix + part.split(" as ")[0].split("::")


def edges(root: Path) -> Graph:
    known = modules(root)
    graph: Graph = {}
    for name, file in known.items():
        text, own = code(file), name.split("::") if name else []
        paths = [path for body in re.findall(r"\buse\s+([^;]+);", text) for path in flatten([], body)]
        paths += [path.split("::") for path in re.findall(r"\b(?:crate|super)(?:::\w+)+", text)]
        graph[name] = set()
        for first, *rest in paths:
            base = {"crate": [], "self": own, "super": own[:-1]}.get(first)
            if base is None:
                continue
            while rest and rest[0] == "super":
                base, rest = base[:-1], rest[1:]
            path = [*base, *rest]
            while path and "::".join(path) not in known:
                path.pop()
            target = "::".join(path)
            # What the root of the crate exports is said there by name; it is no part of its own.
            if target and target != name:
                graph[name].add(target)
    graph.pop("", None)
    return graph


def folders(graph: Graph) -> Graph:
    """The same between the parts at the top of the crate."""
    parts: Graph = {}
    for name, targets in graph.items():
        part = name.split("::")[0]
        parts.setdefault(part, set()).update(target.split("::")[0] for target in targets)
    return {part: targets - {part} for part, targets in parts.items()}


def circles(graph: Graph) -> list[list[str]]:
    """Groups of modules of which each reaches each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        stack = [start]
        while stack:
            for target in graph.get(stack.pop(), set()) - seen:
                seen.add(target)
                stack.append(target)
        return seen

    reach = {name: reached(name) for name in graph}
    groups = {frozenset(other for other in reach[name] if name in reach.get(other, ())) for name in graph}
    return sorted(sorted(group) for group in groups if group)


def main() -> None:
    found = []
    for root in [Path(word) for word in sys.argv[1:]] or crates():
        files = edges(root)
        for kind, graph in (("files", files), ("folders", folders(files))):
            found += [f"{root}: {kind} in a circle: {', '.join(circle)}" for circle in circles(graph)]
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
