"""Training of the three classifiers: a common start on all four classes, then each by itself on its own question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from . import CLASSES
from .augment import intensity, place
from .bundle import QUESTIONS
from .densenet import DenseNet121
from .preprocessing import SIZE, classifier_input
from .store import Sections
from .training import Run, Stage, half_precision, to_input

LESIONS = CLASSES[1:]
START = [Stage(1200, 128, 16, 1e-3)]
OWN = [Stage(700, 128, 16, 8e-4), Stage(80, 256, 8, 2e-4, 3)]
WIDTH = {128: 64, 192: 96, 256: 256}
"""Columns of a view by its rows: lesions of the cord are long and narrow. Whole sections at the end."""
GROUPS = {
    "tumour-demyelinating": ({"astrocytoma", "ependymoma"}, {"ms", "nmosd"}),
    "astrocytoma-ependymoma": ({"astrocytoma"}, {"ependymoma"}),
    "ms-nmosd": ({"ms"}, {"nmosd"}),
}
"""Classifier id: labels of its first and of its second answer."""
SMOOTHING = 0.05
LEAST_PIXELS = 4
PREDICTED_SHARE = 0.45
BAND = 96
"""Columns round the lesion that are segmented for the classifiers' training."""


@dataclass
class Lesions:
    """Sections with lesion: image uint16 (n, 256, 256); truth and predicted bool; label 0..3 and case of each.

    `predicted` holds the segmenter's mask where `has_predicted`."""

    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    has_predicted: np.ndarray
    label: np.ndarray
    case: np.ndarray


def lesions_of(sections: Sections) -> Lesions:
    keep = np.flatnonzero((sections.mask.sum((1, 2)) >= LEAST_PIXELS) & (sections.label[sections.case] > 0))
    case = sections.case[keep]
    truth = sections.mask[keep]
    return Lesions(
        sections.image[keep], truth, np.zeros_like(truth), np.zeros(len(keep), bool), sections.label[case] - 1, case
    )


def add_predictions(
    lesions: Lesions, segment: Callable[[np.ndarray], np.ndarray], threshold: float, store: Path, per_case: int = 2
) -> None:
    """Segment up to `per_case` sections of each case, in a band of 96 columns round the lesion; kept in `store`.

    segment: (n, h, w) images in 0..1 to probability maps of the same shape.
    """
    rng = np.random.default_rng(5)
    cases = np.unique(lesions.case)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(lesions.case == c))[:per_case] for c in cases])
    kept = store / "predicted.npz"
    if not kept.is_file():
        masks = np.zeros((len(chosen), *SIZE), bool)
        for k, i in enumerate(tqdm(chosen, desc="masks for the classifiers", mininterval=5)):
            left = int(np.clip(np.argwhere(lesions.truth[i]).mean(0)[1] - BAND / 2, 0, SIZE[1] - BAND))
            band = lesions.image[i][:, left : left + BAND].astype(np.float32) / 65535
            masks[k][:, left : left + BAND] = segment(band[None])[0] >= threshold
        np.savez_compressed(kept, chosen=chosen, masks=masks)
    with np.load(kept) as found:
        if not np.array_equal(found["chosen"], chosen):
            raise ValueError(f"{kept} belongs to another cohort: remove it")
        masks = found["masks"]
    lesions.predicted[chosen], lesions.has_predicted[chosen] = masks, masks.sum((1, 2)) >= LEAST_PIXELS


