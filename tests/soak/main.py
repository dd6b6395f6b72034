"""The long tests: kills at every state, a crowd of clients over random kills, and a night of arrivals.

    make soak    or    .venv/bin/python tests/soak/main.py [states|crowd|night] [--kills 1000] [--hours 24]

Prints a table for docs/benchmarks.md.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import conftest
import crowd
import night
import states
import tiny_bundle
from daemon_process import Daemon

SOAKS = {
    "states": lambda daemon, folder, asked: states.run(daemon, folder, asked.kills, asked.seed),
    "crowd": lambda daemon, folder, asked: crowd.run(daemon, folder, asked.kills, asked.seed),
    "night": lambda daemon, folder, asked: night.run(daemon, folder, asked.hours, seed=asked.seed),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills the daemon, the gateway and the archive again and again.")
    parser.add_argument("what", nargs="*", choices=SOAKS, help="all of them where none is named")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    program, library = conftest.find_program(), conftest.find_library()
    rows = []
    for what in asked.what or SOAKS:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            bundle = tiny_bundle.write(folder / "tiny")
            (folder / "d").mkdir()
            daemon = Daemon(program, library, bundle, folder / "d")
            daemon.environment["CORDLINE_LOG"] = "warn"
            began = time.monotonic()
            try:
                did: Counter[str] = SOAKS[what](daemon, folder, asked)
            except BaseException:
                print(daemon.log()[-4000:], file=sys.stderr)
                raise
        words = ", ".join(f"{count} {name}" for name, count in did.items())
        rows.append(f"| {what} | {(time.monotonic() - began) / 60:.0f} min | {words} | held |")
        print(rows[-1], flush=True)
    print("\n| soak | time | what happened | |\n|---|---:|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
