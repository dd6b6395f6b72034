"""Graphs in half: they say what the network says, and their types are those that providers need."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from cordline_models.bundle.half import halve, write_half  # noqa: E402
from cordline_models.bundle.manifest import QUESTIONS  # noqa: E402

BUNDLE = Path(__file__).parents[1] / "bundles" / "spinal-lesion-phantom"


def network(*, loud: float = 1.0, biased: bool = True) -> onnx.ModelProto:
    """A small one with all that ours have: kernels behind Casts, a head, sizes that are computed, two outputs.

    Its first batch normalisation can go into the convolution before it; the convolution before the second has another
    user, and nothing is before the third.

    Parameters
    ----------
    loud : factor of the variances, which the weights make up for
    biased : the first convolution too
    """
    rng, tensors, nodes = np.random.default_rng(0), [], []

    def constant(name, value, kind=np.float32):
        tensors.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def kernel(name, *shape):
        constant(f"{name}.half", rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape), np.float16)
        nodes.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
        return name

    def batch_norm(x, y, channels):
        ends = [
            constant(f"{y}.weight", rng.uniform(0.5, 1.5, channels) * np.sqrt(loud)),
            constant(f"{y}.bias", rng.normal(0, 0.3, channels)),
            constant(f"{y}.mean", rng.normal(0, 0.3, channels)),
            constant(f"{y}.var", rng.uniform(0.5, 2, channels) * loud),
        ]
        nodes.append(helper.make_node("BatchNormalization", [x, *ends], [y], name=y, epsilon=0.1 * loud))

    def node(kind, inputs, outputs, **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))

    bias = [constant("bias1", rng.normal(0, 0.5, 8))] if biased else []
    node("Conv", ["image", kernel("k1", 8, 3, 3, 3), *bias], ["c1"], pads=[1, 1, 1, 1])
    batch_norm("c1", "b1", 8)
    node("Relu", ["b1"], ["r1"])
    node("Conv", ["r1", kernel("k2", 8, 8, 3, 3), constant("bias2", rng.normal(0, 0.1, 8))], ["c2"], pads=[1, 1, 1, 1])
    batch_norm("c2", "b2", 8)
    node("Concat", ["c2", "b2"], ["both"], axis=1)
    node("MaxPool", ["both"], ["small"], kernel_shape=[2, 2], strides=[2, 2])
    batch_norm("small", "b3", 16)
    node("Relu", ["b3"], ["features"])
    node("ReduceMean", ["features"], ["pooled"], axes=[2, 3], keepdims=0)
    node("Gemm", ["pooled", kernel("answer", 2, 16), constant("answer.bias", [0.1, -0.1])], ["logits"], transB=1)
    node("Softmax", ["logits"], ["probabilities"], axis=1)
    node("Shape", ["features"], ["shape"])
    node("Gather", ["shape", constant("second", 2, np.int64)], ["rows"])
    node("Cast", ["rows"], ["rows.real"], to=TensorProto.FLOAT)
    node("Div", ["pooled", "rows.real"], ["share"])
    node("Unsqueeze", ["share", constant("one", [1], np.int64)], ["alpha"])
    node("Reshape", ["features", constant("flat", [0, 0, -1], np.int64)], ["flattened"])
    node("MatMul", ["alpha", "flattened"], ["cam"])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("image", ["n", 3, "h", "w"]), ("probabilities", ["n", 2]), ("cam", ["n", 1, "places"]))
    ]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def answers(model: onnx.ModelProto, image: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})


@pytest.mark.parametrize(("loud", "biased"), [(1.0, True), (1e6, False)])
def test_a_graph_in_half_says_what_the_network_says(loud, biased):
    """With variances beyond what a half can hold too: only what comes of them is rounded."""
    model, image = network(loud=loud, biased=biased), np.random.default_rng(1).random((3, 3, 24, 32), np.float32)
    for wanted, found in zip(answers(model, image), answers(halve(model), image), strict=True):
        assert found.dtype == np.float32 and found.shape == wanted.shape
        assert np.abs(wanted).max() > 0.01 and np.abs(found - wanted).max() <= 3e-3
        assert not np.array_equal(found, wanted)  # it is in half, after all


def test_batch_normalisations_go_into_convolutions_where_nobody_else_uses_these():
    kinds = [node.op_type for node in halve(network()).graph.node]
    assert "BatchNormalization" not in kinds
    assert (kinds.count("Conv"), kinds.count("Mul"), kinds.count("Add")) == (2, 2, 2)


def check_types(model: onnx.ModelProto, whole: onnx.ModelProto) -> None:
    """Body in half, head and both ends in single precision, weights in the type in which they are used."""
    onnx.checker.check_model(model, full_check=True)
    ends = lambda graph: [v.SerializeToString() for v in (*graph.input, *graph.output)]  # noqa: E731
    assert ends(model.graph) == ends(whole.graph)  # names, types, and the axes that are free
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
    stored = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    for node in model.graph.node:
        assert node.op_type != "BatchNormalization"
        assert node.op_type != "Cast" or node.input[0] not in stored
        kinds = {stored[name] for name in node.input if name in stored} - {TensorProto.INT64}
        assert kinds <= {TensorProto.FLOAT if node.op_type in {"Gemm", "MatMul"} else TensorProto.FLOAT16} or (
            node.op_type in {"Mul", "Greater"} and kinds == {TensorProto.FLOAT}  # Grad-CAM's
        )
    into_half = [node for node in model.graph.node if node.op_type == "Cast" and node.attribute[0].i == 10]
    assert [node.input[0] for node in into_half] == ["image"]


def test_types(tmp_path):
    onnx.save(network(), tmp_path / "small.onnx")
    assert write_half(tmp_path / "small.onnx") == tmp_path / "small.fp16.onnx"
    written = onnx.load(tmp_path / "small.fp16.onnx")
    check_types(written, network())
    casts = [node.input[0] for node in written.graph.node if node.op_type == "Cast"]
    assert casts == ["image", "features", "rows", "flattened"]  # each once, and a size straight to single precision


@pytest.mark.parametrize("name", ["segmenter", *QUESTIONS])
def test_types_of_the_networks_that_are_run(name):
    whole = onnx.load(BUNDLE / f"{name}.onnx")
    check_types(halve(whole), whole)


def test_what_a_half_cannot_hold_is_refused():
    model = network()
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "b3.bias")
    bias.CopyFrom(numpy_helper.from_array(np.full(16, 7e4, np.float32), "b3.bias"))
    with pytest.raises(RuntimeError, match=r"b3\.shift holds 7\.0e\+04, too large"):
        halve(model)


def test_an_operator_that_may_not_be_computed_in_half_is_named():
    model = network()
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Exp"
    with pytest.raises(RuntimeError, match="Exp is not known"):
        halve(model)
