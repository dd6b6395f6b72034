"""The generator: the same seed gives the same picture, and cohorts follow the published statistics."""

import json
import shutil
import subprocess
import sys

import nibabel as nib
import numpy as np
import pydicom
import pytest

from cordline_models import CLASSES
from cordline_models.cli import main
from cordline_models.phantom.cohort import COUNTS, FIRST_SEED, planned, to_sections
from cordline_models.phantom.findings import STATISTICS, draw_findings, measured_ml
from cordline_models.phantom.generator import Phantom
from cordline_models.phantom.scanner import STANDS_OUT, even_out
from cordline_models.phantom.spine import Spine
from cordline_models.phantom.study import write_study


def drawn(label, count=40):
    for seed in range(count):
        spine = Spine(np.random.default_rng([seed, 0]))
        yield draw_findings(np.random.default_rng([seed, 1]), label, spine)


def test_same_seed_same_bytes():
    a, b, c = (Phantom(seed, "nmosd", small=True).picture() for seed in (3, 3, 4))
    assert np.array_equal(a.voxels, b.voxels) and np.array_equal(a.mask, b.mask)
    assert np.array_equal(a.grid.affine(), b.grid.affine())
    assert a.voxels.shape != c.voxels.shape or not np.array_equal(a.voxels, c.voxels)
    assert a.voxels.dtype == np.uint16 and a.voxels.max() <= 4095


def test_healthy_has_no_lesion():
    phantom = Phantom(1, "healthy", small=True)
    assert not phantom.picture().mask.any() and phantom.landmark() is None


@pytest.mark.parametrize("label", list(STATISTICS))
def test_volume_and_count_follow_the_paper(label):
    volumes, counts = zip(*((measured_ml(lesions), len(lesions)) for lesions, _ in drawn(label)), strict=True)
    mean, deviation = STATISTICS[label].volume_ml
    assert abs(np.mean(volumes) - mean) < 3.2 * deviation / np.sqrt(len(volumes))
    assert np.max(volumes) > 2 * np.median(volumes)  # a heavy tail
    assert np.median(counts) == (2 if label == "ms" else 1)


def test_tumours_are_wider_than_inflammation():
    radius = {label: np.mean([lesions[0].radius[0] for lesions, _ in drawn(label, 25)]) for label in STATISTICS}
    assert min(radius["astrocytoma"], radius["ependymoma"]) > 1.5 * max(radius["ms"], radius["nmosd"])


def test_preprocessing_clips_next_to_nothing():
    """Fluid beyond five standard deviations would look like the lesions beside it."""
    voxels = Phantom(200_006, "healthy", small=True).picture().voxels.astype(float)
    z = (voxels - voxels.mean()) / voxels.std()
    assert (z >= 5).mean() < 0.003
    dark = np.random.default_rng(0).gamma(1.0, 0.04, (4, 64, 64)).astype(np.float32)
    dark[:, 30, :20] = 1.0
    evened = even_out(dark)
    assert (1 - dark.mean()) / dark.std() > STANDS_OUT >= (1 - evened.mean()) / evened.std()
    assert evened.max() == pytest.approx(1.0, abs=0.05)


def test_some_cases_borrow_the_siblings_look():
    share = np.mean([about["borrows"] for _, about in drawn("ms", 200)])
    assert 0.08 < share < 0.23


def test_landmark_lies_in_the_mask():
    for seed, label in ((21, "ependymoma"), (22, "nmosd")):
        phantom = Phantom(seed, label, oblique=True, small=True)
        picture = phantom.picture()
        inverse = np.linalg.inv(picture.grid.affine())
        index = np.rint((inverse @ np.append(phantom.landmark(), 1))[:3]).astype(int)
        window = tuple(slice(max(i - 1, 0), i + 2) for i in index)
        assert picture.mask[window].any()


def test_seeds_of_splits_never_meet():
    seeds = {split: {int(c.seed) for c in planned({split: COUNTS[split]})} for split in FIRST_SEED}
    assert not (
        seeds["train"] & seeds["test"] or seeds["train"] & seeds["validation"] or seeds["validation"] & seeds["test"]
    )
    assert [len(seeds["test"])] == [187]


