"""bundle.toml: what a bundle wants and holds, and the operating point at which it answers."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .. import __version__
from .preprocessing import CLIP, SIZE

FORMAT = 2
GOLDEN = "golden.safetensors"
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
HALVES = {"segmenter": 1.5e-2, "flipped": 3e-3, "probability": 1e-2, "heat_map": 4e-2}
TOLERANCE = {
    "fp32": {"segmenter": 1e-4, "flipped": 0.0, "probability": 1e-4, "heat_map": 1e-3},
    "tf32": HALVES,  # has as many digits as a half
    "fp16": HALVES,
    "bf16": {"segmenter": 0.2, "flipped": 2.5e-2, "probability": 5e-2, "heat_map": 8e-2},
}
"""How far a provider that computes in a precision may stray from the golden data: some twice of what was seen.

    segmenter    99.9th percentile of the differences of a pixel's probability
    flipped      pixels that change sides at the threshold, as a share of the mask
    probability  largest difference of a classifier's answer
    heat_map     largest difference of a map, as a share of the map's largest value
"""


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


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write_manifest(
    folder: Path, settings: BundleSettings, bundle_id: str = "spinal-lesion-phantom", version: str = __version__
) -> None:
    """bundle.toml, last: it holds the hash of every other file that is run."""
    lines = [
        f"format = {FORMAT}",
        f"id = {quoted(bundle_id)}",
        f"version = {quoted(version)}",
        'title = "Intramedullary lesions on sagittal T2w MR"',
        'licence = "MIT OR Apache-2.0"',
        f"intended_use = {quoted(INTENDED)}",
        "",
        "[cohort]",
        f"kind = {quoted(settings.cohort_kind)}",
        f"description = {quoted(settings.cohort)}",
        *([f"warning = {quoted(WARNING)}"] if settings.cohort_kind == "phantom" else []),
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
        'half = "segmenter.fp16.onnx"',
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
            f"half = {quoted(name + '.fp16.onnx')}",
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
    lines += ["", "[golden]", f"file = {quoted(GOLDEN)}"]
    for precision, limits in TOLERANCE.items():
        lines += ["", f"[golden.tolerance.{precision}]", *(f"{name} = {limit}" for name, limit in limits.items())]
    lines += ["", "[sha256]"]
    files = [f"{name}{end}" for name in ("segmenter", *QUESTIONS) for end in (".onnx", ".fp16.onnx")] + [GOLDEN]
    lines += [f"{quoted(name)} = {quoted(sha256(folder / name))}" for name in files]
    (folder / "bundle.toml").write_text("\n".join(lines) + "\n", newline="\n")
