"""What lies in tests/data is what the scripts beside this file make, and a seed of the fuzz targets what it is for."""

import json
import zipfile
from io import BytesIO

import numpy as np
import opencv_resizes
import pydicom
import pytest
import real_mr_to_dicom
from mr_series import classic, encoded


@pytest.mark.parametrize("name", ["sagittal", "axial"])
def test_real_mr_as_dicom(name):
    """Member for member; the compression of the archive may differ between builds of zlib."""
    (path,) = real_mr_to_dicom.DATA.glob(f"real-*-{name}.zip")
    series = classic(*getattr(real_mr_to_dicom, name)())
    with zipfile.ZipFile(path) as archive:
        members = [archive.read(info) for info in archive.infolist()]
    for kept, made in zip(members, series, strict=True):
        assert pydicom.dcmread(BytesIO(kept)) == pydicom.dcmread(BytesIO(encoded(made, "explicit")))


def test_sagittal_geometry_is_the_volunteers():
    """The volume's RAS affine, turned to LPS by hand for one voxel that is easy to follow."""
    voxels, grid, _ = real_mr_to_dicom.sagittal()
    # NIfTI index (1, 256, 200): the middle of the first three sections, furthest to the front and to the head.
    ras = np.array([-12.1952 + 1, -150.9378 + 256, -512.3026 + 200])
    np.testing.assert_allclose(grid.position((0, 0, 0)), ras * [-1, -1, 1], atol=2e-3)
    assert grid.shape == voxels.shape == (12, 201, 257)
    np.testing.assert_allclose(grid.axes, [[-1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-6)


def test_what_opencv_says_today():
    """The arrays that the Rust test compares with are still what numpy and OpenCV make."""
    kept = opencv_resizes.FILE.read_bytes()
    length = int.from_bytes(kept[:8], "little")
    header, data = json.loads(kept[8 : 8 + length]), kept[8 + length :]
    made = opencv_resizes.tensors()
    assert set(header) == set(made)
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        np.testing.assert_allclose(values, made[name], rtol=1e-6, err_msg=name)


def test_the_seed_of_two_series_is_a_t2w_with_its_t1c():
    seed = real_mr_to_dicom.DATA.parent / "fuzz/corpus/study/seed-two-series-zip"
    with zipfile.ZipFile(seed) as archive:
        files = [pydicom.dcmread(BytesIO(archive.read(info))) for info in archive.infolist()]
    assert len(files) == 6
    assert all(("ContrastBolusAgent" in ds) == (ds.SeriesDescription == "T1") for ds in files)
    assert len({ds.SeriesDescription for ds in files}) == 2
