"""The networks are compiled whole for graphics cards of workstations, by NVIDIA's compiler and without such a card."""

from pathlib import Path

import onnx
import pytest
from daemon_process import TREE
from onnx import TensorProto, helper

BUNDLE = TREE / "models/bundles/spinal-lesion-phantom"
NETWORKS = sorted(BUNDLE.glob("*.onnx"))
HALF = [path for path in NETWORKS if path.name.endswith(".fp16.onnx")]
TARGETS = ("SM86", "SM89", "SM120")
BATCHES = (1, 8, 32)
"""Smallest, usual and largest: as the runtime asks for them."""


@pytest.fixture(scope="module")
def trt():
    """TensorRT for RTX; its libraries are for x86-64 alone."""
    pytest.importorskip("tensorrt_rtx_libs")
    return pytest.importorskip("tensorrt_rtx_bindings")


def logger(trt):
    class Silent(trt.ILogger):
        def log(self, severity, message) -> None:
            pass

    return Silent()


def parsed(trt, builder, log, model: bytes):
    """The network, or the compiler's reasons."""
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    if parser.parse(model):
        return network, []
    return None, [str(parser.get_error(n)) for n in range(parser.num_errors)]


def parts(trt, model: bytes) -> tuple[bool, list[int]]:
    """Whether the compiler takes all of a network, and the number of nodes in each part that it takes."""
    log = logger(trt)
    network = trt.Builder(log).create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    return parser.supports_model_v2(model), [len(parser.get_subgraph_nodes(n)) for n in range(parser.num_subgraphs)]


def test_the_bundle_has_a_graph_in_half_precision_for_each_network():
    assert len(HALF) == 4
    assert len(NETWORKS) == 8


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.name)
def test_every_node_is_taken_in_one_part(trt, path: Path):
    takes_all, nodes = parts(trt, path.read_bytes())
    assert takes_all
    assert nodes == [len(onnx.load(path).graph.node)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", HALF, ids=lambda path: path.name)
def test_every_network_is_compiled_for_every_card(trt, path: Path):
    log, model = logger(trt), path.read_bytes()
    for target in TARGETS:
        builder = trt.Builder(log)
        network, reasons = parsed(trt, builder, log, model)
        assert reasons == []
        config = builder.create_builder_config()
        config.num_compute_capabilities = 1
        config.set_compute_capability(getattr(trt.ComputeCapability, target), 0)
        image = network.get_input(0)
        profile = builder.create_optimization_profile()
        profile.set_shape(image.name, *((batch, image.shape[1], 256, 256) for batch in BATCHES))
        config.add_optimization_profile(profile)
        engine = builder.build_serialized_network(network, config)
        assert engine is not None, target
        assert 10e6 < engine.nbytes < 60e6, target


def test_an_operator_that_the_compiler_lacks_is_named(trt):
    node = helper.make_node("Unique", ["image"], ["values"])
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in ("image", "values")]
    graph = helper.make_graph([node], "unique", tensors[:1], tensors[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    log = logger(trt)
    network, reasons = parsed(trt, trt.Builder(log), log, model)
    assert network is None
    assert "Unique" in " ".join(reasons)
