"""What the classifiers learn from: sections with lesion, each with its true mask and some with a predicted one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from ..bundle.preprocessing import SIZE
from ..phantom.whole_file import replacing
from .settings import ClassifierSettings
from .store import Sections


@dataclass
class LesionSections:
    """Sections with lesion of a split.

    Attributes
    ----------
    image : uint16 (n, 256, 256), 65535 = 1
    truth : bool (n, 256, 256), the true mask
    predicted : bool (n, 256, 256), the segmenter's mask where `has_predicted`
    has_predicted : bool (n,)
    label : (n,), 0..3, an index into the classes with lesion
    case : (n,), the same number for all sections of a case
    """

    image: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    has_predicted: np.ndarray
    label: np.ndarray
    case: np.ndarray


def select_lesions(sections: Sections, settings: ClassifierSettings) -> LesionSections:
    """The sections of a split that show enough of a lesion."""
    pixels = sections.mask.sum((1, 2))
    keep = np.flatnonzero((pixels >= settings.min_lesion_pixels) & (sections.label[sections.case] > 0))
    case = sections.case[keep]
    truth = sections.mask[keep]
    return LesionSections(
        sections.image[keep], truth, np.zeros_like(truth), np.zeros(len(keep), bool), sections.label[case] - 1, case
    )


def add_predictions(
    lesions: LesionSections,
    segment: Callable[[np.ndarray], np.ndarray],
    store: Path,
    settings: ClassifierSettings,
) -> None:
    """Segment a few sections of each case, in a band of columns round the lesion; found once and kept in `store`.

    Parameters
    ----------
    segment : (n, h, w) images in 0..1 to probability maps of the same shape
    """
    rng = np.random.default_rng(5)
    per_case, band = settings.predicted_sections, settings.predicted_columns
    cases = np.unique(lesions.case)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(lesions.case == c))[:per_case] for c in cases])
    kept = store / "predicted.npz"
    if not kept.is_file():
        masks = np.zeros((len(chosen), *SIZE), bool)
        for k, i in enumerate(tqdm(chosen, desc="masks for the classifiers", mininterval=5)):
            left = int(np.clip(np.argwhere(lesions.truth[i]).mean(0)[1] - band / 2, 0, SIZE[1] - band))
            image = lesions.image[i][:, left : left + band].astype(np.float32) / 65535
            masks[k][:, left : left + band] = segment(image[None])[0] >= settings.predicted_threshold
        with replacing(kept) as part:
            np.savez_compressed(part, chosen=chosen, masks=masks)
    with np.load(kept) as found:
        if not np.array_equal(found["chosen"], chosen):
            raise ValueError(f"{kept} belongs to another cohort: remove it")
        masks = found["masks"]
    lesions.predicted[chosen] = masks
    lesions.has_predicted[chosen] = masks.sum((1, 2)) >= settings.min_lesion_pixels


def reshape_mask(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Eroded, dilated, shifted by a pixel or cut off at an end; the mask itself where nothing would be left."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    kind = rng.integers(4)
    raw = mask.astype(np.uint8)
    if kind == 0:
        changed = cv2.erode(raw, kernel)
    elif kind == 1:
        changed = cv2.dilate(raw, kernel, iterations=int(rng.integers(1, 3)))
    elif kind == 2:
        changed = np.roll(raw, tuple(rng.integers(-1, 2, 2)), (0, 1))
    else:
        rows = np.flatnonzero(raw.any(1))
        length = 1 + int(rng.uniform(0.1, 0.4) * len(rows))
        changed = raw.copy()
        first = rows[0] if rng.random() < 0.5 else rows[-1] + 1 - length
        changed[first : first + length] = 0
    return changed > 0 if changed.any() else mask
