"""What PS3.5 asks a receiver to accept, and what can be meant in one way only, is read; the rest gets a true word."""

import hashlib

import numpy as np
import pydicom
import pytest
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, encoded, enhanced, save
from pydicom.tag import Tag
from raw_elements import Element, elements_of, meta_of, save_bytes, with_bytes

FAILED = 5
GRID = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))
PIXELS = Tag("PixelData")
NEVER_ADVISED = ("remove it", "hostile", "damaged")


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    return draw(GRID)


@pytest.fixture
def series(voxels) -> list[pydicom.Dataset]:
    return classic(voxels, GRID)


@pytest.fixture(scope="module")
def digest(voxels) -> str:
    """Of the drawn voxels, whose sections ascend along the normal."""
    return hashlib.sha256(voxels.astype("<f4").tobytes()).hexdigest()


@pytest.fixture
def read(analyse, tmp_path, digest):
    """Analyses finished files and checks that they give the drawn volume; returns what the reader is told."""

    def run(files: list[bytes]) -> list[str]:
        save_bytes(files, tmp_path / "in")
        run = analyse(tmp_path / "in").expect(0)
        assert run.result["series"]["pixel_sha256"] == digest
        assert run.result["finding"]["name"] != "no_lesion"
        return run.result["warnings"]

    return run


@pytest.fixture
def refused(analyse, tmp_path):
    """Analyses finished files that cannot be read; returns the problem."""

    def run(files: list[bytes]) -> dict:
        save_bytes(files, tmp_path / "in")
        problem = analyse(tmp_path / "in").expect(FAILED).result["problem"]
        assert not any(words in problem["action"] for words in NEVER_ADVISED)
        return problem

    return run


def rewritten(ds: pydicom.Dataset, write) -> bytes:
    """The explicit file of a data set, each element written by `write`."""
    data = encoded(ds, "explicit")
    return meta_of(data) + b"".join(write(element) for element in elements_of(data))


def changed(element: Element, value: bytes, vr: str | None = None) -> bytes:
    return Element(element.tag, vr or element.vr, value).explicit()


# Padding behind the pixels


@pytest.mark.parametrize("more", [2, 512, 513, 272, 576, 40_000])
def test_padding_behind_the_pixels(read, series, more):
    def write(e):
        return changed(e, e.value + b"\0" * more) if e.tag == PIXELS else e.explicit()

    said = [w for w in read([rewritten(ds, write) for ds in series]) if "behind the pixels" in w]
    assert len(said) == 1
    assert ("Check that Rows" in said[0]) == (more in (272, 576, 40_000)), "as long as rows, columns or images"


def test_padding_of_an_enhanced_file(read, voxels):
    def write(e):
        return changed(e, e.value + b"\xff" * 1000) if e.tag == PIXELS else e.explicit()

    assert any("behind the pixels" in w for w in read([rewritten(enhanced(voxels, GRID), write)]))


@pytest.mark.parametrize("fewer", [1, 2, 1000])
def test_pixels_that_are_too_short(refused, series, fewer):
    files = [encoded(ds, "explicit") for ds in series]
    files[2] = rewritten(series[2], lambda e: changed(e, e.value[:-fewer]) if e.tag == PIXELS else e.explicit())
    problem = refused(files)
    assert problem["code"] == "pixel_length"
    assert "IM0003" in problem["message"]


# Value representations


def as_unknown(element: Element) -> bytes:
    known = element.vr not in ("OW", "OB", "UI") or element.tag in (
        Tag("SeriesInstanceUID"),
        Tag("FrameOfReferenceUID"),
    )
    return element.explicit("UN") if known else element.explicit()


def test_known_attributes_as_unknown(read, series):
    read([rewritten(ds, as_unknown) for ds in series])


