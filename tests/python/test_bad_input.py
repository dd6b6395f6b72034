"""Bad input: a sentence that says what is wrong and what to do, the right exit code, no panic."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, encoded, enhanced, save, save_zip
from pydicom.uid import HTJ2KLossless

OUT_OF_SCOPE, NEEDS_SELECTION, FAILED = 4, 3, 5
GRID = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    return draw(GRID)


@pytest.fixture
def series(voxels) -> list[pydicom.Dataset]:
    """A good series, to be spoilt."""
    return classic(voxels, GRID)


def refused(run, code: int, *words: str) -> dict:
    """The run was refused with `code`, and both the terminal and result.json say why; every word is in the message."""
    run.expect(code)
    problem = run.result["problem"]
    for word in words:
        assert word.lower() in problem["message"].lower(), problem
    assert len(problem["message"].split()) >= 4, "the message is a sentence"
    assert len(problem["action"].split()) >= 3, "the action is a sentence"
    # Terminals wrap lines; words do not change.
    said = " ".join(run.stderr.split())
    assert " ".join(problem["message"].split()) in said
    assert " ".join(problem["action"].split()) in said
    assert run.result["state"] == {3: "needs_selection", 4: "out_of_scope", 5: "failed"}[code]
    assert not list(run.out.glob("*.dcm")), "no result object of a refused study"
    return problem


def test_empty_folder(analyse, tmp_path):
    (tmp_path / "in").mkdir()
    refused(analyse(tmp_path / "in"), FAILED, "no DICOM")


def test_folder_without_dicom(analyse, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "letter.txt").write_text("no pixels here")
    refused(analyse(tmp_path / "in"), FAILED, "no DICOM")


def test_path_that_does_not_exist(analyse, tmp_path):
    run = analyse(tmp_path / "nowhere")
    refused(run, FAILED, "nowhere")


def test_no_mr(analyse, tmp_path, series):
    for ds in series:
        ds.Modality = "CT"
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    refused(run, OUT_OF_SCOPE)
    assert "MR" in str(run.result["series"]["rejected"])


def test_axial_only(analyse):
    """The real axial MR: the wrong plane, said so."""
    run = analyse(DATA / "real-t2w-ms-axial.zip")
    refused(run, OUT_OF_SCOPE)
    (verdict,) = run.result["series"]["rejected"]
    assert any("sagittal" in reason.lower() for reason in verdict["reasons"]), verdict


def test_localizer_only(analyse, tmp_path, series):
    for ds in series:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    refused(run, OUT_OF_SCOPE)
    assert "localizer" in str(run.result["series"]["rejected"]).lower()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"EchoTime": 10.0, "RepetitionTime": 600.0}, "T1"),
        ({"InversionTime": 180.0, "ScanningSequence": "IR"}, "STIR"),
        ({"BodyPartExamined": "KNEE", "SeriesDescription": "knee", "ProtocolName": "knee"}, "KNEE"),
    ],
    ids=["T1", "STIR", "knee"],
)
def test_another_contrast_or_body_part(analyse, tmp_path, series, change, word):
    for ds in series:
        for name, value in change.items():
            setattr(ds, name, value)
        ds.StudyDescription = "MR"
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    refused(run, OUT_OF_SCOPE)
    assert word.lower() in str(run.result["series"]["rejected"]).lower()


def test_two_equal_candidates(analyse, tmp_path, voxels):
    uids = set()
    for name in ("first", "second"):
        again = classic(voxels, GRID, Protocol(series=name))
        uids.add(again[0].SeriesInstanceUID)
        save(again, tmp_path / "in" / name)
    run = analyse(tmp_path / "in")
    refused(run, NEEDS_SELECTION)
    assert {verdict["uid"] for verdict in run.result["series"]["candidates"]} == uids
    assert all(uid in run.said for uid in uids), "both are listed on the terminal"
    assert "--series" in run.said


def test_series_uid_that_is_not_there(analyse, tmp_path, series):
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in", flags=("--series", "1.2.3.4"))
    assert run.code in (2, FAILED, OUT_OF_SCOPE)
    assert "1.2.3.4" in run.said


def test_missing_section(analyse, tmp_path, series):
    del series[4]
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "missing")


def test_doubled_section(analyse, tmp_path, series):
    again = copy.deepcopy(series[4])
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    again.PixelData = np.rot90(again.pixel_array, 2).tobytes()
    save([*series, again], tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "position")


def test_unequal_gaps(analyse, tmp_path, series):
    ds = series[4]
    x, y, z = ds.ImagePositionPatient
    ds.ImagePositionPatient = [float(x) + 0.8, y, z]
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "mm")


def test_mixed_patients_in_one_series(analyse, tmp_path, series):
    for ds in series[5:]:
        ds.PatientID, ds.PatientName = "somebody-else", "Else^Somebody"
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    refused(run, FAILED, "patient")
    assert "Else" not in run.said
    assert "somebody" not in run.said


def test_mixed_patients_in_one_folder(analyse, tmp_path, voxels):
    save(classic(voxels, GRID), tmp_path / "in" / "a")
    save(classic(voxels, GRID, Protocol(patient="somebody-else", study="other")), tmp_path / "in" / "b")
    run = analyse(tmp_path / "in")
    refused(run, FAILED, "patient")
    assert "somebody" not in run.said


@pytest.mark.parametrize("value", ["0\\0", "-1\\1", "nan\\1", "1e400\\1", "x\\1"], ids=lambda v: v.replace("\\", "_"))
def test_impossible_pixel_spacing(analyse, tmp_path, series, value):
    save(series, tmp_path / "in")
    for path in (tmp_path / "in").iterdir():
        _overwrite_text(path, b"\x28\x00\x30\x00DS", value.encode())
    refused(analyse(tmp_path / "in"), FAILED, "spacing")


def _overwrite_text(path: Path, head: bytes, value: bytes) -> None:
    """Puts `value` into an explicit VR element without asking a library, which would refuse."""
    data = path.read_bytes()
    at = data.index(head)
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    value += b" " * (len(value) % 2)
    path.write_bytes(data[: at + 6] + len(value).to_bytes(2, "little") + value + data[at + 8 + length :])


def test_truncated_file(analyse, tmp_path, series):
    paths = save(series, tmp_path / "in")
    paths[3].write_bytes(paths[3].read_bytes()[:-2000])
    run = analyse(tmp_path / "in")
    refused(run, FAILED)
    assert paths[3].name in run.said, "the file is named"


@pytest.mark.parametrize("fewer", [2, 1000])
def test_pixel_data_that_is_too_short(analyse, tmp_path, series, fewer):
    ds = series[2]
    ds.PixelData = ds.PixelData[:-fewer]
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "PixelData")


def test_compressed_in_a_way_that_is_not_read(analyse, tmp_path, voxels):
    """High-throughput JPEG 2000: named by its transfer syntax."""
    folder = tmp_path / "in"
    folder.mkdir()
    for k, ds in enumerate(classic(voxels, GRID)):
        ds.PixelData = pydicom.encaps.encapsulate([ds.PixelData])
        ds.file_meta.TransferSyntaxUID = HTJ2KLossless
        ds.save_as(folder / f"{k}.dcm", enforce_file_format=True)
    refused(analyse(folder), FAILED, "High-Throughput JPEG 2000")


def test_enhanced_with_too_few_frame_groups(analyse, tmp_path, voxels):
    ds = enhanced(voxels, GRID)
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[:-2]
    save([ds], tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED)


def test_two_orientations_in_one_series(analyse, tmp_path, series):
    for ds in series[6:]:
        ds.ImageOrientationPatient = [0.0871557, 0.9961947, 0, 0, 0, -1]
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    assert run.code in (OUT_OF_SCOPE, FAILED)
    assert "panicked" not in run.stderr
    assert "orientation" in str(run.result).lower()


def test_damaged_zip(analyse, tmp_path, series):
    archive = save_zip(series, tmp_path / "study.zip")
    data = archive.read_bytes()
    archive.write_bytes(data[: len(data) // 2])
    refused(analyse(archive), FAILED, "study.zip")


def test_executable_preamble_is_no_matter(analyse, tmp_path, series):
    """A preamble may hold anything; the file is read all the same."""
    (tmp_path / "in").mkdir()
    for k, ds in enumerate(series):
        data = encoded(ds, "explicit")
        (tmp_path / "in" / f"{k}").write_bytes(b"MZ\x90\x00" + data[4:])
    analyse(tmp_path / "in").expect(0)


def test_sections_of_two_sizes(analyse, tmp_path, voxels, series):
    other = replace(GRID, shape=(9, 140, 136))
    odd = classic(voxels[:, :140], other)[5]
    save([*series[:5], odd, *series[6:]], tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "140")


def test_nothing_of_the_patient_is_said(analyse, tmp_path, voxels):
    """A canary in name and id appears neither on the terminal nor in the JSON nor in the page."""
    canary = "Zanzibar"
    save(classic(voxels, GRID, Protocol(patient=canary)), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    texts = [run.said, (run.out / "result.json").read_text(), (run.out / "report.html").read_text()]
    assert not any(canary.lower() in text.lower() for text in texts)


def test_old_results_do_not_stay_beside_a_refusal(analyse, tmp_path, series):
    """A folder that holds a finished result, used again for a study that is refused, must not mix the two."""
    save(series, tmp_path / "in")
    analyse(tmp_path / "in").expect(0)
    shutil.rmtree(tmp_path / "in")
    del series[4]
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), FAILED, "missing")
