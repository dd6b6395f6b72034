"""Cohorts on disk: images and masks as NIfTI, one row of labels.csv a case.

    labels.csv      case,label,split,seed    (seed may be empty; split: train, validation or test)
    images/CASE.nii.gz, masks/CASE.nii.gz    same grid; any axis order; the sagittal axis is found by orientation

A site's own cohort has the same form, so that the same commands train on it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from .. import CLASSES
from .generator import Phantom
from .geometry import LPS_TO_RAS
from .image import Image
from .whole_file import replacing

COLUMNS = ("case", "label", "split")
SPLITS = ("train", "validation", "test")
MOST_CASES = 1000
"""Of a class in a split of a phantom cohort."""
FIRST_SEED = {"train": 100_000, "validation": 200_000, "test": 300_000}
"""A split's seeds: FIRST_SEED + 1,000 x class + 0, 1, 2, ...; at most MOST_CASES a class, so the splits never meet."""
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
    """Rows of labels.csv, checked; those of `split`, or all.

    Raises
    ------
    FileNotFoundError
        When there is no labels.csv.
    ValueError
        When a column is missing, a label or split is unknown, a case has no name or stands twice, or `split` is empty.
    """
    table = folder / "labels.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{table} is missing: it needs the columns {','.join(COLUMNS)}")
    # Spreadsheets begin a file with a byte order mark.
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{table}: no column {', '.join(missing)}; the first line is {','.join(COLUMNS)}")
        text = lambda row, name: (row.get(name) or "").strip()  # noqa: E731
        cases = [
            Case(text(row, "case"), text(row, "label").lower(), text(row, "split"), text(row, "seed")) for row in rows
        ]
    if "" in (names := Counter(row.case for row in cases)):
        raise ValueError(f"{table}: a row has no case")
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"{table}: case {twice[0]} stands there more than once")
    for row in cases:
        if row.label not in CLASSES:
            raise ValueError(f"{table}: case {row.case} has label {row.label!r}; known are {', '.join(CLASSES)}")
        if row.split not in SPLITS:
            raise ValueError(f"{table}: case {row.case} has split {row.split!r}; known are {', '.join(SPLITS)}")
    chosen = [row for row in cases if split in (None, row.split)]
    if split is not None and not chosen:
        raise ValueError(f"{table} has no case of split {split!r}")
    return chosen


def write_cases(folder: Path, cases: list[Case]) -> None:
    with replacing(folder / "labels.csv") as part, part.open("w", newline="", encoding="utf-8") as lines:
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


def read_case(folder: Path, case: str, label: str | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(image float32, mask bool, spacing mm) in (section, row, column). A case without a mask file has no lesion.

    Raises
    ------
    ValueError
        When image and mask differ in shape; with `label`, when it says lesion and the mask does not, or the other way.
    """
    image, spacing = to_sections(nib.load(folder / "images" / f"{case}.nii.gz"))
    path = folder / "masks" / f"{case}.nii.gz"
    there = path.is_file()
    mask = to_sections(nib.load(path))[0] > 0.5 if there else np.zeros(image.shape, bool)
    if mask.shape != image.shape:
        raise ValueError(f"case {case}: mask {mask.shape} and image {image.shape} differ in shape")
    # A mask under another name would have its lesion learnt as healthy tissue.
    if label is not None and mask.any() != (label != "healthy"):
        found = "shows a lesion" if mask.any() else "shows no lesion" if there else "is missing"
        raise ValueError(f"case {case} has label {label!r}, but its mask {path} {found}")
    return image.astype(np.float32), mask, spacing


def planned(counts: dict[str, dict[str, int]]) -> Iterator[Case]:
    """The cases of a phantom cohort, classes interleaved."""
    for split, by_class in counts.items():
        for k in range(max(by_class.values(), default=0)):
            for label, count in by_class.items():
                if k < count:
                    seed = FIRST_SEED[split] + 1000 * CLASSES.index(label) + k
                    yield Case(f"{label}-{seed}", label, split, str(seed))


def _drawn_before(folder: Path, splits: Collection[str]) -> list[Case]:
    """Rows of a labels.csv in `folder` of other splits than `splits`; a table that is not of phantoms is refused."""
    if not (folder / "labels.csv").is_file():
        return []
    rows = read_cases(folder)
    drawings = set(planned({split: dict.fromkeys(CLASSES, MOST_CASES) for split in SPLITS}))
    for row in rows:
        if row not in drawings:
            raise ValueError(f"{folder / 'labels.csv'} holds case {row.case}, which is no phantom: name another folder")
    return [row for row in rows if row.split not in splits]


def _draw(folder: Path, case: Case) -> str:
    if not (folder / "masks" / f"{case.case}.nii.gz").is_file():
        seed = int(case.seed)
        small = case.split == "train" and (seed * 7 % 100) < 100 * SMALL_SHARE
        write_image(folder, case.case, Phantom(seed, case.label, small=small).picture())
    return case.case


def write_phantoms(folder: Path, counts: dict[str, dict[str, int]], processes: int = 2) -> Iterator[str]:
    """Draw a cohort into `folder`, yielding each case when written; cases and splits that are there are kept.

    Raises
    ------
    ValueError
        When `folder` holds a table of cases that are no phantoms: it would be lost.
    """
    cases = list(planned(counts))
    write_cases(folder, _drawn_before(folder, counts) + cases)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_draw, [folder] * len(cases), cases, chunksize=4)
