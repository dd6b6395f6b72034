"""Training of the segmenter: views round lesions first, whole sections last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from . import CLASSES, false_alarms
from .augment import intensity, place
from .export import runtime_of
from .multiresunet import MultiResUNet
from .store import Sections
from .training import Run, Stage, half_precision, to_input

STAGES = [
    Stage(350, 96, 8, 2.5e-3),
    Stage(2400, 256, 6, 2e-3, columns=96),
    Stage(900, 256, 6, 1e-3, columns=96, alarms=0.2),
    Stage(200, 256, 3, 2.5e-4, 3, settled=True, alarms=0.2),
]
"""Small views first, since they are quick; then tall ones, since only the whole length of a canal tells its edge from a
lesion; then many where it raised false alarms, for healthy sections teach little elsewhere; whole sections last, so
that no place of a section is new."""
WEIGHT = {"healthy": 0.18, "astrocytoma": 0.15, "ependymoma": 0.15, "ms": 0.28, "nmosd": 0.24}
"""How often a batch takes a case of each class: small lesions more often."""
WITH_LESION = 0.7
BRIGHT = 0.88
"""Quantile of a section above which a pixel may be the middle of a view without lesion: fluid and fat, where false
lesions arise."""


class Sampler:
    """Draws views and masks from the sections of a split."""

    def __init__(self, sections: Sections):
        self.sections = sections
        self.has = sections.mask.any((1, 2))
        self.by_class = [np.flatnonzero(sections.label == k) for k in range(len(CLASSES))]
        weight = np.array([WEIGHT[c] * bool(len(i)) for c, i in zip(CLASSES, self.by_class, strict=True)])
        self.weight = weight / weight.sum()
        self.of_case = [np.flatnonzero(sections.case == k) for k in range(len(sections.cases))]
        self.alarms: list[np.ndarray] = []  # as `false_alarms.find` gives them

    def view(self, rng: np.random.Generator, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
        """Image and mask of a random view of the stage's shape."""
        if self.alarms and rng.random() < stage.alarms:
            points = self.alarms[rng.integers(len(self.alarms))]
            index, *middle = points[rng.integers(len(points))]
            return self._cut(rng, index, np.array(middle), stage.shape)
        case = rng.choice(self.by_class[rng.choice(len(self.weight), p=self.weight)])
        own = self.of_case[case]
        lesion = own[self.has[own]]
        index = rng.choice(lesion) if len(lesion) and rng.random() < WITH_LESION else rng.choice(own)
        return self._cut(rng, index, self._middle(rng, index, lesion), stage.shape)

    def _cut(
        self, rng: np.random.Generator, index: int, middle: np.ndarray, shape: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """A view of `shape` (rows, columns) of section `index`, not far from `middle` (row, column)."""
        image, mask = self.sections.view(index), self.sections.mask[index]
        size, section = np.array(shape), np.array(image.shape)
        centre = middle + rng.uniform(-0.4, 0.4, 2) * size
        # A view may reach past the section, but not by much.
        centre = np.where(size < section, np.clip(centre, size * 0.4, section - size * 0.4), section / 2)
        view, outline = place(rng, image, mask, shape, (float(centre[0]), float(centre[1])))
        return intensity(rng, view), outline

    def _middle(self, rng: np.random.Generator, index: int, lesion: np.ndarray) -> np.ndarray:
        """Row and column round which to look at section `index`; `lesion`: the sections of its case with lesion."""
        if self.has[index] and rng.random() < 0.85:
            found = np.argwhere(self.sections.mask[index])
        elif len(lesion) and not self.has[index] and rng.random() < 0.4:
            # The edge of the canal beside a lesion, in a section that no longer has it.
            found = np.argwhere(self.sections.mask[rng.choice(lesion)])
        else:
            image = self.sections.image[index]
            found = np.argwhere(image[::4, ::4] >= np.quantile(image[::4, ::4], BRIGHT)) * 4
        return found[rng.integers(len(found))]


def loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Twice the binary cross-entropy plus one minus the Dice of the whole batch."""
    p = torch.sigmoid(logits)
    overlap = (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
    return 2 * F.binary_cross_entropy_with_logits(logits, truth) + 1 - overlap


def train(
    sections: Sections, folder: Path, seed: int = 1, stages: list[Stage] | None = None, threads: int = 1
) -> MultiResUNet:
    """Train, or go on training, the segmenter in `folder`; threads: of the look for false alarms."""
    stages = stages or STAGES
    run = Run(folder, "segmenter", MultiResUNet(), seed)
    sampler = Sampler(sections)

    def batch(rng: np.random.Generator, stage: Stage) -> tuple[torch.Tensor, torch.Tensor]:
        views, outlines = zip(*(sampler.view(rng, stage) for _ in range(stage.batch)), strict=True)
        return to_input(np.stack(views)[:, None]), to_input(np.stack(outlines)[:, None].astype(np.float32))

    def loss_of(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, truth = batch(rng, stage)
        with half_precision():
            logits = run.model.logits(views)
        return loss(logits.float(), truth)

    def look_before(stage: Stage) -> None:
        if stage.alarms and not sampler.alarms:
            sampler.alarms = false_alarms.find(runtime_of(run.model, folder, threads), sections, folder / "store")
            run.log(event=f"{len(sampler.alarms)} healthy sections raise false alarms")

    def settle_after(stage: Stage) -> None:
        if not stage.settled:
            run.settle(batch(np.random.default_rng([seed, 99, k]), stage)[0] for k in range(24))

    run.train(stages, loss_of, look_before, settle_after)
    if not run.finished:
        run.finished = True
        run.log(event="finished")
        run.save()
    run.model.eval()
    return run.model
