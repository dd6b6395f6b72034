"""What ARCHITECTURE.md and CONTRIBUTING.md name, held against the tree: files, folders and tests that are there.

.venv/bin/python packaging/scripts/cited.py

A word in backquotes is a path where it has a slash or an ending, and a test where it has three underscores or more.
A path may leave out its beginning. Exit code 1 names what is not there.
"""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

TREE = Path(__file__).parents[2]
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
TEST = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+){3,}")
PATH = re.compile(r"[\w.-]*/[\w./-]*|[\w.-]+\.(?:rs|py|ts|mjs|sh|toml|md)")
# Made by what they are about, and so in no clone; or somebody else's.
ELSEWHERE = {".ohif/", ".onnxruntime/", ".tools/", ".venv/", ".venv-train/", "result.json", "report.html"}


def main() -> None:
    told = subprocess.run(["git", "ls-files"], cwd=TREE, check=True, capture_output=True, text=True).stdout
    files = told.splitlines()
    paths = {str(path) for file in files for path in (PurePosixPath(file), *PurePosixPath(file).parents)}
    functions: set[str] = set()
    for file in files:
        if file.endswith((".rs", ".py")) and (TREE / file).is_file():
            functions.update(re.findall(r"\b(?:fn|def) (\w+)", (TREE / file).read_text()))
    missing = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", (TREE / page).read_text(), flags=re.DOTALL)
        for word in re.findall(r"`([^`\n]+)`", text):
            if TEST.fullmatch(word):
                is_there = word in functions
            elif PATH.fullmatch(word):
                path = word.rstrip("/")
                is_there = word in ELSEWHERE or any(known == path or known.endswith(f"/{path}") for known in paths)
            else:
                continue
            if not is_there:
                missing.append(f"{page}: {word}")
    sys.exit("\n".join(missing) if missing else 0)


if __name__ == "__main__":
    main()