def test_sequences_as_unknown(read, voxels):
    """All functional groups of an Enhanced file: implicit little endian inside, of length and without."""

    def inner(element: Element, endless: bool) -> bytes:
        item = pydicom.Dataset()
        item.add_new(element.tag, "SQ", pydicom.Sequence(source[element.tag].value))
        for sequence in (e for e in item.iterall() if e.VR == "SQ"):
            sequence.is_undefined_length = endless
        buffer = pydicom.filebase.DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, True
        pydicom.filewriter.write_dataset(buffer, item)
        body = buffer.getvalue()[8:]
        length = b"\xff\xff\xff\xff" if endless else len(body).to_bytes(4, "little")
        return element.explicit()[:4] + b"UN\0\0" + length + body

    source = enhanced(voxels, GRID)
    for endless in (False, True):
        read([rewritten(source, lambda e, endless=endless: inner(e, endless) if e.vr == "SQ" else e.explicit())])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"], ids=["explicit", "big endian"])
def test_implicit_data_under_an_explicit_header(read, series, syntax):
    files = []
    for ds in series:
        ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        meta = meta_of(with_syntax(ds, syntax))
        files.append(meta + b"".join(e.implicit() for e in elements_of(encoded(ds, "explicit"))))
    assert any("written in Implicit VR Little Endian" in w for w in read(files))


def with_syntax(ds: pydicom.Dataset, syntax: str) -> bytes:
    """A file whose File Meta Information names a transfer syntax that its data set is not written in."""
    data = encoded(ds, "explicit")
    meta = pydicom.filebase.DicomBytesIO()
    info = pydicom.dataset.FileMetaDataset()
    info.update(ds.file_meta)
    info.TransferSyntaxUID = pydicom.uid.UID(syntax)
    pydicom.filewriter.write_file_meta_info(meta, info)
    return b"\0" * 128 + b"DICM" + meta.getvalue() + data[len(meta_of(data)) :]


def test_explicit_data_under_an_implicit_header(read, series):
    said = read([with_syntax(ds, "1.2.840.10008.1.2") for ds in series])
    assert any("written in Explicit VR Little Endian" in w for w in said)


def test_big_endian_data_under_a_little_endian_header(read, series):
    def big(e: Element) -> bytes:
        size = {"US": 2, "OW": 2, "FL": 4, "UL": 4, "FD": 8}.get(e.vr, 1)
        value = b"".join(e.value[i : i + size][::-1] for i in range(0, len(e.value), size))
        return Element(e.tag, e.vr, value).explicit(order="big")

    files = [rewritten(ds, big) for ds in series]
    assert any("written in Explicit VR Big Endian" in w for w in read(files))


def test_single_elements_without_value_representation(read, series):
    odd = (Tag("Rows"), Tag("ImagePositionPatient"), Tag("PatientName"))
    said = read([rewritten(ds, lambda e: e.implicit() if e.tag in odd else e.explicit()) for ds in series])
    assert any("otherwise than the others" in w for w in said)


def test_a_value_representation_of_tomorrow(read, series):
    def write(e):
        new = Element(0x00091010, "ZZ", b"four")
        more = new.explicit()[:4] + b"ZZ\0\0" + (4).to_bytes(4, "little") + new.value
        return e.explicit() + (more if e.tag == Tag("StudyDescription") else b"")

    read([rewritten(ds, write) for ds in series])


# The frame of a file


def test_files_without_preamble_prefix_or_lengths(read, series):
    files = [encoded(ds, "explicit") for ds in series]
    files[0] = files[0][128:]
    files[1] = files[1][132:]
    files[2] = files[2][len(meta_of(files[2])) :]
    wrong = bytearray(files[3])
    wrong[140:144] = (7).to_bytes(4, "little")
    files[3] = bytes(wrong)
    files[4] = files[4][:132] + files[4][144:]
    files[5] += b"trailing bytes that belong to nothing"
    files[6] += b"\0" * 1000
    read(files)


def test_no_transfer_syntax(read, series):
    files = []
    for ds in series:
        data = encoded(ds, "explicit")
        at = data.index(b"\x02\x00\x10\x00UI")
        length = 8 + int.from_bytes(data[at + 6 : at + 8], "little")
        files.append(data[:at] + data[at + length :])
    assert any("no TransferSyntaxUID" in w for w in read(files))


