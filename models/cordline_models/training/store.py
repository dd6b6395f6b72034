"""Preprocessed sections of a cohort split, kept beside the run so that a restart need not read NIfTI again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import CLASSES
from ..bundle.preprocessing import masks_of, sections_of
from ..phantom.cohort import read_case, read_cases
from ..phantom.whole_file import replacing


@dataclass
class Sections:
    """All sections of a split: image uint16 (n, 256, 256), 65535 = 1; mask bool; case (index into cases); label."""

    image: np.ndarray
    mask: np.ndarray
    case: np.ndarray
    cases: list[str]
    label: np.ndarray

    def view(self, index: int) -> np.ndarray:
        return self.image[index].astype(np.float32) / 65535


def load_sections(cohort: Path, split: str, store: Path) -> Sections:
    """Preprocess a split once, then read it from `store`."""
    kept = store / f"{split}.npz"
    rows = read_cases(cohort, split)
    names = [row.case for row in rows]
    label = np.array([CLASSES.index(row.label) for row in rows])
    if kept.is_file():
        with np.load(kept) as found:
            if found["cases"].tolist() == names and np.array_equal(found["label"], label):
                return Sections(found["image"], found["mask"], found["case"], names, label)
    images, masks, owner = [], [], []
    for k, row in enumerate(rows):
        image, mask, _ = read_case(cohort, row.case, row.label)
        images.append(np.rint(sections_of(image) * 65535).astype(np.uint16))
        masks.append(masks_of(mask))
        owner += [k] * len(image)
    sections = Sections(np.concatenate(images), np.concatenate(masks), np.array(owner), names, label)
    with replacing(kept) as part:
        np.savez(part, image=sections.image, mask=sections.mask, case=sections.case, cases=np.array(names), label=label)
    return sections
