"""The scripts behind the Makefile: what they end, keep and say."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
SECOND_TRY = "Once more, alone: what failed"


@pytest.fixture
def tree(tmp_path) -> Path:
    """A tree with the scripts and the Makefile alone."""
    shutil.copytree(TREE / "packaging/scripts", tmp_path / "packaging/scripts")
    shutil.copy(TREE / "Makefile", tmp_path)
    (tmp_path / "out/viewer").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen]:
    """A process that needs half a second to end."""
    command = "trap 'sleep 0.5; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    process = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()


def began(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]


def bash(tree: Path, *words: str | Path) -> subprocess.CompletedProcess:
    environment = os.environ | {"CARGO_TARGET_DIR": str(tree / "target")}
    return subprocess.run(["bash", *words], cwd=tree, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("noted", ["{pid} 1", "{pid}", "4194305 1"])
def test_what_took_the_number_of_a_viewer_that_ended_is_left_alone(tree, stubborn, noted):
    pids = tree / "out/viewer/pids"
    pids.write_text(noted.format(pid=stubborn.pid) + "\n")
    assert bash(tree, "packaging/scripts/stop.sh").returncode == 0
    time.sleep(0.7)
    assert stubborn.poll() is None
    assert not pids.exists()


def test_the_viewer_has_ended_when_it_is_said_to_have(tree, stubborn):
    (tree / "out/viewer/pids").write_text(f"{stubborn.pid} {began(stubborn.pid)}\n")
    stopped = bash(tree, "packaging/scripts/stop.sh")
    assert stopped.returncode == 0, stopped.stderr
    assert stubborn.poll() == 0
    assert "The viewer has ended" in stopped.stdout


def test_clean_removes_what_was_built_beside_the_sources(tree):
    built = ["target", "out", "adapters/ohif/dist", "plugin-sdk/typescript/build", "plugin-sdk/typescript/dist"]
    kept = [".venv", "adapters/ohif/src", "adapters/ohif/node_modules", "plugin-sdk/typescript/src", "models", "tests"]
    for folder in built + kept:
        (tree / folder).mkdir(parents=True, exist_ok=True)
    subprocess.run(["make", "clean"], cwd=tree, check=True, capture_output=True, timeout=60)
    assert [folder for folder in built if (tree / folder).exists()] == []
    assert [folder for folder in kept if not (tree / folder).exists()] == []


@pytest.mark.parametrize(("said", "line"), [("", "FAILED a::b"), (SECOND_TRY, "at the first try: FAILED a::b")])
def test_a_first_try_is_told_of_steps_that_have_a_second_one(tree, said, line):
    work = f'source packaging/scripts/steps.sh; work() {{ echo "FAILED a::b"; echo "{said}"; }}; step x work; summary'
    # It is the last line of the table.
    assert bash(tree, "-c", work).stdout.splitlines()[-1].strip() == line
