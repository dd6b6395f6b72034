"""From a click in OHIF to the first mask in the viewport.

    make bench    or    .venv/bin/python tests/bench/browser.py [STUDY] [--bundle DIR] [--studies N]

A real Orthanc, the daemon, the gateway, and a real Chromium that draws without a graphics card, all on one machine.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import pydicom

TREE = Path(__file__).parents[2]
sys.path[:0] = [str(TREE / "tests/python"), str(TREE / "plugin-sdk/python")]
import table  # noqa: E402
from chromium import drive  # noqa: E402
from daemon_process import Daemon  # noqa: E402
from gateway_process import Gateway  # noqa: E402
from orthanc_process import Orthanc  # noqa: E402
from wire import copies  # noqa: E402

BESIDE_A_SECTION_MS = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description="From a click in OHIF to the first mask in the viewport.")
    parser.add_argument("study", nargs="?", type=Path, default=TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--studies", type=int, default=9)
    arguments = parser.parse_args()
    program = Path(os.environ.get("PROGRAM_UNDER_TEST", TREE / "target/release/cordline"))
    viewer = sorted((TREE / ".ohif").glob("*/package/dist"))[-1]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "orthanc").mkdir()
        daemon = Daemon(program, os.environ["CORDLINE_ONNXRUNTIME"], arguments.bundle, folder)
        daemon.environment["CORDLINE_LOG"] = "warn"
        # The rest is the browser's, which draws by itself here and is on another machine elsewhere.
        daemon.threads = max(os.cpu_count() - 1, 1)
        orthanc = Orthanc(folder / "orthanc").start()
        daemon.start()
        flags = ("--archive", f"http://127.0.0.1:{orthanc.port}", "--ohif", str(viewer))
        gateway = Gateway(program, daemon.endpoint, folder, *flags, "--extension", str(TREE / "adapters/ohif/dist"))
        try:
            # The first one warms networks and disk.
            clicks = [
                click(orthanc, gateway, study, folder)
                for study in copies(arguments.study, arguments.studies + 1, folder)
            ][1:]
        finally:
            gateway.process.kill()
            orthanc.stop()
            daemon.stop()

    def middle(name: str) -> float:
        return statistics.median(one[name] for one in clicks)

    beside = statistics.median(one["click_to_mask_ms"] - one["section_ms"] for one in clicks)
    parts = f"{middle('submit_ms'):.0f} ms to submit, {middle('box_ms'):.0f} ms in the box"
    what = f"click to the first mask in the viewport ({middle('click_to_mask_ms'):.0f} ms: {parts}) less one section"
    figures = {what: table.most(beside, BESIDE_A_SECTION_MS, "{:.0f} ms")}
    table.show(f"OHIF {viewer.parts[-3]}", figures, f"medians of {len(clicks)}")


def click(orthanc: Orthanc, gateway: Gateway, study: Path, folder: Path) -> dict:
    """What a browser of its own timed."""
    orthanc.send(study)
    uid = pydicom.dcmread(next(study.iterdir()), stop_before_pixels=True).StudyInstanceUID
    return drive("first-mask.mjs", f"http://127.0.0.1:{gateway.port}", gateway.submitter, uid, folder)


if __name__ == "__main__":
    main()
