"""Text of the source in results: equal to what the source says, or the result says that it could not be read."""

import subprocess
from dataclasses import dataclass

import foreign_readers as readers
import numpy as np
import pydicom
import pytest
from landmark import draw, sagittal_grid
from mr_series import classic, enhanced
from raw_elements import save_bytes, with_bytes

GRID = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))
ESC = b"\x1b"


@dataclass(frozen=True)
class Name:
    """A name as it stands in a file, and what it says."""

    declared: list[str] | str | None
    written: bytes
    meant: str


def escaped(text: bytes) -> bytes:
    """`{` stands for the escape character."""
    return text.replace(b"{", ESC)


# The names of PS3.5, annexes H to J, and one for every set that DICOM knows.
NAMES = {
    "kanji": Name(
        ["", "ISO 2022 IR 87"],
        escaped(b"Yamada^Tarou={$B;3ED{(B^{$BB@O:{(B={$B$d$^$@{(B^{$B$?$m$&{(B"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "half-width": Name(
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        escaped(b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3={$B;3ED{(J^{$BB@O:{(J={$B$d$^$@{(J^{$B$?$m$&{(J"),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    "supplementary kanji": Name(
        ["", "ISO 2022 IR 87", "ISO 2022 IR 159"], escaped(b"A^B={$(D0!{(B^{$B;3{(B"), "A^B=丂^山"
    ),
    "delimiters in kanji": Name(["", "ISO 2022 IR 87"], escaped(b"Haru^Go={$B=U{(B^{$B8^{(B"), "Haru^Go=春^五"),
    "korean": Name(
        ["", "ISO 2022 IR 149"],
        escaped(b"Hong^Gildong={$)C\xfb\xf3^{$)C\xd1\xce\xd4\xd7={$)C\xc8\xab^{$)C\xb1\xe6\xb5\xbf"),
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    "chinese": Name(
        ["", "ISO 2022 IR 58"],
        escaped(b"Zhang^XiaoDong={$)A\xd5\xc5^{$)A\xd0\xa1\xb6\xab="),
        "Zhang^XiaoDong=张^小东=",
    ),
    "gb18030": Name("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东="),
    "backslash in gbk": Name("GBK", b"A^B=\x91\x5c^\xd0\xa1", "A^B=慭^小"),
    "utf-8": Name("ISO_IR 192", "Wang^XiaoDong=王^小东=".encode(), "Wang^XiaoDong=王^小东="),
    "two sets of one byte": Name(
        ["ISO 2022 IR 100", "ISO 2022 IR 126", "ISO 2022 IR 144"],
        escaped(b"\xc4neas^{-F\xc4\xe9\xef\xed={-L\xbb\xee\xda^\xfc"),
        "Äneas^Διον=Люк^ü",
    ),
    "latin-1": Name("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "latin-2": Name("ISO_IR 101", "Dvořák^Łukasz".encode("iso8859-2"), "Dvořák^Łukasz"),
    "latin-3": Name("ISO_IR 109", "Ħal^Ġorġ".encode("iso8859-3"), "Ħal^Ġorġ"),
    "latin-4": Name("ISO_IR 110", "Bērziņš^Ķ".encode("iso8859-4"), "Bērziņš^Ķ"),
    "latin-5": Name("ISO_IR 148", "Şahin^Işıl".encode("iso8859-9"), "Şahin^Işıl"),
    "latin-9": Name("ISO_IR 203", "Œuvré^Žan".encode("iso8859-15"), "Œuvré^Žan"),
    "greek": Name("ISO_IR 126", "Διονυσιος^Α".encode("iso8859-7"), "Διονυσιος^Α"),
    "cyrillic": Name("ISO_IR 144", "Люк^Иван".encode("iso8859-5"), "Люк^Иван"),
    "arabic": Name("ISO_IR 127", "قباني^لنزار".encode("iso8859-6"), "قباني^لنزار"),
    "hebrew": Name("ISO_IR 138", "שרון^דבורה".encode("iso8859-8"), "שרון^דבורה"),
    "thai": Name("ISO_IR 166", "สมชาย^ใจดี".encode("tis-620"), "สมชาย^ใจดี"),
    "thai among others": Name(["", "ISO 2022 IR 166"], escaped(b"A^{-T\xca\xc1^B"), "A^สม^B"),
}

# pydicom takes halves of kanji for delimiters, lets a set of one byte hold beyond one, and does not know ISO_IR 203
# nor, among others, ISO 2022 IR 58.
NOT_FOR_PYDICOM = [
    NAMES[name] for name in ("delimiters in kanji", "two sets of one byte", "thai among others", "latin-9", "chinese")
]


def study(folder, one: Name, make=classic):
    """A series in which the name stands wherever results copy text from."""
    made = make(draw(GRID), GRID)
    files = []
    for ds in made if isinstance(made, list) else [made]:
        del ds.SpecificCharacterSet
        if one.declared is not None:
            ds.SpecificCharacterSet = one.declared
        words = one.written.replace(b"^", b" ").replace(b"=", b" ") if b"$B" not in one.written else b"T2 sag"
        files.append(
            with_bytes(ds, PatientName=one.written, ReferringPhysicianName=one.written, StudyDescription=words)
        )
    return save_bytes(files, folder)


def objects(run) -> dict[str, pydicom.Dataset]:
    found = {path.name: pydicom.dcmread(path) for path in sorted(run.out.glob("*.dcm"))}
    assert {"segmentation.dcm", "structured-report.dcm", "secondary-capture.dcm"} <= set(found)
    assert any(name.startswith("heat-map") for name in found)
    return found


def about_text(run) -> list[str]:
    return [warning for warning in run.result["warnings"] if "could not be read" in warning]


@pytest.mark.parametrize("one", NAMES.values(), ids=NAMES.keys())
def test_names_are_those_of_the_source_in_every_object(analyse, tmp_path, one):
    source = study(tmp_path / "in", one)
    run = analyse(tmp_path / "in").expect(0)
    assert not about_text(run)
    read = pydicom.dcmread(source[0])
    for name, ds in objects(run).items():
        # pydicom leaves empty groups at the end out.
        assert str(ds.PatientName) == one.meant.rstrip("="), name
        assert str(ds.ReferringPhysicianName) == one.meant.rstrip("="), name
        if one not in NOT_FOR_PYDICOM:
            assert str(ds.PatientName) == str(read.PatientName), name
            assert ds.StudyDescription == read.StudyDescription, name
        assert ds.get("SpecificCharacterSet") in ("ISO_IR 192", None), name
        assert not readers.complaints(run.out / name), name


@pytest.mark.parametrize("one", [NAMES["korean"], NAMES["cyrillic"]], ids=["korean", "cyrillic"])
def test_dcmtk_reads_the_same(analyse, tmp_path, one):
    """dcmtk converts source and result to UTF-8 by its own tables."""
    source = study(tmp_path / "in", one)
    run = analyse(tmp_path / "in").expect(0)

    def name(path):
        done = subprocess.run(["dcmdump", "+U8", "-q", "+P", "PatientName", path], capture_output=True, timeout=60)
        return done.stdout.decode().split("[")[1].split("]")[0]

    assert name(run.out / "segmentation.dcm") == name(source[0]) == one.meant


def test_enhanced_files_and_implicit_ones_are_read_alike(analyse, tmp_path):
    one = NAMES["korean"]
    study(tmp_path / "in", one, make=enhanced)
    run = analyse(tmp_path / "in").expect(0)
    assert all(str(ds.PatientName) == one.meant for ds in objects(run).values())
    made = classic(draw(GRID), GRID)
    for ds in made:
        ds.SpecificCharacterSet = one.declared
    save_bytes([with_bytes(ds, "implicit", PatientName=one.written) for ds in made], tmp_path / "implicit")
    run = analyse(tmp_path / "implicit").expect(0)
    assert all(str(ds.PatientName) == one.meant for ds in objects(run).values())


# Names that no declared set explains: declared, written, what may be taken for it.
DOUBTFUL = {
    "undeclared latin": Name(None, "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "undeclared utf-8": Name(None, "Müller^王".encode(), "Müller^王"),
    "default declared": Name("ISO_IR 6", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "utf-8 declared": Name("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "windows": Name("ISO_IR 100", "Šimek^Œ".encode("cp1252"), "Šimek^Œ"),
    "latin declared, utf-8 written": Name(
        "ISO_IR 100", "Müller^Jörg".encode(), "Müller^Jörg".encode().decode("latin-1")
    ),
    "never switched to": Name(["", "ISO 2022 IR 149"], b"\xc8\xab^\xb1\xe6\xb5\xbf", "홍^길동"),
    "not switched to again": Name(["", "ISO 2022 IR 149"], escaped(b"{$)C\xc8\xab^\xb1\xe6\xb5\xbf"), "홍^길동"),
    "shift jis": Name("ISO_IR 13", "表^太郎".encode("shift-jis"), "表^太郎"),
    "unknown set": Name("ISO_IR 999", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    "half a character": Name(["", "ISO 2022 IR 87"], escaped(b"Yama^Q={$B;3E"), "Yama^Q=山\ufffd"),
    "an escape that means nothing": Name("ISO 2022 IR 100", escaped(b"Yama^Q{zz"), "Yama^Q\ufffdzz"),
}


@pytest.mark.parametrize("one", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_what_no_declared_set_explains_is_said(analyse, tmp_path, one):
    study(tmp_path / "in", one)
    run = analyse(tmp_path / "in").expect(0)
    (said,) = [warning for warning in about_text(run) if "PatientName" in warning]
    assert len(said.split()) > 6
    assert one.meant.split("^")[0] not in run.said, "no name in what is said"
    for name, ds in objects(run).items():
        assert str(ds.PatientName) == one.meant, name
        assert ESC.decode() not in str(ds.PatientName)
        assert not readers.complaints(run.out / name), name
    words = "\n".join(readers.texts(pydicom.dcmread(run.out / "structured-report.dcm")))
    assert said in words, "the archive hears of it too"


def test_ascii_is_never_doubtful(analyse, tmp_path):
    study(tmp_path / "in", Name(None, b"Doe^Jane", "Doe^Jane"))
    assert not about_text(analyse(tmp_path / "in").expect(0))


@pytest.mark.parametrize(
    ("keyword", "written", "meant"),
    [
        ("StudyDescription", b"MR\tspine\\neck", "MR spine/neck"),
        ("AccessionNumber", b"A12\x00\x00", "A12"),
        ("PatientID", b"ID\x0712", "ID 12"),
        ("StudyDate", b"2026.01.05", "20260105"),
        ("StudyTime", b"10:15:00", "101500"),
        ("PatientSex", b"f", "F"),
        ("PatientAge", b"45Y", "045Y"),
    ],
)
def test_values_are_brought_into_a_legal_form(analyse, tmp_path, keyword, written, meant):
    files = [with_bytes(ds, **{keyword: written}) for ds in classic(draw(GRID), GRID)]
    save_bytes(files, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    for name, ds in objects(run).items():
        assert ds[keyword].value == meant, name
        assert not readers.complaints(run.out / name), name


@pytest.mark.parametrize(
    ("keyword", "written"),
    [
        ("StudyDate", b"5 January 2026"),
        ("StudyTime", b"25:99"),
        ("PatientBirthDate", b"19800000"),
        ("PatientSex", b"W"),
    ],
)
def test_a_value_that_is_none_is_left_out_and_said(analyse, tmp_path, keyword, written):
    files = [with_bytes(ds, **{keyword: written}) for ds in classic(draw(GRID), GRID)]
    save_bytes(files, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert any(keyword in w and "results leave it empty" in w for w in run.result["warnings"])
    for name, ds in objects(run).items():
        assert not ds[keyword].value, name
        assert not [line for line in readers.complaints(run.out / name) if "needed to build DICOMDIR" not in line], name


def test_a_text_that_is_too_long_is_carried_whole_and_said(analyse, tmp_path):
    long = b"P" * 80
    save_bytes([with_bytes(ds, PatientID=long) for ds in classic(draw(GRID), GRID)], tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert any("PatientID" in w and "longer than DICOM allows" in w for w in run.result["warnings"])
    assert all(ds.PatientID == long.decode() for ds in objects(run).values())


def test_an_item_may_have_a_set_of_its_own(analyse, tmp_path):
    """A region in Greek inside of a Latin-1 file: the body part is read with the item's own set."""
    ds = enhanced(draw(GRID), GRID)
    del ds.BodyPartExamined
    shared = ds.SharedFunctionalGroupsSequence[0]
    region = shared.FrameAnatomySequence[0].AnatomicRegionSequence[0]
    region.SpecificCharacterSet = "ISO_IR 126"
    region.CodeMeaning = "Σπονδυλική στήλη, cervical spine"
    save_bytes([with_bytes(ds, PatientName="Müller^Jörg".encode("latin-1"))], tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert not about_text(run)
    assert all(str(found.PatientName) == "Müller^Jörg" for found in objects(run).values())
    np.testing.assert_equal(run.result["series"]["shape"], GRID.shape)
