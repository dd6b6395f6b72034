"""Training of the segmenter: views round lesions first, whole sections last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from . import CLASSES
from .augment import intensity, place
from .multiresunet import MultiResUNet
from .store import Sections
from .training import Run, Stage, half_precision, to_input

STAGES = [Stage(700, 96, 8, 2.5e-3), Stage(900, 128, 8, 2.2e-3, 8), Stage(220, 256, 4, 8e-4, 3)]
WEIGHT = {"healthy": 0.24, "astrocytoma": 0.16, "ependymoma": 0.12, "ms": 0.26, "nmosd": 0.22}
"""How often a batch takes a case of each class: small lesions more often."""
WITH_LESION = 0.65
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

    def view(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        case = rng.choice(self.by_class[rng.choice(len(self.weight), p=self.weight)])
        own = self.of_case[case]
        lesion = own[self.has[own]]
        index = rng.choice(lesion) if len(lesion) and rng.random() < WITH_LESION else rng.choice(own)
        image, mask = self.sections.view(index), self.sections.mask[index]
        rows, columns = image.shape
        if size >= rows:
            centre = (rows / 2, columns / 2)
        else:
            centre = tuple(self._middle(rng, index, lesion) + rng.uniform(-0.4, 0.4, 2) * size)
        if size < rows:  # a view may reach past the section, but not by much
            centre = tuple(
                float(np.clip(c, size * 0.4, n - size * 0.4)) for c, n in zip(centre, (rows, columns), strict=True)
            )
        view, outline = place(rng, image, mask, (size, size), centre)
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


def train(sections: Sections, folder: Path, seed: int = 1, stages: list[Stage] | None = None) -> MultiResUNet:
    """Train, or go on training, the segmenter in `folder`."""
    stages = stages or STAGES
    run = Run(folder, "segmenter", MultiResUNet(), seed)
    sampler = Sampler(sections)

    def loss_of(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, outlines = zip(*(sampler.view(rng, stage.size) for _ in range(stage.batch)), strict=True)
        truth = to_input(np.stack(outlines)[:, None].astype(np.float32))
        with half_precision():
            logits = run.model.logits(to_input(np.stack(views)[:, None]))
        return loss(logits.float(), truth)

    run.train(stages, loss_of)
    if not run.finished:
        rng = np.random.default_rng([seed, 99])
        count = min(24, len(sections.image))
        run.settle(
            to_input(np.stack([sections.view(i)[None] for i in rng.choice(len(sections.image), 4)]))
            for _ in range(count)
        )
        run.finished = True
        run.log(event="finished")
        run.save()
    run.model.eval()
    return run.model
