"""Figures of an evaluation, and the rules by which a study is answered."""

import numpy as np
import pytest
from scipy import ndimage

from cordline_models.bundle.manifest import QUESTIONS, BundleSettings

pytest.importorskip("onnxruntime")
pytest.importorskip("cv2")

from cordline_models.bundle.evaluate import Row, auc, figures, wilson, write_table  # noqa: E402
from cordline_models.bundle.inference import dice, drop_small, finding  # noqa: E402
from cordline_models.bundle.preprocessing import normalise  # noqa: E402
from cordline_models.training.tune import BAND, CORES, LEAST_ML, THRESHOLDS, choose, choose_decisions, overlaps  # noqa: E402

NONE = float("nan")


def answers(*values):
    return dict(zip(QUESTIONS, values, strict=True))


def test_findings_follow_the_tree():
    settings = BundleSettings()
    assert finding(answers(NONE, NONE, NONE), False, settings) == "no_lesion"
    assert finding(answers(0.5, 0.9, 0.9), True, settings) == "indeterminate"
    assert finding(answers(0.1, 0.9, 0.9), True, settings) == "tumour/ependymoma"
    assert finding(answers(0.1, 0.6, 0.9), True, settings) == "tumour/undecided"
    assert finding(answers(0.9, 0.9, 0.1), True, settings) == "demyelinating/ms"


def test_figures_count_a_missed_lesion_as_wrong():
    rows = [
        Row("a", "ms", "demyelinating/ms", 0.5, answers(0.9, NONE, 0.2)),
        Row("b", "nmosd", "no_lesion", 0.0, answers(NONE, NONE, NONE)),
    ]
    by_name = {f.name: f for f in figures(rows, BundleSettings())}
    assert by_name["tumour-demyelinating, accuracy"].count == "1/2"
    assert by_name["ms-nmosd, sensitivity"].count == "0/1"
    assert by_name["Dice, ms"].value == 0.5


def test_auc_and_interval_on_known_values():
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])) == 0.75
    low, high = wilson(150, 157)
    assert (round(low, 3), round(high, 3)) == (0.911, 0.978)


def test_small_components_are_dropped_and_corners_join():
    mask = np.zeros((3, 8, 8), bool)
    mask[0, 1, 1] = mask[1, 2, 2] = True  # touch at a corner: one component of two voxels
    mask[2, 7, 7] = True
    kept = drop_small(mask, mask, 1.0, 2.0)
    assert kept.sum() == 2 and not kept[2, 7, 7]
    assert dice(kept, mask) == pytest.approx(0.8)
    core = mask & (np.indices(mask.shape)[0] == 0)  # one of the two voxels is sure: too little
    assert not drop_small(mask, core, 1.0, 2.0).any() and drop_small(mask, core, 1.0, 1.0).sum() == 2


def test_thresholds_keep_healthy_cases_clean():
    values = np.full((4, len(THRESHOLDS), len(CORES), len(LEAST_ML)), 0.5)
    labels = np.array(["ms", "nmosd", "healthy", "healthy"])
    values[:2, 0, 0, 0], values[2:, 0, 0, 0] = 0.9, 0.0  # best overlap, but lesions in healthy cases
    values[:2, 2, 3, 1], values[2:] = 0.7, np.where(values[2:] == 0, 0.0, 1.0)
    chosen = choose(values, labels, BundleSettings())
    assert (chosen.threshold, chosen.core_threshold, chosen.min_lesion_ml) == (THRESHOLDS[2], CORES[3], LEAST_ML[1])


def test_overlaps_are_those_of_the_masks_that_the_bundle_would_give():
    rng = np.random.default_rng(3)
    native = ndimage.gaussian_filter(rng.random((3, 40, 40)), (0, 2, 2))
    native = ((native - native.min()) / (native.max() - native.min())).astype(np.float32)
    truth = native > 0.6
    table = overlaps(native, truth, 0.01)
    for i, j, k in ((0, 0, 0), (2, 3, 2), (5, 0, 5), (1, 5, 1)):
        core = native >= max(CORES[j], THRESHOLDS[i])
        kept = drop_small(native >= THRESHOLDS[i], core, 0.01, LEAST_ML[k])
        assert table[i, j, k] == pytest.approx(dice(kept, truth))
    assert table.min() == 0 and table.max() > 0.99  # the settings differ: from all dropped to nearly all kept


def test_normalise_clips_and_spans_zero_to_one():
    volume = np.random.default_rng(0).normal(100, 5, (3, 20, 20))
    volume[0, 0, 0] = 1e4
    found = normalise(volume)
    assert found.min() == 0 and found.max() == 1
    with pytest.raises(ValueError, match="same value"):
        normalise(np.ones((2, 4, 4)))


def test_table_leaves_absent_answers_empty(tmp_path):
    write_table(tmp_path / "t.csv", [Row("a", "healthy", "no_lesion", NONE, answers(NONE, NONE, NONE))])
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == "a,healthy,no_lesion,,,,"


def test_decision_moves_only_where_validation_asks_for_it():
    rows = [Row(str(k), "ms", "", 0.5, answers(0.62, 0.5, 0.2)) for k in range(5)]
    rows += [Row(str(k), "nmosd", "", 0.5, answers(0.66, 0.5, 0.7)) for k in range(5)]
    rows += [Row(str(k), "astrocytoma", "", 0.5, answers(0.57, NONE, 0.5)) for k in range(5)]
    settings = choose_decisions(rows, BundleSettings())
    assert settings.decision["tumour-demyelinating"] == 0.6  # all above one half, yet separable
    assert settings.undecided["tumour-demyelinating"] == (round(0.6 - BAND, 2), round(0.6 + BAND, 2))
    assert settings.decision["ms-nmosd"] == 0.5  # one half separates them already
    assert settings.decision["astrocytoma-ependymoma"] == 0.5  # no answer, nothing to learn from
