"""PyTorch networks to ONNX: weights stored in half precision, computed in single, free batch, height and width."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ..networks.densenet import DenseNet121
from ..networks.grad_cam import WithHeatMap
from ..networks.multiresunet import MultiResUNet
from .inference import open_session
from .preprocessing import classifier_input

OPSET = 17
MAX_BYTES = 16_000_000
TOLERANCE = 1e-5
"""Largest difference between PyTorch and the file before rounding to half precision."""


def export_segmenter(model: MultiResUNet, path: Path) -> dict[str, float]:
    """Write (n, 1, h, w) to probability (n, 1, h, w); returns what `_export` measured."""
    return _export(model.eval(), path, 1, ["probability"], {2: "height", 3: "width"}, {2: "height", 3: "width"})


def export_classifier(model: DenseNet121, path: Path) -> dict[str, float]:
    """Write (n, 3, h, w) to probabilities (n, 2) and heat maps (n, 2, h / 32, w / 32); returns the same."""
    return _export(
        WithHeatMap(model).eval(),
        path,
        3,
        ["probabilities", "cam"],
        {2: "height", 3: "width"},
        {2: "map_height", 3: "map_width"},
    )


def onnx_segmenter(segmenter: MultiResUNet, run: Path, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """(n, h, w) images to maps by ONNX Runtime, which on a CPU is twice as quick as PyTorch."""
    path = run / "segmenter.onnx"
    export_segmenter(copy.deepcopy(segmenter), path)
    session = open_session(path, threads)
    return lambda images: session.run(None, {"image": images[:, None]})[0][:, 0]


def _export(
    model: nn.Module, path: Path, channels: int, outputs: list[str], free_in: dict[int, str], free_out: dict[int, str]
) -> dict[str, float]:
    """Write `path`; returns the largest differences from PyTorch in `single` and in `half` precision, and `bytes`."""
    model = model.cpu()
    example = torch.rand(2, channels, 96, 128)
    axes = {"image": {0: "n", **free_in}, **{name: {0: "n", **free_out} for name in outputs}}
    if "probabilities" in outputs:
        axes["probabilities"] = {0: "n"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's advice about its successor
        torch.onnx.export(
            model,
            (example,),
            str(path),
            input_names=["image"],
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    single = difference(model, path, channels)
    if single > TOLERANCE:
        raise RuntimeError(
            f"{path.name} differs from PyTorch by {single:.2e}, more than {TOLERANCE:.0e}: the export is not faithful"
        )
    graph = halve_weights(onnx.load(path))
    graph.producer_name = "cordline-models"
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, path)
    size = path.stat().st_size
    if size >= MAX_BYTES:
        raise RuntimeError(f"{path.name} has {size} bytes; the limit is {MAX_BYTES}")
    return {"single": single, "half": difference(model, path, channels), "bytes": size}


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the kernels of convolutions and linear layers as half precision, each followed by a Cast back.

    What has one axis stays in single precision: it is small, and a variance may pass what a half can hold.
    """
    casts = []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.ndim < 2:
            continue
        if np.abs(array).max() > 6e4:
            raise RuntimeError(f"{tensor.name} holds {np.abs(array).max():.1e}, too large for half precision")
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), name + ".half"))
        casts.append(helper.make_node("Cast", [name + ".half"], [name], name=name + ".cast", to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def difference(model: nn.Module, path: Path, channels: int) -> float:
    """Largest difference of any output between PyTorch and ONNX Runtime, on inputs of two sizes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for seed, shape in enumerate(((2, 96, 128), (1, 160, 64))):
        image = np.random.default_rng(seed).random(shape, dtype=np.float32)
        # What classifiers see is a small lesion in an empty section: of a larger one they are sure to the last digit.
        seen = classifier_input(image, ellipses(shape)) if channels == 3 else image[:, None]
        found = session.run(None, {"image": seen})
        with torch.no_grad():
            wanted = model(torch.from_numpy(seen))
        for one, other in zip(found, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
            worst = max(worst, float(np.abs(one - other.numpy()).max()))
    return worst


def ellipses(shape: tuple[int, int, int]) -> np.ndarray:
    """A mask of (n, rows, columns): an upright ellipse in the middle of each section."""
    rows, columns = np.ogrid[: shape[1], : shape[2]]
    inside = ((rows - shape[1] / 2) / 14) ** 2 + ((columns - shape[2] / 2) / 4) ** 2 <= 1
    return np.broadcast_to(inside, shape)
