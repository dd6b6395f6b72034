"""The graph for providers that compute in half: NAME.fp16.onnx from NAME.onnx.

TensorRT and others obey the types of the graph; a flag that asks them for half is gone in their latest versions. So the
types are in the file: the body in float16, input and outputs in float32, and in float32 too the head, where sums over a
whole map and exponentials would lose what the answer rests on.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
HEAD = {"ReduceMean", "GlobalAveragePool", "Sigmoid", "Softmax"}
"""From these on a graph is head: they and all that is computed from them."""
BODY = {"Add", "AveragePool", "Concat", "Conv", "ConvTranspose", "MaxPool", "Mul", "Relu", "Reshape"}
"""What may be computed in half: operators whose real inputs and outputs are all of one type."""
SHAPES = {"Gather", "Shape", "Slice", "Unsqueeze"}
"""What computes sizes, or moves values."""
LARGEST = 6e4
"""Of a constant; a half holds 65,504."""


def write_half(path: Path) -> Path:
    """Write NAME.fp16.onnx beside `path`, NAME.onnx; returns where."""
    graph = halve(onnx.load(path))
    written = path.with_suffix(".fp16.onnx")
    onnx.save(graph, written)
    return written


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its body in half. Names of input and outputs are kept, and all free axes."""
    nodes, constants = fold_casts(model.graph)
    nodes = fold_batch_norms(nodes, constants, {v.name for v in model.graph.output})
    graph = typed(model.graph, nodes, constants, whole_numbers(model))
    opsets = [helper.make_opsetid(o.domain, o.version) for o in model.opset_import]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version, producer_name="cordline-models")
    onnx.checker.check_model(made, full_check=True)
    return made


def fold_casts(graph: onnx.GraphProto) -> tuple[list[NodeProto], dict[str, np.ndarray]]:
    """Nodes without the Casts that weights are stored behind, and every constant by name."""
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in constants:
            wanted = helper.tensor_dtype_to_np_dtype(attribute(node, "to", FLOAT))
            constants[node.output[0]] = constants[node.input[0]].astype(wanted)
        elif node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        else:
            nodes.append(node)
    return nodes, constants


def fold_batch_norms(nodes: list[NodeProto], constants: dict[str, np.ndarray], outputs: set[str]) -> list[NodeProto]:
    """Batch normalisations into the convolutions before them; where there is none, or others use it, as Mul and Add.

    What comes of it is still in float64: it is rounded once, by `typed`.
    """
    uses = Counter(name for node in nodes for name in node.input)
    maker = {name: node for node in nodes for name in node.output}
    kept: list[NodeProto] = []
    for node in nodes:
        if node.op_type != "BatchNormalization":
            kept.append(node)
            continue
        x, y = node.input[0], node.output[0]
        scale, shift = scale_and_shift(node, constants)
        before = maker.get(x)
        alone = before is not None and uses[x] == 1 and x not in outputs
        if alone and before.op_type == "Conv" and before.input[1] in constants:
            weight, bias = f"{y}.weight", f"{y}.bias"
            old = constants[before.input[2]].astype(np.float64) if len(before.input) > 2 else 0.0
            kernel = constants[before.input[1]].astype(np.float64)
            constants[weight] = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
            constants[bias] = old * scale + shift
            folded = NodeProto()
            folded.CopyFrom(before)
            folded.input[:], folded.output[:] = [before.input[0], weight, bias], [y]
            kept[next(k for k, one in enumerate(kept) if one is before)] = folded
            maker[y] = folded
            continue
        constants[f"{y}.scale"], constants[f"{y}.shift"] = (v.reshape(1, -1, 1, 1) for v in (scale, shift))
        kept.append(helper.make_node("Mul", [x, f"{y}.scale"], [f"{y}.scaled"], name=f"{node.name}.mul"))
        kept.append(helper.make_node("Add", [f"{y}.scaled", f"{y}.shift"], [y], name=f"{node.name}.add"))
    return kept


def scale_and_shift(node: NodeProto, constants: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What a batch normalisation multiplies each channel with, and what it adds then; float64."""
    weight, bias, mean, variance = (constants[name].astype(np.float64) for name in node.input[1:])
    scale = weight / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    return scale, bias - mean * scale


def whole_numbers(model: onnx.ModelProto) -> set[str]:
    """Names of the values that are no real numbers: sizes, comparisons."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.value_info
    return {v.name for v in inferred if v.type.tensor_type.elem_type != FLOAT}


def typed(
    graph: onnx.GraphProto, nodes: list[NodeProto], constants: dict[str, np.ndarray], whole: set[str]
) -> onnx.GraphProto:
    """The graph of `nodes` with its types: half in the body, float32 in the head and at both ends."""
    types = {v.name: FLOAT for v in graph.input}
    head: set[str] = set()
    made: list[NodeProto] = []
    stored: dict[str, np.ndarray] = {}

    def in_type(name: str, wanted: int) -> str:
        """Name of the same values in that type, which are stored or cast the first time they are asked for."""
        if name in constants:
            called, value = in_store(name, constants[name], wanted)
            stored[called] = value
            return called
        if name in whole or types[name] == wanted:
            return name
        called = f"{name}.{'half' if wanted == HALF else 'single'}"
        if called not in types:
            made.append(helper.make_node("Cast", [name], [called], name=f"{called}.cast", to=wanted))
            types[called] = wanted
        return called

    for old in nodes:
        node = NodeProto()
        node.CopyFrom(old)
        wanted = HALF
        if node.op_type in HEAD or any(name in head for name in node.input):
            head.update(node.output)
            wanted = FLOAT
        elif node.op_type == "Cast":  # of a size, which a half could not hold
            wanted = FLOAT
        elif node.op_type not in BODY | SHAPES:
            raise RuntimeError(f"{node.op_type} is not known to compute in half: see BODY in half.py")
        node.input[:] = [in_type(name, wanted) for name in node.input]
        types.update(dict.fromkeys(node.output, wanted))
        made.append(node)
    for output in graph.output:
        if types[output.name] == HALF:
            end_in_single(made, output.name)
    weights = [numpy_helper.from_array(value, name) for name, value in stored.items()]
    return helper.make_graph(made, graph.name, list(graph.input), list(graph.output), weights)


def in_store(name: str, value: np.ndarray, wanted: int) -> tuple[str, np.ndarray]:
    """A constant in that type, and the name for it; whole numbers are left as they are."""
    if not np.issubdtype(value.dtype, np.floating):
        return name, value
    if wanted == FLOAT:
        return name, value.astype(np.float32)
    largest = np.abs(value).max(initial=0)
    if largest > LARGEST:
        raise RuntimeError(f"{name} holds {largest:.1e}, too large for half precision")
    return f"{name}.half", value.astype(np.float16)


def end_in_single(nodes: list[NodeProto], name: str) -> None:
    """Let the output `name`, which the body gives, be float32."""
    inner = f"{name}.half"
    for node in nodes:
        node.input[:] = [inner if n == name else n for n in node.input]
        node.output[:] = [inner if n == name else n for n in node.output]
    nodes.append(helper.make_node("Cast", [inner], [name], name=f"{name}.single", to=FLOAT))


def attribute(node: NodeProto, name: str, default):
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)
