"""Invented results, written by the runtime and read by others: voxel by voxel, value by value, word by word."""

import json
import subprocess
from pathlib import Path

import foreign_readers as readers
import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr._concepts_dict import concepts
from pydicom.uid import UID

WITH_LESION = ["oblique", "odd_size", "enhanced", "ms", "nmosd", "astrocytoma", "indeterminate", "corrected"]
ALL = [*WITH_LESION, "no_lesion"]

# What a source without patient and study attributes cannot give to its results.
COPIED_EMPTY = "needed to build DICOMDIR"


class Case:
    """The files of one case, and what must be in them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.expected = json.loads((folder / "expected.json").read_text())
        self.shape = tuple(self.expected["shape"])
        keys = ("shape", "spacing", "origin", "axes")
        self.grid = readers.affine_of(*(self.expected[key] for key in keys))
        self.labels = np.fromfile(folder / "labels.u16", "<u2").reshape(self.shape)
        self.lesions = self.expected["lesions"]

    @property
    def objects(self) -> list[Path]:
        return sorted(self.folder.glob("*.dcm"))

    def heat_maps(self) -> list[tuple[Path, dict, np.ndarray]]:
        """Path, description and frames of each heat map."""
        found = []
        for i, description in enumerate(self.expected["heat_maps"]):
            values = np.fromfile(self.folder / f"heat_map_{i}.f32", "<f4").reshape(-1, *self.shape[1:])
            found.append((self.folder / f"heat_map_{i}.dcm", description, values))
        return found


@pytest.fixture
def case(written, request) -> Case:
    return Case(written / request.param)


def cases(*names):
    return pytest.mark.parametrize("case", names, indirect=True)


# Any object


@cases(*ALL)
def test_dciodvfy_finds_nothing(case):
    for path in case.objects:
        found = readers.complaints(path)
        if case.folder.name == "no_lesion":
            found = [line for line in found if COPIED_EMPTY not in line]
        assert not found, path.name


@cases(*ALL)
def test_objects_are_filed_under_the_patient_and_study_of_the_source(case):
    expected, uids = case.expected, []
    for path in case.objects:
        ds = pydicom.dcmread(path)
        assert str(ds.PatientName) == expected["patient"]["name"]
        assert ds.PatientID == expected["patient"]["id"]
        assert ds.StudyInstanceUID == expected["study_uid"]
        if path.name.startswith(("seg", "heat_map")):
            assert ds.FrameOfReferenceUID == expected["frame_of_reference_uid"]
        uids += [ds.SOPInstanceUID, ds.SeriesInstanceUID]
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
    assert len(set(uids)) == len(uids), "a UID stands for one thing"
    assert expected["series_uid"] not in uids


@cases(*ALL)
def test_no_value_breaks_its_vr(case):
    settings = pydicom.config.settings
    before = settings.reading_validation_mode
    settings.reading_validation_mode = pydicom.config.RAISE
    try:
        for path in case.objects:
            for element in pydicom.dcmread(path).iterall():
                if element.VR == "UI":
                    uids = element.value if element.VM > 1 else [element.value]
                    assert all(UID(uid).is_valid for uid in uids), element
                assert element.VR != "DS" or element.VM < 2 or all(len(str(v)) <= 16 for v in element.value), element
    finally:
        settings.reading_validation_mode = before


@cases(*ALL)
def test_every_object_says_research_use_bundle_and_phantoms(case):
    bundle = case.expected["bundle"]
    for path in case.objects:
        ds = pydicom.dcmread(path)
        assert ds.SeriesDescription.startswith("Research use only")
        assert len(ds.SeriesDescription) <= 64
        words = "\n".join(readers.texts(ds)) if ds.Modality == "SR" else ds.ImageComments
        assert "Research use only; not a medical device" in words
        assert bundle["sha256"] in words
        assert f"{bundle['id']} {bundle['version']}" in words
        assert bundle["warning"] in words
        for warning in case.expected["warnings"]:
            assert warning in words
        assert f"{bundle['id']} {bundle['version']}" in ds.SoftwareVersions


def test_written_again_they_are_the_same_bytes(written, writer, tmp_path):
    subprocess.run([writer, tmp_path], check=True, timeout=120)
    for path in tmp_path.rglob("*.dcm"):
        assert path.read_bytes() == (written / path.relative_to(tmp_path)).read_bytes(), path


def test_codes_are_those_of_the_standard(written):
    rows = json.loads((written / "codes.json").read_text())
    assert len(rows) > 50
    for value, scheme, meaning, checked in rows:
        meanings = {entry[value][0] for entry in concepts.get(scheme, {}).values() if value in entry}
        if checked == "Pydicom":
            assert meaning in meanings, (value, scheme, meaning)
        elif checked == "PydicomOlderMeaning":
            assert meanings, (value, scheme)
            assert meaning not in meanings
        else:
            assert checked == "Standard"
            assert not meanings, f"{value} is in pydicom: it can be checked"


# Segmentation


@cases(*WITH_LESION)
def test_highdicom_reads_the_same_voxels(case):
    masks = readers.segments_by_highdicom(case.folder / "seg.dcm", case.grid, case.shape)
    assert sorted(masks) == [lesion["number"] for lesion in case.lesions]
    for number, mask in masks.items():
        np.testing.assert_array_equal(mask, case.labels == number)


@cases(*WITH_LESION)
def test_dcmqi_reads_the_same_voxels(case, tmp_path):
    masks, attributes = readers.segments_by_dcmqi(case.folder / "seg.dcm", tmp_path / "q", case.grid, case.shape)
    assert sorted(masks) == [lesion["number"] for lesion in case.lesions]
    for number, mask in masks.items():
        np.testing.assert_array_equal(mask, case.labels == number)
    algorithm = "SEMIAUTOMATIC" if case.expected["semiautomatic"] else "AUTOMATIC"
    for segment in attributes:
        assert segment["SegmentedPropertyTypeCodeSequence"]["CodeValue"] == "52988006"
        assert segment["AnatomicRegionSequence"]["CodeValue"] == "2748008"
        assert segment["SegmentAlgorithmType"] == algorithm
        red, green, blue = segment["recommendedDisplayRGBValue"]
        assert red > 200
        assert max(green, blue) < 80


@cases(*WITH_LESION)
def test_each_frame_points_to_its_source_frame(case):
    segmentation = hd.seg.segread(case.folder / "seg.dcm")
    frames = case.expected["frames"]
    if frames[0][2] is None:
        pixels = segmentation.get_pixels_by_source_instance([instance for _, instance, _ in frames])
    else:
        pixels = segmentation.get_pixels_by_source_frame(frames[0][1], [number for *_, number in frames])
    for i, number in enumerate(segmentation.segment_numbers):
        np.testing.assert_array_equal(pixels[..., i].astype(bool), case.labels == number)


@cases("odd_size")
def test_frames_of_63_by_47_by_3_are_packed_without_gaps(case):
    ds = pydicom.dcmread(case.folder / "seg.dcm")
    assert (ds.Columns, ds.Rows, ds.NumberOfFrames) == (63, 47, 3 * len(case.lesions))
    bits = ds.Columns * ds.Rows * ds.NumberOfFrames
    assert len(ds.PixelData) == (bits + 15) // 16 * 2
    stream = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")[:bits]
    expected = np.stack([case.labels == lesion["number"] for lesion in case.lesions])
    np.testing.assert_array_equal(stream.reshape(expected.shape).astype(bool), expected)


def test_without_a_lesion_there_is_no_segmentation_but_a_report(written):
    assert not (written / "no_lesion/seg.dcm").exists()
    assert (written / "no_lesion/sr.dcm").exists()


@cases("oblique", "ms")
def test_a_lossy_source_makes_a_lossy_result(case):
    for path in case.objects:
        ds = pydicom.dcmread(path)
        if ds.Modality != "SR":
            assert ds.LossyImageCompression == ("01" if case.expected["lossy"] else "00")


# Heat maps


@cases("oblique", "enhanced", "odd_size", "ms", "nmosd", "astrocytoma")
def test_heat_maps_come_back_value_by_value(case, tmp_path):
    maps = case.heat_maps()
    assert maps
    for i, (path, _, frames) in enumerate(maps):
        for voxels, affine in (readers.map_by_highdicom(path), readers.map_by_dcmqi(path, tmp_path / str(i))):
            assert sorted(voxels.shape) == sorted(frames.shape)
            found = readers.onto_grid(voxels, affine, case.grid, case.shape)
            np.testing.assert_array_equal(found.astype(np.float32), frames)


@cases("oblique", "enhanced", "ms")
def test_heat_maps_say_how_coarse_they_are_and_what_they_explain(case):
    for path, description, frames in case.heat_maps():
        ds = pydicom.dcmread(path)
        assert ds.ContentQualification == "RESEARCH"
        assert list(ds.ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "QUANTITY"]
        assert description["class"] in ds.SeriesDescription or description["label"] in ds.SeriesDescription
        mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "130403"
        assert len(ds.PerFrameFunctionalGroupsSequence) == len(frames) == case.shape[0]
        for section, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            derivation = group.DerivationImageSequence[0]
            source = derivation.SourceImageSequence[0]
            _, instance, number = case.expected["frames"][section]
            assert source.ReferencedSOPInstanceUID == instance
            assert source.get("ReferencedFrameNumber") == number
            if section in description["asked"]:
                assert "8 x 8" in derivation.DerivationDescription
                assert description["label"] in derivation.DerivationDescription
                assert description["question"] in derivation.DerivationDescription
            else:
                assert "not asked" in derivation.DerivationDescription
                assert ds.FloatPixelPaddingValue == -1
                assert (frames[section] == -1).all()


@cases("odd_size", "indeterminate", "no_lesion")
def test_an_undecided_question_has_no_heat_map(case):
    decided = [c["id"] for c in case.expected["classifications"] if c["decision"] != "undecided"]
    assert [m["classifier"] for m in case.expected["heat_maps"]] == decided
    assert len(list(case.folder.glob("heat_map_*.dcm"))) == len(decided)


# Secondary capture


@cases(*ALL)
def test_the_picture_comes_back_pixel_by_pixel(case):
    ds = pydicom.dcmread(case.folder / "picture.dcm")
    rows, columns = case.expected["picture"]
    expected = np.fromfile(case.folder / "picture.rgb", np.uint8).reshape(rows, columns, 3)
    np.testing.assert_array_equal(ds.pixel_array, expected)
    assert (ds.ConversionType, ds.BurnedInAnnotation) == ("WSD", "YES")
    assert ds.Modality not in ("MR", "SEG"), "an arrival hook must not take it for an examination"
