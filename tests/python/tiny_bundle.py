"""A bundle whose networks are a handful of nodes, so that the whole road can be tested in a second.

    .venv/bin/python tests/python/tiny_bundle.py FOLDER

The segmenter calls bright voxels lesion; the classifiers weigh how much of a section the lesion fills. They are no
models of anything: they only have the inputs and outputs that a bundle's networks must have.
"""

import hashlib
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
BRIGHT = 0.6
"""Normalised intensity from which the segmenter says lesion."""

CLASSES = {
    "tumour-demyelinating": (
        "Tumour or demyelinating lesion?",
        ("tumour", "Tumour", "108369006", "SCT", "Neoplasm"),
        (
            "demyelinating",
            "Demyelinating lesion",
            "6118003",
            "SCT",
            "Demyelinating disease of central nervous system",
        ),
    ),
    "astrocytoma-ependymoma": (
        "Astrocytoma or ependymoma?",
        ("astrocytoma", "Astrocytoma", "38713004", "SCT", "Astrocytoma"),
        ("ependymoma", "Ependymoma", "9391/3", "ICDO3", "Ependymoma"),
    ),
    "ms-nmosd": (
        "MS or NMOSD?",
        ("ms", "MS", "24700007", "SCT", "Multiple sclerosis"),
        ("nmosd", "NMOSD", "25044007", "SCT", "Neuromyelitis optica"),
    ),
}

# Weights of the second class on the section's mean of (t1c*mask, t2w*mask, mask), and its bias. A lesion fills some
# thousandths of a section.
HEADS = {
    "tumour-demyelinating": ((0.0, -40.0, -20.0), -0.9),
    "astrocytoma-ependymoma": ((0.0, 60.0, 20.0), 0.8),
    "ms-nmosd": ((0.0, 30.0, 10.0), -1.0),
}

AFTER = {"astrocytoma-ependymoma": "tumour", "ms-nmosd": "demyelinating"}


