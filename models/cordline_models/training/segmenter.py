"""Training of the segmenter: views round lesions first, whole sections last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .. import CLASSES
from ..bundle.export import onnx_segmenter
from ..networks.multiresunet import MultiResUNet
from . import hard_negatives
from .augment import change_intensity, random_view
from .device import half_precision, to_input
from .schedule import Stage
from .settings import SegmenterSettings
from .store import Sections
from .trainer import Trainer


class Sampler:
    """Draws views and masks from the sections of a split."""

    def __init__(self, sections: Sections, settings: SegmenterSettings):
        self.sections, self.settings = sections, settings
        self.has_lesion = sections.mask.any((1, 2))
        self.by_class = [np.flatnonzero(sections.label == k) for k in range(len(CLASSES))]
        weights = settings.class_weights
        weight = np.array(
            [getattr(weights, name) * bool(len(cases)) for name, cases in zip(CLASSES, self.by_class, strict=True)]
        )
        self.weight = weight / weight.sum()
        self.of_case = [np.flatnonzero(sections.case == k) for k in range(len(sections.cases))]
        self.hard_negatives: list[np.ndarray] = []  # as `hard_negatives.find` gives them

    def view(self, rng: np.random.Generator, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
        """Image and mask of a random view of the stage's shape."""
        if self.hard_negatives and rng.random() < stage.hard_negative_share:
            points = self.hard_negatives[rng.integers(len(self.hard_negatives))]
            index, *middle = points[rng.integers(len(points))]
            return self._cut(rng, index, np.array(middle), stage.shape)
        case = rng.choice(self.by_class[rng.choice(len(self.weight), p=self.weight)])
        own = self.of_case[case]
        lesion = own[self.has_lesion[own]]
        with_lesion = len(lesion) and rng.random() < self.settings.lesion_share
        index = rng.choice(lesion) if with_lesion else rng.choice(own)
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
        row, column = (float(c) for c in centre)
        rotation, zoom = self.settings.max_rotation_deg, self.settings.max_zoom
        view, outline = random_view(rng, image, mask, shape, (row, column), rotation, zoom)
        return change_intensity(rng, view), outline

    def _middle(self, rng: np.random.Generator, index: int, lesion: np.ndarray) -> np.ndarray:
        """Row and column round which to look at section `index`; `lesion`: the sections of its case with lesion."""
        if self.has_lesion[index] and rng.random() < 0.85:
            found = np.argwhere(self.sections.mask[index])
        elif len(lesion) and not self.has_lesion[index] and rng.random() < 0.4:
            # The edge of the canal beside a lesion, in a section that no longer has it.
            found = np.argwhere(self.sections.mask[rng.choice(lesion)])
        else:
            image = self.sections.image[index][::4, ::4]
            found = np.argwhere(image >= np.quantile(image, self.settings.bright_quantile)) * 4
        return found[rng.integers(len(found))]

    def batch(self, rng: np.random.Generator, stage: Stage) -> tuple[torch.Tensor, torch.Tensor]:
        """Views and masks of a batch, both (n, 1, rows, columns)."""
        views, outlines = zip(*(self.view(rng, stage) for _ in range(stage.batch)), strict=True)
        return to_input(np.stack(views)[:, None]), to_input(np.stack(outlines)[:, None].astype(np.float32))


def segmentation_loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Twice the binary cross-entropy plus one minus the Dice of the whole batch."""
    p = torch.sigmoid(logits)
    overlap = (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
    return 2 * F.binary_cross_entropy_with_logits(logits, truth) + 1 - overlap


def first_stage_after_others(stages: Sequence[Stage]) -> int:
    """Where a training begins that has the weights of another: small views only make a beginning quick."""
    return int(len(stages) > 1 and np.prod(stages[0].shape) < np.prod(stages[1].shape))


def train(sections: Sections, run: Path, settings: SegmenterSettings, seed: int = 1, threads: int = 1) -> MultiResUNet:
    """Train, or go on training, the segmenter in `run`; threads: of the search for hard negatives."""
    trainer = Trainer(run, "segmenter", MultiResUNet(), seed)
    sampler = Sampler(sections, settings)

    def batch_loss(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, truth = sampler.batch(rng, stage)
        with half_precision():
            logits = trainer.model.logits(views)
        return segmentation_loss(logits.float(), truth)

    def find_hard_negatives(stage: Stage) -> None:
        if stage.hard_negative_share and not sampler.hard_negatives:
            segment = onnx_segmenter(trainer.model, run, threads)
            sampler.hard_negatives = hard_negatives.find(segment, sections, run / "store", settings)
            trainer.log(event=f"{len(sampler.hard_negatives)} healthy sections give hard negatives")

    def calibrate(stage: Stage) -> None:
        if not stage.freeze_batch_norm:
            draws = (np.random.default_rng([seed, 99, k]) for k in range(settings.calibration_batches))
            trainer.calibrate_batch_norms(sampler.batch(rng, stage)[0] for rng in draws)

    trainer.train(settings.stages, batch_loss, find_hard_negatives, calibrate)
    trainer.finish()
    trainer.model.eval()
    return trainer.model
