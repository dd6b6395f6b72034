"""Thresholds, smallest lesion and the classifiers' decisions, chosen on the validation split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from ..bundle.evaluate import ANSWER, SECOND, Row
from ..bundle.inference import Bundle, read_probability
from ..bundle.manifest import BundleSettings
from ..bundle.preprocessing import resize_image, sections_of
from ..phantom.cohort import read_case, read_cases

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
CORES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
LEAST_ML = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3)
CLEAN_SHARE = 0.9
"""Share of healthy validation cases to be left without lesion, if any setting reaches it; more costs small lesions."""


def table(bundle: Bundle, cohort: Path, split: str, store: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and (case, threshold, core, least): Dice; without a lesion 1 when nothing was found, else 0."""
    values, labels = [], []
    for case in tqdm(read_cases(cohort, split), desc=f"tune on {split}", mininterval=5):
        image, truth, spacing = read_case(cohort, case.case, case.label)
        maps = read_probability(bundle, sections_of(image), store, case.case)
        native = np.stack([resize_image(m, *image.shape[1:]) for m in maps])
        values.append(overlaps(native, truth, float(np.prod(spacing)) / 1000))
        labels.append(case.label)
    return np.array(values), np.array(labels)


def overlaps(native: np.ndarray, truth: np.ndarray, voxel_ml: float) -> np.ndarray:
    """Dice of one case by (threshold, core, least); native: probability on the grid of `truth`."""
    row = np.zeros((len(THRESHOLDS), len(CORES), len(LEAST_ML)))
    for i, threshold in enumerate(THRESHOLDS):
        parts, count = ndimage.label(native >= threshold, np.ones((3, 3, 3)))
        found = np.bincount(parts.ravel(), minlength=count + 1)
        right = np.bincount(parts[truth], minlength=count + 1)
        for j, core in enumerate(CORES):
            size = np.bincount(parts[native >= max(core, threshold)], minlength=count + 1) * voxel_ml
            for k, least in enumerate(LEAST_ML):
                kept = size >= least
                kept[0] = False
                total = found[kept].sum() + truth.sum()
                row[i, j, k] = 2 * right[kept].sum() / total if truth.any() else float(not kept.any())
    return row


def choose(values: np.ndarray, labels: np.ndarray, settings: BundleSettings) -> BundleSettings:
    """The best mean of the classes' mean Dice among settings that leave healthy cases alone."""
    ill = [name for name in dict.fromkeys(labels.tolist()) if name != "healthy"]
    overlap = np.mean([values[labels == name].mean(0) for name in ill], 0)
    if (labels == "healthy").any():
        clean = values[labels == "healthy"].mean(0)
        allowed = clean >= min(CLEAN_SHARE, clean.max())
    else:
        allowed = np.ones_like(overlap, bool)
    i, j, k = np.unravel_index(np.where(allowed, overlap, -1).argmax(), overlap.shape)
    settings.threshold, settings.min_lesion_ml = THRESHOLDS[i], LEAST_ML[k]
    settings.core_threshold = max(CORES[j], THRESHOLDS[i])
    return settings


DECISIONS = np.round(np.arange(0.30, 0.705, 0.05), 2)
MARGIN = 0.02
"""Gain in balanced accuracy that a threshold other than 0.5 must bring: validation splits are small."""
BAND = 0.08
"""Half width of the undecided band."""


def choose_decisions(rows: list[Row], settings: BundleSettings) -> BundleSettings:
    """For each question the threshold of best balanced accuracy; 0.5 unless another is better by MARGIN."""
    for name, truth in ANSWER.items():
        own = [row for row in rows if row.label in truth and not np.isnan(row.answers[name])]
        p = np.array([row.answers[name] for row in own])
        positive = np.array([truth[row.label] == SECOND for row in own], bool)
        if positive.all() or not positive.any():
            continue
        score = {float(t): ((p[positive] >= t).mean() + (p[~positive] < t).mean()) / 2 for t in DECISIONS}
        best = max(score.values())
        middle = min((t for t in score if score[t] == best), key=lambda t: abs(t - 0.5))
        at = middle if best >= score[0.5] + MARGIN else 0.5
        settings.decision[name] = at
        settings.undecided[name] = (round(at - BAND, 2), round(at + BAND, 2))
    return settings
