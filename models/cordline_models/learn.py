"""The whole road of a training: store, segmenter, its masks, classifiers; then the bundle."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch

from . import train_classifiers, train_segmenter
from .bundle import QUESTIONS, Settings, write_golden, write_manifest
from .densenet import DenseNet121
from .evaluate import evaluate
from .export import export_classifier, export_segmenter, runtime_of
from .multiresunet import MultiResUNet
from .pipeline import Bundle
from .store import load_sections
from .training import Place, Stage, begin_with, set_up
from .tune import choose, choose_decisions, table

QUICK = {
    "segmenter": [Stage(4, 64, 4, 1e-3, 1), Stage(1, 256, 2, 1e-3, 1, settled=True, alarms=0.5)],
    "start": [Stage(3, 64, 12, 1e-3, 1)],
    "own": [Stage(2, 64, 6, 1e-3, 1), Stage(1, 64, 6, 1e-3, 1)],
}
"""Stages that show that everything runs, and teach nothing."""


def train_all(
    cohort: Path,
    run: Path,
    seed: int = 1,
    threads: int = 2,
    quick: bool = False,
    only: str | None = None,
    earlier: Path | None = None,
) -> None:
    """Train whatever of the four networks is not finished in `run`.

    earlier: a run whose segmenter and common start are the first weights here, as after new cases came in.
    """
    set_up(seed, threads)
    if earlier:
        # The small views, which only make a beginning quick, are left out.
        begin_with(earlier, run, "segmenter", stage=1)
        begin_with(earlier, run, "start", stage=0)
    start_time = time.monotonic()
    sections = load_sections(cohort, "train", run / "store")
    stages = QUICK if quick else {}
    if only in (None, "segmenter"):
        train_segmenter.train(sections, run, seed, stages.get("segmenter"), threads)
    if only == "segmenter":
        return
    lesions = train_classifiers.lesions_of(sections)
    start = train_classifiers.train_start(lesions, run, seed + 1, stages.get("start"))
    if only != "start":
        segmenter = MultiResUNet()
        segmenter.load_state_dict(weights(run, "segmenter"))
        threshold = train_classifiers.PREDICTED_THRESHOLD
        train_classifiers.add_predictions(lesions, runtime_of(segmenter, run, threads), threshold, run / "store")
    for k, name in enumerate(QUESTIONS):
        train_classifiers.train_classifier(
            name, start, lesions, run, seed + 2 + k, stages.get("own"), only_first=only == "start"
        )
    print(f"trained in {(time.monotonic() - start_time) / 60:.0f} min; checkpoints and log in {run}")


def weights(run: Path, name: str) -> dict[str, torch.Tensor]:
    path = run / f"{name}.pt"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `cordline-models train` first")
    found = torch.load(path, map_location="cpu", weights_only=True)
    if not Place.of(found).finished:
        raise RuntimeError(f"the training of {name} has not finished: run `cordline-models train` again, it goes on")
    return found["model"]


def export_all(
    cohort: Path, run: Path, folder: Path, kind: str, description: str, bundle_id: str, version: str, threads: int = 2
) -> None:
    """Write the bundle; threshold and smallest lesion come from the validation split."""
    model = MultiResUNet()
    model.load_state_dict(weights(run, "segmenter"))
    report = {"segmenter": export_segmenter(model, folder / "segmenter.onnx")}
    for name in QUESTIONS:
        network = DenseNet121()
        network.load_state_dict(weights(run, name))
        report[name] = export_classifier(network, folder / f"{name}.onnx")
    for name, facts in report.items():
        size, single, half = facts["bytes"] / 1e6, facts["single"], facts["half"]
        print(f"{name}.onnx: {size:.1f} MB; differs from PyTorch by {single:.1e}, with half weights by {half:.1e}")
    settings = Settings(cohort_kind=kind, cohort=description or f"{kind} cohort")
    bundle = Bundle(folder, threads)
    values, labels = table(bundle, cohort, "validation", run / "maps")
    settings = choose(values, labels, settings)
    settings = choose_decisions(list(evaluate(bundle, cohort, "validation", settings, run / "maps")), settings)
    settings.save(run / "settings.json")
    sections = load_sections(cohort, "validation", run / "store")
    most = int(np.argmax(sections.mask.sum((1, 2))))
    write_golden(folder, sections.view(most), sections.mask[most])
    write_manifest(folder, settings, bundle_id, version)
    print(
        f"{folder}: threshold {settings.threshold}, "
        f"core {settings.core_threshold} of at least {settings.min_lesion_ml} mL"
    )
