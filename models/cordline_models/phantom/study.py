"""A phantom as a whole DICOM study, with the truth beside it.

FOLDER/dicom/SERIES/IM0001.dcm ...   the series; `--study` adds localizer, T1, T1c, STIR and axial T2
FOLDER/image.nii.gz, mask.nii.gz     the sagittal T2w series and the true mask, same grid
FOLDER/truth.json                    class, volume, lesion landmark in LPS mm, UIDs
"""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from .. import CLASSES
from .dicom_series import PROTOCOLS, Patient, uid, write_series
from .generator import Phantom
from .geometry import AXIAL, CORONAL, LPS_TO_RAS, SAGITTAL, Grid, centred
from .image import Image
from .spine import LEVELS


def body_part(phantom: Phantom) -> str:
    """The DICOM body part of what the field of view shows."""
    middle = phantom.spine.locate(middle_of(phantom.grid))[0]
    level = LEVELS[int(phantom.spine.level_at(middle))]
    return (
        {"C": "CSPINE", "T": "TSPINE", "L": "LSPINE", "S": "LSPINE"}[level[0]]
        if phantom.scan.field_of_view[0] < 300
        else "SPINE"
    )


def middle_of(grid: Grid) -> np.ndarray:
    return grid.origin + ((np.array(grid.shape) - 1) / 2 * grid.spacing) @ grid.axes


def localizer(phantom: Phantom) -> list[Image]:
    """Three coarse sections, one in each plane."""
    tall = phantom.scan.field_of_view[0] * 1.15
    spacing = np.array([10.0, tall / 192, tall / 192])
    return [
        phantom.picture("T2w", centred(middle_of(phantom.grid), axes, (1, 192, 192), spacing, 8.0))
        for axes in (SAGITTAL, CORONAL, AXIAL)
    ]


def axial(phantom: Phantom) -> Image:
    """Nine axial sections at the lesion, or in the middle."""
    centre = phantom.landmark()
    centre = middle_of(phantom.grid) if centre is None else centre
    return phantom.picture("T2w", centred(centre, AXIAL, (9, 256, 256), np.array([5.0, 0.7, 0.7]), 4.0))


def write_study(folder: Path, seed: int, label: str, whole: bool = False, oblique: bool | None = None) -> dict:
    """Draw a phantom and write it; returns the truth. `whole` adds the other series that such a study has."""
    phantom = Phantom(seed, label, oblique)
    key = f"cordline-phantom/{label}/{seed}"
    number = CLASSES.index(label) * 1_000_000 + seed
    patient = Patient(
        f"PHANTOM^{label.upper()}^{seed}", f"PHANTOM-{number}", phantom.about["sex"], phantom.about["age"]
    )
    part = body_part(phantom)
    t2 = phantom.picture()
    name = "T2w FS" if phantom.scan.fat_saturation else "T2w"
    dicom = folder / "dicom"
    write_series(dicom / "t2_sag", t2, PROTOCOLS[name], patient, key, 2, part)
    if whole:
        for k, image in enumerate(localizer(phantom)):
            write_series(dicom / "localizer", image, PROTOCOLS["localizer"], patient, key, 1, part, 1 + k)
        for series, contrast in ((3, "T1w"), (4, "STIR"), (6, "T1c")):
            write_series(
                dicom / f"{contrast.lower()}_sag",
                phantom.picture(contrast),
                PROTOCOLS[contrast],
                patient,
                key,
                series,
                part,
            )
        write_series(dicom / "t2_tra", axial(phantom), PROTOCOLS["T2w axial"], patient, key, 5, part)
    affine = LPS_TO_RAS @ t2.grid.affine()
    nib.save(nib.Nifti1Image(t2.voxels.astype(np.int16), affine), folder / "image.nii.gz")
    nib.save(nib.Nifti1Image(t2.mask, affine), folder / "mask.nii.gz")
    landmark = phantom.landmark()
    truth = {
        "seed": seed,
        "label": label,
        "study_instance_uid": str(uid(key)),
        "series_instance_uid": str(uid(key, 2)),
        "volume_ml": round(float(t2.mask.sum()) * t2.grid.voxel_ml(), 4),
        "sections_with_lesion": int(t2.mask.any((1, 2)).sum()),
        "lesions": len(phantom.lesions),
        "levels": phantom.levels(),
        "landmark_lps_mm": None if landmark is None else [round(float(v), 2) for v in landmark],
        "mask_centre_lps_mm": mask_centre(t2),
        **phantom.about,
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")
    return truth


def mask_centre(image: Image) -> list[float] | None:
    """Mean LPS position of all mask voxels, mm."""
    if not image.mask.any():
        return None
    where = np.argwhere(image.mask).mean(0)
    return [round(float(v), 2) for v in (image.grid.affine() @ np.append(where, 1))[:3]]
