"""What archive and browsers cost: from a study that is whole in Orthanc to its results there, and twenty who watch.

    make bench    or    .venv/bin/python tests/bench/gateway.py [STUDY] [--bundle DIR] [--studies N]

A real Orthanc with its hook, the daemon and the gateway, on one machine, with the trained networks.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

TREE = Path(__file__).parents[2]
sys.path[:0] = [str(TREE / "tests/python"), str(TREE / "plugin-sdk/python")]
from daemon_process import Daemon  # noqa: E402
from gateway_process import Gateway, Wire  # noqa: E402
from orthanc_process import Orthanc, wait  # noqa: E402
from table import most, show  # noqa: E402
from wire import copies  # noqa: E402

BROWSERS, WATCHED_STUDIES, TIMED_STUDIES = 20, 8, 5
ARRIVAL, HOOK_MS, ARCHIVE, SLOWER, RESIDENT_MB = 1.10, 20.0, 2.0, 0.05, 100.0


def networks_s(gateway: Gateway, job: str) -> float:
    """Seconds that the job spent in its networks, by its own account."""
    return gateway.json(f"/api/v1/jobs/{job}/files/result.json")["timings_ms"]["networks"] / 1e3


def arrival(orthanc: Orthanc, gateway: Gateway, study: Path) -> tuple[float, float]:
    """Seconds from the moment at which Orthanc calls the study stable to SEG and SR in it; those of its networks."""
    name = orthanc.send(study)
    while not orthanc.get(f"/studies/{name}")["IsStable"]:
        time.sleep(0.005)
    began = time.perf_counter()
    while not {"SEG", "SR"} <= set(orthanc.modalities(name)):
        time.sleep(0.01)
    took = time.perf_counter() - began
    wait(lambda: '"done":true' in orthanc.note(name, 1025), "the study is not marked")
    return took, networks_s(gateway, json.loads(orthanc.note(name, 1025))["job"])


def latencies(ask, seconds: float) -> list[float]:
    """Milliseconds of one answer after the other, for a while."""
    found, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        ask()
        found.append(1e3 * (time.perf_counter() - began))
        time.sleep(0.005)
    return found


class Browser(threading.Thread):
    """Follows a job as the panel does: the protocol over a WebSocket, with each mask as it comes."""

    def __init__(self, gateway: Gateway, job: str) -> None:
        super().__init__(daemon=True)
        self.gateway, self.job, self.masks = gateway, job, 0

    def run(self) -> None:
        # Browsers are on other machines: these take what the box leaves of its processors.
        os.sched_setscheduler(self.native_id, os.SCHED_IDLE, os.sched_param(0))
        with Wire(self.gateway, self.gateway.viewer) as wire:
            wire.ask("hello", {"client": "bench"})
            wire.ask("events", {"job": self.job, "follow": True})
            while True:
                event, raw = wire.read()
                self.masks += event["event"] == "section" and len(raw) > 0
                if event["event"] == "state" and event["body"]["state"] in ("completed", "failed"):
                    return


def watched(daemon: Daemon, gateway: Gateway, study: Path, browsers: int) -> float:
    """Seconds for a study while so many watch."""
    with daemon.client() as client:
        began = time.perf_counter()
        job = client.submit_study([study])
        crowd = [Browser(gateway, job) for _ in range(browsers)]
        for browser in crowd:
            browser.start()
        list(client.follow(job))
        took = time.perf_counter() - began
    for browser in crowd:
        browser.join()
        assert browser.masks > 0
    return took


def peak_mb(gateway: Gateway) -> float:
    return int(Path(f"/proc/{gateway.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description="What archive and browsers cost.")
    parser.add_argument("study", nargs="?", type=Path, default=TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--studies", type=int, default=50, help="studies that the gateway moves")
    arguments = parser.parse_args()
    program = Path(os.environ.get("PROGRAM_UNDER_TEST", TREE / "target/release/cordline"))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        daemon = Daemon(program, os.environ["CORDLINE_ONNXRUNTIME"], arguments.bundle, folder)
        daemon.environment["CORDLINE_LOG"] = "warn"
        daemon.threads = os.cpu_count()
        daemon.start()
        (folder / "orthanc").mkdir()
        orthanc = Orthanc(folder / "orthanc")
        url = f"http://127.0.0.1:{orthanc.port}"
        gateway = Gateway(program, daemon.endpoint, folder, "--archive", url, "--arrivals", str(folder / "arrivals"))
        orthanc.hook(f"http://127.0.0.1:{gateway.port}", gateway.submitter)
        orthanc.start()
        try:
            measure(daemon, orthanc, gateway, arguments, folder)
        finally:
            gateway.process.kill()
            orthanc.stop()
            daemon.stop()


def measure(daemon: Daemon, orthanc: Orthanc, gateway: Gateway, arguments: argparse.Namespace, folder: Path) -> None:
    studies = copies(arguments.study, arguments.studies + 2 * WATCHED_STUDIES + 2, folder)
    watched(daemon, gateway, studies.pop(), 1)
    longer = []
    for _ in range(WATCHED_STUDIES):
        # In a row: a slow minute of the machine meets both.
        alone, crowd = (watched(daemon, gateway, studies.pop(), browsers) for browsers in (0, BROWSERS))
        longer.append(crowd / alone - 1)
    slower = statistics.median(longer)

    timed = [arrival(orthanc, gateway, studies.pop()) for _ in range(TIMED_STUDIES)]
    ratio = statistics.median(took / networks for took, networks in timed)

    known = orthanc.send(studies.pop())
    wait(lambda: '"done":true' in orthanc.note(known, 1025), "the study is not marked", seconds=120)

    def look() -> None:
        orthanc.get(f"/studies/{known}")

    def tell() -> None:
        """What Orthanc's hook does: one short POST, on a connection of its own."""
        status, _, text = gateway.ask("POST", "/api/v1/arrivals", {"study": known})
        assert status == 202, text

    idle = latencies(look, 3)
    sent = [orthanc.send(study) for study in studies]
    wait(lambda: orthanc.note(sent[0]) == "queued", "nothing was begun", seconds=60)
    busy, hook = [], []
    while not all('"done":true' in orthanc.note(study, 1025) for study in sent[:-1]):
        busy += latencies(look, 1)
        hook += latencies(tell, 1)
        time.sleep(2)
    wait(lambda: '"done":true' in orthanc.note(sent[-1], 1025), "no end", seconds=120)

    show(
        "The gateway",
        {
            f"stable in Orthanc to SEG and SR there, over its networks (median of {TIMED_STUDIES})": most(
                ratio, ARRIVAL, "{:.2f}"
            ),
            f"hook answered while the box computes, 99 of 100 (of {len(hook)})": most(
                float(np.percentile(hook, 99)), HOOK_MS, "{:.1f} ms"
            ),
            f"a request to Orthanc meanwhile, over the same while all rests ({statistics.median(idle):.1f} ms)": most(
                statistics.median(busy) / statistics.median(idle), ARCHIVE, "{:.2f}"
            ),
            f"longer with {BROWSERS} browsers that watch": most(slower, SLOWER, "{:.1%}"),
            f"gateway's peak memory over {arguments.studies} studies": most(peak_mb(gateway), RESIDENT_MB, "{:.0f} MB"),
        },
    )


if __name__ == "__main__":
    main()