def test_drawing_needs_no_torch():
    code = (
        "import sys, cordline_models.phantom.study, cordline_models.phantom.cohort; "
        "sys.exit(bool({'torch', 'cv2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_study_is_whole_and_valid(tmp_path):
    truth = write_study(tmp_path, 77, "ms", whole=True)
    assert truth["label"] == "ms" and json.loads((tmp_path / "truth.json").read_text()) == truth
    series = {}
    for path in sorted(tmp_path.glob("dicom/*/*.dcm")):
        series.setdefault(path.parent.name, []).append(pydicom.dcmread(path))
    assert set(series) == {"localizer", "t2_sag", "t1w_sag", "stir_sag", "t1c_sag", "t2_tra"}
    assert len({d.StudyInstanceUID for own in series.values() for d in own}) == 1
    uids = [d.SOPInstanceUID for own in series.values() for d in own]
    assert len(set(uids)) == len(uids)
    image = nib.load(tmp_path / "image.nii.gz")
    section = series["t2_sag"][1]
    assert np.array_equal(section.pixel_array, np.asarray(image.dataobj)[1])
    # The DICOM position of the first pixel is the NIfTI position of the same voxel, LPS against RAS.
    ras = image.affine @ [1, 0, 0, 1]
    assert np.allclose(np.array(section.ImagePositionPatient, float), ras[:3] * [-1, -1, 1], atol=1e-3)
    rows, columns = np.array(section.ImageOrientationPatient, float).reshape(2, 3)
    assert abs(rows @ columns) < 1e-6


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
@pytest.mark.parametrize("label", CLASSES)
def test_dciodvfy_finds_no_error(tmp_path, label):
    write_study(tmp_path, 78, label, whole=label == "astrocytoma")
    for folder in (tmp_path / "dicom").iterdir():
        first = sorted(folder.glob("*.dcm"))[0]
        answer = subprocess.run(["dciodvfy", str(first)], capture_output=True, text=True)
        assert "Error" not in answer.stderr + answer.stdout


def test_orientation_of_a_nifti_does_not_matter(tmp_path):
    picture = Phantom(5, "ms", small=True).picture()
    affine = np.diag([-1.0, -1, 1, 1]) @ picture.grid.affine()
    straight = nib.Nifti1Image(picture.voxels.astype(np.int16), affine)
    turned = nib.as_closest_canonical(straight)
    assert turned.shape != straight.shape
    a, spacing_a = to_sections(straight)
    b, spacing_b = to_sections(turned)
    assert np.array_equal(a, b) and np.allclose(spacing_a, spacing_b)
    assert np.allclose(sorted(spacing_a), sorted(picture.grid.spacing), rtol=1e-4)


def test_nifti_becomes_a_series_at_its_place(tmp_path):
    picture = Phantom(6, "nmosd", oblique=True, small=True).picture()
    affine = np.diag([-1.0, -1, 1, 1]) @ picture.grid.affine()
    nib.save(nib.as_closest_canonical(nib.Nifti1Image(picture.voxels.astype(np.int16), affine)), tmp_path / "v.nii.gz")
    out = tmp_path / "series"
    assert main(["dicom", str(tmp_path / "v.nii.gz"), "--out", str(out), "--every-mm", "0.1"]) == 0
    files = sorted(out.glob("*.dcm"))
    assert len(files) == picture.grid.shape[0]
    positions = {}
    for path in files:
        data = pydicom.dcmread(path)
        positions[tuple(np.round(np.array(data.ImagePositionPatient, float), 2))] = data.pixel_array
    for k in (0, len(files) - 1):
        where = np.round(picture.grid.origin + k * picture.grid.spacing[0] * picture.grid.axes[0], 2)
        key = min(positions, key=lambda p: np.abs(np.array(p) - where).sum())
        assert np.allclose(key, where, atol=0.02)
        assert np.array_equal(positions[key], picture.voxels[k])
