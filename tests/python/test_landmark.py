"""An asymmetric lesion is found at its patient coordinates, whatever way the series was written."""

import random
from dataclasses import replace
from pathlib import Path

import highdicom
import landmark
import numpy as np
import pytest
import tiny_bundle
from landmark import draw, in_lesion, sagittal_grid
from mr_series import SAGITTAL_T2, TRANSFER_SYNTAXES, Grid, Protocol, classic, encoded, enhanced, save, save_zip, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import MediaStorageDirectoryStorage

STRAIGHT = sagittal_grid()
OBLIQUE = sagittal_grid(turn=20.0, tilt=8.0)


def lesion_in_patient(segmentation: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mask of the DICOM Segmentation as highdicom reads it, and the patient position of each of its voxels."""
    volume = highdicom.seg.segread(segmentation).get_volume(combine_segments=True, skip_overlap_checks=True)
    index = np.stack(np.indices(volume.spatial_shape), axis=-1)
    return volume.array > 0, index @ volume.affine[:3, :3].T + volume.affine[:3, 3]


def check(run, grid: Grid) -> None:
    """The mask lies where the lesion was drawn, and the result says so in numbers."""
    run.expect(0)
    mask, positions = lesion_in_patient(run.out / "segmentation.dcm")
    drawn = in_lesion(positions)
    dice = 2 * (mask & drawn).sum() / (mask.sum() + drawn.sum())
    assert dice > 0.97, f"Dice {dice:.3f} in patient coordinates"
    assert mask.shape[0] * mask.shape[1] * mask.shape[2] == np.prod(grid.shape)

    (lesion,) = run.result["lesions"]
    voxels = grid.positions()[in_lesion(grid.positions())]
    np.testing.assert_allclose(lesion["centre_lps_mm"], voxels.mean(axis=0), atol=0.3)
    assert lesion["volume_ml"] == pytest.approx(len(voxels) * np.prod(grid.spacing) / 1000, rel=0.03)
    # Voxel edges belong to the extent; on an oblique grid a voxel's edge along z is a little less than its row spacing.
    assert lesion["extent_mm"] == pytest.approx(np.ptp(voxels[:, 2]) + grid.spacing[1], abs=1.5 * grid.spacing[1])
    assert run.result["finding"]
    assert run.result["state"] == "completed"


def series(grid: Grid, kind: str = "classic", protocol: Protocol = SAGITTAL_T2) -> list:
    voxels = draw(grid)
    return classic(voxels, grid, protocol) if kind == "classic" else [enhanced(voxels, grid, protocol)]


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
@pytest.mark.parametrize("kind", ["classic", "enhanced"])
def test_every_object_and_transfer_syntax(analyse, tmp_path, kind, syntax):
    save(series(STRAIGHT, kind), tmp_path / "in", syntax)
    check(analyse(tmp_path / "in"), STRAIGHT)


@pytest.mark.parametrize("syntax", ["explicit", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000"])
@pytest.mark.parametrize("kind", ["classic", "enhanced"])
def test_signed_and_rescaled_pixels(analyse, tmp_path, kind, syntax):
    """Stored values are negative in part, and make no sense before the rescale."""
    protocol = Protocol(signed=True, slope=0.5, intercept=512.0)
    save(series(STRAIGHT, kind, protocol), tmp_path / "in", syntax)
    check(analyse(tmp_path / "in"), STRAIGHT)


@pytest.mark.parametrize("kind", ["classic", "enhanced"])
@pytest.mark.parametrize("handed", ["right", "left"])
@pytest.mark.parametrize("grid", [STRAIGHT, OBLIQUE], ids=["straight", "oblique"])
def test_handedness_and_oblique_planes(analyse, tmp_path, kind, handed, grid):
    grid = grid if handed == "right" else grid.flipped()
    save(series(grid, kind), tmp_path / "in")
    run = analyse(tmp_path / "in")
    check(run, grid)


def test_a_plane_far_from_sagittal_is_accepted_with_a_warning(analyse, tmp_path):
    """At 40 degrees the normal has |n_x| = 0.77: oblique."""
    grid = sagittal_grid(turn=40.0)
    save(series(grid), tmp_path / "in")
    run = analyse(tmp_path / "in")
    check(run, grid)
    assert any("oblique" in warning.lower() for warning in run.result["warnings"]), run.result["warnings"]


@pytest.mark.parametrize("order", ["shuffled", "reversed"])
def test_file_order_and_instance_number_mean_nothing(analyse, tmp_path, order):
    """File names and InstanceNumber run in another order than the sections."""
    datasets = series(STRAIGHT)
    if order == "reversed":
        datasets.reverse()
    else:
        random.Random(4).shuffle(datasets)
    for number, ds in enumerate(datasets, 1):
        ds.InstanceNumber = number
    save(datasets, tmp_path / "in")
    check(analyse(tmp_path / "in"), STRAIGHT)


def dicomdir() -> Dataset:
    """The table of contents of a disc: DICOM, but no image."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = uid("directory")
    ds.file_meta.ImplementationClassUID = uid("cordline tests")
    ds.FileSetID = "DISC"
    ds.DirectoryRecordSequence = []
    return ds


def test_several_series_and_other_files_in_one_folder(analyse, tmp_path):
    """A localizer, a T1, an axial T2, a knee, and files that are no DICOM lie between the files of the series."""
    folder = tmp_path / "in"
    save(series(STRAIGHT), folder / "T2")
    voxels = draw(STRAIGHT, lesion=False)
    t1 = Protocol(description="T1 TSE sag spine", repetition_ms=600.0, echo_ms=10.0, series="t1", number=2)
    save(classic(voxels, STRAIGHT, t1), folder / "T1")
    axial = replace(STRAIGHT, axes=STRAIGHT.axes[[1, 0, 2]] * [[-1], [1], [1]])
    save(classic(voxels, axial, Protocol(description="T2 ax spine", series="axial", number=3)), folder / "AX")
    localizer = Protocol(
        description="localizer",
        sequence="GR",
        repetition_ms=8.0,
        echo_ms=3.0,
        series="localizer",
        number=4,
        extra={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    )
    save(classic(voxels[:5], STRAIGHT, localizer), folder / "LOC")
    knee = Protocol(description="T2 TSE sag knee", body_part="KNEE", series="knee", number=5)
    save(classic(voxels, STRAIGHT, knee), folder / "KNEE")
    (folder / "README.txt").write_text("no DICOM here")
    (folder / "T2" / "thumbs.db").write_bytes(bytes(range(256)) * 8)
    (folder / "T2" / "empty.dcm").write_bytes(b"")
    (folder / "DICOMDIR").write_bytes(encoded(dicomdir(), "explicit"))
    (folder / "T2" / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 400)

    run = analyse(folder)
    check(run, STRAIGHT)
    chosen = run.result["series"]
    assert chosen["description"] == "T2 TSE sag spine"
    assert chosen["reasons"]
    assert len(chosen["rejected"]) == 4
    assert all(verdict["reasons"] for verdict in chosen["rejected"])


@pytest.mark.parametrize("syntax", ["explicit", "jpeg-lossless"])
def test_zip_archive(analyse, tmp_path, syntax):
    archive = save_zip(series(STRAIGHT), tmp_path / "study.zip", syntax)
    check(analyse(archive), STRAIGHT)


def test_list_of_files(analyse, tmp_path):
    paths = save(series(STRAIGHT), tmp_path / "in")
    check(analyse(*reversed(paths)), STRAIGHT)


def test_enhanced_frames_in_any_order(analyse, tmp_path):
    (ds,) = series(STRAIGHT, "enhanced")
    frames = list(range(STRAIGHT.shape[0]))
    random.Random(5).shuffle(frames)
    pixels = ds.pixel_array[frames]
    ds.PerFrameFunctionalGroupsSequence = [ds.PerFrameFunctionalGroupsSequence[k] for k in frames]
    ds.PixelData = pixels.tobytes()
    save([ds], tmp_path / "in")
    check(analyse(tmp_path / "in"), STRAIGHT)


def test_one_series_out_of_two_by_its_uid(analyse, tmp_path):
    """Two equal candidates need a person; the person's choice is then followed."""
    first, second = series(STRAIGHT), series(OBLIQUE, protocol=Protocol(series="again"))
    save(first, tmp_path / "in" / "a")
    save(second, tmp_path / "in" / "b")
    check(analyse(tmp_path / "in", flags=("--series", second[0].SeriesInstanceUID)), OBLIQUE)


def test_t1c_is_brought_to_the_grid_by_geometry(analyse, tmp_path):
    """A T1c on a coarser, shifted grid is used where the bundle asks for it, and does not move the lesion."""
    wanting = tiny_bundle.write(
        tmp_path / "with-t1c", t1c="required", heads={"tumour-demyelinating": ((400.0, 0.0, 0.0), -3.0)}
    )
    save(series(STRAIGHT), tmp_path / "in" / "t2")
    coarse = sagittal_grid(shape=(12, 150, 130), spacing=(3.4, 1.1, 1.3))
    t1c = Protocol(
        description="T1 TSE sag spine +gd",
        repetition_ms=600.0,
        echo_ms=10.0,
        series="t1c",
        number=2,
        extra={"ContrastBolusAgent": "Gadobutrol"},
    )
    bright, dark = draw(coarse), draw(coarse, lesion=False)
    answers = {}
    for name, voxels in {"bright": bright, "dark": dark}.items():
        save(classic(voxels, coarse, t1c), tmp_path / "in" / "t1c")
        run = analyse(tmp_path / "in", bundle=wanting, out=tmp_path / name)
        check(run, STRAIGHT)
        assert run.result["series"]["t1c_uid"]
        answers[name] = run.result["classifications"][0]["probabilities"]["demyelinating"]
    assert answers["bright"] > answers["dark"] + 0.05, answers


def test_no_lesion_is_an_answer(analyse, tmp_path):
    save(classic(draw(STRAIGHT, lesion=False), STRAIGHT), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert run.result["state"] == "completed"
    assert run.result["lesions"] == []
    assert run.result["classifications"] == []
    assert not (run.out / "segmentation.dcm").exists()
    assert (run.out / "structured-report.dcm").exists()
    assert "no_lesion" in str(run.result["finding"])


def test_the_lesion_is_asymmetric_about_every_axis():
    """Guards the phantom itself: no mirror image of the lesion may look like the lesion."""
    positions = STRAIGHT.positions()
    drawn = in_lesion(positions)
    middle = np.mean([centre for centre, _ in landmark.PARTS], axis=0)
    for axis in range(3):
        mirrored = positions.copy()
        mirrored[..., axis] = 2 * middle[axis] - mirrored[..., axis]
        other = in_lesion(mirrored)
        assert 2 * (drawn & other).sum() / (drawn.sum() + other.sum()) < 0.85
