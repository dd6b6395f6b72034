"""Writes the real MR of tests/data as DICOM series, as a scanner would have sent them.

    .venv/bin/python tests/python/real_mr_to_dicom.py [FOLDER]

NIfTI keeps voxels, grid and echo time; what it does not keep (repetition time, field strength, sequence) is what such a
sequence usually has, and is said in tests/data/README.md.
"""

import sys
from pathlib import Path

import nibabel
import numpy as np
from mr_series import Grid, Protocol, classic, save_zip

DATA = Path(__file__).parents[1] / "data"
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])


def read(name: str, order: tuple[tuple[int, int], ...]) -> tuple[np.ndarray, Grid]:
    """Voxels as (section, row, column) and their grid.

    `order` names, for section, row and column, the NIfTI axis and the direction (1 or -1) in which it is walked.
    """
    image = nibabel.load(DATA / name)
    voxels = np.asanyarray(image.dataobj)
    matrix = image.affine[:3, :3] * RAS_TO_LPS[:, None]
    origin = image.affine[:3, 3] * RAS_TO_LPS
    axes, spacing = [], []
    for axis, direction in order:
        column = matrix[:, axis]
        if direction < 0:
            origin = origin + column * (voxels.shape[axis] - 1)
            voxels = np.flip(voxels, axis)
        spacing.append(float(np.linalg.norm(column)))
        axes.append(direction * column / spacing[-1])
    voxels = np.ascontiguousarray(voxels.transpose([axis for axis, _ in order]))
    return voxels, Grid(voxels.shape, tuple(spacing), tuple(origin), np.array(axes))


def thicker(voxels: np.ndarray, grid: Grid, sections: int) -> tuple[np.ndarray, Grid]:
    """The mean of every `sections` neighbouring sections, as a 2D sequence with thicker sections would see them."""
    count = len(voxels) // sections
    mean = voxels[: count * sections].reshape(count, sections, *voxels.shape[1:]).mean(axis=1)
    origin = tuple(grid.position(((sections - 1) / 2, 0, 0)))
    return mean, Grid(mean.shape, (grid.spacing[0] * sections, *grid.spacing[1:]), origin, grid.axes)


def sagittal() -> tuple[np.ndarray, Grid, Protocol]:
    """12 sagittal sections of 3 mm from the thoracolumbar volume: rows run to the feet, columns to the back."""
    voxels, grid = read("real_t2w_thoracolumbar_sagittal.nii.gz", ((0, 1), (2, -1), (1, -1)))
    voxels, grid = thicker(voxels, grid, 3)
    return (
        np.rint(voxels),
        grid,
        Protocol(
            description="T2w SPACE sag thoracolumbar spine",
            body_part="TSPINE",
            variant="SK",
            acquisition="3D",
            repetition_ms=1500.0,
            echo_ms=120.0,
            patient="sct-tutorial-lumbar",
            manufacturer="",
            extra={
                "ImageType": ["DERIVED", "PRIMARY", "M", "ND"],
                "DerivationDescription": "Mean of 3 sections of 1 mm",
            },
        ),
    )


def axial() -> tuple[np.ndarray, Grid, Protocol]:
    """19 axial sections of 7.5 mm: rows run to the back, columns to the patient's left."""
    voxels, grid = read("real_t2w_ms_axial.nii.gz", ((2, 1), (1, -1), (0, 1)))
    return (
        voxels,
        grid,
        Protocol(
            description="T2w axial cervical spine",
            body_part="CSPINE",
            repetition_ms=4000.0,
            echo_ms=95.0,
            patient="sct-tutorial-ms",
            manufacturer="",
        ),
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    for name, series in {"real-t2w-thoracolumbar-sagittal": sagittal(), "real-t2w-ms-axial": axial()}.items():
        print(save_zip(classic(*series), folder / f"{name}.zip"))
