"""A thousand hostile studies through one daemon: it lives, no reader takes much memory, each study has a named end."""

import collections
import contextlib
import hashlib
import os
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import hostile_files
import hostile_kinds
import pytest
from daemon_process import Daemon
from hostile_files import Case
from test_daemon_reader import readers_of

EACH = int(os.environ.get("HOSTILE_EACH", "58"))
"""Of each of the kinds: more than a thousand in all, unless more are asked for."""
READER_BYTES = 512 << 20
WAITING = 32
"""Jobs that are submitted before the first of them is looked at: neither side waits for the other."""
AT_FAULT = {
    "internal",
    "reader_broke",
    "reader_not_started",
    "input_lost",
    "report",
    "quarantined",
    "result_not_written",
}
"""Codes that say that Cordline failed, not the file."""
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
PATIENT = "phantom^test"


class Peak:
    """The most memory that any reader of a daemon had, in bytes, as far as the kernel tells while it lives."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon, self.bytes, self._done = daemon, 0, threading.Event()
        self.readers: set[int] = set()
        self.spaces: set[int] = set()
        """Limits of address space, of those that had put up their walls."""

    @contextlib.contextmanager
    def watched(self) -> Iterator["Peak"]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield self
        finally:
            self._done.set()
            thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            for reader in readers_of(self.daemon):
                # It may end meanwhile.
                with contextlib.suppress(OSError):
                    self._look(reader)

    def _look(self, reader: int) -> None:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{reader}/status").read_text().splitlines())
        if "VmHWM" in status:
            self.readers.add(reader)
            self.bytes = max(self.bytes, int(status["VmHWM"].split()[0]) << 10)
        limits = Path(f"/proc/{reader}/limits").read_text().splitlines()
        space = next(line for line in limits if line.startswith("Max address space")).split()[3]
        if status.get("Seccomp", "").strip() == "2":
            self.spaces.add(int(space))


def submitted(client, number: int, case: Case, folder: Path) -> str:
    found = []
    for k, data in enumerate(case.files):
        path = folder / f"{number}-{k}"
        path.write_bytes(data)
        entry = {"sop_uid": f"1.2.{number}.{k}", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        found.append((path, entry))
    return client.submit_instances(found)


def steers(words: str) -> bool:
    """True for words that are no line of text: a terminal would act on them."""
    return any(
        unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for c in words
    )


def judged(client, job: str, case: Case) -> tuple[str, str, bool]:
    """State and code of an end that may be, and whether the drawn voxels were read."""
    events = list(client.follow(job))
    ends = [event for event in events if event.ends]
    assert len(ends) == 1
    end = ends[0].body
    problem = end.get("problem")
    assert end["state"] in ("completed", "failed", "out_of_scope", "needs_selection"), end
    assert (problem is None) == (end["state"] == "completed"), end
    if problem:
        assert problem["code"] not in AT_FAULT, problem
        assert problem["message"], problem
        assert problem["action"], problem
        assert not steers(problem["message"] + problem["action"]), problem
        assert PATIENT not in problem["message"], problem
    digests = [d for event in events if event.name == "series" and (d := event.body.get("pixel_sha256"))]
    read = bool(digests) and digests[-1] == hostile_files.digest()
    if case.keeps_pixels and digests:
        assert read, f"a {case.kind} study was read as another picture: {end}"
    return end["state"], problem["code"] if problem else "", read


@pytest.mark.timeout(60 + 2 * EACH)
def test_every_hostile_study_has_a_named_end(daemon, tmp_path):
    # Sections are few and small here, so that a thousand studies take half a minute.
    daemon.environment |= {
        "CORDLINE_DAEMON__READER__MEMORY_BYTES": str(READER_BYTES),
        "CORDLINE_SERIES__MIN_SECTIONS": "2",
        "CORDLINE_SERIES__MIN_MATRIX": "8",
        "CORDLINE_LOG": "info",
    }
    daemon.start()
    (tmp_path / "files").mkdir()
    ends: collections.Counter[tuple[str, str]] = collections.Counter()
    as_drawn: collections.Counter[str] = collections.Counter()
    waiting: collections.deque[tuple[str, Case]] = collections.deque()
    misjudged: list[str] = []
    count, began = 0, time.monotonic()
    with daemon.client() as client, Peak(daemon).watched() as peak:

        def take() -> None:
            job, case = waiting.popleft()
            try:
                state, code, read = judged(client, job, case)
            except AssertionError as wrong:
                # All of them are told at once.
                misjudged.append(f"{case.kind} in job {job}: {wrong}"[:1000])
                return
            ends[state, code] += 1
            as_drawn[case.kind] += read

        for count, case in enumerate(hostile_kinds.corpus(EACH), 1):
            waiting.append((submitted(client, count, case, tmp_path / "files"), case))
            if len(waiting) > WAITING:
                take()
        while waiting:
            take()
    took = time.monotonic() - began
    print(f"\n{count} studies in {took:.0f} s, {count / took:.0f} a second; a reader had {peak.bytes >> 20} MB at most")
    print("\n".join(f"{n:6} {state} {code}" for (state, code), n in ends.most_common()))
    assert not misjudged, "\n".join(misjudged[:20])
    assert daemon.process.poll() is None
    assert daemon.stop() == 0
    log = daemon.log()
    assert "panicked" not in log
    assert PATIENT not in log
    assert peak.readers, "no reader was seen"
    assert peak.spaces == {READER_BYTES}
    assert peak.bytes < READER_BYTES
    assert len(ends) > 15, "the files fail in many ways"
    # What must be read is read: these kinds leave most pictures as they were.
    for kind in ("liberties", "wide", "character_sets"):
        assert as_drawn[kind] > EACH / 4, (kind, as_drawn)
