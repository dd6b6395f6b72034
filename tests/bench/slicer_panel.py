"""How long the Slicer extension holds the window, and how soon a reader sees something.

    .venv-slicer/bin/python tests/bench/slicer_panel.py [--rounds N] [--bundle DIR]

Slicer's core, the panel on PySide6, a real slice view drawn in memory, and a real daemon on all processors with the
trained models; a phantom on 448 x 448 x 15 voxels. `make bench` wants a quiet machine; so does this.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path

TREE = Path(__file__).parents[2]
sys.path[:0] = [str(TREE / "tests/slicer")]
import numpy as np  # noqa: E402
import slicer  # noqa: E402
import slicer.util  # noqa: E402
from conftest import APPLICATION, TRAINED, Daemon, find_library, find_program  # noqa: E402
from CordlineLib.volume import ijk_to_ras  # noqa: E402
from slice_view import SliceView  # noqa: E402
from volumes import load_dicom  # noqa: E402
from window import Window  # noqa: E402

SHAPE = (15, 448, 448)
CLICK_MS, GAP_MS, FIRST_MS, CANCEL_MS = 50.0, 50.0, 300.0, 100.0


def phantom(folder: Path):
    """A study with a lesion, its sections repeated and enlarged to SHAPE."""
    with zipfile.ZipFile(TREE / "tests/data/phantom-ependymoma.zip") as study:
        study.extractall(folder)
    small = load_dicom(folder, "T2 TSE FS SAG", known=False)
    array = slicer.util.arrayFromVolume(small)
    places = [np.arange(wanted) * have // wanted for wanted, have in zip(SHAPE, array.shape, strict=True)]
    scale = np.array([*(have / wanted for wanted, have in zip(SHAPE[::-1], array.shape[::-1], strict=True)), 1.0])
    large = slicer.util.addVolumeFromArray(array[np.ix_(*places)].copy(), ijk_to_ras(small) * scale, "phantom")
    slicer.mrmlScene.RemoveNode(small)
    return large


class Watch:
    """Lets the window live, and keeps the longest gap between two turns of its loop.

    `busy_ms` is the most processor time of one turn: what the gap would be on a machine with nothing else to do.
    """

    def __init__(self) -> None:
        self.longest_ms = self.busy_ms = 0.0

    def until(self, done, limit_s: float = 120.0) -> None:
        deadline = time.perf_counter() + limit_s
        while not done():
            assert time.perf_counter() < deadline, "it took too long"
            began, worked = time.perf_counter(), time.thread_time()
            APPLICATION.processEvents()
            self.longest_ms = max(self.longest_ms, 1e3 * (time.perf_counter() - began))
            self.busy_ms = max(self.busy_ms, 1e3 * (time.thread_time() - worked))
            time.sleep(0.001)


def a_run(window: Window, volume, view: SliceView, number: int) -> dict[str, float]:
    """One run from the click to the end, in ms; the volume is another one each time, or the daemon would know it."""
    slicer.util.arrayFromVolume(volume)[0, 0, number] += 1
    slicer.util.arrayFromVolumeModified(volume)
    panel, watch, sections = window.panel, Watch(), []
    view.look_at(volume)
    view.picture()
    clicked = time.perf_counter()
    panel.run_controls.button.click()
    returned = time.perf_counter()
    first = drawn = 0.0

    def look() -> bool:
        nonlocal first, drawn
        analysis = panel.session.analysis
        job = analysis.remote_job.job
        if job.done > len(sections):
            sections.append(time.perf_counter())
            if not first and analysis.segmentation is not None and job.mask.any():
                first = time.perf_counter()
                go_to_the_mask(view, volume, analysis)
                picture = view.picture().astype(int)
                assert (picture[..., 0] - picture[..., 1] > 60).any(), "the mask is not in the picture"
                drawn = time.perf_counter()
        return not panel.session.running

    watch.until(look)
    assert panel.session.problem is None, panel.session.problem
    assert first, "no mask was seen"
    between = statistics.median(np.diff(sections[:-1])) if len(sections) > 2 else 0.0
    return {
        "click": 1e3 * (returned - clicked),
        "gap": watch.longest_ms,
        "busy": watch.busy_ms,
        "first": 1e3 * (first - clicked),
        "drawn": 1e3 * (drawn - first),
        "section": 1e3 * between,
        "all": 1e3 * (time.perf_counter() - clicked),
    }


def go_to_the_mask(view: SliceView, volume, analysis) -> None:
    section, row, column = np.argwhere(analysis.remote_job.job.mask).mean(axis=0)
    lps = analysis.remote_job.job.matrix @ [column, row, round(section), 1.0]
    view.go_to(np.array([-lps[0], -lps[1], lps[2]]))


def a_cancel(window: Window, volume, number: int) -> float:
    """From the click on Cancel until the panel shows Apply again, in ms."""
    slicer.util.arrayFromVolume(volume)[0, 1, number] += 1
    slicer.util.arrayFromVolumeModified(volume)
    panel, watch = window.panel, Watch()
    panel.run_controls.button.click()
    watch.until(lambda: panel.session.analysis.segmentation is not None)
    clicked = time.perf_counter()
    panel.run_controls.button.click()
    watch.until(lambda: panel.run_controls.button.text == "Apply")
    took = 1e3 * (time.perf_counter() - clicked)
    watch.until(lambda: not panel.session.busy)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description="How long the Slicer extension holds the window.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=Path, default=TRAINED)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        slicer.app.settings_file = Path(folder) / "settings.ini"
        program, library = find_program(), find_library()
        daemon = Daemon(program, library, arguments.bundle, Path(folder))
        daemon.threads = os.cpu_count() or 1
        daemon.environment["CORDLINE_LOG"] = "warn"
        daemon.start()
        try:
            slicer.mrmlScene.AddNode(slicer.vtkMRMLInteractionNode())
            volume = phantom(Path(folder))
            window, view = Window(), SliceView()
            window.use(daemon.endpoint)
            window.panel.inputs.t2w_selector.setCurrentNode(volume)
            a_run(window, volume, view, 0)  # models, fonts and colours are warm afterwards
            runs = [a_run(window, volume, view, number + 1) for number in range(arguments.rounds)]
            cancels = [a_cancel(window, volume, number + 1) for number in range(arguments.rounds)]
            window.close()
        finally:
            daemon.stop()
    show(runs, cancels)


def show(runs: list[dict[str, float]], cancels: list[float]) -> None:
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    section = middle["section"]
    figures = {
        "the click on Apply returns": (middle["click"], CLICK_MS),
        "longest gap in the event loop, median of the runs": (middle["gap"], GAP_MS),
        "the same in processor time": (middle["busy"], GAP_MS),
        f"first mask for the views, after the click (a section takes {section:.0f} ms)": (
            middle["first"],
            section + FIRST_MS,
        ),
        "Cancel is acknowledged in the panel": (statistics.median(cancels), CANCEL_MS),
    }
    size = " x ".join(map(str, SHAPE[::-1]))
    print(f"\n### The Slicer extension\n\n{size} voxels, {os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}, ")
    print(f"medians of {len(runs)}; a whole run takes {middle['all']:.0f} ms, the worst gap of all was ", end="")
    print(f"{max(run['gap'] for run in runs):.0f} ms.")
    print(
        f"A view with it is drawn in {middle['drawn']:.0f} ms more: by software here, by the graphics card in Slicer.\n"
    )
    print("| figure | measured | wanted | |\n|---|---:|---:|---|")
    for what, (measured, wanted) in figures.items():
        verdict = "reached" if measured <= wanted else "MISSED"
        print(f"| {what} | {measured:.1f} ms | <= {wanted:.0f} ms | {verdict} |")


if __name__ == "__main__":
    main()
