"""Threshold and smallest lesion, chosen on the validation split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from .bundle import Settings
from .cohort import read_case, read_cases
from .pipeline import Bundle, dice, drop_small, read_probability
from .preprocessing import resize_image, sections_of

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
LEAST_ML = (0.02, 0.05, 0.1, 0.15, 0.2)
CLEAN_SHARE = 0.95
"""Share of healthy validation cases that must stay without lesion, if any setting reaches it."""


def table(bundle: Bundle, cohort: Path, split: str, store: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and (case, threshold, least): Dice; without a lesion 1 when nothing was found, else 0."""
    values, labels = [], []
    for case in tqdm(read_cases(cohort, split), desc=f"tune on {split}", mininterval=5):
        image, truth, spacing = read_case(cohort, case.case)
        voxel_ml = float(np.prod(spacing)) / 1000
        maps = read_probability(bundle, sections_of(image), store, case.case)
        native = np.stack([resize_image(m, *image.shape[1:]) for m in maps])
        row = np.zeros((len(THRESHOLDS), len(LEAST_ML)))
        for i, threshold in enumerate(THRESHOLDS):
            mask = native >= threshold
            for j, least in enumerate(LEAST_ML):
                kept = drop_small(mask, voxel_ml, least)
                row[i, j] = dice(kept, truth) if truth.any() else float(not kept.any())
        values.append(row)
        labels.append(case.label)
    return np.array(values), np.array(labels)


def choose(values: np.ndarray, labels: np.ndarray, settings: Settings) -> Settings:
    """The best mean of the classes' mean Dice among settings that leave healthy cases alone."""
    ill = [name for name in dict.fromkeys(labels.tolist()) if name != "healthy"]
    overlap = np.mean([values[labels == name].mean(0) for name in ill], 0)
    if (labels == "healthy").any():
        clean = values[labels == "healthy"].mean(0)
        allowed = clean >= min(CLEAN_SHARE, clean.max())
    else:
        allowed = np.ones_like(overlap, bool)
    i, j = np.unravel_index(np.where(allowed, overlap, -1).argmax(), overlap.shape)
    settings.threshold, settings.min_lesion_ml = THRESHOLDS[i], LEAST_ML[j]
    return settings
