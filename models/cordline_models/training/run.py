"""A whole training: store, segmenter, its masks, classifiers; then the bundle."""

from __future__ import annotations

import time
from pathlib import Path

from ..bundle.complete import complete
from ..bundle.evaluate import evaluate
from ..bundle.export import export_classifier, export_segmenter, onnx_segmenter
from ..bundle.inference import Bundle
from ..bundle.manifest import QUESTIONS, BundleSettings
from ..networks.densenet import DenseNet121
from ..networks.multiresunet import MultiResUNet
from . import classifiers, segmenter
from .checkpoint import begin_with, finished_weights
from .device import set_up
from .lesion_sections import add_predictions, select_lesions
from .settings import TrainingSettings
from .store import load_sections
from .tune import choose, choose_decisions, table


def train_all(
    cohort: Path,
    run: Path,
    settings: TrainingSettings,
    threads: int = 2,
    only: str | None = None,
    earlier: Path | None = None,
) -> None:
    """Train whatever of the four networks is not finished in `run`.

    Parameters
    ----------
    only : `segmenter`, or `start` for all that needs no predicted masks, so that both can run side by side;
        `classifiers` and None for the rest, or all
    earlier : a run whose segmenter and common start are the first weights here, as after new cases came in
    """
    set_up(settings.seed, threads)
    if earlier:
        begin_with(earlier, run, "segmenter", stage=segmenter.first_stage_after_others(settings.segmenter.stages))
        begin_with(earlier, run, "start", stage=0)
    start_time = time.monotonic()
    sections = load_sections(cohort, "train", run / "store")
    if only in (None, "segmenter"):
        segmenter.train(sections, run, settings.segmenter, settings.seed, threads)
    if only == "segmenter":
        return
    lesions = select_lesions(sections, settings.classifiers)
    start = classifiers.train_common_start(lesions, run, settings.classifiers, settings.seed + 1)
    if only != "start":
        segment = onnx_segmenter(trained_segmenter(run), run, threads)
        add_predictions(lesions, segment, run / "store", settings.classifiers)
    for k, name in enumerate(QUESTIONS):
        classifiers.train_classifier(
            name, start, lesions, run, settings.classifiers, settings.seed + 2 + k, only_first=only == "start"
        )
    print(f"trained in {(time.monotonic() - start_time) / 60:.0f} min; checkpoints and log in {run}")


def trained_segmenter(run: Path) -> MultiResUNet:
    network = MultiResUNet()
    network.load_state_dict(finished_weights(run, "segmenter"))
    return network


def export_all(
    cohort: Path, run: Path, folder: Path, settings: BundleSettings, bundle_id: str, version: str, threads: int = 2
) -> None:
    """Write the bundle `folder` from the networks of `run`; its operating point comes from the validation split."""
    report = {"segmenter": export_segmenter(trained_segmenter(run), folder / "segmenter.onnx")}
    for name in QUESTIONS:
        network = DenseNet121()
        network.load_state_dict(finished_weights(run, name))
        report[name] = export_classifier(network, folder / f"{name}.onnx")
    for name, facts in report.items():
        size, single, half = facts["bytes"] / 1e6, facts["single"], facts["half"]
        print(f"{name}.onnx: {size:.1f} MB; differs from PyTorch by {single:.1e}, with half weights by {half:.1e}")
    bundle = Bundle(folder, threads)
    values, labels = table(bundle, cohort, "validation", run / "maps")
    settings = choose(values, labels, settings)
    settings = choose_decisions(list(evaluate(bundle, cohort, "validation", settings, run / "maps")), settings)
    settings.save(run / "bundle-settings.json")
    complete(folder, settings, bundle_id, version, threads)
    print(
        f"{folder}: threshold {settings.threshold}, "
        f"core {settings.core_threshold} of at least {settings.min_lesion_ml} mL"
    )
