"""Trouble that people had with MR DICOM elsewhere and reported in public, played through with a drawn phantom.

Each test names the report. Nothing of a report is copied: the files are made here, of seven sections of the phantom.
"""

import copy
import io
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from mr_series import encoded, uid
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian

TREE = Path(__file__).parents[2]
PHANTOM = TREE / "tests/data/phantom-ependymoma.zip"
TRAINED = TREE / "models/bundles/spinal-lesion-phantom"
ANSWER, NEEDS_SELECTION, OUT_OF_SCOPE, FAILED = 0, 3, 4, 5
SECTIONS = range(3, 10)


@pytest.fixture(scope="module")
def original() -> list[FileDataset]:
    """Seven sections of the phantom with its tumour, in the order of their position."""
    with zipfile.ZipFile(PHANTOM) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("t2_sag/"))
        read = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in names]
    read.sort(key=lambda ds: float(ds.ImagePositionPatient[0]))
    return [read[k] for k in SECTIONS]


@pytest.fixture
def sections(original) -> list[FileDataset]:
    """The same, to be spoilt."""
    return copy.deepcopy(original)


@pytest.fixture
def run(analyse, tmp_path):
    """Analyses what was put into the folder, with the trained bundle."""

    def analysed(*flags):
        return analyse(tmp_path / "in", bundle=TRAINED, flags=flags)

    return analysed


@pytest.fixture
def put(tmp_path):
    """Writes data sets or bytes into the folder, each time under new names."""
    folder = tmp_path / "in"
    folder.mkdir()

    def write(files) -> None:
        for file in files:
            data = file if isinstance(file, bytes) else encoded(file, "explicit")
            (folder / f"{len(list(folder.iterdir())):04d}").write_bytes(data)

    return write


def series(sections, name: str, **changes) -> list[FileDataset]:
    """A copy as another series; a list of changes has a value for each section."""
    made = copy.deepcopy(sections)
    for k, ds in enumerate(made):
        ds.SeriesInstanceUID = uid("reports", name)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("reports", name, k)
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
    return made


def says(run, *words: str) -> None:
    """Each word is in the result, whatever its case."""
    text = str({**run.result, "bundle": None}).lower()
    for word in words:
        assert word.lower() in text, f"{word}: {run.said}"


def warned(run, *words: str) -> None:
    text = str(run.result["warnings"]).lower()
    for word in words:
        assert word.lower() in text, f"{word}: {text}"


def tumour(run) -> None:
    run.expect(ANSWER)
    assert run.result["finding"]["name"] == "tumour", run.result["finding"]


# Dixon series of a T2 TSE (dcm2niix issue 1022)
def test_of_four_dixon_images_the_one_in_phase_is_taken(run, put, sections):
    for kind in ["FAT", "OUT_OF_PHASE", "WATER", "IN_PHASE"]:
        put(
            series(
                sections, kind, ImageType=["ORIGINAL", "PRIMARY", "DIXON", kind], SeriesDescription="T2 TSE DIXON SAG"
            )
        )
    done = run()
    tumour(done)
    assert done.result["series"]["uid"] == uid("reports", "IN_PHASE")
    rejected = {verdict["uid"]: str(verdict["reasons"]).lower() for verdict in done.result["series"]["rejected"]}
    assert "fat" in rejected[uid("reports", "FAT")]
    assert "phase" in rejected[uid("reports", "OUT_OF_PHASE")]


# head and spine in one study (monai-deploy-app-sdk pull request 501: the series with the most images)
def test_the_head_is_never_taken_for_the_spine(run, put, sections):
    said = {"BodyPartExamined": "", "StudyDescription": "MRI BRAIN AND CERVICAL SPINE"}
    head = sections + sections + sections
    head = series(head, "head", **said, SeriesDescription="SAG T2 CUBE BRAIN", ProtocolName="SAG T2 CUBE BRAIN")
    for k, ds in enumerate(head):
        ds.ImagePositionPatient = [float(k), *list(head[0].ImagePositionPatient)[1:]]
    put(head)
    put(
        series(sections, "spine", **said, SeriesDescription="SAG T2 FRFSE C-SPINE", ProtocolName="SAG T2 FRFSE C-SPINE")
    )
    done = run()
    tumour(done)
    assert done.result["series"]["uid"] == uid("reports", "spine")
    (verdict,) = done.result["series"]["rejected"]
    assert "brain" in str(verdict["reasons"]).lower()


