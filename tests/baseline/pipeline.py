"""The same road, written straightforwardly in Python: what the program is compared with.

    .venv/bin/python tests/baseline/pipeline.py INPUT... --bundle DIR --out DIR [--threads N] [--repeat N] [--batch N]

pydicom reads, numpy and OpenCV prepare, ONNX Runtime computes, scipy finds the lesions, highdicom writes the
Segmentation. It knows classic MR series only, and writes no report, structured report or parametric map.
Sections go through the networks one by one: on a CPU a larger batch gains under 10 % and costs gigabytes (`--batch`).
"""

import argparse
import json
import resource
import sys
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import objects
import onnxruntime
import reading
from scipy import ndimage

IMPORTED_AT = time.time()


class Clock:
    """Wall-clock and CPU time (of all threads) of each stage, in milliseconds."""

    def __init__(self) -> None:
        self.wall_ms: dict[str, float] = {}
        self.cpu_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str):
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall_ms[name] = self.wall_ms.get(name, 0.0) + 1e3 * (time.perf_counter() - wall)
            self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + 1e3 * (time.process_time() - cpu)


class Networks:
    """The sessions of a bundle."""

    def __init__(self, folder: Path, threads: int, batch: int = 1) -> None:
        self.manifest = tomllib.loads((folder / "bundle.toml").read_text())
        self.batch = batch
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        parts = {"segmenter": self.manifest["segmenter"]} | {c["id"]: c for c in self.manifest["classifier"]}
        self.sessions = {
            name: onnxruntime.InferenceSession(
                folder / part["file"], sess_options=options, providers=["CPUExecutionProvider"]
            )
            for name, part in parts.items()
        }

    def run(self, name: str, outputs: list[str], sections: np.ndarray) -> list[np.ndarray]:
        """Outputs for `sections` (section, channel, row, column), in the order asked for."""
        session = self.sessions[name]
        feed = session.get_inputs()[0].name
        parts = [
            session.run(outputs, {feed: sections[k : k + self.batch]}) for k in range(0, len(sections), self.batch)
        ]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]


def normalise(voxels: np.ndarray, clip: float) -> np.ndarray:
    """Standardised over the volume, clipped, and brought to 0..1."""
    z = voxels.astype(np.float64)
    std = z.std()
    if std == 0:
        return np.zeros(voxels.shape, np.float32)
    z = np.clip((z - z.mean()) / std, -clip, clip)
    return ((z - z.min()) / (z.max() - z.min())).astype(np.float32)


def resize(section: np.ndarray, size: tuple[int, int], nearest: bool = False) -> np.ndarray:
    """`size` is (rows, columns)."""
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return cv2.resize(section, (size[1], size[0]), interpolation=how)


def lesions(probability: np.ndarray, segmenter: dict, voxel_ml: float) -> np.ndarray:
    """Lesion numbers from 1, largest first; components with too small a core are dropped."""
    threshold = segmenter["threshold"]
    labels, _ = ndimage.label(probability >= threshold, structure=np.ones((3, 3, 3)))
    counts = np.bincount(labels.ravel())
    core = np.bincount(labels[probability >= segmenter.get("core_threshold", threshold)], minlength=len(counts))
    kept = (k for k in range(1, len(counts)) if core[k] * voxel_ml >= segmenter["min_lesion_ml"])
    order = sorted(kept, key=lambda k: -counts[k])
    numbers = np.zeros(len(counts), np.uint8)
    numbers[order] = range(1, len(order) + 1)
    return numbers[labels]


def decide(classifier: dict, probability: float) -> str:
    low, high = classifier["undecided"]
    if low <= probability <= high:
        return "undecided"
    return classifier["classes"][int(probability >= classifier["threshold"])]["id"]


def classify(networks: Networks, images: np.ndarray, masks: np.ndarray, clock: Clock, shape: tuple) -> list[dict]:
    """Answers along the branches; `images` and `masks` are the sections with lesion on the networks' grid."""
    answers, decisions = [], {}
    with clock.stage("classifier input"):
        sections = np.stack([np.zeros_like(images), images * masks, masks], axis=1)
    for classifier in networks.manifest["classifier"]:
        after = classifier.get("after")
        if after and decisions.get(after["classifier"]) != after["class"]:
            continue
        outputs = [classifier["probabilities"], classifier["heat_map"]]
        with clock.stage("classifiers"):
            probabilities, cams = networks.run(classifier["id"], outputs, sections)
        probability = float(probabilities[:, 1].mean())
        decision = decide(classifier, probability)
        decisions[classifier["id"]] = decision
        answers.append({"id": classifier["id"], "probability": probability, "decision": decision})
        if decision == "undecided":
            continue
        with clock.stage("heat maps"):
            index = [c["id"] for c in classifier["classes"]].index(decision)
            maps = np.stack([resize(cam[index], shape) for cam in cams])
            answers[-1]["heat_map_mean"] = float((maps / max(maps.max(), 1e-12)).mean())
    return answers


def analyse(inputs: list[Path], networks: Networks, out: Path) -> dict:
    """One study, from files to files."""
    clock, manifest = Clock(), networks.manifest
    with clock.stage("read"):
        series = reading.choose(reading.datasets(inputs))
    with clock.stage("volume"):
        voxels, series, spacing = reading.volume(series)
    size, shape = tuple(manifest["preprocessing"]["size"]), voxels.shape[1:]
    with clock.stage("normalise"):
        normal = normalise(voxels, manifest["preprocessing"]["clip"])
        small = np.stack([resize(section, size) for section in normal])
    segmenter = manifest["segmenter"]
    first_network_at = time.time()
    with clock.stage("segmenter"):
        (probability,) = networks.run("segmenter", [segmenter["output"]], small[:, None])
    with clock.stage("lesions"):
        probability = np.stack([resize(section, shape) for section in probability[:, 0]])
        voxel_ml = float(np.prod(spacing)) / 1000
        labels = lesions(probability, segmenter, voxel_ml)
        masks = np.stack([resize((section > 0).astype(np.float32), size, nearest=True) for section in labels])
        asked = [k for k, mask in enumerate(masks) if mask.any()]
    answers = classify(networks, small[asked], masks[asked], clock, shape) if asked else []
    out.mkdir(parents=True, exist_ok=True)
    if labels.any():
        with clock.stage("segmentation"):
            objects.segmentation(series, labels, manifest["version"]).save_as(out / "segmentation.dcm")
    result = {
        "shape": voxels.shape,
        "sections_asked": [k + 1 for k in asked],
        "lesions_ml": [float((labels == n).sum() * voxel_ml) for n in range(1, labels.max() + 1)],
        "answers": answers,
    }
    with clock.stage("result"):
        (out / "result.json").write_text(json.dumps(result, indent=2))
    return result | {"wall_ms": clock.wall_ms, "cpu_ms": clock.cpu_ms, "first_network_at": first_network_at}


def main() -> None:
    parser = argparse.ArgumentParser(description="The road in Python, to compare with.")
    parser.add_argument("inputs", nargs="+", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1, help="analyse the study so often in one process")
    parser.add_argument("--batch", type=int, default=1, help="sections in one run of a network")
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    began = time.perf_counter()
    networks = Networks(arguments.bundle, arguments.threads, arguments.batch)
    load_ms = 1e3 * (time.perf_counter() - began)
    studies = [analyse(arguments.inputs, networks, arguments.out) for _ in range(arguments.repeat)]
    json.dump(
        {
            "imported_at": IMPORTED_AT,
            "load_ms": load_ms,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "studies": studies,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
