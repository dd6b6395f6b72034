"""A tiny cohort as a site might bring it: NIfTI in another axis order, few sections, no mask for healthy cases."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from cordline_models import CLASSES
from cordline_models.phantom.cohort import Case, write_cases
from cordline_models.phantom.generator import Phantom
from cordline_models.phantom.geometry import LPS_TO_RAS

SECTIONS = 3


def keep_middle(image, mask, affine):
    """The SECTIONS sections with most lesion, and their affine."""
    middle = int(mask.sum((1, 2)).argmax()) if mask.any() else len(image) // 2
    first = int(np.clip(middle - SECTIONS // 2, 0, len(image) - SECTIONS))
    moved = affine.copy()
    moved[:3, 3] += first * affine[:3, 0]
    return image[first : first + SECTIONS], mask[first : first + SECTIONS], moved


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Two cases a class to train on, one each to validate and test."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "images").mkdir()
    (folder / "masks").mkdir()
    cases = []
    for label in CLASSES:
        for k, split in enumerate(("train", "train", "validation", "test")):
            picture = Phantom(500 + k, label, small=True).picture()
            image, mask, affine = keep_middle(picture.voxels, picture.mask, LPS_TO_RAS @ picture.grid.affine())
            name = f"case{len(cases):03d}"
            for part, array in (("images", image.astype(np.float32)), ("masks", mask)):
                if part == "masks" and label == "healthy":
                    continue
                turned = nib.as_closest_canonical(nib.Nifti1Image(array, affine))
                nib.save(turned, folder / part / f"{name}.nii.gz")
            cases.append(Case(name, label, split))
    write_cases(folder, cases)
    return folder
