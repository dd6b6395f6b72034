"""Writes the seeds of the fuzz targets: the smallest honest input of each kind.

.venv/bin/python tests/fuzz/seeds.py            the seeds that are kept in the tree, into tests/fuzz/corpus
.venv/bin/python tests/fuzz/seeds.py --at-run FOLDER    those that are elsewhere in the tree already: messages, a bundle
"""

import argparse
import json
import shutil
import struct
import sys
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pydicom
from pydicom.uid import JPEG2000, ExplicitVRBigEndian, ExplicitVRLittleEndian

HERE = Path(__file__).parent
TREE = HERE.parents[1]
sys.path.insert(0, str(TREE / "tests/python"))

from landmark import sagittal_grid  # noqa: E402
from mr_series import Grid, Protocol, classic, encoded, enhanced, save_zip  # noqa: E402
from raw_elements import elements_of, meta_of  # noqa: E402

BETWEEN = b"\n--- next file ---\n"
GRID = sagittal_grid(shape=(3, 16, 16), spacing=(4.0, 12.0, 12.0))
# The encoder of JPEG 2000 takes no smaller picture.
LARGER = sagittal_grid(shape=(3, 32, 32), spacing=(4.0, 6.0, 6.0))
PROTOCOL = Protocol(extra={"StudyDescription": "MR", "BodyPartExamined": "SPINE"})
UNNEEDED = """
    AcquisitionDate ContentDate AcquisitionTime ContentTime AccessionNumber Manufacturer ReferringPhysicianName
    PatientBirthDate PatientSex DeidentificationMethod PositionReferenceIndicator StudyID MagneticFieldStrength
    EchoTrainLength SpacingBetweenSlices PatientPosition"""
OF_PATIENT = "name id issuer_of_id birth_date sex age identity_removed deidentification_method"
OF_STUDY = "uid date time accession_number referring_physician id description"
OF_SOURCE = "series_uid frame_of_reference_uid position_reference_indicator lossy_ratio lossy_method"
FRAME_SYNTAX = {
    "explicit": 0,
    "big": 1,
    "rle": 2,
    "jpeg-ls": 3,
    "jpeg-lossless": 4,
    "jpeg-2000": 6,
    "jpeg-2000-lossy": 7,
}


def grid_of(syntax: str) -> Grid:
    return LARGER if "2000" in syntax else GRID


def voxels(grid: Grid) -> np.ndarray:
    """A picture of many values, of 12 bits."""
    section, row, column = np.indices(grid.shape)
    return (section * 517 + row * 131 + column * 37) % 4096


def short(ds: pydicom.Dataset) -> pydicom.Dataset:
    """Without what no target reads: seeds are small."""
    for keyword in UNNEEDED.split():
        if keyword in ds:
            delattr(ds, keyword)
    del ds.file_meta.ImplementationClassUID
    ds.BitsStored, ds.HighBit = 12, 11
    return ds


def in_syntax(ds: pydicom.Dataset, syntax: str) -> bytes:
    """The file; two syntaxes more than the series of the tests have."""
    if syntax == "big":
        return big_endian(ds)
    if syntax == "jpeg-2000-lossy":
        plain = pydicom.dcmread(pydicom.filebase.DicomBytesIO(encoded(ds, "explicit")))
        plain.compress(JPEG2000, j2k_cr=[1], generate_instance_uid=False)
        buffer = pydicom.filebase.DicomBytesIO()
        plain.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()
    return encoded(ds, syntax)


def big_endian(ds: pydicom.Dataset) -> bytes:
    """Explicit VR Big Endian, which libraries are giving up: binary values and heads are turned by hand."""
    data = encoded(ds, "explicit")
    out = meta_of(data).replace(ExplicitVRLittleEndian.encode() + b"\0", ExplicitVRBigEndian.encode() + b"\0")
    assert len(out) == len(meta_of(data))
    assert ExplicitVRBigEndian.encode() in out
    for element in elements_of(data):
        value = element.value
        if element.vr in ("US", "SS", "OW"):
            value = np.frombuffer(value, "<u2").astype(">u2").tobytes()
        assert element.vr not in ("UL", "SL", "FL", "FD", "SQ", "AT"), element
        out += replace(element, value=value).explicit(order="big")
    return out


def pixels_of(file: bytes, big: bool) -> bytes:
    """The value of PixelData: all that follows its head."""
    head = b"\x7f\xe0\x00\x10" if big else b"\xe0\x7f\x10\x00"
    return file[file.rindex(head) + 12 :]


