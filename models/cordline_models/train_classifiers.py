"""Training of the three classifiers: a common start on all four classes, then each by itself on its own question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from . import CLASSES, small_view
from .augment import intensity, place
from .bundle import QUESTIONS
from .densenet import DenseNet121
from .preprocessing import SIZE, classifier_input
from .store import Sections
from .training import Run, Stage, half_precision, to_input

LESIONS = CLASSES[1:]
START = [Stage(1400, 128, 48, 1e-3, columns=64)]
OWN = [Stage(400, 128, 48, 5e-4, columns=64), Stage(120, 128, 48, 2e-4, 3, columns=64)]
"""On drawn masks; then on the segmenter's too. Lesions of the cord are long and narrow, and so are the views, which
stand for whole sections (`small_view`)."""
TOGETHER = 3
"""Sections of a case whose mean probability is learnt, since that mean is the answer to the question."""
GROUPS = {
    "tumour-demyelinating": ({"astrocytoma", "ependymoma"}, {"ms", "nmosd"}),
    "astrocytoma-ependymoma": ({"astrocytoma"}, {"ependymoma"}),
    "ms-nmosd": ({"ms"}, {"nmosd"}),
}
"""Classifier id: labels of its first and of its second answer."""
SMOOTHING = 0.05
LEAST_PIXELS = 4
PREDICTED_SHARE = 0.5
PREDICTED_THRESHOLD = 0.3
"""Where the segmenter's maps become masks for training: what tuning has chosen for trained segmenters (`tune`)."""
RESHAPED_SHARE = 0.5
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
    lesions: Lesions, segment: Callable[[np.ndarray], np.ndarray], threshold: float, store: Path, per_case: int = 3
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

    def views(self, rng: np.random.Generator, group: int, shape: tuple[int, int], predicted: bool) -> list[np.ndarray]:
        """TOGETHER sections of one case of `group`, as the classifier sees them.

        `predicted`: at times with the segmenter's masks.
        """
        members = [cases for cases in self.groups[group] if len(cases)]
        own = self.of_case[rng.choice(members[rng.integers(len(members))])]
        masks, found = self.lesions.truth, own[self.lesions.has_predicted[own]]
        if predicted and len(found) and rng.random() < PREDICTED_SHARE:
            masks, own = self.lesions.predicted, found
        chosen = rng.choice(own, TOGETHER, replace=len(own) < TOGETHER)
        return [self._view(rng, index, masks, shape) for index in chosen]

    def _view(self, rng: np.random.Generator, index: int, masks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        mask = masks[index]
        if masks is self.lesions.truth and rng.random() < RESHAPED_SHARE:
            mask = reshape_mask(rng, mask)
        image = self.lesions.image[index].astype(np.float32) / 65535
        middle, shift = np.argwhere(mask).mean(0), np.array(shape) * (0.08, 0.12)
        # Size and texture tell the classes apart: milder changes than for the segmenter.
        view, outline = place(rng, image, mask, shape, tuple(middle + rng.uniform(-1, 1, 2) * shift), 15.0, 1.1)
        return classifier_input(intensity(rng, view)[None], outline[None])[0]

    def batch(
        self, rng: np.random.Generator, size: int, shape: tuple[int, int], predicted: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`size` views, TOGETHER of a case one after another; and the group of each case."""
        answers = np.arange(max(size // TOGETHER, 1)) % len(self.groups)
        views = np.stack([view for a in answers for view in self.views(rng, int(a), shape, predicted)])
        return to_input(views), torch.from_numpy(answers)


def reshape_mask(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Eroded, dilated, shifted by a pixel or cut off at an end; the mask itself where nothing would be left."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    kind = rng.integers(4)
    raw = mask.astype(np.uint8)
    if kind == 0:
        changed = cv2.erode(raw, kernel)
    elif kind == 1:
        changed = cv2.dilate(raw, kernel, iterations=int(rng.integers(1, 3)))
    elif kind == 2:
        changed = np.roll(raw, tuple(rng.integers(-1, 2, 2)), (0, 1))
    else:
        rows = np.flatnonzero(raw.any(1))
        length = 1 + int(rng.uniform(0.1, 0.4) * len(rows))
        changed = raw.copy()
        first = rows[0] if rng.random() < 0.5 else rows[-1] + 1 - length
        changed[first : first + length] = 0
    return changed > 0 if changed.any() else mask


def study_loss(logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, with label smoothing, of the mean probability over each case's TOGETHER sections."""
    mean = torch.softmax(logits, 1).unflatten(0, (-1, TOGETHER)).mean(1)
    return F.nll_loss((mean * (1 - SMOOTHING) + SMOOTHING / logits.shape[1]).log(), answers.to(logits.device))


def train_start(lesions: Lesions, folder: Path, seed: int = 2, stages: list[Stage] | None = None) -> DenseNet121:
    """The common start: all four classes at once."""
    run = Run(folder, "start", DenseNet121(len(LESIONS)), seed)
    present = [name for k, name in enumerate(LESIONS) if (lesions.label == k).any()]
    sampler = Sampler(lesions, [{name} for name in present])
    place_of = torch.tensor([LESIONS.index(name) for name in present])

    def batch_loss(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, answers = sampler.batch(rng, stage.batch, stage.shape)
        return loss_of(run.model, views, place_of[answers])

    run.train(stages or START, batch_loss)
    return run.model


def train_classifier(
    name: str,
    start: DenseNet121,
    lesions: Lesions,
    folder: Path,
    seed: int = 3,
    stages: list[Stage] | None = None,
    only_first: bool = False,
) -> DenseNet121:
    """One classifier on its own question; every weight is its own and is trained.

    The first stage needs no predicted masks; with `only_first` it ends there.
    """
    if name not in QUESTIONS:
        raise ValueError(f"{name!r} is none of {', '.join(QUESTIONS)}")
    stages = stages or OWN
    torch.manual_seed(seed)
    run = Run(folder, name, begin(name, start), seed)
    sampler = Sampler(lesions, list(GROUPS[name]))

    def batch_loss(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        return loss_of(run.model, *sampler.batch(rng, stage.batch, stage.shape, predicted=run.stage > 0))

    def settle_after(stage: Stage) -> None:
        if run.stage + 1 == len(stages):
            draws = (np.random.default_rng([seed, 98, k]) for k in range(24))
            views = (sampler.batch(rng, stage.batch, stage.shape, predicted=True)[0] for rng in draws)
            run.settle(views, lambda view: small_view.logits(run.model, view, SIZE))

    run.train(stages[:1] if only_first else stages, batch_loss, settle_after)
    if not only_first and not run.finished:
        run.finished = True
        run.log(event="finished")
        run.save()
    run.model.eval()
    return run.model


def begin(name: str, start: DenseNet121) -> DenseNet121:
    """A copy of the common start whose two answers are the means of the start's answers of each group."""
    model = DenseNet121(2)
    weights = {k: v.clone() for k, v in start.state_dict().items() if not k.startswith("answer.")}
    model.load_state_dict(weights, strict=False)
    with torch.no_grad():
        for answer, group in enumerate(GROUPS[name]):
            rows = [LESIONS.index(label) for label in sorted(group)]
            model.answer.weight[answer] = start.answer.weight[rows].mean(0)
            model.answer.bias[answer] = start.answer.bias[rows].mean()
    return model


def loss_of(model: DenseNet121, views: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    with half_precision():
        logits = small_view.logits(model, views, SIZE)
    return study_loss(logits.float(), answers)
