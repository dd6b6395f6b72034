"""What both trainings share: stages, schedule, checkpoints, log."""

from __future__ import annotations

import json
import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

SAVE_EVERY = 25  # steps


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one size of view."""

    steps: int
    size: int  # rows
    batch: int
    rate: float  # of Adam, at its highest
    warm: int = 15
    columns: int | None = None  # of a view; as many as rows when left out
    settled: bool = False  # the batch norms keep the statistics of the stages before
    alarms: float = 0.0  # share of the segmenter's views that lie where it raised false alarms

    @property
    def shape(self) -> tuple[int, int]:
        return self.size, self.columns or self.size


class Place(NamedTuple):
    """How far a training has come; kept as a list under `at` of its checkpoint."""

    stage: int
    step: int  # within the stage
    cpu_s: float
    finished: bool

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> Place:
        return cls(*checkpoint["at"])


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision() -> torch.autocast:
    """bfloat16 where the processor computes in it, which is nearly twice as quick; elsewhere single precision."""
    kind = device().type
    able = torch.cuda.is_bf16_supported() if kind == "cuda" else torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(kind, torch.bfloat16, enabled=able)


def set_up(seed: int, threads: int | None) -> None:
    torch.manual_seed(seed)
    if threads:
        torch.set_num_threads(threads)


def rate_at(stage: Stage, step: int) -> float:
    """Rises over the first steps, then falls along a cosine to a hundredth."""
    warm = min(1.0, (step + 1) / max(stage.warm, 1))
    return float(stage.rate * warm * (0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * step / max(stage.steps, 1)))))


class Run:
    """A resumable training: RUN/NAME.pt holds all that is needed to go on, RUN/log.jsonl what happened."""

    def __init__(self, folder: Path, name: str, model: nn.Module, seed: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.seed = folder, name, seed
        self.path = folder / f"{name}.pt"
        self.model = model.to(device(), memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-3)
        self.stage, self.step, self.cpu_s, self.finished = Place(0, 0, 0.0, False)
        if self.path.is_file():
            found = torch.load(self.path, map_location=device(), weights_only=True)
            self.model.load_state_dict(found["model"])
            if "optimiser" in found:
                self.optimiser.load_state_dict(found["optimiser"])
            self.stage, self.step, self.cpu_s, self.finished = Place.of(found)
        self._cpu0 = cpu_seconds()

    def save(self) -> None:
        at = list(Place(self.stage, self.step, self.used(), self.finished))
        part = self.path.with_suffix(".part")
        torch.save({"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "at": at}, part)
        part.replace(self.path)

    def used(self) -> float:
        """CPU seconds spent on this network, over all sessions."""
        return self.cpu_s + cpu_seconds() - self._cpu0

    def log(self, **facts: object) -> None:
        line = {"network": self.name, "stage": self.stage, "step": self.step, "cpu_s": round(self.used()), **facts}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def train(self, stages: list[Stage], loss_of, before_stage=None, after_stage=None) -> None:
        """Go through `stages`; loss_of(rng, stage) draws a batch and returns its loss.

        before_stage(stage) is called when a stage begins or goes on; after_stage(stage) may still change the model
        before the stage counts as done.
        """
        while self.stage < len(stages):
            stage = stages[self.stage]
            if before_stage:
                before_stage(stage)
            rows, columns = stage.shape
            bar = tqdm(total=stage.steps, initial=self.step, desc=f"{self.name} {rows} x {columns}", mininterval=5)
            recent: list[float] = []
            self.model.train()
            if stage.settled:
                for norm in self.norms():
                    norm.eval()
            while self.step < stage.steps:
                rng = np.random.default_rng(
                    [self.seed, self.stage, self.step]
                )  # so that a resumed run draws what it would have drawn
                for group in self.optimiser.param_groups:
                    group["lr"] = rate_at(stage, self.step)
                self.optimiser.zero_grad(set_to_none=True)
                loss = loss_of(rng, stage)
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
                self.optimiser.step()
                recent.append(float(loss.detach()))
                self.step += 1
                bar.update()
                bar.set_postfix(loss=f"{np.mean(recent[-25:]):.3f}", refresh=False)
                if self.step % SAVE_EVERY == 0:
                    self.log(loss=round(float(np.mean(recent[-25:])), 4))
                    self.save()
            bar.close()
            if after_stage:
                after_stage(stage)
            self.stage, self.step = self.stage + 1, 0
            self.save()

    def norms(self) -> list[nn.BatchNorm2d]:
        return [m for m in self.model.modules() if isinstance(m, nn.BatchNorm2d)]

    def settle(self, batches, forward=None) -> None:
        """Take the batch norms' statistics anew as the plain mean over `batches` (an iterable of inputs)."""
        forward = forward or self.model.logits
        norms = self.norms()
        kept = [m.momentum for m in norms]
        for norm in norms:
            norm.num_batches_tracked.zero_()  # the first batch replaces what was there, the others join in
            norm.momentum = None
        self.model.train()
        with torch.no_grad():
            for batch in batches:
                forward(batch)
        for norm, momentum in zip(norms, kept, strict=True):
            norm.momentum = momentum
        self.model.eval()


def begin_with(earlier: Path, folder: Path, name: str, stage: int) -> None:
    """Let the training of `name` in `folder`, unless it has begun, start at `stage` with the weights of another run.

    The CPU seconds of that run are carried on; the moments of Adam start anew.
    """
    path, source = folder / f"{name}.pt", earlier / f"{name}.pt"
    if path.is_file():
        return
    if not source.is_file():
        raise FileNotFoundError(f"{source} is missing: --begin-with takes the folder of an earlier run")
    found = torch.load(source, map_location="cpu", weights_only=True)
    cpu_s = Place.of(found).cpu_s
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": found["model"], "at": list(Place(stage, 0, cpu_s, False))}, path)
    line = {
        "network": name,
        "stage": stage,
        "step": 0,
        "cpu_s": round(cpu_s),
        "event": "begun with an earlier run's weights",
    }
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def to_input(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device(), memory_format=torch.channels_last)