def studies() -> dict[str, bytes]:
    """For `study` and `header`: three sections in each transfer syntax, and one file of many frames."""
    found = {}
    for syntax in FRAME_SYNTAX | {"implicit": 0}:
        grid = grid_of(syntax)
        sections = [in_syntax(short(ds), syntax) for ds in classic(voxels(grid), grid, PROTOCOL)]
        found[f"classic-{syntax}"] = BETWEEN.join(sections)
    for syntax in ("explicit", "implicit", "rle", "jpeg-2000"):
        grid = grid_of(syntax)
        ds = short(enhanced(voxels(grid), grid, PROTOCOL))
        found[f"enhanced-{syntax}"] = in_syntax(ds, syntax)
    agent = PROTOCOL.extra | {"ContrastBolusAgent": "Gd"}
    other = replace(PROTOCOL, series="t1", description="T1", echo_ms=10.0, repetition_ms=500.0, extra=agent)
    both = classic(voxels(GRID), GRID, PROTOCOL) + classic(voxels(GRID), GRID, other)
    path = HERE / "study.zip"
    found["two-series-zip"] = save_zip([short(ds) for ds in both], path).read_bytes()
    path.unlink()
    return found


def frames() -> dict[str, bytes]:
    """For `frame`: choices, and the value of PixelData."""
    found = {}
    for syntax, number in FRAME_SYNTAX.items():
        # 12 of 16 bits, unsigned; rows and columns are one more than their byte says.
        layout, grid = 4 << 5, grid_of(syntax)
        side = grid.shape[1] - 1
        file = in_syntax(short(classic(voxels(grid), grid, PROTOCOL)[0]), syntax)
        found[syntax] = bytes([number, side, side, layout]) + pixels_of(file, syntax == "big")
        if syntax in ("rle", "jpeg-2000"):
            file = in_syntax(short(enhanced(voxels(grid), grid, PROTOCOL)), syntax)
            found[f"{syntax}-frames"] = bytes([number, side, side, layout | 2 << 2]) + pixels_of(file, big=False)
    return found


def texts() -> dict[str, bytes]:
    """For `text`: a declared character set, and a value in it."""
    written = {
        "ISO_IR 100": "Müller^Jürgen",
        "ISO_IR 101": "Wałęsa",
        "ISO_IR 144": "Люкceмбypг",
        "ISO_IR 126": "Διονυσιος",
        "ISO_IR 127": "قباني^لنزار",
        "ISO_IR 138": "שרון^דבורה",
        "ISO_IR 166": "นามสกุล",
        "ISO_IR 192": "Wang^XiaoDong=王^小東",
        "GB18030": "Wang^XiaoDong=王^小东",
        "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ",
        "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
        "\\ISO 2022 IR 58": "Zhang^XiaoDong=张^小东",
        "ISO 2022 IR 100\\ISO 2022 IR 144": "Buc^Jérôme=Люкceм",
    }
    found = {}
    for number, (declared, text) in enumerate(written.items()):
        encodings = pydicom.charset.convert_encodings(declared.split("\\"))
        value = pydicom.valuerep.PersonName(text, encodings).encode(encodings)
        found[f"{number:02}"] = bytes([len(declared) | 0x80]) + declared.encode() + value
    return found


def results() -> dict[str, bytes]:
    """For `result`: one with an answer, one with a choice to make."""
    verdict = {"uid": "1.2", "description": "T2 <b>sag</b>", "frames": 3, "reasons": ["no"], "spacing_mm": [4, 1, 1]}
    common = {
        "schema_version": "1.1", "notice": "n", "cordline_version": "0.1.0", "warnings": ["w"], "created": "2026-01-31",
        "classifications": [], "not_asked": [], "lesions": [], "timings_ms": {"reading": 1.5}, "files": [],
    }  # fmt: skip
    answer = {
        "state": "completed",
        "finding": {"name": "tumour", "label": "Tumour"},
        "series": {"uid": "1.2", "reasons": ["r"], "candidates": [], "rejected": [verdict], "shape": [3, 4, 5]},
        "bundle": {"id": "b", "version": "1", "sha256": "00", "cohort": "phantom", "warning": "w"},
        "classifications": [
            {
                "id": "c", "question": "a or b?", "classes": ["a", "b"], "probabilities": {"a": 0.25, "b": 0.75},
                "labels": {"a": "A", "b": "B"}, "threshold": 0.5, "undecided": [0.4, 0.6], "decision": "b",
                "sections": [{"section": 2, "probability": 0.75}],
            }
        ],
        "not_asked": [{"id": "d", "question": "?", "reason": "r"}],
        "lesions": [
            {"number": 1, "volume_ml": 1.5, "extent_mm": 12.0, "sections": [1, 2], "centre_lps_mm": [1.0, 2.0, 3.0]}
        ],
        "files": [{"kind": "segmentation", "path": "s.dcm", "sop_instance_uid": "1.2.3"}],
    }  # fmt: skip
    choice = {
        "state": "needs_selection",
        "problem": {"code": "needs_selection", "message": "m", "action": "a"},
        "series": {"reasons": [], "candidates": [verdict | {"thumbnail": "pictures/c.png"}, verdict], "rejected": []},
    }
    return {name: json.dumps(common | more).encode() for name, more in (("answer", answer), ("choice", choice))}


