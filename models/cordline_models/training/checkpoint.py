"""Checkpoints of a run, RUN/NETWORK.pt, and its log, RUN/log.jsonl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ..phantom.whole_file import replacing


class Progress(NamedTuple):
    """How far a training has come; kept as a list under `at` of its checkpoint."""

    stage: int
    step: int  # within the stage
    cpu_s: float
    finished: bool

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> Progress:
        return cls(*checkpoint["at"])


def checkpoint_path(run: Path, network: str) -> Path:
    return run / f"{network}.pt"


def append_log(run: Path, network: str, progress: Progress, **facts: object) -> None:
    """One line of JSON: which network, how far, and `facts`."""
    line = {
        "network": network,
        "stage": progress.stage,
        "step": progress.step,
        "cpu_s": round(progress.cpu_s),
        **facts,
    }
    with (run / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def finished_weights(run: Path, network: str) -> dict[str, torch.Tensor]:
    """The weights of a network whose training has ended."""
    path = checkpoint_path(run, network)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `cordline-models train` first")
    found = torch.load(path, map_location="cpu", weights_only=True)
    if not Progress.of(found).finished:
        raise RuntimeError(f"the training of {network} has not finished: run `cordline-models train` again, it goes on")
    return found["model"]


def begin_with(earlier: Path, run: Path, network: str, stage: int) -> None:
    """Let the training of `network` in `run`, unless it has begun, start at `stage` with the weights of another run.

    The CPU seconds of that run are carried on; the moments of Adam start anew.
    """
    path, source = checkpoint_path(run, network), checkpoint_path(earlier, network)
    if path.is_file():
        return
    if not source.is_file():
        raise FileNotFoundError(f"{source} is missing: --begin-with takes the folder of an earlier run")
    found = torch.load(source, map_location="cpu", weights_only=True)
    progress = Progress(stage, 0, Progress.of(found).cpu_s, False)
    with replacing(path) as part:
        torch.save({"model": found["model"], "at": list(progress)}, part)
    append_log(run, network, progress, event="begun with an earlier run's weights")
