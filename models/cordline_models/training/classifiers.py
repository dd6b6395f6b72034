"""Training of the three classifiers: a common start on all four classes, then each by itself on its own question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .. import CLASSES
from ..bundle.manifest import QUESTIONS
from ..bundle.preprocessing import SIZE, classifier_input
from ..networks import small_view
from ..networks.densenet import DenseNet121
from .augment import change_intensity, random_view
from .device import half_precision, to_input
from .lesion_sections import LesionSections, reshape_mask
from .schedule import Stage
from .settings import ClassifierSettings
from .trainer import Trainer

LESIONS = CLASSES[1:]
"""The classes with lesion, in the order of the common start's outputs."""
GROUPS = {
    "tumour-demyelinating": ({"astrocytoma", "ependymoma"}, {"ms", "nmosd"}),
    "astrocytoma-ependymoma": ({"astrocytoma"}, {"ependymoma"}),
    "ms-nmosd": ({"ms"}, {"nmosd"}),
}
"""Classifier id: labels of its first and of its second answer."""


class Sampler:
    """Draws classifier inputs, the groups of labels equally often and the cases of a label equally often."""

    def __init__(self, lesions: LesionSections, groups: list[set[str]], settings: ClassifierSettings):
        self.lesions, self.settings = lesions, settings
        self.groups = [
            [np.unique(lesions.case[lesions.label == LESIONS.index(name)]) for name in sorted(group)]
            for group in groups
        ]
        for group, members in zip(groups, self.groups, strict=True):
            if not sum(len(cases) for cases in members):
                raise ValueError(f"no training case with a lesion and a label among {', '.join(sorted(group))}")
        self.of_case = {c: np.flatnonzero(lesions.case == c) for c in np.unique(lesions.case)}

    def views(self, rng: np.random.Generator, group: int, shape: tuple[int, int], predicted: bool) -> list[np.ndarray]:
        """Some sections of one case of `group`, each (3, rows, columns) as the classifier sees it.

        `predicted`: at times with the segmenter's masks.
        """
        members = [cases for cases in self.groups[group] if len(cases)]
        own = self.of_case[rng.choice(members[rng.integers(len(members))])]
        masks, found = self.lesions.truth, own[self.lesions.has_predicted[own]]
        if predicted and len(found) and rng.random() < self.settings.predicted_share:
            masks, own = self.lesions.predicted, found
        count = self.settings.sections_per_case
        chosen = rng.choice(own, count, replace=len(own) < count)
        return [self._view(rng, index, masks, shape) for index in chosen]

    def _view(self, rng: np.random.Generator, index: int, masks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        mask = masks[index]
        if masks is self.lesions.truth and rng.random() < self.settings.reshaped_share:
            mask = reshape_mask(rng, mask)
        image = self.lesions.image[index].astype(np.float32) / 65535
        middle, shift = np.argwhere(mask).mean(0), np.array(shape) * (0.08, 0.12)
        centre = tuple(middle + rng.uniform(-1, 1, 2) * shift)
        rotation, zoom = self.settings.max_rotation_deg, self.settings.max_zoom
        view, outline = random_view(rng, image, mask, shape, centre, rotation, zoom)
        return classifier_input(change_intensity(rng, view)[None], outline[None])[0]

    def batch(
        self, rng: np.random.Generator, size: int, shape: tuple[int, int], predicted: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`size` views, those of a case one after another; and the group of each case."""
        answers = np.arange(size // self.settings.sections_per_case)
        if len(answers) % len(self.groups):  # the groups that come once more are not the same in each batch
            answers += rng.integers(len(self.groups))
        answers %= len(self.groups)
        views = np.stack([view for a in answers for view in self.views(rng, int(a), shape, predicted)])
        return to_input(views), torch.from_numpy(answers)


def study_loss(logits: torch.Tensor, answers: torch.Tensor, settings: ClassifierSettings) -> torch.Tensor:
    """Cross-entropy, with label smoothing, of the mean probability over the sections of each case.

    Parameters
    ----------
    logits : (cases x sections_per_case, answers)
    answers : (cases,)
    """
    mean = torch.softmax(logits, 1).unflatten(0, (-1, settings.sections_per_case)).mean(1)
    smoothing = settings.label_smoothing
    return F.nll_loss((mean * (1 - smoothing) + smoothing / logits.shape[1]).log(), answers.to(logits.device))


def view_loss(
    model: DenseNet121, views: torch.Tensor, answers: torch.Tensor, settings: ClassifierSettings
) -> torch.Tensor:
    """The loss of small views, each of which stands for a whole section."""
    with half_precision():
        logits = small_view.logits(model, views, SIZE)
    return study_loss(logits.float(), answers, settings)


def train_common_start(lesions: LesionSections, run: Path, settings: ClassifierSettings, seed: int = 2) -> DenseNet121:
    """The common start: all four classes at once."""
    trainer = Trainer(run, "start", DenseNet121(len(LESIONS)), seed)
    present = [name for k, name in enumerate(LESIONS) if (lesions.label == k).any()]
    sampler = Sampler(lesions, [{name} for name in present], settings)
    output_of = torch.tensor([LESIONS.index(name) for name in present])

    def batch_loss(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, answers = sampler.batch(rng, stage.batch, stage.shape)
        return view_loss(trainer.model, views, output_of[answers], settings)

    trainer.train(settings.common_stages, batch_loss)
    return trainer.model


def train_classifier(
    name: str,
    start: DenseNet121,
    lesions: LesionSections,
    run: Path,
    settings: ClassifierSettings,
    seed: int = 3,
    only_first: bool = False,
) -> DenseNet121:
    """One classifier on its own question; every weight is its own and is trained.

    The first stage needs no predicted masks; with `only_first` it ends there.
    """
    if name not in QUESTIONS:
        raise ValueError(f"{name!r} is none of {', '.join(QUESTIONS)}")
    stages = settings.own_stages
    torch.manual_seed(seed)
    trainer = Trainer(run, name, from_common_start(name, start), seed)
    sampler = Sampler(lesions, list(GROUPS[name]), settings)

    def batch_loss(rng: np.random.Generator, stage: Stage) -> torch.Tensor:
        views, answers = sampler.batch(rng, stage.batch, stage.shape, predicted=trainer.stage > 0)
        return view_loss(trainer.model, views, answers, settings)

    def calibrate_before_last(stage: Stage) -> None:
        # When it begins, not when it goes on: by then the network has learnt with these statistics.
        if trainer.stage + 1 == len(stages) and trainer.step == 0:
            draws = (np.random.default_rng([seed, 98, k]) for k in range(settings.calibration_batches))
            views = (sampler.batch(rng, stage.batch, stage.shape, predicted=True)[0] for rng in draws)
            trainer.calibrate_batch_norms(views, lambda view: small_view.logits(trainer.model, view, SIZE))

    trainer.train(stages[:1] if only_first else stages, batch_loss, before_stage=calibrate_before_last)
    if not only_first:
        trainer.finish()
    trainer.model.eval()
    return trainer.model


def from_common_start(name: str, start: DenseNet121) -> DenseNet121:
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