def test_group_lengths_private_and_retired_elements(read, series):
    def write(e):
        before = Element(0x00080000, "UL", (1).to_bytes(4, "little")).explicit() if e.tag == 0x00080005 else b""
        private = (
            Element(0x00091001, "UN", b"anything at all").explicit() + Element(0x00100000, "UL", b"\0\0\0\0").explicit()
        )
        return before + (private if e.tag == Tag("PatientName") else b"") + e.explicit()

    read([rewritten(ds, write) for ds in series])


def sequence(*body: bytes) -> bytes:
    """ReferencedStudySequence of undefined length."""
    return b"\x08\x00\x10\x11SQ\0\0\xff\xff\xff\xff" + b"".join(body)


ITEM, ITEM_END, END = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
INSIDE = Element(Tag("ReferencedSOPInstanceUID"), "UI", b"1.2.3\0").explicit()


@pytest.mark.parametrize(
    "body",
    [
        (ITEM, INSIDE, ITEM_END),
        (ITEM, INSIDE, ITEM, INSIDE, END),
        (ITEM, INSIDE, END),
        (b"\xfe\xff\x00\xe0" + len(INSIDE).to_bytes(4, "little"), INSIDE, ITEM_END, END),
    ],
    ids=["sequence", "item before an item", "item before the end", "closed twice"],
)
def test_sequences_that_are_not_closed_as_they_should_be(read, series, body):
    def write(e):
        return (sequence(*body) if e.tag == Tag("PatientName") else b"") + e.explicit()

    assert any("not closed" in w for w in read([rewritten(ds, write) for ds in series]))


@pytest.mark.parametrize("syntax", ["rle", "jpeg-lossless"])
def test_compressed_pixels_without_the_last_delimiter(read, series, syntax):
    files = [encoded(ds, syntax) for ds in series]
    assert all(data.endswith(END) for data in files)
    read([data[:-8] for data in files])


def test_an_icon_in_compressed_form(read, series):
    icon = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + ITEM[:4] + b"\0\0\0\0" + ITEM[:4] + b"\x04\0\0\0icon" + END
    whole = b"\x88\x00\x00\x02SQ\0\0\xff\xff\xff\xff" + ITEM + icon + ITEM_END + END

    def write(e):
        return (whole if e.tag == PIXELS else b"") + e.explicit()

    read([rewritten(ds, write) for ds in series])


# Values


