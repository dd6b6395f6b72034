"""Sizes of the networks, Grad-CAM against autograd, ONNX against PyTorch."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cordline_models.bundle.export import MAX_BYTES, TOLERANCE, export_classifier, export_segmenter  # noqa: E402
from cordline_models.networks import small_view  # noqa: E402
from cordline_models.networks.densenet import DenseNet121  # noqa: E402
from cordline_models.networks.grad_cam import WithHeatMap  # noqa: E402
from cordline_models.networks.multiresunet import MultiResUNet, parameters  # noqa: E402


def settled(network, channels):
    """Random weights with batch norms that have seen something."""
    network.train()
    with torch.no_grad():
        network.logits(torch.rand(2, channels, 64, 64))
    return network.eval()


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    return settled(DenseNet121(), 3)


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return settled(MultiResUNet(), 1)


def test_parameter_counts(segmenter, classifier):
    assert parameters(segmenter) == 7_244_528
    assert parameters(classifier) == 7_085_314


def test_an_empty_view_gives_what_an_empty_section_gives_away_from_its_edge(classifier):
    view, empty = torch.zeros(1, 3, 128, 64), torch.zeros(3)
    with torch.no_grad():
        for layer in classifier.body:
            view, empty = small_view.in_void(layer, view, empty)
        edged = classifier.features(torch.zeros(1, 3, 128, 64))
    wanted = empty[None, :, None, None].expand_as(view)
    assert torch.allclose(view, wanted, atol=1e-4)
    assert not torch.allclose(edged, wanted, atol=1e-2)  # padding with zeros draws an edge


def test_a_small_view_is_a_part_of_a_whole_section(classifier):
    """As long as the lesion does not reach the view's edge, a small view gives what the section gives."""
    small, whole = torch.zeros(1, 3, 128, 64), torch.zeros(1, 3, 256, 256)
    small[..., 56:72, 28:36] = torch.rand(1, 3, 16, 8)
    whole[..., 64:192, 96:160] = small
    with torch.no_grad():
        empty = torch.zeros(3)
        for layer in classifier.body[:6]:
            small, after = small_view.in_void(layer, small, empty)
            whole, empty = small_view.in_void(layer, whole, empty)
            rows, columns = whole.shape[2] // 4, whole.shape[3] * 3 // 8
            part = whole[:, :, rows : rows + small.shape[2], columns : columns + small.shape[3]]
            assert torch.allclose(small, part, atol=1e-4) and torch.allclose(after, empty)


def test_a_small_view_stands_for_the_whole_section(classifier):
    """Its features come near those of the section; those of the plain view do not."""
    section = torch.zeros(1, 3, 256, 256)
    section[..., 100:150, 120:136] = torch.rand(1, 3, 50, 16)
    view = section[..., 64:192, 96:160]
    with torch.no_grad():
        wanted = classifier.features(section)
        found = small_view.features(classifier, view, (256, 256))
        plain = classifier.features(view).mean((2, 3))
    assert found.shape == wanted.shape
    pooled = wanted.mean((2, 3))
    assert (found.mean((2, 3)) - pooled).abs().mean() < 0.2 * (plain - pooled).abs().mean()


def test_shapes(segmenter, classifier):
    with torch.no_grad():
        assert segmenter(torch.rand(2, 1, 64, 96)).shape == (2, 1, 64, 96)
        probabilities, cam = WithHeatMap(classifier)(torch.rand(2, 3, 64, 96))
    assert probabilities.shape == (2, 2) and cam.shape == (2, 2, 2, 3)


def test_heat_map_equals_autograd(classifier):
    image = torch.rand(3, 3, 96, 64)
    features = classifier.features(image).detach().requires_grad_()
    logits, hidden = classifier.head(features)
    assert (hidden > 0).any() and (hidden == 0).any()  # otherwise the ReLU would not be tested
    _, cam = WithHeatMap(classifier)(image)
    for answer in (0, 1):
        (gradient,) = torch.autograd.grad(logits[:, answer].sum(), features, retain_graph=True)
        wanted = torch.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1))
        assert wanted.max() > 0
        assert torch.allclose(cam[:, answer], wanted, atol=1e-6)


def test_files_agree_with_pytorch_and_stay_small(segmenter, classifier, tmp_path):
    for facts in (export_segmenter(segmenter, tmp_path / "s.onnx"), export_classifier(classifier, tmp_path / "c.onnx")):
        assert facts["single"] <= TOLERANCE
        assert facts["half"] < 5e-3
        assert facts["bytes"] < MAX_BYTES


def test_a_variance_beyond_half_precision_is_kept(classifier, tmp_path):
    loud = copy.deepcopy(classifier)
    norm = loud.body[60].norm1
    with torch.no_grad():
        norm.running_var.mul_(1e6)
        norm.weight.mul_(1e3)
    assert norm.running_var.max() > 6.6e4
    facts = export_classifier(loud, tmp_path / "loud.onnx")
    assert facts["single"] < TOLERANCE and facts["half"] < 5e-3


def test_files_take_any_size_and_compute_in_single(classifier, tmp_path):
    import onnxruntime

    path = tmp_path / "c.onnx"
    export_classifier(classifier, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).random((3, 3, 96, 160), np.float32)
    probabilities, cam = session.run(None, {"image": image})
    with torch.no_grad():
        wanted, wanted_cam = WithHeatMap(classifier)(torch.from_numpy(image))
    assert cam.shape == (3, 2, 3, 5) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert np.allclose(probabilities, wanted.numpy(), atol=5e-3)
    assert np.abs(cam - wanted_cam.numpy()).max() < 0.02 * wanted_cam.max()
