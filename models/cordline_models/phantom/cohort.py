"""Cohorts on disk: images and masks as NIfTI, one row of labels.csv a case.

    labels.csv      case,label,split,seed    (seed may be empty; split: train, validation or test)
    images/CASE.nii.gz, masks/CASE.nii.gz    same grid; any axis order; the sagittal axis is found by orientation

A site's own cohort has the same form, so that the same commands train on it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from .. import CLASSES
from .generator import Phantom
from .geometry import LPS_TO_RAS
from .image import Image

SPLITS = ("train", "validation", "test")
FIRST_SEED = {"train": 100_000, "validation": 200_000, "test": 300_000}
"""A split's seeds: FIRST_SEED + 1,000 x class + 0, 1, 2, ...; fewer than 1,000 a class, so the splits never meet."""
COUNTS = {
    "validation": {"healthy": 40, "astrocytoma": 20, "ependymoma": 20, "ms": 20, "nmosd": 20},
    "train": {"healthy": 240, "astrocytoma": 190, "ependymoma": 190, "ms": 210, "nmosd": 210},
    "test": {"healthy": 30, "astrocytoma": 34, "ependymoma": 45, "ms": 33, "nmosd": 45},
}
SMALL_SHARE = 0.7
"""Share of training cases drawn with matrices near 256, which is quicker; validation and test take any matrix."""


@dataclass(frozen=True)
class Case:
    case: str
    label: str
    split: str
    seed: str = ""


def read_cases(folder: Path, split: str | None = None) -> list[Case]:
    """Rows of labels.csv, checked."""
    table = folder / "labels.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{table} is missing: it needs the columns case,label,split")
    with table.open(newline="") as lines:
        cases = [
            Case(r["case"], r["label"].strip().lower(), r["split"].strip(), r.get("seed") or "")
            for r in csv.DictReader(lines)
        ]
    for row in cases:
        if row.label not in CLASSES:
            raise ValueError(f"{table}: case {row.case} has label {row.label!r}; known are {', '.join(CLASSES)}")
        if row.split not in SPLITS:
            raise ValueError(f"{table}: case {row.case} has split {row.split!r}; known are {', '.join(SPLITS)}")
    return [row for row in cases if split in (None, row.split)]


def write_cases(folder: Path, cases: list[Case]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["case", "label", "split", "seed"])
        table.writerows([c.case, c.label, c.split, c.seed] for c in cases)


def write_image(folder: Path, case: str, image: Image) -> None:
    """Voxels and mask as NIfTI, arrays in (section, row, column); each file appears whole or not at all."""
    affine = LPS_TO_RAS @ image.grid.affine()
    for name, array in (("images", image.voxels.astype(np.int16)), ("masks", image.mask)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        part = folder / name / f".{case}.nii.gz"
        nib.save(nib.Nifti1Image(array, affine), part)
        part.replace(folder / name / f"{case}.nii.gz")


def to_sections(nifti: nib.Nifti1Image) -> tuple[np.ndarray, np.ndarray]:
    """(section, row, column), sections sagittal, rows downwards, columns backwards; and spacing in that order, mm."""
    start = nib.orientations.io_orientation(nifti.affine)
    target = nib.orientations.axcodes2ornt(("L", "I", "P"))
    change = nib.orientations.ornt_transform(start, target)
    array = nib.orientations.apply_orientation(np.asarray(nifti.dataobj), change)
    turned = nifti.affine @ nib.orientations.inv_ornt_aff(change, nifti.shape)
    return array, np.linalg.norm(turned[:3, :3], axis=0)


def read_case(folder: Path, case: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(image float32, mask bool, spacing mm) in (section, row, column). A case without a mask file has no lesion."""
    image, spacing = to_sections(nib.load(folder / "images" / f"{case}.nii.gz"))
    path = folder / "masks" / f"{case}.nii.gz"
    if not path.is_file():
        return image.astype(np.float32), np.zeros(image.shape, bool), spacing
    mask, _ = to_sections(nib.load(path))
    if mask.shape != image.shape:
        raise ValueError(f"case {case}: mask {mask.shape} and image {image.shape} differ in shape")
    return image.astype(np.float32), mask > 0.5, spacing


def planned(counts: dict[str, dict[str, int]]) -> Iterator[Case]:
    """The cases of a phantom cohort, classes interleaved."""
    for split, by_class in counts.items():
        for k in range(max(by_class.values(), default=0)):
            for label, count in by_class.items():
                if k < count:
                    seed = FIRST_SEED[split] + 1000 * CLASSES.index(label) + k
                    yield Case(f"{label}-{seed}", label, split, str(seed))


def _draw(folder: Path, case: Case) -> str:
    if not (folder / "masks" / f"{case.case}.nii.gz").is_file():
        seed = int(case.seed)
        small = case.split == "train" and (seed * 7 % 100) < 100 * SMALL_SHARE
        write_image(folder, case.case, Phantom(seed, case.label, small=small).picture())
    return case.case


def write_phantoms(folder: Path, counts: dict[str, dict[str, int]], processes: int = 2) -> Iterator[str]:
    """Draw a cohort into `folder`, yielding each case when written; cases that are there are kept."""
    cases = list(planned(counts))
    write_cases(folder, cases)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_draw, [folder] * len(cases), cases, chunksize=4)
