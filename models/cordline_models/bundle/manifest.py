"""The bundle folder: manifest, ONNX files, golden input and output."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from .. import __version__
from .preprocessing import CLIP, SIZE, classifier_input

GOLDEN = "golden.safetensors"
GOLDEN_SIZE = 128
QUESTIONS = {
    "tumour-demyelinating": ("Tumour or demyelinating lesion?", None),
    "astrocytoma-ependymoma": ("Astrocytoma or ependymoma?", "tumour"),
    "ms-nmosd": ("MS or NMOSD?", "demyelinating"),
}
"""Classifier id: its question, and the answer of the first classifier under which it is asked."""
ANSWERS = {
    "tumour": ("Tumour", "108369006", "Neoplasm"),
    "demyelinating": ("Demyelinating lesion", "6118003", "Demyelinating disease of central nervous system"),
    "astrocytoma": ("Astrocytoma", "38713004", "Astrocytoma"),
    "ependymoma": ("Ependymoma", "57706007", "Ependymoma"),
    "ms": ("MS", "24700007", "Multiple sclerosis"),
    "nmosd": ("NMOSD", "25044007", "Neuromyelitis optica"),
}
"""Answer id: label, SNOMED CT code, code meaning."""
CLASSES_OF = {
    "tumour-demyelinating": ("tumour", "demyelinating"),
    "astrocytoma-ependymoma": ("astrocytoma", "ependymoma"),
    "ms-nmosd": ("ms", "nmosd"),
}
INTENDED = "Research use only; not a medical device. Shows the road of a study, from segmentation to explanation."
WARNING = "Trained on drawn phantoms; it knows nothing of patients."


@dataclass
class BundleSettings:
    """What a manifest says beside its networks: the operating point, chosen on the validation split, and the cohort.

    Attributes
    ----------
    threshold : of the segmenter's probability, from which a voxel belongs to a lesion
    core_threshold, min_lesion_ml : a component is kept when at least so many mL of it reach this probability
    decision : classifier id to the study probability from which the second answer is given
    undecided : classifier id to the lowest and highest probability that are no answer
    cohort_kind : phantom or patients
    cohort : one sentence on the cohort, shown with every result
    """

    threshold: float = 0.5
    core_threshold: float = 0.5
    min_lesion_ml: float = 0.05
    decision: dict[str, float] = field(default_factory=lambda: dict.fromkeys(QUESTIONS, 0.5))
    undecided: dict[str, tuple[float, float]] = field(default_factory=lambda: dict.fromkeys(QUESTIONS, (0.4, 0.6)))
    cohort_kind: str = "phantom"
    cohort: str = ""

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def of_bundle(cls, folder: Path) -> BundleSettings:
        """What the manifest of a bundle says."""
        manifest = tomllib.loads((folder / "bundle.toml").read_text())
        classifiers = {c["id"]: c for c in manifest["classifier"]}
        return cls(
            manifest["segmenter"]["threshold"],
            manifest["segmenter"].get("core_threshold", manifest["segmenter"]["threshold"]),
            manifest["segmenter"]["min_lesion_ml"],
            {name: c["threshold"] for name, c in classifiers.items()},
            {name: tuple(c["undecided"]) for name, c in classifiers.items()},
            manifest["cohort"]["kind"],
            manifest["cohort"]["description"],
        )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_golden(folder: Path, section: np.ndarray, mask: np.ndarray) -> None:
    """Run every network of `folder` on one section (256, 256) and its mask, and keep inputs and outputs."""
    import onnxruntime
    from safetensors.numpy import save_file

    row, column = (np.clip(np.argwhere(mask).mean(0).astype(int) - GOLDEN_SIZE // 2, 0, SIZE[0] - GOLDEN_SIZE)).tolist()
    window = np.s_[row : row + GOLDEN_SIZE, column : column + GOLDEN_SIZE]
    image = np.ascontiguousarray(section[window][None, None], np.float32)
    tensors = {"segmenter.image": image}

    def run(name: str, value: np.ndarray) -> list[np.ndarray]:
        session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        return session.run(None, {"image": value})

    tensors["segmenter.probability"] = run("segmenter", image)[0]
    for name in QUESTIONS:
        seen = np.ascontiguousarray(classifier_input(image[:, 0], mask[window][None]))
        tensors[f"{name}.image"] = seen
        tensors[f"{name}.probabilities"], tensors[f"{name}.cam"] = run(name, seen)
    save_file({k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()}, folder / GOLDEN)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write_manifest(
    folder: Path, settings: BundleSettings, bundle_id: str = "spinal-lesion-phantom", version: str = __version__
) -> None:
    """bundle.toml, last: it holds the hash of every other file that is run."""
    lines = [
        "format = 1",
        f"id = {quoted(bundle_id)}",
        f"version = {quoted(version)}",
        'title = "Intramedullary lesions on sagittal T2w MR"',
        'licence = "MIT OR Apache-2.0"',
        f"intended_use = {quoted(INTENDED)}",
        "",
        "[cohort]",
        f"kind = {quoted(settings.cohort_kind)}",
        f"description = {quoted(settings.cohort)}",
        f"warning = {quoted(WARNING if settings.cohort_kind == 'phantom' else '')}",
        "",
        "[input]",
        'plane = "sagittal"',
        'contrast = "T2w"',
        't1c = "unused"',
        "fat_saturation = true",
        "",
        "[preprocessing]",
        'name = "volume-zscore-minmax"',
        f"clip = {CLIP}",
        f"size = [{SIZE[0]}, {SIZE[1]}]",
        'image_interpolation = "linear"',
        'mask_interpolation = "nearest"',
        "",
        "[segmenter]",
        'file = "segmenter.onnx"',
        'input = "image"',
        'output = "probability"',
        f"threshold = {settings.threshold}",
        f"core_threshold = {settings.core_threshold}",
        f"min_lesion_ml = {settings.min_lesion_ml}",
    ]
    for name, (question, after) in QUESTIONS.items():
        low, high = settings.undecided[name]
        lines += [
            "",
            "[[classifier]]",
            f"id = {quoted(name)}",
            f"question = {quoted(question)}",
            f"file = {quoted(name + '.onnx')}",
        ]
        if after:
            lines.append(f'after = {{ classifier = "tumour-demyelinating", class = {quoted(after)} }}')
        lines += [
            'channels = ["t1c*mask", "t2w*mask", "mask"]',
            'input = "image"',
            'probabilities = "probabilities"',
            'heat_map = "cam"',
            f"threshold = {settings.decision[name]}",
            f"undecided = [{low}, {high}]",
            "classes = [",
        ]
        for answer in CLASSES_OF[name]:
            label, code, meaning = ANSWERS[answer]
            coded = f'code = "{code}", scheme = "SCT", meaning = {quoted(meaning)}'
            lines.append(f"  {{ id = {quoted(answer)}, label = {quoted(label)}, {coded} }},")
        lines.append("]")
    lines += ["", "[golden]", f"file = {quoted(GOLDEN)}", "tolerance = 1e-3", "", "[sha256]"]
    files = ["segmenter.onnx", *(f"{name}.onnx" for name in QUESTIONS), GOLDEN]
    lines += [f"{quoted(name)} = {quoted(sha256(folder / name))}" for name in files]
    (folder / "bundle.toml").write_text("\n".join(lines) + "\n", newline="\n")
