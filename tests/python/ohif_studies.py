"""Studies for the panel in OHIF: what a reader opens, drawn, with more than the one series that is analysed."""

from pathlib import Path

import numpy as np
import pydicom
from landmark import draw, sagittal_grid
from mr_series import Grid, Protocol, classic, save

LOCALIZER = {"series": "localizer", "number": 1, "description": "Localizer", "sequence": "GR", "echo_ms": 5.0}
T2 = {"series": "t2", "number": 2, "description": "T2 TSE SAG"}
AXIAL = {"series": "axial", "number": 4, "description": "T2 TSE TRA"}
T1 = {"series": "t1", "number": 3, "description": "T1 TSE SAG", "repetition_ms": 600.0, "echo_ms": 11.0}


def axial_grid() -> Grid:
    """Sections across the cord, from the feet upwards, above the middle of the field of view alone."""
    axes = np.array([(0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)])
    return Grid((10, 100, 100), (6.0, 1.0, 1.0), (-49.5, -43.5, 10.0), axes)


def localizer_grid() -> Grid:
    return sagittal_grid(shape=(3, 80, 66), spacing=(12.0, 2.0, 2.4))


def two_lesions(grid: Grid) -> np.ndarray:
    """The asymmetric lesion, and a smaller one well below it."""
    positions = grid.positions()
    voxels = draw(grid)
    below = (((positions - (-3.0, 4.0, -45.0)) / (5.0, 6.0, 8.0)) ** 2).sum(axis=-1) <= 1
    voxels[below] = 1500
    return voxels


def make(folder: Path, name: str, voxels, grid: Grid, **series) -> list[Path]:
    """A series of the patient `name` on the disk; all files of the patient."""
    place = "-".join(str(series.get(word, "")) for word in ("study", "series"))
    save(classic(voxels, grid, Protocol(patient=name, **series)), folder / name / place)
    return sorted((folder / name).rglob("*.dcm"))


def whole_study(folder: Path, name: str, **study) -> list[Path]:
    """A localizer, the sagittal T2 with two lesions, and axial sections over the upper one; one frame of reference."""
    make(folder, name, draw(localizer_grid()), localizer_grid(), **LOCALIZER, **study)
    make(folder, name, two_lesions(axial_grid()), axial_grid(), **AXIAL, **study)
    return make(folder, name, two_lesions(sagittal_grid()), sagittal_grid(), **T2, **study)


def study_uid(files: list[Path]) -> str:
    return str(pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
