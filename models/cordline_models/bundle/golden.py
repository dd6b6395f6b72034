"""Golden data: what the networks say of a few sections. A provider that says otherwise is not used.

segmenter.image, ID.image       uint8 (4, channels, 256, 256); a byte is 255 times what the network sees
segmenter.probability           float32 (4, 1, 256, 256)
ID.probabilities, ID.cam        float32 (4, 2) and (4, 2, rows, columns)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save

from .golden_sections import Run, as_input, choose
from .inference import open_session
from .manifest import GOLDEN, QUESTIONS

BATCH_TOLERANCE = 1e-6
"""Largest difference between a batch and its images one by one; of values above 1, as a share of the largest."""


def write_golden(folder: Path, threshold: float, threads: int = 2) -> list[str]:
    """Choose sections for every network of `folder`, keep them with what it says; returns a line on each."""
    run = {name: runner(open_session(folder / f"{name}.onnx", threads)) for name in ("segmenter", *QUESTIONS)}
    chosen, said = choose(run, threshold)
    tensors = {}
    for name, sections in chosen.items():
        tensors[f"{name}.image"] = np.stack([section.stored(name) for section in sections])
        for output, values in in_both_ways(run[name], tensors[f"{name}.image"]).items():
            tensors[f"{name}.{output}"] = values
    # Not by save_file, whose files only their owner may read.
    (folder / GOLDEN).write_bytes(save({name: np.ascontiguousarray(values) for name, values in tensors.items()}))
    return said


def runner(session: onnxruntime.InferenceSession) -> Run:
    """The network of a session, as it is run on golden data."""
    names = [output.name for output in session.get_outputs()]
    return lambda stored: dict(zip(names, session.run(None, {"image": as_input(stored)}), strict=True))


def in_both_ways(run: Run, stored: np.ndarray) -> dict[str, np.ndarray]:
    """What a network says of all images at once, which must be what it says of each by itself."""
    together = run(stored)
    alone = [run(image[None]) for image in stored]
    for output, values in together.items():
        found = np.concatenate([one[output] for one in alone])
        worst = float(np.abs(values - found).max() / max(1.0, np.abs(values).max()))
        if not worst <= BATCH_TOLERANCE:
            raise RuntimeError(f"{output} of a batch differs by {worst:.1e} from that of its images one by one")
    return together


def straying(folder: Path, name: str, run: Run, threshold: float) -> dict[str, float]:
    """How far `run` strays from the golden data of network `name`, in the words of the manifest's tolerances."""
    golden = load_file(folder / GOLDEN)
    stored = golden[f"{name}.image"]
    alone = [run(image[None]) for image in stored]
    found = {output: np.concatenate([one[output] for one in alone]) for output in alone[0]}
    away = {output: np.abs(values - golden[f"{name}.{output}"]) for output, values in found.items()}
    if name == "segmenter":
        wanted = golden["segmenter.probability"] >= threshold
        flipped = (found["probability"] >= threshold) != wanted
        return {
            "segmenter": float(np.percentile(away["probability"], 99.9, method="lower")),
            "flipped": float(flipped.sum() / max(wanted.sum(), 1)),
        }
    peaks = golden[f"{name}.cam"].max((1, 2, 3))
    return {
        "probability": float(away["probabilities"].max()),
        "heat_map": float((away["cam"].max((1, 2, 3)) / np.maximum(peaks, np.finfo(np.float32).tiny)).max()),
    }
