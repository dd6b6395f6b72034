"""Golden data: which sections are taken, what is kept of them, and how far a provider strays."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("cv2")

from safetensors.numpy import save_file  # noqa: E402

from cordline_models import CLASSES  # noqa: E402
from cordline_models.bundle import golden_sections  # noqa: E402
from cordline_models.bundle.golden import in_both_ways, straying  # noqa: E402
from cordline_models.bundle.golden_sections import MOST_CASES, Section, as_input, choose, held_out  # noqa: E402
from cordline_models.bundle.manifest import GOLDEN, QUESTIONS  # noqa: E402
from cordline_models.phantom.cohort import FIRST_SEED  # noqa: E402
from cordline_models.phantom.image import Image  # noqa: E402

THRESHOLD = 0.3


def test_phantoms_are_those_of_the_test_split(monkeypatch):
    class Quick:
        """Noise, drawn in no time."""

        def __init__(self, seed, label):
            self.seed, self.label = seed, label

        def picture(self):
            voxels = np.random.default_rng(self.seed).integers(0, 4096, (5, 32, 32)).astype(np.uint16)
            return Image(voxels, np.full((5, 32, 32), self.label != "healthy", np.uint8), None, "T2w")

    monkeypatch.setattr(golden_sections, "Phantom", Quick)
    cases = list(held_out())
    assert len(cases) == MOST_CASES and len({sections[0].case for sections in cases}) == MOST_CASES
    assert all(int(s.case.split("-")[1]) >= FIRST_SEED["test"] for sections in cases for s in sections)
    assert [sections[0].label for sections in cases[:5]] == list(CLASSES)
    first = cases[1]
    assert [s.off_middle for s in first] == [2, 1, 0, 1, 2] and first[0].mask.all() and not cases[0][0].mask.any()
    assert min(s.image.min() for s in first) < 20 and max(s.image.max() for s in first) > 235


def drawn(label, k, area):
    """A section whose image tells the networks below what to say of it."""
    image, mask = np.full((256, 256), k, np.uint8), np.zeros((256, 256), bool)
    mask.flat[:area] = True
    return Section(f"{label}-{k}", label, image, mask)


def network(says):
    """Gives `says(value of the image)` for the second answer."""

    def run(stored):
        p = np.array([says(int(image.max(where=image < 255, initial=0))) for image in stored], np.float32)
        cam = np.ones((len(p), 2, 8, 8), np.float32)
        cam[:, 0] *= (np.abs(p - 0.55) > 1e-3)[:, None, None]  # of 0.55 one map is empty
        return {"probabilities": np.stack([1 - p, p], 1), "cam": cam}

    return run


def segment(stored):
    """Sees what is brighter than 9, all of it; of 77 it is as sure as the threshold."""
    value = stored.astype(np.float32)
    maps = np.where(value > 9, 0.8, 0.01).astype(np.float32)
    return {"probability": np.where(value == 77, np.float32(THRESHOLD), maps)}


def test_sections_are_those_of_which_a_classifier_is_unsure_one_of_a_case(monkeypatch):
    said = [0.99, 0.55, 0.2, 0.01, 0.85, 0.3, 0.97, 0.5, 0.6]
    ms = [[drawn("ms", 10 + k, 20 + k), drawn("ms", 10 + k, 20 + k)] for k in range(len(said))]
    tumours = [[drawn("ependymoma", 30 + k, 60 + k)] for k in range(9)]
    cases = [[drawn("healthy", 1, 0)], *ms, *tumours]
    monkeypatch.setattr(golden_sections, "held_out", lambda: iter(cases))
    of_ms = network(lambda value: said[value - 10])
    run = {"segmenter": segment, **dict.fromkeys(QUESTIONS, network(lambda value: 0.4)), "ms-nmosd": of_ms}
    chosen, lines = choose(run, THRESHOLD)
    assert [s.case for s in chosen["ms-nmosd"]] == ["ms-17", "ms-15", "ms-12", "ms-14"]  # and not 9, which came later
    assert {s.label for s in chosen["astrocytoma-ependymoma"]} == {"ependymoma"}
    assert [s.area for s in chosen["segmenter"]] == [63, 25, 20, 0]
    assert not any("too sure" in line for line in lines)

    run["ms-nmosd"] = network(lambda value: 0.99 if value != 12 else 0.93)
    chosen, lines = choose(run, THRESHOLD)
    assert chosen["ms-nmosd"][0].case == "ms-12"
    assert lines[-1].endswith("; 4 too sure or without a map, none of 9 cases was better")


def test_no_section_is_taken_that_may_flip_by_rounding(monkeypatch):
    cases = [
        [drawn("healthy", 1, 0)],
        *([drawn("ms", k, area)] for k, area in ((77, 90), (12, 80), (13, 40), (14, 20))),
    ]
    monkeypatch.setattr(golden_sections, "held_out", lambda: iter(cases))
    run = {"segmenter": segment, **dict.fromkeys(QUESTIONS, network(lambda value: 0.4))}
    chosen, _ = choose(run, THRESHOLD)
    assert [s.case for s in chosen["segmenter"]] == ["ms-12", "ms-13", "ms-14", "healthy-1"]


def test_a_batch_must_say_what_its_images_say():
    stored = np.arange(8, dtype=np.uint8).reshape(4, 1, 1, 2)
    alike = in_both_ways(lambda images: {"y": as_input(images)}, stored)
    assert np.array_equal(alike["y"] * np.float32(255), stored.astype(np.float32))
    with pytest.raises(RuntimeError, match="one by one"):
        in_both_ways(lambda images: {"y": as_input(images) + 1e-5 * len(images)}, stored)


def test_straying_is_told_in_the_words_of_the_manifest(tmp_path):
    probability = np.full((4, 1, 50, 50), 0.1, np.float32)
    probability[0, 0, :10] = 0.31  # a mask of 500 pixels
    cam = np.ones((4, 2, 8, 8), np.float32) * np.array([1, 2, 4, 8], np.float32)[:, None, None, None]
    answers = np.full((4, 2), 0.5, np.float32)
    tensors = {"segmenter.probability": probability, "ms-nmosd.cam": cam, "ms-nmosd.probabilities": answers}
    images = {f"{name}.image": np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1) for name in ("segmenter", "ms-nmosd")}
    save_file(tensors | images, tmp_path / GOLDEN)
    moved = {name: value.copy() for name, value in tensors.items()}
    moved["segmenter.probability"][0, 0, 0, :5] -= 0.02  # 5 flip, of 10,000 pixels, which is under a thousandth
    moved["segmenter.probability"][1] += 0.001
    moved["ms-nmosd.cam"][2, 1, 3, 3] += 0.4
    moved["ms-nmosd.probabilities"][3] += np.array([-0.02, 0.02], np.float32)

    def run(name):
        outputs = {full.split(".")[1]: value for full, value in moved.items() if full.startswith(name)}
        return lambda stored: {output: value[stored.ravel()] for output, value in outputs.items()}

    found = straying(tmp_path, "segmenter", run("segmenter"), THRESHOLD)
    assert found == pytest.approx({"segmenter": 0.001, "flipped": 0.01}, rel=1e-3)
    found = straying(tmp_path, "ms-nmosd", run("ms-nmosd"), THRESHOLD)
    assert found == pytest.approx({"probability": 0.02, "heat_map": 0.1}, rel=1e-3)
