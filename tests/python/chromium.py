"""A program of tests/browser, driven from a test: it asks for what happens outside, and prints what it saw."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

TREE = Path(__file__).parents[2]


def drive(
    script: str, *words, answers: dict[str, Callable[[], str | None]] | None = None, limit_s: float = 240
) -> dict:
    """Runs `script` with `words`; each `{"ask": name}` that it prints is answered by `answers[name]()`."""
    command = ["timeout", str(limit_s), "node", script, *map(str, words)]
    running = subprocess.Popen(
        command, cwd=TREE / "tests/browser", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    saw: dict = {}
    for line in running.stdout:
        said = json.loads(line)
        if asked := said.get("ask"):
            running.stdin.write(f"{answers[asked]() or ''}\n")
            running.stdin.flush()
        else:
            saw = said
    stderr = running.stderr.read()
    running.stdin.close()
    assert running.wait() == 0, f"{script}: {stderr}\n{ {k: v for k, v in saw.items() if 'voxels' not in k} }"
    return saw


def labels(voxels: dict[str, str], sections: list[str], shape: tuple[int, int, int]) -> np.ndarray:
    """A labelmap as a test of the browser tells it, (section, row, column); `sections`: SOP Instance UID of each."""
    assert sorted(voxels) == sorted(sections), "other images"
    whole = [np.frombuffer(base64.b64decode(voxels[sop]), np.uint8) for sop in sections]
    return np.stack(whole).reshape(shape)
