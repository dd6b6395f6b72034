"""A day and a night of arrivals: a real Orthanc, a daemon and a gateway, of which any is killed at any moment.

An hour takes some seconds: the wall clock of daemon and gateway is moved on, sometimes too far and back. The daemon's
disk is small and is filled up now and then. In the end each study has one result set for each set of images that was
analysed, each note says done, what readers said stands, and nothing waits.
"""

import contextlib
import json
import random
import subprocess
import sys
import time
import urllib.error
from collections import Counter
from pathlib import Path

from clock import Clock
from daemon_process import Daemon
from gateway_process import Gateway
from orthanc_process import Orthanc, wait
from states import a_study

DISK_MB = 4096
"""Holds all jobs of a night: while its clock leaps from hour to hour, the daemon rightly gives up none for space."""
NAMED = ("No space left on device", "the daemon went down")
"""What a job may fail of that is no fault of its study: a full disk, a daemon that was killed twice meanwhile."""
DAY_S = 86_400


class Night:
    """Three programs, and the studies that were sent."""

    def __init__(self, daemon: Daemon, folder: Path, seed: int) -> None:
        self.daemon, self.folder, self.random = daemon, folder, random.Random(seed)
        self.did: Counter[str] = Counter()
        self.sent: dict[str, int] = {}
        self.late: list[Path] = []
        self.reviewed: dict[str, str] = {}
        self.clock = Clock(folder)
        daemon.environment |= self.clock.environment
        self.orthanc = Orthanc(self.made("orthanc")).start()
        daemon.start()
        url, home = f"http://127.0.0.1:{self.orthanc.port}", self.made("gateway")
        flags = ("--archive", url, "--arrivals", home / "state")
        self.gateway = Gateway(daemon.program, daemon.endpoint, home, *flags, environment=self.clock.environment)
        wait((home / "state" / "changes").exists, "the gateway does not begin")

    def made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def store(self, file: Path) -> str:
        """As a scanner does: again until the archive has it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, urllib.error.URLError):
                return json.loads(self.orthanc.ask("POST", "/instances", file.read_bytes()))["ParentStudy"]
            self.did["tries of the scanner"] += 1
            time.sleep(0.2)
        raise AssertionError("the archive does not come back")

    def arrive(self) -> None:
        """A study, sometimes without its last section, which comes an hour later."""
        for file in self.late:
            self.sent[self.store(file)] += 1
        self.late.clear()
        files = sorted(a_study(len(self.sent), self.folder).iterdir())
        if self.random.random() < 0.2:
            self.late.append(files.pop())
            self.did["late sections"] += 1
        for file in files:
            study = self.store(file)
        self.sent[study] = 1
        self.did["studies"] += 1

    def judge(self) -> None:
        """A reader accepts the answer of a study that has one."""
        open_ones = [study for study in self.sent if study not in self.reviewed]
        self.random.shuffle(open_ones)
        for study in open_ones[:3]:
            with contextlib.suppress(OSError, ValueError, KeyError, AssertionError):
                note = json.loads(self.orthanc.note(study, 1025))
                if not note.get("done"):
                    continue
                uid = self.orthanc.get(f"/studies/{study}")["MainDicomTags"]["StudyInstanceUID"]
                body = {"study_uid": uid, "job": note["job"], "verdict": "accepted"}
                if self.gateway.ask("POST", "/api/v1/analyses/verdict", body)[0] != 204:
                    continue
                self.reviewed[study] = note["job"]
                self.did["verdicts"] += 1
                return

    def disturb(self) -> None:
        """Something goes wrong."""
        what = self.random.choice(["daemon", "gateway", "archive", "clock", "disk", "daemon", "gateway"])
        self.did[f"{what}: " + ("stepped" if what == "clock" else "filled" if what == "disk" else "killed")] += 1
        if what == "daemon":
            self.daemon.kill()
            time.sleep(self.random.uniform(0, 1))
            self.daemon.start()
        elif what == "gateway":
            self.gateway.process.kill()
            self.gateway.process.wait()
            self.gateway.log.close()
            time.sleep(self.random.uniform(0, 1))
            self.gateway.run()
        elif what == "archive":
            self.orthanc.process.kill()
            self.orthanc.process.wait()
            time.sleep(self.random.uniform(0, 1))
            self.orthanc.start()
        elif what == "clock":
            step = self.random.choice([-40, -1, 1, 40]) * DAY_S
            self.clock.step(step)
            time.sleep(self.random.uniform(0, 2))
            self.clock.step(-step)
        else:
            full = self.daemon.spool / "full"
            with contextlib.suppress(OSError), full.open("wb") as file:
                while True:
                    file.write(bytes(1 << 20))
            time.sleep(self.random.uniform(0, 2))
            full.unlink()

    def hour(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.arrive()
            self.judge()
            if self.random.random() < 0.5:
                self.disturb()
            time.sleep(self.random.uniform(0, seconds / 6))
        self.clock.step(3600)

    def settle(self) -> None:
        """What was sent, against what is there."""
        for file in self.late:
            self.sent[self.store(file)] += 1
        self.late.clear()

        def is_done(study: str) -> bool:
            return '"done":true' in self.orthanc.note(study, 1025)

        for study, sendings in self.sent.items():
            wait(lambda study=study: is_done(study), f"{study} is not brought to its end", 300)
            if any(named in self.orthanc.note(study) for named in NAMED):
                # As an administrator does, once there is room.
                self.did["analysed anew"] += 1
                wished = self.gateway.ask("POST", "/api/v1/arrivals", {"study": study, "again": True})
                assert wished[0] < 300, wished
                wait(
                    lambda study=study: self.orthanc.note(study).startswith("done"),
                    f"{study} is not analysed anew",
                    300,
                )
            assert self.orthanc.note(study).startswith("done"), self.orthanc.note(study)
            found = Counter(self.orthanc.modalities(study))
            reviews = found["SR"] - found["SEG"]
            assert 1 <= found["SEG"] <= sendings, f"{study}, sent {sendings} times: {dict(found)}"
            assert reviews in (0, 1), f"{study}: {dict(found)}"
            series = [self.orthanc.get(f"/series/{s['ID']}") for s in self.orthanc.get(f"/studies/{study}/series")]
            machine = [s for s in series if s["MainDicomTags"]["Modality"] in ("SEG", "SR")]
            assert all(len(s["Instances"]) == 1 for s in machine), f"{study}: an object is there twice"
        with self.daemon.client() as client:
            for study, job in self.reviewed.items():
                verdicts = [one["verdict"] for one in client.status(job).get("reviews", [])]
                assert verdicts == ["accepted"], f"{study}: {verdicts}"
            waiting = client.list_jobs(states=["queued", "decoding", "segmenting"])["jobs"]
            assert not waiting, waiting
        verified = [self.daemon.program, "audit", "verify", self.daemon.spool / "audit.jsonl"]
        subprocess.run(verified, check=True, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        self.gateway.process.kill()
        self.gateway.process.wait()
        self.daemon.stop()
        self.orthanc.process.kill()
        self.orthanc.process.wait()


@contextlib.contextmanager
def small_disk(folder: Path):
    """A file system of its own for the spool; an ordinary folder, and False, where nobody may mount."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


def run(daemon: Daemon, folder: Path, hours: int, hour_s: float = 15.0, seed: int = 1) -> Counter[str]:
    """Runs, and returns what happened."""
    with small_disk(daemon.spool) as mounted:
        if not mounted:
            raise PermissionError("a small disk must be mounted: run as root")
        night = Night(daemon, folder, seed)
        try:
            for _ in range(hours):
                night.hour(hour_s)
            night.settle()
        except AssertionError:
            print((night.folder / "gateway" / "gateway.log").read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            night.close()
    return night.did