# a derived mean inside the series of its source (dcm2niix issue 300)
def test_originals_and_their_mean_in_one_series_are_told_apart(run, put, sections):
    put(series(sections, "both"))
    mean = series(sections, "both", ImageType=["DERIVED", "PRIMARY", "M", "MEAN"])
    for k, ds in enumerate(mean):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("reports", "mean", k)
        ds.PixelData = (ds.pixel_array // 2).astype("<u2").tobytes()
    put(mean)
    done = run()
    tumour(done)
    sources = referenced(done)
    assert sources == {str(uid("reports", "both", k)) for k in range(len(sections))}


# two echoes in one series (heudiconv issue 834)
def test_of_two_echoes_in_one_series_the_late_one_is_taken(run, put, sections):
    for echo in (14.0, 98.0):
        made = series(sections, "echoes", EchoTime=echo)
        for k, ds in enumerate(made):
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("reports", "echo", echo, k)
        put(made)
    done = run()
    tumour(done)
    assert referenced(done) == {str(uid("reports", "echo", 98.0, k)) for k in range(len(sections))}


def lower(sections, by_mm: float):
    for ds in sections:
        x, y, z = map(float, ds.ImagePositionPatient)
        ds.ImagePositionPatient = [x, y, z - by_mm]
    return sections


# two stations (spine-generic protocols issue 13), as two series and as one
def test_two_stations_are_asked_for_with_what_tells_them_apart(run, put, sections):
    put(series(sections, "upper", SeriesNumber=4, SeriesTime="101500"))
    put(lower(series(sections, "lower", SeriesNumber=5, SeriesTime="101900"), 220.0))
    done = run().expect(NEEDS_SELECTION)
    upper, down = sorted(done.result["series"]["candidates"], key=lambda c: -c["height_mm"][1])
    assert (upper["series_number"], down["series_number"]) == (4, 5)
    assert upper["acquired"].endswith("10:15:00")
    assert upper["height_mm"][1] - down["height_mm"][1] == pytest.approx(220.0, abs=0.1)
    for candidate in (upper, down):
        assert candidate["sections"] == len(sections)
        assert len(candidate["spacing_mm"]) == 3
        assert candidate["image_type"]
        assert (done.out / candidate["thumbnail"]).read_bytes()[1:4] == b"PNG"
        assert candidate["selector"] in done.said
    lines = [line for line in done.said.splitlines() if upper["selector"] in line or down["selector"] in line]
    assert any("4" in line for line in lines)
    chosen = run("--series", upper["selector"])
    tumour(chosen)


def test_two_stations_in_one_series_are_told_apart_and_can_be_chosen(run, put, sections):
    put(series(sections, "stations"))
    second = lower(series(sections, "stations"), 220.0)
    for k, ds in enumerate(second):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("reports", "second", k)
    put(second)
    done = run().expect(NEEDS_SELECTION)
    upper, _ = sorted(done.result["series"]["candidates"], key=lambda c: -c["height_mm"][1])
    assert upper["part"]
    chosen = run("--series", upper["selector"])
    tumour(chosen)
    assert referenced(chosen) == {str(uid("reports", "stations", k)) for k in range(len(sections))}


def referenced(done) -> set[str]:
    """SOPInstanceUIDs of the images that the SEG is laid over."""
    seg = pydicom.dcmread(done.out / "segmentation.dcm")
    (of_series,) = seg.ReferencedSeriesSequence
    return {str(item.ReferencedSOPInstanceUID) for item in of_series.ReferencedInstanceSequence}


# every section in a study of its own (dcm2niix issue 394, fo-dicom issue 497)
def test_a_series_over_several_studies_is_never_taken_in_silence(run, put, sections):
    made = series(sections, "studies")
    for k, ds in enumerate(made):
        ds.StudyInstanceUID = uid("reports", "study", k)
    put(made)
    done = run()
    if done.code == ANSWER:
        warned(done, "stud")
    else:
        done.expect(FAILED)
        says(done, "stud")


# the best series damaged, another whole (monai-deploy-app-sdk issue 505)
def test_a_whole_series_is_taken_where_the_better_one_has_a_hole(run, put, sections, original):
    more = copy.deepcopy(sections)
    gap = float(original[1].ImagePositionPatient[0]) - float(original[0].ImagePositionPatient[0])
    for shift in (1, 2):
        ds = copy.deepcopy(original[-1])
        ds.ImagePositionPatient = [
            float(original[-1].ImagePositionPatient[0]) + shift * gap,
            *list(ds.ImagePositionPatient)[1:],
        ]
        more.append(ds)
    del more[4]
    put(series(more, "hole", SeriesDescription="SAG T2 with a hole"))
    put(series(sections, "whole"))
    done = run()
    tumour(done)
    assert done.result["series"]["uid"] == uid("reports", "whole")
    (verdict,) = done.result["series"]["rejected"]
    assert "missing" in str(verdict["reasons"])


# padding behind the pixels (pydicom issue 796)
def test_padding_behind_the_pixels_is_accepted(run, put, sections):
    for ds in sections:
        ds.PixelData = ds.PixelData + bytes(512)
    put(sections)
    tumour(run())


# known attributes as UN (dcmjs pull request 352, pydicom pull request 900)
def test_known_attributes_as_un_are_read(run, put, sections, monkeypatch):
    # Else pydicom writes what the dictionary says.
    monkeypatch.setattr(pydicom.config, "replace_un_with_known_vr", False)
    names = [
        "PixelSpacing",
        "InstanceNumber",
        "Rows",
        "Columns",
        "ImageType",
        "SeriesDescription",
        "BitsStored",
        "EchoTime",
    ]
    for ds in sections:
        for name in names:
            element = ds[name]
            raw = pydicom.filebase.DicomBytesIO()
            raw.is_little_endian, raw.is_implicit_VR = True, True
            pydicom.filewriter.write_data_element(raw, element)
            ds[element.tag] = pydicom.DataElement(element.tag, "UN", raw.getvalue()[8:])
    put(sections)
    tumour(run())


# implicit data under an explicit header (fo-dicom pull request 49)
def test_implicit_data_under_an_explicit_header_are_read(run, put, sections):
    files = []
    for ds in sections:
        data = bytearray(encoded(ds, "implicit"))
        at = data.index(b"1.2.840.10008.1.2\0", 132)
        assert data[at - 2 : at] == b"\x12\0"
        told = str(ExplicitVRLittleEndian).encode() + b"\0"
        data[at - 2 : at + 18] = len(told).to_bytes(2, "little") + told
        # The group length grows by the two bytes that the longer UID takes.
        (length,) = np.frombuffer(data[140:144], "<u4")
        data[140:144] = int(length + len(told) - 18).to_bytes(4, "little")
        files.append(bytes(data))
    put(files)
    done = run()
    tumour(done)
    warned(done, "implicit")


# MONOCHROME1 (monai-deploy-app-sdk issue 282)
def test_monochrome1_is_turned_round(run, put, sections):
    for ds in sections:
        ds.PhotometricInterpretation, ds.BitsStored, ds.HighBit = "MONOCHROME1", 12, 11
        assert ds.pixel_array.max() <= 4095
        ds.PixelData = (4095 - ds.pixel_array).astype("<u2").tobytes()
    put(sections)
    tumour(run())


# samples above BitsStored (pylibjpeg-openjpeg issue 104)
def test_samples_above_bits_stored_are_never_cut_in_silence(run, put, sections):
    for ds in sections:
        ds.BitsStored, ds.HighBit = 12, 11
        scaled = ds.pixel_array.astype(float)
        ds.PixelData = (scaled * 9000 / scaled.max()).astype("<u2").tobytes()
    put(sections)
    done = run()
    if done.code == ANSWER:
        warned(done, "BitsStored")
    else:
        says(done.expect(FAILED), "BitsStored")


# nothing in the pictures (spinalcordtoolbox issue 2215)
def test_nothing_is_no_finding(run, put, sections):
    for ds in sections:
        ds.PixelData = bytes(len(ds.PixelData))
    put(sections)
    done = run().expect(FAILED)
    assert not done.result.get("finding")


# pictures that lie on their side (nnUNet issue 2897)
def test_pictures_that_lie_on_their_side_give_the_same_mask(run, put, sections):
    put(series(sections, "upright"))
    upright = run()
    tumour(upright)
    before = in_patient(upright)
    for file in (upright.out.parent / "in").iterdir():
        file.unlink()
    lying = series(sections, "lying")
    for ds in lying:
        pixels = ds.pixel_array
        o = list(map(float, ds.ImageOrientationPatient))
        ds.Rows, ds.Columns = pixels.T.shape
        ds.PixelSpacing = list(reversed(ds.PixelSpacing))
        ds.ImageOrientationPatient = o[3:] + o[:3]
        ds.PixelData = np.ascontiguousarray(pixels.T).tobytes()
    put(lying)
    done = run()
    tumour(done)
    assert in_patient(done) == before


def in_patient(done) -> set[tuple[float, ...]]:
    """Patient coordinates of all voxels of the mask, to a tenth of a millimetre."""
    seg = pydicom.dcmread(done.out / "segmentation.dcm")
    shared = seg.SharedFunctionalGroupsSequence[0]
    spacing = list(map(float, shared.PixelMeasuresSequence[0].PixelSpacing))
    o = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    found = set()
    for frame, plane in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        origin = np.array(plane.PlanePositionSequence[0].ImagePositionPatient, float)
        for row, column in np.argwhere(frame):
            point = origin + o[:3] * spacing[1] * column + o[3:] * spacing[0] * row
            found.add(tuple(np.round(point, 1) + 0.0))
    return found


# a Korean name (ClearCanvas issue 136)
def test_a_korean_name_is_the_same_in_every_object(run, put, sections):
    name = "Hong^Gildong=洪^吉洞=홍^길동"
    for ds in sections:
        ds.SpecificCharacterSet = ["", "ISO 2022 IR 149"]
        ds.PatientName = name
    put(sections)
    done = run()
    tumour(done)
    objects = [pydicom.dcmread(file) for file in done.out.glob("*.dcm")]
    assert len(objects) >= 4
    for ds in objects:
        assert str(ds.PatientName) == name, ds.Modality
