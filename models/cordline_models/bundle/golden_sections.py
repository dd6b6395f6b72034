"""Which sections become golden data: those on which networks are unsure, and by which they can be told apart.

They are those of held-out phantoms, even for a bundle that was trained on patients: golden data travel with the bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..phantom.cohort import COUNTS, planned
from ..phantom.generator import Phantom
from .evaluate import ANSWER
from .manifest import TOLERANCE
from .preprocessing import classifier_input, masks_of, sections_of

COUNT = 4
"""Sections of a network."""
LEAST_PIXELS = 12
"""Of a lesion in a section, at 256 x 256."""
UNSURE = (0.1, 0.9)
"""A classifier's answers; beyond, a wrong provider hardly changes them."""
MOST_CASES = 100
"""Phantoms to look at before those with the least sure answers are taken."""
TRIES = 20

Run = Callable[[np.ndarray], dict[str, np.ndarray]]
"""A network: images as they are stored, bytes (n, channels, rows, columns), to its outputs by name."""


@dataclass(frozen=True, eq=False)
class Section:
    """One section of a phantom, 256 x 256; image: a byte is 255 times the value; off_middle: sections away from it."""

    case: str
    label: str
    image: np.ndarray
    mask: np.ndarray
    off_middle: float = 0.0

    @property
    def area(self) -> int:
        return int(self.mask.sum())

    @property
    def has_lesion(self) -> bool:
        return self.area >= LEAST_PIXELS

    def stored(self, network: str) -> np.ndarray:
        """What `network` sees of it, (channels, 256, 256) bytes."""
        if network == "segmenter":
            return self.image[None]
        seen = classifier_input(as_input(self.image)[None], self.mask[None])[0]
        return np.rint(255 * seen).astype(np.uint8)


def as_input(stored: np.ndarray) -> np.ndarray:
    """Bytes to what a network sees. Whoever divides in single precision gets the same to the last bit."""
    return stored.astype(np.float32) / np.float32(255)


def held_out() -> Iterator[list[Section]]:
    """The phantoms of the test split, case by case."""
    for _, case in zip(range(MOST_CASES), planned({"test": COUNTS["test"]}), strict=False):
        picture = Phantom(int(case.seed), case.label).picture()
        yield sections_of_case(case.case, case.label, picture.voxels, picture.mask)


def sections_of_case(case: str, label: str, voxels: np.ndarray, mask: np.ndarray) -> list[Section]:
    images = np.rint(255 * sections_of(voxels)).astype(np.uint8)
    middle = (len(images) - 1) / 2
    return [
        Section(case, label, image, outline, abs(k - middle))
        for k, (image, outline) in enumerate(zip(images, masks_of(mask), strict=True))
    ]


@dataclass(frozen=True)
class Answered:
    """A section, and a classifier's answer on it."""

    section: Section
    p: float
    empty: bool  # a map holds nothing

    @property
    def suitable(self) -> bool:
        return UNSURE[0] <= self.p <= UNSURE[1] and not self.empty

    @property
    def rank(self) -> tuple[bool, float]:
        return not self.suitable, abs(self.p - 0.5)


def answer(section: Section, question: str, run: Run) -> Answered:
    found = run(section.stored(question)[None])
    return Answered(section, float(found["probabilities"][0, 1]), bool((found["cam"].max((2, 3)) <= 0).any()))


def choose(run: dict[str, Run], threshold: float) -> tuple[dict[str, list[Section]], list[str]]:
    """COUNT sections for each network, and a line on each for people.

    Parameters
    ----------
    run : networks by name, the segmenter among them
    threshold : of the segmenter's probability
    """
    seen: list[Section] = []
    best: dict[str, list[Answered]] = {question: [] for question in ANSWER}
    for sections in held_out():
        seen += sections
        shown = [section for section in sections if section.has_lesion]
        for question, own in best.items():
            if shown and shown[0].label in ANSWER[question] and sum(a.suitable for a in own) < COUNT:
                # One of a case, so that no four are alike.
                own.append(min((answer(s, question, run[question]) for s in shown), key=lambda a: a.rank))
        if all(sum(a.suitable for a in own) == COUNT for own in best.values()):
            break
    chosen = {"segmenter": segmented(seen, run["segmenter"], threshold)}
    areas = ", ".join(f"{s.case} ({s.area} pixels of lesion)" for s in chosen["segmenter"])
    said = [f"segmenter: {areas}"]
    for question, own in best.items():
        taken = sorted(own, key=lambda a: a.rank)[:COUNT]
        chosen[question] = [a.section for a in taken]
        line = f"{question}: " + ", ".join(f"{a.section.case} (p {a.p:.2f})" for a in taken)
        unfit = sum(not a.suitable for a in taken)
        said.append(line + (f"; {unfit} too sure or without a map, none of {len(own)} cases was better" * bool(unfit)))
    return chosen, said


def segmented(seen: Sequence[Section], run: Run, threshold: float) -> list[Section]:
    """A large, a middling and a small lesion, and a healthy section. The large one first: some look at that alone."""
    ill = sorted((s for s in seen if s.has_lesion), key=lambda s: s.area)
    well = sorted((s for s in seen if s.label == "healthy"), key=lambda s: s.off_middle)
    median = ill[len(ill) // 2].area
    chosen: list[Section] = []

    def take(order: Sequence[Section], marked: bool) -> None:
        """The first of which the network says what it should, and no pixel so near the threshold that it may flip."""
        free = [s for s in order if s not in chosen]
        for section in free[:TRIES]:
            maps = run(section.stored("segmenter")[None])["probability"]
            margin = np.abs(maps - threshold).min()
            if (maps >= threshold).any() == marked and margin > TOLERANCE["fp32"]["segmenter"]:
                chosen.append(section)
                return
        chosen.append(free[0])

    take(ill[::-1], True)
    take(sorted(ill, key=lambda s: abs(s.area - median)), True)
    take(ill, True)
    take(well, False)
    return chosen
