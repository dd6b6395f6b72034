"""Four clients do everything a client can do, while the daemon is killed at random moments.

Nothing that the daemon said yes to may be lost or doubled: each job ends once, in a state that its client left open;
files are the same bytes whenever they are fetched; each verdict stands; the audit file is whole.
"""

import hashlib
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from cordline_client import ClientError, verbs
from daemon_process import Client, ConnectError, Daemon, HelloRequired, Rejected, pack_bits
from landmark import draw, sagittal_grid
from orientations import matrix
from states import a_study

ENDS_ONCE = ("completed", "cancelled")
SET_ASIDE = "quarantined"
"""A job that was killed twice while it ran has failed by this name, and is not tried a third time."""
EACH = ("jobs", "files", "cancels", "verdicts", "looks")
"""What was done at least once when a run ends."""


@dataclass
class Promised:
    """What the daemon said of a job."""

    ends: tuple[str, ...]
    verdicts: list[tuple[str, str, str]] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


class Crowd:
    """A daemon, those who use it, and what it has promised them."""

    def __init__(self, daemon: Daemon, folder: Path, seed: int) -> None:
        self.daemon, self.folder, self.random = daemon, folder, random.Random(seed)
        self.promised: dict[str, Promised] = {}
        self.did: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.over = threading.Event()
        self.number = 0
        self.lock = threading.Lock()

    def ask(self, what: Callable[[Client], object]):
        """Asks until there is an answer: the daemon may be killed meanwhile."""
        until = time.monotonic() + 60
        while True:
            try:
                with Client.connect(self.daemon.endpoint, "crowd", timeout_s=2.0) as client:
                    return what(client)
            except Rejected as error:
                if not error.retry and not isinstance(error, HelloRequired):
                    raise
                last = error
            except ClientError as error:
                last = error
            if time.monotonic() > until:
                raise AssertionError(f"no answer in a minute: {last}")
            time.sleep(0.05)

    def study(self) -> Path:
        with self.lock:
            self.number += 1
            number = self.number
        return a_study(number, self.folder)

    def promise(self, job: str, *ends: str) -> Promised:
        with self.lock:
            self.did["jobs"] += 1
            return self.promised.setdefault(job, Promised(ends))

    def completed(self) -> list[str]:
        with self.lock:
            return [job for job, about in self.promised.items() if about.digests]

    def fetch(self, job: str) -> None:
        """All files of a job: the same bytes as the last time."""

        def files(client: Client) -> dict[str, str]:
            return {f["path"]: hashlib.sha256(client.download(job, f)).hexdigest() for f in client.files(job)}

        found = self.ask(files)
        known = self.promised[job].digests
        assert found, f"{job} has no files"
        assert not known or found == known, f"{job}: other files than before"
        self.promised[job].digests = found
        self.did["files"] += len(found)

    def ended(self, job: str) -> str:
        """Waits for the end; its state, or that it was set aside."""

        def follow(client: Client) -> str:
            events = list(client.follow(job))
            assert [e.number for e in events] == list(range(1, len(events) + 1)), f"{job}: events are missing or twice"
            *earlier, last = [e.body for e in events if e.ends]
            # Sent again by a client that had not heard of it, a job that was set aside begins anew.
            assert all(is_set_aside(end) for end in earlier), f"{job} ended more than once: {earlier}"
            return SET_ASIDE if is_set_aside(last) else last["state"]

        return self.ask(follow)

    def completes(self, job: str) -> bool:
        """Waits for the end and fetches the files; false where the job was set aside."""
        state = self.ended(job)
        assert state in ("completed", SET_ASIDE), f"{job} ended as {state}"
        self.did["set aside"] += state == SET_ASIDE
        if state == "completed":
            self.fetch(job)
        return state == "completed"

    # What each of the four does, once.

    def sends_studies(self) -> None:
        study = self.study()
        priority = self.random.choice(["urgent", "routine", "background"])
        job = self.ask(lambda client: client.submit_study([study], priority=priority))
        self.promise(job, "completed")
        self.completes(job)

    def corrects(self) -> None:
        grid = sagittal_grid(shape=(5, 128, 128), spacing=(3.0, 1.3, 1.3))
        voxels = draw(grid)
        with self.lock:
            self.number += 1
            voxels[0, 0, 1] += self.number
        about = {"tensor": {"shape": list(voxels.shape), "element": "i16"}}
        about["matrix"] = matrix(grid)[:, [2, 1, 0, 3]].ravel().tolist()
        data = np.rint(voxels).astype("<i2").tobytes()
        job = self.ask(lambda client: client.submit_volume(about, data))
        self.promise(job, "completed")
        if not self.completes(job):
            return
        drawn = np.zeros(grid.shape, bool)
        drawn[2, 30:60, 50:80] = True
        mask = self.ask(lambda client: client.submit_mask(job, grid.shape, pack_bits(drawn.ravel()), reader="R. Meyer"))
        self.promise(mask, "completed")
        self.completes(mask)

    def thinks_better_of_it(self) -> None:
        study = self.study()
        if self.random.random() < 0.3:
            # Half of an upload, and no more of it.
            with self.daemon.polling_client(limit_s=2.0) as client:
                operation = client.start(verbs.submit_study([study]))
                time.sleep(self.random.uniform(0, 0.03))
                client.poll()
            self.did["uploads left"] += not operation.done
            return
        job = self.ask(lambda client: client.submit_study([study]))
        self.promise(job, *ENDS_ONCE)
        time.sleep(self.random.uniform(0, 0.2))
        try:
            self.ask(lambda client: client.cancel(job))
            self.did["cancels"] += 1
        except Rejected as error:
            # It had ended already.
            if error.code != "wrong_state":
                raise
        state = self.ended(job)
        assert state in (*ENDS_ONCE, SET_ASIDE), f"{job} ended as {state}"

    def looks_and_judges(self) -> None:
        self.ask(lambda client: client.status())
        listed = self.ask(lambda client: client.list_jobs(limit=50))["jobs"]
        self.did["looks"] += 1
        if not (done := self.completed()):
            time.sleep(0.1)
            return
        job = self.random.choice(done)
        self.fetch(job)
        said = ("R. Meyer", self.random.choice(["accepted", "rejected"]), f"number {self.did['verdicts']}")
        self.ask(lambda client: client.review(job, said[1], said[0], said[2]))
        self.promised[job].verdicts.append(said)
        self.did["verdicts"] += 1
        assert len({one["job"] for one in listed}) == len(listed), "a job is listed twice"

    # All of it.

    def did_each(self) -> bool:
        return all(self.did[what] for what in EACH)

    def work(self, what: Callable[[], None]) -> None:
        while not self.over.is_set():
            try:
                what()
            except ConnectError:
                continue
            except Exception as error:
                self.wrong.append(f"{what.__name__}: {type(error).__name__}: {error}")
                return

    def settle(self) -> None:
        """What was promised, against what is there."""
        for job, about in self.promised.items():
            state = self.ended(job)
            assert state in (*about.ends, SET_ASIDE), f"{job} ended as {state}"
            if state == "completed":
                self.fetch(job)
            reviews = self.ask(lambda client, job=job: client.status(job)).get("reviews", [])
            said = [(one["reader"], one["verdict"], one["reason"]) for one in reviews]
            assert said == about.verdicts, f"{job}: {said} instead of {about.verdicts}"
        kept, before = [], {}
        while page := self.ask(lambda client, before=before: client.list_jobs(limit=500, **before))["jobs"]:
            kept += page
            before = {"before_ms": min(one["submitted_ms"] for one in page)}
        unknown = [one for one in kept if one["job"] not in self.promised]
        # A job that its client did not hear of any more: accepted a moment before the kill, sent again or left.
        assert all(one["state"] in ("receiving", *ENDS_ONCE) or is_set_aside(one) for one in unknown), unknown
        missing = set(self.promised) - {one["job"] for one in kept}
        assert not missing, f"lost: {missing}"
        verified = [self.daemon.program, "audit", "verify", self.daemon.spool / "audit.jsonl"]
        self.did["audit lines"] = len((self.daemon.spool / "audit.jsonl").read_text().splitlines())
        subprocess.run(verified, check=True, stdout=subprocess.DEVNULL, env=self.daemon.environment)


def is_set_aside(job: dict) -> bool:
    return job["state"] == "failed" and (job.get("problem") or {}).get("code") == SET_ASIDE


def run(daemon: Daemon, folder: Path, kills: int, seed: int = 1) -> Counter[str]:
    """Runs over so many kills, and on until each of the four came to do its part; returns how much was done."""
    crowd = Crowd(daemon, folder, seed)
    daemon.start()
    parts = (crowd.sends_studies, crowd.corrects, crowd.thinks_better_of_it, crowd.looks_and_judges)
    threads = [threading.Thread(target=crowd.work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    try:
        while crowd.did["kills"] < kills or not crowd.did_each():
            time.sleep(crowd.random.uniform(0.02, 1.2))
            daemon.kill()
            daemon.start()
            crowd.did["kills"] += 1
            if crowd.wrong:
                break
            # Where the daemon never lives long enough, that is told by what was not done.
            if crowd.did["kills"] >= 10 * kills:
                break
    finally:
        crowd.over.set()
        for thread in threads:
            thread.join()
    assert not crowd.wrong, crowd.wrong
    crowd.settle()
    assert daemon.stop() == 0
    return crowd.did