def masks() -> dict[str, bytes]:
    """For `seg`: shape, choices, matrix, and bytes that are voxels and bits."""
    matrix = [0, 0, 4, -4, 1, 0, 0, -8, 0, -1, 0, 8]
    head = bytes([2, 15, 15]), struct.pack("<12f", *matrix)
    values = bytes(range(256))
    found = {}
    for name, choices in (("bytes", 0), ("floats", 1)):
        found[name] = head[0] + bytes([choices]) + head[1] + values
    found["specks"] = head[0] + b"\0" + head[1] + b"\x55\x12\x00\x00" * 24 + values[:64]
    return found


def told() -> dict[str, bytes]:
    """For `reader`: what it says before a volume, and the volume."""

    def message(word: object) -> bytes:
        packed = msgpack.packb(word)
        return struct.pack("<I", len(packed)) + packed

    patient = dict.fromkeys(OF_PATIENT.split(), "")
    study = dict.fromkeys(OF_STUDY.split(), "1.2")
    frame = {"sop_class_uid": "1.2.3", "sop_instance_uid": "1.2.4", "frame_number": None}
    source = dict.fromkeys(OF_SOURCE.split(), "1.2") | {
        "patient": patient, "study": study, "series_number": 1, "slice_thickness_mm": 4.0, "lossy": False,
        "frames": [frame, frame | {"frame_number": 2}],
    }  # fmt: skip
    axes = [[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    geometry = {"shape": [2, 3, 4], "spacing": [4.0, 1.0, 1.0], "origin": [1.0, 2.0, 3.0], "axes": axes}
    walls = {"calls": True, "files": True, "user": True, "root": True}
    notes = {"warnings": ["w"], "series": None, "timings_ms": [["reading", 1.5]], "thumbnails": [], "walls": walls}
    stages = b"".join(message({"Begins": stage}) for stage in ("reading", "selecting", "decoding"))
    grid = {"source": source, "geometry": geometry, "t1c": None}
    volume = np.arange(24, dtype="<f4").tobytes()
    stop = {"state": "failed", "problem": {"code": "c", "message": "m", "action": "a"}}
    return {
        "volume": stages + message({"Done": {"notes": notes, "end": {"Ok": grid}}}) + volume,
        "t1c": message({"Done": {"notes": notes, "end": {"Ok": grid | {"t1c": source}}}}) + volume * 2,
        "stop": stages + message({"Done": {"notes": notes, "end": {"Err": stop}}}),
        "gave-up": message({"GaveUp": "why"}),
    }


def addresses() -> dict[str, bytes]:
    """For `dicomweb`: a byte that chooses method and role, and an address as a viewer sends it."""
    series = "/dicom-web/studies/1.2.3/series/4.05"
    paths = [
        "/dicom-web/studies?limit=101&includefield=00081030%2C00080060",
        f"{series}/instances/6/frames/1,2/rendered",
        f"{series}/instances/6/bulk/00082112/1/00081155",
        f"{series}/instances/6/metadata",
        "/dicom-web/instances",
        "/wado?requestType=WADO&studyUID=1.2&seriesUID=3&objectUID=4",
        "/dicom-web/servers/elsewhere/get",
        "/dicom-web/studies/1.2/../../%2e%2e/servers",
        "//dicom-web\\studies;x",
    ]
    return {f"{k:02}": bytes([k]) + path.encode() for k, path in enumerate(paths)}


def kept() -> dict[str, dict[str, bytes]]:
    found = studies()
    headers = {name: file.split(BETWEEN)[0] for name, file in found.items() if not file.startswith(b"PK")}
    return {
        "study": found,
        "header": headers,
        "frame": frames(),
        "text": texts(),
        "result": results(),
        "seg": masks(),
        "reader": told(),
        "dicomweb": addresses(),
    }


def at_run(folder: Path) -> None:
    """Seeds that stand elsewhere in the tree, and are not copied in it."""
    for name in ("wire", "bundle"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for message in json.loads((TREE / "plugin-sdk/vectors/messages.json").read_text()):
        header, raw = bytes.fromhex(message["header_hex"]), bytes.fromhex(message["raw_hex"])[:32]
        first = bytes([len(raw) << 2 | (2 if raw else 0)])
        (folder / "wire" / message["name"]).write_bytes(first + header + raw)
    shutil.copy(TREE / "models/bundles/spinal-lesion-phantom/bundle.toml", folder / "bundle" / "phantom")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-run", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.at_run:
        at_run(arguments.at_run)
        return
    for target, seeds in kept().items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