def _save(path: Path, nodes, outputs: dict, weights: dict, channels: int) -> None:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", channels, "h", "w"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, path.stem, [image], values, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def segmenter(path: Path) -> None:
    """Probability of lesion: a steep sigmoid about BRIGHT."""
    _save(
        path,
        [
            helper.make_node("Conv", ["image", "steep", "middle"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["probability"]),
        ],
        {"probability": ["n", 1, "h", "w"]},
        {"steep": np.full((1, 1, 1, 1), 40.0), "middle": [-40.0 * BRIGHT]},
        channels=1,
    )


def greedy_segmenter(path: Path) -> None:
    """As `segmenter`, and takes memory for (number of images)^20 numbers: more than any host has from four on."""
    twice = [f"n{power}" for power in (1, 2, 4, 8, 16)]
    _save(
        path,
        [
            helper.make_node("Conv", ["image", "steep", "middle"], ["logit"]),
            helper.make_node("Shape", ["image"], [twice[0]], start=0, end=1),
            *(helper.make_node("Mul", [a, a], [b]) for a, b in itertools.pairwise(twice)),
            helper.make_node("Mul", [twice[4], twice[2]], ["numbers"]),
            helper.make_node("ConstantOfShape", ["numbers"], ["zeros"]),
            helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
            helper.make_node("Add", ["logit", "zero"], ["same"]),
            helper.make_node("Sigmoid", ["same"], ["probability"]),
        ],
        {"probability": ["n", 1, "h", "w"]},
        {"steep": np.full((1, 1, 1, 1), 40.0), "middle": [-40.0 * BRIGHT]},
        channels=1,
    )


def dazzled_segmenter(path: Path) -> None:
    """As `segmenter`; but OpenVINO, which compares NaN otherwise, answers NaN where a pixel is brighter than 0.92."""
    _save(
        path,
        [
            helper.make_node("Conv", ["image", "steep", "middle"], ["logit"]),
            helper.make_node("Sub", ["bright", "image"], ["under"]),
            helper.make_node("Sqrt", ["under"], ["root"]),
            helper.make_node("Greater", ["root", "zero"], ["is_number"]),
            helper.make_node("Where", ["is_number", "root", "zero"], ["number"]),
            helper.make_node("Mul", ["number", "next_to_none"], ["nothing"]),
            helper.make_node("Add", ["logit", "nothing"], ["same"]),
            helper.make_node("Sigmoid", ["same"], ["probability"]),
        ],
        {"probability": ["n", 1, "h", "w"]},
        {
            "steep": np.full((1, 1, 1, 1), 40.0),
            "middle": [-40.0 * BRIGHT],
            "bright": [0.92],
            "zero": [0.0],
            "next_to_none": [1e-6],
        },
        channels=1,
    )


def lopsided_segmenter(path: Path) -> None:
    """Calls lesion what lies above and before bright pixels: an L of them, which no turn or mirror image leaves alike.

    Bright along the longer arm, downwards, and along the shorter one, to the right.
    """
    arms = np.zeros((1, 1, 31, 31))
    arms[0, 0, 15:31:5, 15] = arms[0, 0, 15, 20:26:5] = 1.0
    _save(
        path,
        [
            helper.make_node("Sub", ["image", "bright"], ["over"]),
            helper.make_node("Mul", ["over", "steep"], ["sharp"]),
            helper.make_node("Sigmoid", ["sharp"], ["lit"]),
            helper.make_node("Conv", ["lit", "arms", "most"], ["count"], pads=[15, 15, 15, 15]),
            helper.make_node("Mul", ["count", "steep"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["probability"]),
        ],
        {"probability": ["n", 1, "h", "w"]},
        {"bright": [BRIGHT], "steep": [40.0], "arms": arms, "most": [0.5 - arms.sum()]},
        channels=1,
    )


def lopsided_classifier(path: Path, weights, bias: float) -> None:
    """As `classifier`, but from places alone whose neighbours below and above to the right are in the mask too."""
    arms = np.zeros((3, 3, 41, 41))
    for channel in range(3):
        arms[channel, channel, 20, 20] = 10.0
        arms[channel, 2, 28, 22] = arms[channel, 2, 16, 23] = 100.0
    _save(
        path,
        [
            helper.make_node("Conv", ["image", "arms", "most"], ["corners"], pads=[20, 20, 20, 20]),
            helper.make_node("Relu", ["corners"], ["held"]),
            helper.make_node("GlobalAveragePool", ["held"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["features"]),
            helper.make_node("Gemm", ["features", "head", "bias"], ["logits"], transB=1),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
            helper.make_node("AveragePool", ["held"], ["coarse"], kernel_shape=[32, 32], strides=[32, 32]),
            helper.make_node("Conv", ["coarse", "mix"], ["map"]),
            helper.make_node("Relu", ["map"], ["cam"]),
        ],
        {"probabilities": ["n", 2], "cam": ["n", 2, "h32", "w32"]},
        {
            "arms": arms,
            "most": [-200.0] * 3,
            "head": [(0.0, 0.0, 0.0), weights],
            "bias": [0.0, bias],
            "mix": np.array([(0.0, 1.0, 0.0), (0.0, 0.5, 0.5)]).reshape(2, 3, 1, 1),
        },
        channels=3,
    )


def classifier(path: Path, weights, bias: float) -> None:
    """Two classes from the section's channel means; the map is the mean of mask and image over 32 x 32 pixels."""
    _save(
        path,
        [
            helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["features"]),
            helper.make_node("Gemm", ["features", "head", "bias"], ["logits"], transB=1),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
            helper.make_node("AveragePool", ["image"], ["coarse"], kernel_shape=[32, 32], strides=[32, 32]),
            helper.make_node("Conv", ["coarse", "mix"], ["map"]),
            helper.make_node("Relu", ["map"], ["cam"]),
        ],
        {"probabilities": ["n", 2], "cam": ["n", 2, "h32", "w32"]},
        {
            "head": [(0.0, 0.0, 0.0), weights],
            "bias": [0.0, bias],
            "mix": np.array([(0.0, 1.0, 0.0), (0.0, 0.5, 0.5)]).reshape(2, 3, 1, 1),
        },
        channels=3,
    )


def save_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Writes float32 tensors in the safetensors format."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = np.ascontiguousarray(tensor, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(values)],
        }
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def _golden(folder: Path) -> None:
    random = np.random.default_rng(7)

    def outputs(name: str, image: np.ndarray) -> list[np.ndarray]:
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
        return session.run(None, {"image": image})

    image = np.float32(0.9) * random.random((1, 1, 64, 64), np.float32)
    tensors = {"segmenter.image": image, "segmenter.probability": outputs("segmenter", image)[0]}
    for name in CLASSES:
        mask = (random.random((1, 1, 64, 64)) < 0.05).astype(np.float32)
        image = np.concatenate([0 * mask, mask * random.random(mask.shape, np.float32), mask], axis=1)
        probabilities, cam = outputs(name, image)
        tensors |= {f"{name}.image": image, f"{name}.probabilities": probabilities, f"{name}.cam": cam}
    save_safetensors(folder / "golden.safetensors", tensors)


def _classifier_toml(name: str) -> str:
    question, *classes = CLASSES[name]
    after = f'after = {{ classifier = "tumour-demyelinating", class = "{AFTER[name]}" }}\n' if name in AFTER else ""
    keys = ("id", "label", "code", "scheme", "meaning")
    listed = ",\n".join(
        "    { " + ", ".join(f"{key} = {json.dumps(word)}" for key, word in zip(keys, words, strict=True)) + " }"
        for words in classes
    )
    return f"""
[[classifier]]
id = "{name}"
question = {json.dumps(question)}
file = "{name}.onnx"
{after}channels = ["t1c*mask", "t2w*mask", "mask"]
input = "image"
probabilities = "probabilities"
heat_map = "cam"
threshold = 0.5
undecided = [0.45, 0.55]
classes = [
{listed},
]
"""


def write(
    folder: Path,
    t1c: str = "unused",
    heads: dict | None = None,
    lopsided: bool = False,
    segmenter: Callable[[Path], None] = segmenter,
) -> Path:
    """Writes the bundle into `folder`.

    `t1c` is `unused`, `optional` or `required`; `heads` replaces entries of HEADS; the networks of a `lopsided` bundle
    say something else of a picture that is turned or mirrored; `segmenter` writes another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (lopsided_segmenter if lopsided else segmenter)(folder / "segmenter.onnx")
    for name, (weights, bias) in (HEADS | (heads or {})).items():
        (lopsided_classifier if lopsided else classifier)(folder / f"{name}.onnx", weights, bias)
    _golden(folder)
    files = ["segmenter.onnx", *(f"{name}.onnx" for name in CLASSES), "golden.safetensors"]
    sums = "\n".join(f'"{name}" = "{hashlib.sha256((folder / name).read_bytes()).hexdigest()}"' for name in files)
    manifest = f"""format = 2
id = "tiny"
version = "0.1.0"
title = "Bright spots on sagittal T2w MR"
licence = "MIT OR Apache-2.0"
intended_use = "Research use only; not a medical device. Tests the program, knows nothing of medicine."

[cohort]
kind = "phantom"
description = "Nobody: the weights are written by hand"
warning = "A test bundle; it calls bright spots lesions."

[input]
plane = "sagittal"
contrast = "T2w"
t1c = "{t1c}"
fat_saturation = true

[preprocessing]
name = "volume-zscore-minmax"
clip = 5.0
size = [256, 256]
image_interpolation = "linear"
mask_interpolation = "nearest"

[segmenter]
file = "segmenter.onnx"
input = "image"
output = "probability"
threshold = 0.5
min_lesion_ml = 0.05
{"".join(_classifier_toml(name) for name in CLASSES)}
[golden]
file = "golden.safetensors"

[golden.tolerance.fp32]
segmenter = 1e-4
flipped = 0.0
probability = 1e-4
heat_map = 1e-3

[golden.tolerance.bf16]
segmenter = 0.2
flipped = 2.5e-2
probability = 5e-2
heat_map = 8e-2

[sha256]
{sums}
"""
    (folder / "bundle.toml").write_text(manifest)
    (folder / "CARD.md").write_text(
        "# Test bundle\n\nIts networks are a handful of nodes. It knows nothing of medicine.\n"
    )
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
