"""A NIfTI volume as a DICOM series: a way to hand a real, open data set to the runtime.

Sections are taken along the axis nearest to left-right, one every `every_mm`: as they are, or as thick as that.
Numbers are scaled to 12 bits where they pass them, and where few whole numbers would be left of them (0..1, say).
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from .cohort import to_sections
from .dicom_series import Patient, Protocol, write_series
from .geometry import LPS_TO_RAS, Grid
from .image import Image

# Only what series choice needs; the echo and repetition times of the scan are not in a NIfTI file.
PROTOCOL = Protocol(
    "T2 SAG", "SE", "SK", 1500.0, 120.0, study="SPINE MR OPEN DATA", maker=("Converted from NIfTI", "Unknown scanner")
)

MOST = 4095
"""The highest number of 12 bits."""
FINE = 500
"""From this highest number on, rounding to whole ones changes no voxel by more than a thousandth of it."""


def sagittal_image(path: Path, every_mm: float = 3.0, thick: bool = False) -> Image:
    """Sagittal sections of a NIfTI file, numbers scaled to 12 bits where whole ones would not do.

    thick: each is the mean of all up to the next, as a 2D sequence of such thickness would picture them.
    """
    nifti = nib.load(path)
    voxels, spacing = to_sections(nifti)
    start = nib.orientations.io_orientation(nifti.affine)
    change = nib.orientations.ornt_transform(start, nib.orientations.axcodes2ornt(("L", "I", "P")))
    affine = LPS_TO_RAS @ nifti.affine @ nib.orientations.inv_ornt_aff(change, nifti.shape)
    step = max(1, round(every_mm / spacing[0]))
    if thick:
        count = len(voxels) // step
        first = (len(voxels) - count * step) // 2
        kept = voxels[first : first + count * step].astype(np.float64).reshape(count, step, *voxels.shape[1:]).mean(1)
    else:
        first = (len(voxels) - 1) % step // 2
        kept = voxels[first::step].astype(np.float64)
    kept = np.clip(kept - min(kept.min(), 0), 0, None)
    top = kept.max()
    if top > MOST or (0 < top < FINE and (kept % 1).any()):
        kept *= MOST / top
    axes = affine[:3, :3].T / spacing[:, None]
    thickness = float(spacing[0]) * (step if thick else 1)
    middle = first + (step - 1) / 2 if thick else first
    origin = affine[:3, 3] + middle * spacing[0] * axes[0]
    grid = Grid(kept.shape, origin, axes, spacing * np.array([step, 1, 1]), thickness)
    return Image(np.rint(kept).astype(np.uint16), np.zeros(kept.shape, np.uint8), grid, "T2w")


def nifti_to_dicom(path: Path, folder: Path, body_part: str, every_mm: float = 3.0) -> int:
    """Write the series into `folder`; returns the number of sections."""
    image = sagittal_image(path, every_mm)
    patient = Patient("OPEN^DATA", "OPEN-DATA", "O", 30)
    write_series(folder, image, PROTOCOL, patient, f"cordline-open/{path.name}", 1, body_part)
    return image.grid.shape[0]
