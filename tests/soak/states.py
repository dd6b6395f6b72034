"""Kills the daemon at every state of its jobs: each accepted one must end once, with the same bytes.

What "the same bytes" means: the files of a job are those of `cordline analyze` on the same study without any kill, but
for the moment in which they were made (`same_files`).
"""

import collections
import contextlib
import random
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from cordline_client import verbs
from daemon_process import Daemon
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save
from same_files import differing

SPAN_S = 0.35
"""What two small studies take."""
RUNNING = ("decoding", "selecting", "segmenting", "classifying", "explaining", "writing")
KILLED_AT = ("receiving", "queued", *RUNNING)
"""States in which a kill may leave a job."""


def a_study(number: int, folder: Path) -> Path:
    """Small, with a lesion, and never the same twice."""
    grid = sagittal_grid(shape=(5, 128, 128), spacing=(3.0, 1.3, 1.3))
    voxels = draw(grid)
    voxels[0, 0, 0] += number
    target = folder / f"study-{number}"
    save(classic(voxels, grid, Protocol(study=f"study-{number}", series=f"series-{number}")), target)
    return target


class States:
    """A daemon, and the studies that it accepted since the last kill."""

    def __init__(self, daemon: Daemon, folder: Path, seed: int) -> None:
        self.daemon, self.folder, self.random = daemon, folder, random.Random(seed)
        self.found: collections.Counter[str] = collections.Counter()
        self.open: dict[str, Path] = {}

    def submit_and_kill(self, number: int) -> None:
        """Two studies, of which one waits, or half of an upload; then a kill at some moment."""
        studies = [a_study(2 * number + k, self.folder) for k in (0, 1)]
        with self.daemon.client() as client, self.daemon.polling_client() as sender:
            if number % 8 == 7:
                sender.start(verbs.submit_study([studies[0]]))
                time.sleep(0.02)
                sender.poll()
            else:
                for study in studies:
                    self.open[client.submit_study([study])] = study
                if number % 2:
                    time.sleep(self.random.uniform(0, SPAN_S))
                else:
                    wanted = RUNNING[number // 2 % len(RUNNING)]
                    states = (e.body["state"] for e in client.follow(next(iter(self.open))) if e.name == "state")
                    next((state for state in states if state == wanted), None)
            self.daemon.kill()
        with contextlib.closing(sqlite3.connect(self.daemon.spool / "journal.sqlite")) as journal:
            self.found.update(state for (state,) in journal.execute("SELECT state FROM jobs WHERE ended_ms IS NULL"))

    def settle(self) -> None:
        """Every accepted job ends once, as if nothing had happened."""
        with self.daemon.client() as client:
            for job, study in self.open.items():
                events = list(client.follow(job))
                assert [e.number for e in events] == list(range(1, len(events) + 1)), job
                assert sum(e.ends for e in events) == 1, job
                assert events[-1].body["state"] == "completed", events[-1].body
                reference, fetched = self.folder / "reference", self.folder / "fetched"
                command = [self.daemon.program, "analyze", study, "--out", reference, "--bundle", self.daemon.bundle]
                subprocess.run([*command, "--threads", "1", "--quiet"], check=True, env=self.daemon.environment)
                for file in client.files(job):
                    path = fetched / file["path"]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(client.download(job, file))
                different = differing(fetched, reference)
                assert not different, f"job {job} of {study}: {different}"
                for folder in (reference, fetched, study):
                    shutil.rmtree(folder)
        self.open.clear()


def run(daemon: Daemon, folder: Path, rounds: int, seed: int = 1) -> collections.Counter[str]:
    """Runs, and returns how often each state was found after a kill."""
    states = States(daemon, folder, seed)
    daemon.start()
    for number in range(rounds):
        states.submit_and_kill(number)
        daemon.start()
        states.settle()
    assert daemon.stop() == 0
    return states.found