@pytest.mark.parametrize(
    ("keyword", "write"),
    [
        ("PixelSpacing", lambda v: v.replace(b".", b",")),
        ("PixelSpacing", lambda v: b" " + v.replace(b"\\", b" \\ ") + b" "),
        ("SliceThickness", lambda v: b"+4.0000000000000000000 "),
        ("ImagePositionPatient", lambda v: v.rstrip(b" ") + b"\0\0"),
        ("RescaleSlope", lambda v: b""),
        ("ImageType", lambda v: b"original\\primary\\m\\nd "),
        ("Modality", lambda v: b"mr"),
        ("BodyPartExamined", lambda v: b"spine "),
        ("ScanningSequence", lambda v: b"se"),
        ("PhotometricInterpretation", lambda v: b"Monochrome2 "),
        ("SeriesInstanceUID", lambda v: v.rstrip(b"\0") + b" \0 "),
        ("SeriesNumber", lambda v: b" 1.0 "),
        ("SamplesPerPixel", lambda v: b""),
        ("HighBit", lambda v: b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_in_other_forms(read, series, keyword, write):
    files = []
    for ds in series:
        old = next((e.value for e in elements_of(encoded(ds, "explicit")) if e.keyword == keyword), b"")
        files.append(with_bytes(ds, **{keyword: write(old)}))
    read(files)


@pytest.mark.parametrize(("vr", "kind"), [("FL", "<f4"), ("FD", "<f8")])
def test_positions_as_floating_point_numbers(read, series, vr, kind):
    numbers = (Tag("ImagePositionPatient"), Tag("PixelSpacing"), Tag("ImageOrientationPatient"))

    def write(e):
        if e.tag not in numbers:
            return e.explicit()
        values = np.array([float(v) for v in e.value.decode().split("\\")])
        return changed(e, values.astype(kind).tobytes(), vr)

    read([rewritten(ds, write) for ds in series])


# Inverted grey values


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", ["explicit", "rle"])
def test_inverted_grey_values(analyse, tmp_path, voxels, signed, syntax):
    """The same picture, stored upside down: the same lesions, and the reader is told."""
    run = analyse(_saved(classic(voxels, GRID), tmp_path / "plain"), out=tmp_path / "plain-out").expect(0)
    made = classic(voxels, GRID, Protocol(signed=signed))
    for ds in made:
        ds.BitsStored, ds.HighBit = 15, 14
        if signed:
            ds.BitsStored, ds.HighBit = 16, 15
        ds.PhotometricInterpretation = "MONOCHROME1"
        stored = np.frombuffer(ds.PixelData, "<u2").astype(int)
        ds.PixelData = ((-1 - stored) if signed else (2**15 - 1 - stored)).astype("<i2" if signed else "<u2").tobytes()
    inverted = analyse(_saved(made, tmp_path / "inverted", syntax)).expect(0)
    assert any("MONOCHROME1" in w for w in inverted.result["warnings"])
    for key in ("finding", "lesions"):
        assert inverted.result[key] == run.result[key]
    assert inverted.result["series"]["pixel_sha256"] == run.result["series"]["pixel_sha256"]


def _saved(datasets, folder, syntax="explicit"):
    save(datasets, folder, syntax)
    return folder


# Refusals say what is true


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Rows": b""}, "missing_attribute", "Rows is empty"),
        ({"PhotometricInterpretation": b"RGB "}, "pixel_format", "not grey"),
        (
            {"BitsAllocated": b"\x20\0", "BitsStored": b"\x20\0", "HighBit": b"\x1f\0"},
            "pixel_format",
            "BitsAllocated is 32",
        ),
        ({"RescaleSlope": b"one "}, "invalid_rescale", "RescaleSlope"),
        ({"NumberOfFrames": b"many"}, "unusable_attribute", "NumberOfFrames is there"),
        ({"SOPInstanceUID": b"1..2"}, "invalid_uid", "SOPInstanceUID is no UID"),
    ],
    ids=lambda change: "-".join(change) if isinstance(change, dict) else "",
)
def test_refusals_say_what_is_true(refused, series, change, code, words):
    files = [with_bytes(ds, **change) for ds in series[:1]] + [encoded(ds, "explicit") for ds in series[1:]]
    problem = refused(files)
    assert problem["code"] == code
    assert words in problem["message"]


def test_floating_point_pixels_are_named(refused, series):
    def write(e):
        if e.tag != PIXELS:
            return e.explicit()
        return Element(0x7FE00008, "OF", np.zeros(144 * 136, "<f4").tobytes()).explicit()

    problem = refused([rewritten(ds, write) for ds in series])
    assert "floating-point" in problem["message"]


def test_what_is_missing_is_called_missing(refused, series):
    problem = refused([rewritten(ds, lambda e: b"" if e.tag == Tag("Rows") else e.explicit()) for ds in series])
    assert "Rows is missing" in problem["message"]


def test_no_advice_blames_a_patients_file(refused, series):
    """A header that nothing can be made of."""
    files = [encoded(ds, "explicit") for ds in series]
    at = files[3].index(b"\x10\x00\x10\x00PN")
    files[3] = files[3][: at + 4] + b"?!" + files[3][at + 6 :]
    problem = refused(files)
    assert problem["code"] == "malformed_dicom"
    assert "IM0004" in problem["message"]
