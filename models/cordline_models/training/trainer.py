"""The training of one network through its stages, in steps that a stopped training can take up again."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from .checkpoint import Progress, append_log, checkpoint_path
from .device import device
from .schedule import Stage, learning_rate_at

CHECKPOINT_INTERVAL = 25
"""Steps between two checkpoints and lines of the log."""
LOSS_WINDOW = 25
"""Steps over which the shown loss is averaged."""
MAX_GRADIENT_NORM = 5.0

BatchLoss = Callable[[np.random.Generator, Stage], Tensor]
"""Draws a batch and returns its loss."""
StageHook = Callable[[Stage], None]


class Trainer:
    """A resumable training: RUN/NAME.pt holds all that is needed to go on, RUN/log.jsonl what happened."""

    def __init__(self, run: Path, name: str, model: nn.Module, seed: int):
        run.mkdir(parents=True, exist_ok=True)
        self.run, self.name, self.seed = run, name, seed
        self.path = checkpoint_path(run, name)
        self.model = model.to(device(), memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-3)
        self.stage, self.step, self.cpu_s, self.finished = Progress(0, 0, 0.0, False)
        if self.path.is_file():
            found = torch.load(self.path, map_location=device(), weights_only=True)
            self.model.load_state_dict(found["model"])
            if "optimiser" in found:
                self.optimiser.load_state_dict(found["optimiser"])
            self.stage, self.step, self.cpu_s, self.finished = Progress.of(found)
        self._cpu0 = cpu_seconds()

    def progress(self) -> Progress:
        """How far this training is; its CPU seconds are those of all sessions."""
        return Progress(self.stage, self.step, self.cpu_s + cpu_seconds() - self._cpu0, self.finished)

    def save(self) -> None:
        part = self.path.with_suffix(".part")
        state = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save({**state, "at": list(self.progress())}, part)
        part.replace(self.path)

    def log(self, **facts: object) -> None:
        append_log(self.run, self.name, self.progress(), **facts)

    def train(
        self,
        stages: Sequence[Stage],
        batch_loss: BatchLoss,
        before_stage: StageHook | None = None,
        after_stage: StageHook | None = None,
    ) -> None:
        """Go through `stages` from where the checkpoint stands.

        before_stage is called when a stage begins or goes on; after_stage may still change the model before the stage
        counts as done.
        """
        while self.stage < len(stages):
            stage = stages[self.stage]
            if before_stage:
                before_stage(stage)
            self._train_stage(stage, batch_loss)
            if after_stage:
                after_stage(stage)
            self.stage, self.step = self.stage + 1, 0
            self.save()

    def _train_stage(self, stage: Stage, batch_loss: BatchLoss) -> None:
        rows, columns = stage.shape
        bar = tqdm(total=stage.steps, initial=self.step, desc=f"{self.name} {rows} x {columns}", mininterval=5)
        recent: list[float] = []
        self.model.train()
        if stage.freeze_batch_norm:
            for norm in self.batch_norms():
                norm.eval()
        while self.step < stage.steps:
            # A generator of its own for each step, so that a resumed training draws what it would have drawn.
            rng = np.random.default_rng([self.seed, self.stage, self.step])
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate_at(stage, self.step)
            self.optimiser.zero_grad(set_to_none=True)
            loss = batch_loss(rng, stage)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT_NORM)
            self.optimiser.step()
            recent.append(float(loss.detach()))
            self.step += 1
            mean = float(np.mean(recent[-LOSS_WINDOW:]))
            bar.update()
            bar.set_postfix(loss=f"{mean:.3f}", refresh=False)
            if self.step % CHECKPOINT_INTERVAL == 0:
                self.log(loss=round(mean, 4))
                self.save()
        bar.close()

    def finish(self) -> None:
        """Mark the training as finished, once."""
        if not self.finished:
            self.finished = True
            self.log(event="finished")
            self.save()

    def batch_norms(self) -> list[nn.BatchNorm2d]:
        return [m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)]

    def calibrate_batch_norms(
        self, batches: Iterable[Tensor], forward: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Take the batch norms' statistics anew as the plain mean over `batches` of inputs."""
        forward = forward or self.model.logits
        norms = self.batch_norms()
        momenta = [m.momentum for m in norms]
        for norm in norms:
            norm.num_batches_tracked.zero_()  # the first batch replaces what was there, the others join in
            norm.momentum = None
        self.model.train()
        with torch.no_grad():
            for batch in batches:
                forward(batch)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        self.model.eval()


def cpu_seconds() -> float:
    """CPU time of this process, s."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
