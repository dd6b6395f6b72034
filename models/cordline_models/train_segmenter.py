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

STAGES = [Stage(450, 96, 8, 2.5e-3), Stage(300, 128, 8, 2.2e-3, 8), Stage(45, 256, 4, 6e-4, 3)]
WEIGHT = {"healthy": 0.18, "astrocytoma": 0.16, "ependymoma": 0.14, "ms": 0.28, "nmosd": 0.24}
"""How often a batch takes a case of each class: small lesions more often."""
WITH_LESION = 0.75


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
        elif mask.any() and rng.random() < 0.85:
            found = np.argwhere(mask)
            centre = tuple(found[rng.integers(len(found))] + rng.uniform(-0.4, 0.4, 2) * size)
        else:
            # Without a lesion most views lie in the middle columns, where the cord is.
            centre = (
                rng.uniform(size * 0.3, rows - size * 0.3),
                np.clip(rng.normal(columns / 2, 40), size * 0.3, columns - size * 0.3),
            )
        if size < rows:  # a view may reach past the section, but not by much
            centre = tuple(
                float(np.clip(c, size * 0.4, n - size * 0.4)) for c, n in zip(centre, (rows, columns), strict=True)
            )
        view, outline = place(rng, image, mask, (size, size), centre)
        return intensity(rng, view), outline


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
