"""What the program costs beside its networks, and what Python costs for the same.

    make bench    or    .venv/bin/python tests/bench/bench.py [STUDY] [--bundle DIR] [--rounds N] [--threads 1,2]

Each round runs, one after the other so that a busy machine is unfair to nobody: (a) the very network runs that the
study needs, alone; (b) `cordline analyze`, with warm files and with files that are not in memory; (c) the Python
pipeline of tests/baseline. Prints medians, and the figures that the project has set itself, reached or missed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import figures

TREE = Path(__file__).parents[2]
BASELINE = TREE / "tests/baseline"


@dataclass
class Process:
    """One process: its time, memory (as the kernel accounts for them) and words."""

    wall_ms: float
    cpu_ms: float
    peak_rss_mb: float
    started_at: float
    stdout: str


def run(*command, env: dict | None = None) -> Process:
    started_at, began = time.time(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as words:
        child = subprocess.Popen([str(c) for c in command], stdout=words, env=os.environ | (env or {}))
        _, status, usage = os.wait4(child.pid, 0)
        wall = 1e3 * (time.perf_counter() - began)
        child.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        stdout = words.read()
    if child.returncode != 0:
        sys.exit(f"exit code {child.returncode}: {' '.join(map(str, command))}")
    return Process(wall, 1e3 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024, started_at, stdout)


PROVIDERS = "CORDLINE_DEVICE__PROVIDERS"


def compute_alike(program: Path) -> None:
    """Has a program compute by the provider that every host has; one of before there was a choice lacks the setting."""
    os.environ.pop(PROVIDERS, None)
    if subprocess.run([program, "engines", "--help"], capture_output=True).returncode == 0:
        os.environ[PROVIDERS] = "cpu"


def forget(paths: list[Path]) -> None:
    """Lets the kernel drop files from its memory, so that the next reader waits for the disk."""
    for path in paths:
        for file in (p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Bench:
    def __init__(self, arguments: argparse.Namespace, work: Path) -> None:
        self.study, self.bundle, self.work = arguments.study, arguments.bundle, work
        if zipfile.is_zipfile(self.study):
            # As archives hand studies over: inflating is no part of what is compared.
            self.study = work / "study"
            with zipfile.ZipFile(arguments.study) as archive:
                archive.extractall(self.study)
        self.program = Path(os.environ.get("PROGRAM_UNDER_TEST", TREE / "target/release/cordline"))
        self.library = Path(os.environ["CORDLINE_ONNXRUNTIME"])
        compute_alike(self.program)
        self.asked = work / "asked.npz"

    def networks(self, threads: int) -> dict:
        door = TREE / "tests/bench/networks.py"
        return json.loads(
            run(sys.executable, door, "time", self.asked, "--bundle", self.bundle, "--threads", threads).stdout
        )

    def record(self) -> None:
        door = TREE / "tests/bench/networks.py"
        run(sys.executable, door, "record", self.study, "--bundle", self.bundle, "--to", self.asked)

    def fresh(self, name: str) -> Path:
        """A folder that is not there yet, as for every new study: no run clears away what another left."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def cordline(self, threads: int, cold: bool = False) -> dict:
        out = self.fresh("cordline")
        if cold:
            forget([self.study, self.bundle, self.library.parent, self.program])
        flags = ("--out", out, "--bundle", self.bundle, "--threads", threads, "--quiet")
        process = run(self.program, "analyze", self.study, *flags)
        result = json.loads((out / "result.json").read_text())
        return {"process": process, "ms": result["timings_ms"], "result": result}

    def start_ms(self) -> float:
        """From the start of the process to its first line of work."""
        return statistics.median(run(self.program, "--version").wall_ms for _ in range(5))

    def python(self, threads: int) -> dict:
        flags = ("--out", self.fresh("python"), "--bundle", self.bundle, "--threads", threads)
        process = run(sys.executable, BASELINE / "pipeline.py", self.study, *flags)
        said = json.loads(process.stdout)
        (first,) = said["studies"]
        return {
            "process": process,
            "import_ms": 1e3 * (said["imported_at"] - process.started_at),
            "load_ms": said["load_ms"],
            "first_network_ms": 1e3 * (first["first_network_at"] - process.started_at),
            "study": first,
        }

    def python_again(self, threads: int) -> dict:
        """A second study in the same process: what Python costs once everything is imported and built."""
        flags = ("--out", self.fresh("python"), "--bundle", self.bundle, "--threads", threads, "--repeat", 2)
        return json.loads(run(sys.executable, BASELINE / "pipeline.py", self.study, *flags).stdout)["studies"][-1]

    def parity(self) -> dict:
        return json.loads(
            run(sys.executable, BASELINE / "parity.py", self.work / "cordline", self.work / "python").stdout
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="What the program costs beside its networks.")
    parser.add_argument("study", nargs="?", type=Path, default=TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--json", type=Path, help="write all figures there too")
    arguments = parser.parse_args()
    for needed in (arguments.study, arguments.bundle / "bundle.toml"):
        if not needed.exists():
            sys.exit(
                f"{needed} is not there: name a study, and with --bundle the folder of a bundle (models/README.md)"
            )

    with tempfile.TemporaryDirectory() as work:
        bench = Bench(arguments, Path(work))
        bench.record()
        start_ms = bench.start_ms()
        tables = {}
        for threads in map(int, arguments.threads.split(",")):
            rounds = []
            for number in range(arguments.rounds):
                print(f"threads {threads}, round {number + 1} of {arguments.rounds}", file=sys.stderr)
                rounds.append(
                    {
                        "networks": bench.networks(threads),
                        "warm": bench.cordline(threads),
                        "python": bench.python(threads),
                        "cold": bench.cordline(threads, cold=True),
                        "again": bench.python_again(threads),
                    }
                )
            tables[threads] = figures.of(rounds, start_ms, bench.parity())
    figures.show(tables, arguments.study, arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps(tables, indent=2))


if __name__ == "__main__":
    main()
