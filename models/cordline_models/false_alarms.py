"""Where a segmenter sees lesions in cases that have none: the views from which it has most to learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from . import CLASSES
from .store import Sections

SEEN = 0.3
"""Probability from which a pixel counts as seen: what nearly became a lesion teaches as well."""
LEAST_PIXELS = 4
KEPT = 32
"""Pixels that are remembered of a section."""


def find(segment: Callable[[np.ndarray], np.ndarray], sections: Sections, store: Path) -> list[np.ndarray]:
    """For each section of a healthy case that raises an alarm: (n, 3) of section, row and column; kept in `store`.

    segment: (n, h, w) images in 0..1 to probability maps of the same shape.
    """
    kept = store / "false-alarms.npz"
    if not kept.is_file():
        rng = np.random.default_rng(6)
        healthy = np.flatnonzero(sections.label[sections.case] == CLASSES.index("healthy"))
        found = []
        for index in tqdm(healthy, desc="false alarms", mininterval=5):
            seen = np.argwhere(segment(sections.view(index)[None])[0] >= SEEN)
            if len(seen) >= LEAST_PIXELS:
                some = seen[rng.permutation(len(seen))[:KEPT]]
                found.append(np.column_stack([np.full(len(some), index), some]))
        store.mkdir(parents=True, exist_ok=True)
        np.savez(kept, sections=len(sections.case), points=np.concatenate(found) if found else np.empty((0, 3), int))
    with np.load(kept) as stored:
        if int(stored["sections"]) != len(sections.case):
            raise ValueError(f"{kept} belongs to another cohort: remove it")
        points = stored["points"]
    return [points[points[:, 0] == index] for index in np.unique(points[:, 0])]
