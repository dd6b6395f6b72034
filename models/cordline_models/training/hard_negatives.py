"""Hard negatives: where a segmenter sees lesions in cases that have none, from which it has most to learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .. import CLASSES
from ..phantom.whole_file import replacing
from .settings import SegmenterSettings
from .store import Sections


def find(
    segment: Callable[[np.ndarray], np.ndarray], sections: Sections, store: Path, settings: SegmenterSettings
) -> list[np.ndarray]:
    """The hard negatives of a split, found once and kept in `store`.

    Parameters
    ----------
    segment : (n, h, w) images in 0..1 to probability maps of the same shape

    Returns
    -------
    For each section of a healthy case that has any: (n, 3) of section, row and column.
    """
    kept = store / "hard-negatives.npz"
    if not kept.is_file():
        rng = np.random.default_rng(6)
        healthy = np.flatnonzero(sections.label[sections.case] == CLASSES.index("healthy"))
        found = []
        for index in tqdm(healthy, desc="hard negatives", mininterval=5):
            seen = np.argwhere(segment(sections.view(index)[None])[0] >= settings.hard_negative_probability)
            if len(seen) >= settings.hard_negative_min_pixels:
                some = seen[rng.permutation(len(seen))[: settings.hard_negative_max_points]]
                found.append(np.column_stack([np.full(len(some), index), some]))
        points = np.concatenate(found) if found else np.empty((0, 3), int)
        with replacing(kept) as part:
            np.savez(part, sections=len(sections.case), points=points)
    with np.load(kept) as stored:
        if int(stored["sections"]) != len(sections.case):
            raise ValueError(f"{kept} belongs to another cohort: remove it")
        points = stored["points"]
    return [points[points[:, 0] == index] for index in np.unique(points[:, 0])]