class Sampler:
    """Draws classifier inputs, the groups of labels equally often and every case of a label equally often."""

    def __init__(self, lesions: Lesions, groups: list[set[str]]):
        self.lesions = lesions
        self.groups = [
            [np.unique(lesions.case[lesions.label == LESIONS.index(name)]) for name in sorted(group)]
            for group in groups
        ]
        for group, members in zip(groups, self.groups, strict=True):
            if not sum(len(cases) for cases in members):
                raise ValueError(f"no training case with a lesion and a label among {', '.join(sorted(group))}")
        self.of_case = {c: np.flatnonzero(lesions.case == c) for c in np.unique(lesions.case)}

    def view(self, rng: np.random.Generator, group: int, rows: int, columns: int) -> np.ndarray:
        members = [cases for cases in self.groups[group] if len(cases)]
        own = self.of_case[rng.choice(members[rng.integers(len(members))])]
        index = rng.choice(own)
        mask = self.lesions.truth[index]
        if self.lesions.has_predicted[own].any() and rng.random() < PREDICTED_SHARE:
            index = rng.choice(own[self.lesions.has_predicted[own]])
            mask = self.lesions.predicted[index]
        elif rng.random() < 0.35:
            mask = reshape_mask(rng, mask)
        image = self.lesions.image[index].astype(np.float32) / 65535
        whole = rows >= SIZE[0] and columns >= SIZE[1]
        middle = np.array(SIZE) / 2 if whole else np.argwhere(mask).mean(0)
        shift = np.array([25.0, 25.0]) if whole else np.array([rows * 0.08, columns * 0.12])
        # Size and texture tell the classes apart: milder changes than for the segmenter.
        view, outline = place(
            rng, image, mask, (rows, columns), tuple(middle + rng.uniform(-1, 1, 2) * shift), 15.0, 1.1
        )
        return classifier_input(intensity(rng, view)[None], outline[None])[0]

    def batch(self, rng: np.random.Generator, size: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        answers = np.arange(size) % len(self.groups)
        views = np.stack([self.view(rng, int(a), rows, WIDTH.get(rows, rows)) for a in answers])
        return to_input(views), torch.from_numpy(answers)


def reshape_mask(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Eroded, dilated or shifted by a pixel or two; the mask itself where nothing would be left."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    kind = rng.integers(3)
    raw = mask.astype(np.uint8)
    if kind == 0:
        changed = cv2.erode(raw, kernel)
    elif kind == 1:
        changed = cv2.dilate(raw, kernel, iterations=int(rng.integers(1, 3)))
    else:
        changed = np.roll(raw, tuple(rng.integers(-1, 2, 2)), (0, 1))
    return changed > 0 if changed.any() else mask


def train_start(lesions: Lesions, folder: Path, seed: int = 2, stages: list[Stage] | None = None) -> DenseNet121:
    """The common start: all four classes at once."""
    run = Run(folder, "start", DenseNet121(len(LESIONS)), seed)
    present = [name for k, name in enumerate(LESIONS) if (lesions.label == k).any()]
    sampler = Sampler(lesions, [{name} for name in present])
    place_of = torch.tensor([LESIONS.index(name) for name in present])

    def loss_of(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, answers = sampler.batch(rng, stage.batch, stage.size)
        with half_precision():
            logits = run.model.logits(views)
        logits = logits.float()
        return F.cross_entropy(logits, place_of[answers].to(logits.device), label_smoothing=SMOOTHING)

    run.train(stages or START, loss_of)
    return run.model


def train_classifier(
    name: str, start: DenseNet121, lesions: Lesions, folder: Path, seed: int = 3, stages: list[Stage] | None = None
) -> DenseNet121:
    """One classifier on its own question; every weight is its own and is trained."""
    if name not in QUESTIONS:
        raise ValueError(f"{name!r} is none of {', '.join(QUESTIONS)}")
    torch.manual_seed(seed)
    model = DenseNet121(2)
    weights = {k: v.clone() for k, v in start.state_dict().items() if not k.startswith("answer.")}
    model.load_state_dict(weights, strict=False)
    with torch.no_grad():
        for answer, group in enumerate(GROUPS[name]):
            rows = [LESIONS.index(label) for label in sorted(group)]
            model.answer.weight[answer] = start.answer.weight[rows].mean(0)
            model.answer.bias[answer] = start.answer.bias[rows].mean()
    run = Run(folder, name, model, seed)
    sampler = Sampler(lesions, list(GROUPS[name]))

    def loss_of(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, answers = sampler.batch(rng, stage.batch, stage.size)
        with half_precision():
            logits = run.model.logits(views)
        logits = logits.float()
        return F.cross_entropy(logits, answers.to(logits.device), label_smoothing=SMOOTHING)

    run.train(stages or OWN, loss_of)
    if not run.finished:
        run.settle(whole_sections(sampler, seed))
        run.finished = True
        run.log(event="finished")
        run.save()
    run.model.eval()
    return run.model


def whole_sections(sampler: Sampler, seed: int, count: int = 16) -> Iterator[torch.Tensor]:
    """Batches of whole sections, for the batch norms."""
    for k in range(count):
        yield sampler.batch(np.random.default_rng([seed, 98, k]), 8, SIZE[0])[0]
