"""A bundle's ONNX files on a volume, as the manifest says: the plain Python counterpart of the runtime. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from scipy import ndimage

from .manifest import QUESTIONS, BundleSettings, sha256
from .preprocessing import classifier_input, resize_image


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others want the cores too
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Provider(Protocol):
    """Another way to run the networks than ONNX Runtime's own for processors."""

    precision: str

    def open(self, folder: Path, network: str, threads: int) -> onnxruntime.InferenceSession: ...


@dataclass
class Bundle:
    """Sessions of one bundle folder, on the processor in single precision unless a provider is given."""

    folder: Path
    threads: int = 2
    provider: Provider | None = None

    def __post_init__(self) -> None:
        names = ["segmenter", *QUESTIONS]
        if self.provider:
            self.session = {name: self.provider.open(self.folder, name, self.threads) for name in names}
        else:
            self.session = {name: open_session(self.folder / f"{name}.onnx", self.threads) for name in names}
        # Under which maps are kept: those of another precision are others.
        self.hash = sha256(self.folder / "segmenter.onnx")[:12] + (
            f"-{self.provider.precision}" if self.provider else ""
        )

    def probability(self, sections: np.ndarray) -> np.ndarray:
        """(n, 256, 256) images in 0..1 to probability maps, section by section."""
        run = self.session["segmenter"].run
        return np.concatenate([run(None, {"image": s[None, None]})[0][:, 0] for s in sections])

    def answer(self, name: str, sections: np.ndarray, mask: np.ndarray) -> float:
        """Study probability of the second answer: the mean over sections whose 256 x 256 mask is not empty."""
        keep = np.flatnonzero(mask.any((1, 2)))
        if not len(keep):
            return float("nan")
        seen = classifier_input(sections[keep], mask[keep])
        run = self.session[name].run
        found = [run(["probabilities"], {"image": seen[i : i + 4]})[0][:, 1] for i in range(0, len(seen), 4)]
        return float(np.concatenate(found).mean())


def native_mask(
    probability: np.ndarray, shape: tuple[int, int, int], voxel_ml: float, settings: BundleSettings
) -> np.ndarray:
    """Maps at 256 x 256 to a mask on the native grid, components without enough of a core dropped."""
    native = np.stack([resize_image(section, *shape[1:]) for section in probability])
    return drop_small(native >= settings.threshold, native >= settings.core_threshold, voxel_ml, settings.min_lesion_ml)


def drop_small(mask: np.ndarray, core: np.ndarray, voxel_ml: float, least_ml: float) -> np.ndarray:
    """The components (26 neighbours) of `mask` that hold at least `least_ml` of `core`."""
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        return mask
    size = np.bincount(parts[core & mask], minlength=count + 1) * voxel_ml
    kept = size >= least_ml
    kept[0] = False
    return kept[parts]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else float("nan")


def finding(answers: dict[str, float], has_lesion: bool, settings: BundleSettings) -> str:
    """no_lesion, indeterminate, or tumour/... or demyelinating/..., the second part a class or `undecided`."""
    if not has_lesion:
        return "no_lesion"
    first = decide("tumour-demyelinating", answers, settings)
    if first is None:
        return "indeterminate"
    name, group = [("astrocytoma-ependymoma", "tumour"), ("ms-nmosd", "demyelinating")][first]
    second = decide(name, answers, settings)
    return f"{group}/{'undecided' if second is None else name.split('-')[second]}"


def decide(name: str, answers: dict[str, float], settings: BundleSettings) -> int | None:
    """Index of the answer; None when undecided or when the classifier did not run."""
    p = answers[name]
    low, high = settings.undecided[name]
    if np.isnan(p) or low <= p <= high:
        return None
    return int(p >= settings.decision[name])


def read_probability(bundle: Bundle, sections: np.ndarray, store: Path, case: str) -> np.ndarray:
    """The segmenter's maps of a case, kept in `store` under the segmenter's hash."""
    path = store / bundle.hash / f"{case}.npy"
    if path.is_file():
        found = np.load(path)
        if found.shape == sections.shape:
            return found
    maps = bundle.probability(sections)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, maps)
    return maps
