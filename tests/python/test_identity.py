"""Of whom and of which examination a result is: never mixed in silence, and never stopped by what is not used."""

import copy

import pydicom
import pytest
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, save, uid
from pydicom.uid import SecondaryCaptureImageStorage

FAILED = 5
GRID = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))


@pytest.fixture(scope="module")
def voxels():
    return draw(GRID)


@pytest.fixture
def series(voxels) -> list[pydicom.Dataset]:
    made = classic(voxels, GRID, Protocol(patient="canary"))
    for ds in made:
        ds.PatientBirthDate, ds.PatientSex = "19800102", "F"
    return made


def refused(run, code: str) -> dict:
    run.expect(FAILED)
    problem = run.result["problem"]
    assert problem["code"] == code
    assert len(problem["action"].split()) > 5
    assert "canary" not in run.said.lower()
    assert not list(run.out.glob("*.dcm"))
    return problem


def secondary_capture(series) -> pydicom.Dataset:
    """A picture of nobody: no PatientID, no name."""
    ds = copy.deepcopy(series[0])
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("secondary capture")
    ds.SeriesInstanceUID, ds.Modality = uid("secondary capture", "series"), "OT"
    ds.PatientID = ds.PatientName = ds.PatientBirthDate = ""
    return ds


def test_every_section_its_own_study(analyse, tmp_path, series):
    for k, ds in enumerate(series):
        ds.StudyInstanceUID = uid("study", k)
    save(series, tmp_path / "in")
    problem = refused(analyse(tmp_path / "in"), "mixed_studies")
    assert f"{len(series)} studies" in problem["message"]


def test_two_sections_of_another_study(analyse, tmp_path, series):
    for ds in series[3:5]:
        ds.StudyInstanceUID = uid("another study")
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in", flags=("--series", series[0].SeriesInstanceUID)), "mixed_studies")


@pytest.mark.parametrize(
    "change",
    [
        {"PatientID": "another"},
        {"PatientBirthDate": "19700102"},
        {"PatientName": "Another^One", "PatientSex": "M"},
        {"PatientID": "", "PatientName": "Another^One"},
        {"PatientBirthDate": "", "PatientName": "Another^One"},
    ],
    ids=lambda change: "-".join(change),
)
def test_another_patient_among_the_sections(analyse, tmp_path, series, change):
    for name, value in change.items():
        setattr(series[4], name, value)
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), "mixed_patients")


def test_one_number_of_two_hospitals(analyse, tmp_path, series):
    for k, ds in enumerate(series):
        ds.IssuerOfPatientID = "North" if k < 4 else "South"
    save(series, tmp_path / "in")
    refused(analyse(tmp_path / "in"), "mixed_patients")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"PatientName": "CANARY^TEST"}, True),
        ({"PatientName": "canary test "}, True),
        ({"PatientName": "canary^test^^"}, True),
        ({"PatientName": "canary^test=山田"}, True),
        ({"PatientName": "Married^Name"}, True),
        ({"PatientID": ""}, True),
        ({"PatientID": "", "PatientName": "", "PatientBirthDate": ""}, True),
        ({"PatientID": "canary "}, False),
        ({"PatientSex": ""}, True),
    ],
    ids=str,
)
def test_one_patient_written_in_two_ways(analyse, tmp_path, series, change, told):
    """Read; what differs is said, and results carry what most files say, wherever the odd one stands."""
    for name, value in change.items():
        setattr(series[0], name, value)
    series[0].SpecificCharacterSet = "ISO_IR 192"
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert any("not the same in all files" in warning for warning in run.result["warnings"]) == told
    assert "canary" not in run.said.lower()
    for path in run.out.glob("*.dcm"):
        ds = pydicom.dcmread(path)
        assert (ds.PatientID, ds.PatientName, ds.PatientBirthDate) == ("canary", "canary^test", "19800102")


def test_the_issuer_is_carried_over(analyse, tmp_path, series):
    for ds in series:
        ds.IssuerOfPatientID = "North"
    save(series, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert {pydicom.dcmread(path).IssuerOfPatientID for path in run.out.glob("*.dcm")} == {"North"}


def test_objects_that_are_not_used_stop_nothing(analyse, tmp_path, series, voxels):
    """A picture of nobody that comes first, the localizer of another patient, and two pictures of one number."""
    save([secondary_capture(series)], tmp_path / "in/0")
    other = classic(voxels, GRID, Protocol(patient="somebody-else", series="localizer"))
    for ds in other:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    save(other[:3], tmp_path / "in/1")
    twice = secondary_capture(series)
    twice.PatientComments = "another file under the same number"
    save([twice], tmp_path / "in/2")
    save(series, tmp_path / "in/3")
    run = analyse(tmp_path / "in").expect(0)
    assert any("another patient" in warning for warning in run.result["warnings"])
    assert "somebody" not in run.said
    for path in run.out.glob("*.dcm"):
        assert pydicom.dcmread(path).PatientID == "canary"


def test_a_choice_is_never_one_between_patients(analyse, tmp_path, series, voxels):
    """The series of the other is worse, and would simply lose."""
    other = classic(voxels, GRID, Protocol(patient="somebody-else"))
    save(series, tmp_path / "in/a")
    save(other[:5], tmp_path / "in/b")
    problem = refused(analyse(tmp_path / "in"), "mixed_patients")
    assert "--series" in problem["action"]
    assert "somebody" not in str(problem)
    # Named, it is analysed, and the other patient is told of.
    run = analyse(tmp_path / "in", flags=("--series", series[0].SeriesInstanceUID), out=tmp_path / "named").expect(0)
    assert any("another patient" in warning for warning in run.result["warnings"])
    for path in run.out.glob("*.dcm"):
        assert pydicom.dcmread(path).PatientID == "canary"


def test_two_files_of_one_number_in_the_series(analyse, tmp_path, series):
    again = copy.deepcopy(series[2])
    again.PixelData = bytes(len(again.PixelData))
    save([*series, again], tmp_path / "in")
    problem = refused(analyse(tmp_path / "in"), "duplicate_instance")
    assert "IM0003" in problem["message"]
    assert "IM0010" in problem["message"]


@pytest.mark.parametrize("bad", ["1..2", "1.2.", "1.2.x", "1." * 40])
def test_a_uid_that_is_none_is_refused_before_any_network_runs(analyse, tmp_path, series, bad):
    with pydicom.config.disable_value_validation():
        for ds in series:
            ds.StudyInstanceUID = bad
        save(series, tmp_path / "in")
    run = analyse(tmp_path / "in")
    refused(run, "invalid_uid")
    assert "segmenting" not in run.result["timings_ms"]


def test_a_uid_with_leading_zeros_is_referred_to_as_it_is_written(analyse, tmp_path, series):
    with pydicom.config.disable_value_validation():
        for k, ds in enumerate(series):
            ds.StudyInstanceUID = "1.2.03.4"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.03.005.{k}"
        save(series, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    ds = pydicom.dcmread(run.out / "segmentation.dcm")
    assert ds.StudyInstanceUID == "1.2.03.4"
    referred = {item.ReferencedSOPInstanceUID for item in ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referred == {f"1.2.03.005.{k}" for k in range(len(series))}
