"""Two programs on the same work, in turns: what a change has cost.

    packaging/scripts/bench.sh --against COMMIT    or    .venv/bin/python tests/bench/pair.py OLD NEW [--rounds N]

In every round each program analyses the study once from the command line, and is asked as a daemon of its own, with
networks of a few nodes and with the trained ones; the one that goes first changes from round to round. Prints the
median of each and the ratio, which may be at most 1.05.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import bench
import figures
import table
import wire  # finds what the tests have

import tiny_bundle  # isort: skip
from daemon_process import Daemon

LIMIT = 1.05
UPLOADS = 15
"""Volumes a round: each waits for the disk, whose moods differ more than programs do."""
TRIPS = 5000

Measured = dict[str, list[float]]


def analysed(program: Path, arguments: argparse.Namespace, folder: Path, found: Measured) -> None:
    """One analysis from the command line."""
    out = folder / "out"
    flags = ("--out", out, "--bundle", arguments.bundle, "--threads", os.cpu_count(), "--quiet")
    process = bench.run(program, "analyze", arguments.study, *flags)
    ms = json.loads((out / "result.json").read_text())["timings_ms"]
    found["CPU beside the networks, ms"].append(figures.cpu_outside(ms))
    # A program of before it was told began all of it when it wrote, on one thread.
    after = ms.get("cpu_after_last_network", ms["writing"])
    found["CPU after the last network, ms"].append(after)
    found["wall-clock time of an analysis, ms"].append(process.wall_ms)


@contextlib.contextmanager
def on_one_processor(daemon: Daemon) -> Iterator[None]:
    """Both sides on one processor: on two, where the kernel wakes a thread makes a round trip four times as long."""
    everywhere = os.sched_getaffinity(0)
    # The sockets of both have threads of their own.
    both = (os.getpid(), daemon.process.pid)
    threads = [int(task.name) for pid in both for task in Path(f"/proc/{pid}/task").iterdir()]

    def keep_to(processors: set[int]) -> None:
        for thread in threads:
            os.sched_setaffinity(thread, processors)

    keep_to({max(everywhere)})
    try:
        yield
    finally:
        keep_to(everywhere)


def asked(program: Path, _: argparse.Namespace, folder: Path, found: Measured) -> None:
    """The wire and the disk, with networks of a few nodes."""
    (folder / "d").mkdir()
    daemon = wire.daemon_of(program, tiny_bundle.write(folder / "tiny"), folder / "d")
    try:
        with on_one_processor(daemon):
            found["round trip of 1 KB on one processor, us"].append(statistics.median(wire.round_trips(daemon, TRIPS)))
        with daemon.client() as client:
            up, down = wire.volumes_by_wire(client, range(UPLOADS))
        found["volume up, ms"].append(up)
        found["masks back, ms"].append(down)
        with wire.with_key(daemon) as client:
            up, _down = wire.volumes_by_wire(client, range(100, 100 + UPLOADS))
        found["volume up over tcp with keys, ms"].append(up)
    finally:
        daemon.stop()


def computing(program: Path, arguments: argparse.Namespace, folder: Path, found: Measured) -> None:
    """The queue and the wire while the networks take every processor."""
    daemon = wire.daemon_of(program, arguments.bundle, folder)
    try:
        studies = wire.copies(arguments.study, 4, folder)
        wire.first_mask(daemon, studies.pop())  # the networks warm up
        found["first mask, over a section"] += [wire.first_mask(daemon, studies.pop()) for _ in range(2)]
        busy = wire.status_while_busy(daemon, studies.pop())
        found["status while all processors compute, 99 of 100, ms"].append(busy)
    finally:
        daemon.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Two programs on the same work, in turns.")
    parser.add_argument("programs", nargs=2, type=Path, metavar="PROGRAM", help="the old one, and the new one")
    parser.add_argument("--study", type=Path, default=bench.TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=bench.TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    both = [(program.resolve(), defaultdict(list)) for program in arguments.programs]
    for number in range(arguments.rounds):
        for program, found in both[:: 1 if number % 2 else -1]:
            bench.compute_alike(program)
            for work in (analysed, asked, computing):
                with tempfile.TemporaryDirectory() as folder:
                    work(program, arguments, Path(folder), found)
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}, medians of {arguments.rounds}"
    print(f"\n### Beside {arguments.programs[0]}\n\n{load}\n")
    (_, old), (_, new) = both
    rows = {}
    for what in old:
        before, after = statistics.median(old[what]), statistics.median(new[what])
        rows[f"{what} ({before:.2f}, {after:.2f})"] = table.most(after / before, LIMIT, "{:.3f} x")
    table.show_figures(rows)


if __name__ == "__main__":
    main()
