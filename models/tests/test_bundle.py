"""The bundle of this repository holds what its manifest says."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("cv2")

from safetensors.numpy import load_file  # noqa: E402

from cordline_models.bundle.golden import runner, straying  # noqa: E402
from cordline_models.bundle.golden_sections import COUNT  # noqa: E402
from cordline_models.bundle.half import halve  # noqa: E402
from cordline_models.bundle.inference import open_session  # noqa: E402
from cordline_models.bundle.manifest import GOLDEN, QUESTIONS, TOLERANCE, sha256  # noqa: E402

BUNDLE = Path(__file__).parents[1] / "bundles" / "spinal-lesion-phantom"


@pytest.fixture(scope="module")
def manifest():
    return tomllib.loads((BUNDLE / "bundle.toml").read_text())


@pytest.fixture(scope="module")
def golden():
    return load_file(BUNDLE / GOLDEN)


def test_the_bundle_lists_what_it_holds(manifest):
    assert manifest["format"] == 2 and manifest["golden"] == {"file": GOLDEN, "tolerance": TOLERANCE}
    halves = [part["half"] for part in (manifest["segmenter"], *manifest["classifier"])]
    assert halves == [f"{name}.fp16.onnx" for name in ("segmenter", *QUESTIONS)]
    assert set(manifest["sha256"]) == {path.name for path in BUNDLE.iterdir()} - {"bundle.toml", "CARD.md"}
    for name, hash_ in manifest["sha256"].items():
        assert sha256(BUNDLE / name) == hash_


def test_classifiers_are_unsure_of_their_golden_sections(golden):
    for name in QUESTIONS:
        image, p, cam = (golden[f"{name}.{part}"] for part in ("image", "probabilities", "cam"))
        assert image.dtype == np.uint8 and image.shape == (COUNT, 3, 256, 256)
        assert not image[:, 0].any() and set(np.unique(image[:, 2])) == {0, 255}
        assert not image[:, 1][image[:, 2] == 0].any() and image[:, 1].any((1, 2)).all()
        assert p.dtype == np.float32 and (p >= 0.1).all() and (p <= 0.9).all()
        assert cam.shape == (COUNT, 2, 8, 8) and (cam.max((2, 3)) > 0).all()


def test_the_segmenter_has_lesions_of_each_size_and_none(golden, manifest):
    image, probability = golden["segmenter.image"], golden["segmenter.probability"]
    assert image.dtype == np.uint8 and image.shape == probability.shape == (COUNT, 1, 256, 256)
    threshold = manifest["segmenter"]["threshold"]
    large, middling, small, none = (probability >= threshold).sum((1, 2, 3)).tolist()
    assert large > middling > small > none == 0 and large > 400  # one pixel of which is within every tolerance
    assert np.abs(probability - threshold).min() > TOLERANCE["fp32"]["segmenter"]  # none flips by rounding alone


@pytest.mark.parametrize("end", [".onnx", ".fp16.onnx"])
@pytest.mark.parametrize("name", ["segmenter", *QUESTIONS])
def test_golden_data_are_reproduced(name, end, manifest):
    run = runner(open_session(BUNDLE / f"{name}{end}", 2))
    precision = "fp32" if end == ".onnx" else "fp16"
    for measure, value in straying(BUNDLE, name, run, manifest["segmenter"]["threshold"]).items():
        assert value <= TOLERANCE[precision][measure], measure


@pytest.mark.parametrize("name", ["segmenter", *QUESTIONS])
def test_graphs_of_the_bundle_are_those_of_its_networks(name):
    kept, made = onnx.load(BUNDLE / f"{name}.fp16.onnx"), halve(onnx.load(BUNDLE / f"{name}.onnx"))
    assert kept.SerializeToString(deterministic=True) == made.SerializeToString(deterministic=True)
