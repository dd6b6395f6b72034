"""The trained networks find the same tumour in the demo's phantom, whichever way round its sections are kept."""

import copy
import json
import os
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from daemon_process import TREE
from mr_series import Grid, save
from orientations import WAYS, assert_same_run, kept, name, of_run

pytestmark = pytest.mark.timeout(900)
ARCHIVE = TREE / "tests/data/phantom-ependymoma.zip"
BUNDLE = TREE / "models/bundles/spinal-lesion-phantom"
SECTIONS = slice(4, 11)
"""The middle ones, with most of the tumour: half of the work."""


@pytest.fixture(scope="module")
def series() -> list[pydicom.Dataset]:
    """The sagittal sections along their normal."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        members = [m for m in archive.namelist() if m.startswith("t2_sag/")]
        found = [pydicom.dcmread(BytesIO(archive.read(m))) for m in members]
    # Their normal (row x column) points to the patient's right.
    found.sort(key=lambda ds: -float(ds.ImagePositionPatient[0]))
    return found[SECTIONS]


def grid_of(series: list[pydicom.Dataset]) -> Grid:
    first, last = series[0], series[-1]
    row, column = np.split(np.array(first.ImageOrientationPatient, float), 2)
    step = (np.array(last.ImagePositionPatient, float) - np.array(first.ImagePositionPatient, float)) / (
        len(series) - 1
    )
    spacing = float(np.linalg.norm(step))
    return Grid(
        shape=(len(series), first.Rows, first.Columns),
        spacing=(spacing, *map(float, first.PixelSpacing)),
        origin=tuple(map(float, first.ImagePositionPatient)),
        axes=np.stack([step / spacing, column, row]),
    )


def written(series: list[pydicom.Dataset], way, folder: Path) -> Grid:
    """The series kept in a way; all but the pixels and their places stays."""
    voxels = np.stack([ds.pixel_array for ds in series])
    turned, own = kept(voxels, grid_of(series), way)
    datasets = copy.deepcopy(series)
    for k, (ds, section) in enumerate(zip(datasets, turned, strict=True)):
        ds.Rows, ds.Columns = section.shape
        ds.ImagePositionPatient = [f"{v:.8f}" for v in own.position((k, 0, 0))]
        ds.ImageOrientationPatient = [f"{v + 0.0:g}" for v in (*own.axes[2], *own.axes[1])]
        ds.PixelSpacing = [f"{v:.8f}" for v in own.spacing[1:]]
        ds.InstanceNumber = k + 1
        ds.PixelData = section.astype("<u2").tobytes()
    save(datasets, folder)
    return own


@pytest.fixture(scope="module")
def found(series, program, library, tmp_path_factory):
    """Analyses the series kept in a way; all that was found, by patient."""

    def run(way) -> dict:
        folder = tmp_path_factory.mktemp(name(way))
        own, out = written(series, way, folder / "in"), folder / "out"
        subprocess.run(
            [program, "analyze", folder / "in", "--out", out, "--bundle", BUNDLE],
            check=True,
            env=os.environ | {"CORDLINE_ONNXRUNTIME": library},
            timeout=600,
        )
        return of_run(out, own, grid_of(series))

    return run


@pytest.fixture(scope="module")
def wanted(found) -> dict:
    """What is found in the way in which the phantom is kept."""
    return found(WAYS[0])


def test_the_tumour_is_where_it_was_drawn(wanted):
    assert wanted["findings"]["finding"]["subtype"] == "ependymoma"
    truth = json.loads(zipfile.ZipFile(ARCHIVE).read("truth.json"))
    [lesion] = wanted["findings"]["lesions"]
    _, _, *centre = lesion["measures"]
    assert abs(np.array(centre) - truth["mask_centre_lps_mm"]).max() < 8.0


@pytest.mark.parametrize("way", [WAYS[9], WAYS[6], WAYS[12]], ids=name)
def test_the_trained_networks_find_the_same_tumour(found, wanted, way):
    assert_same_run(found(way), wanted)
