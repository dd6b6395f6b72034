"""The schedule of a training: its stages, and how the learning rate moves within one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Stage:
    """A stretch of training on views of one size.

    Attributes
    ----------
    steps : number of batches
    rows : height of a view, pixels
    batch : views in a batch
    learning_rate : of Adam, at its highest
    warmup_steps : steps over which the learning rate rises to that
    columns : width of a view, pixels; as many as `rows` when None
    freeze_batch_norm : the batch norms keep the statistics of the stages before
    hard_negative_share : share of the segmenter's views, 0..1, round places where it was wrong in healthy cases
    """

    steps: int
    rows: int
    batch: int
    learning_rate: float
    warmup_steps: int = 15
    columns: int | None = None
    freeze_batch_norm: bool = False
    hard_negative_share: float = 0.0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, *self.shape) < 1:
            raise ValueError(f"steps, rows, columns and batch of a stage are 1 or more: {self}")
        if any(side % 16 for side in self.shape):
            raise ValueError(f"rows and columns of a view are multiples of 16, as the networks halve them: {self}")
        if not self.learning_rate > 0 or self.warmup_steps < 0:
            raise ValueError(f"learning_rate is above 0 and warmup_steps 0 or more: {self}")
        if not 0 <= self.hard_negative_share <= 1:
            raise ValueError(f"hard_negative_share is a share, 0 to 1: {self}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a view."""
        return self.rows, self.rows if self.columns is None else self.columns


def learning_rate_at(stage: Stage, step: int) -> float:
    """Rises over the warm-up, and falls along a cosine to a hundredth over the whole stage."""
    warmup = min(1.0, (step + 1) / max(stage.warmup_steps, 1))
    return float(
        stage.learning_rate * warmup * (0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * step / max(stage.steps, 1))))
    )
