"""Sizes of the networks, Grad-CAM against autograd, ONNX against PyTorch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cordline_models.densenet import DenseNet121  # noqa: E402
from cordline_models.export import MAX_BYTES, TOLERANCE, export_classifier, export_segmenter  # noqa: E402
from cordline_models.grad_cam import WithHeatMap  # noqa: E402
from cordline_models.multiresunet import MultiResUNet, parameters  # noqa: E402
from cordline_models.train_classifiers import widen  # noqa: E402


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


def test_widened_head_answers_alike_on_a_whole_section():
    """The same lesion in a small view and in a whole section, where it fills less of the average."""

    class Local(torch.nn.Module):
        """A network whose features see nothing beyond their own cell, so that the rule is exact."""

        def __init__(self):
            super().__init__()
            self.look, self.hidden = torch.nn.Conv2d(3, 16, 1), torch.nn.Linear(16, 8)

        def features(self, x):
            return torch.relu(self.look(torch.nn.functional.avg_pool2d(x, 32)))

        def units(self, x):
            return self.hidden(self.features(x).mean((2, 3)))

    torch.manual_seed(0)
    network = Local()
    small, whole = torch.zeros(1, 3, 128, 64), torch.zeros(1, 3, 256, 256)
    small[..., 32:96, 10:50] = torch.rand(1, 3, 64, 40)
    whole[..., 64:192, 96:160] = small
    with torch.no_grad():
        wanted = network.units(small)
        assert not torch.allclose(network.units(whole), wanted, atol=1e-2)
        widen(network, (128, 64), (256, 256))
        assert torch.allclose(network.units(whole), wanted, atol=1e-5)


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
