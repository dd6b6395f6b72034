"""Hostile DICOM files: a drawn study, spoilt in every way that has a name here; the same for a seed.

.venv/bin/python tests/python/hostile_kinds.py FOLDER [--each 66] [--seed 1]    writes them, to look at
"""

import argparse
import copy
import hashlib
import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
from hostile_files import (
    GRID,
    ITEM,
    ITEM_END,
    PIXELS,
    SEQUENCE_END,
    UNDEFINED,
    Case,
    alone_or_beside,
    beside,
    declaring,
    elements_as_implicit,
    inserted,
    many_frames,
    nest,
    placed,
    rebuilt,
    sections,
    series,
    voxels,
)
from hostile_values import CHARACTER_SETS, FRAME_GROUPS, LONG_WORDS, NUMBERS, PIECES, SYNTAXES, WORDS, WRONG_UIDS
from mr_series import encoded, enhanced
from pydicom.tag import Tag
from raw_elements import LONG, Element, meta_of, with_bytes

PRIVATE_SEQUENCE = 0x0029_1020


def lengths(r: random.Random) -> Case:
    """A length field says something else than its value has."""
    file = r.choice([*sections(), many_frames()])
    at, element = r.choice(placed(file))
    changed, now = bytearray(file), len(element.value)
    if element.vr in LONG:
        changed[at + 8 : at + 12] = struct.pack(
            "<I", r.choice([*LONG_WORDS, now + 1, max(now - 1, 0), now + 2, now * 2])
        )
    else:
        changed[at + 6 : at + 8] = struct.pack("<H", r.choice([*WORDS, now + 1, max(now - 1, 0), now + 2]) & 0xFFFF)
    return Case("lengths", alone_or_beside(file, bytes(changed)))


def representations(r: random.Random) -> Case:
    """Another value representation, or none that there is."""
    file = r.choice([*sections(), many_frames()])
    at, _ = r.choice(placed(file))
    changed = bytearray(file)
    changed[at + 4 : at + 6] = r.choice(
        [*(vr.encode() for vr in (*LONG, "US", "DS", "PN", "AT", "FD")), b"ZZ", b"\0\0", b"u\xff"]
    )
    return Case("representations", alone_or_beside(file, bytes(changed)))


def truncated(r: random.Random) -> Case:
    """Ends at an element, in its head, or in its value."""
    file = r.choice([*sections(), many_frames(), sections("rle")[0]])
    elements = placed(file) if file not in sections("rle") else placed(sections()[0])
    at, element = r.choice(elements)
    end = at + r.choice([0, 1, 4, 6, 8, 11, 12, 13, 8 + len(element.value) // 2, 7 + len(element.value)])
    return Case("truncated", alone_or_beside(file, file[: max(end, 1)]))


def nested(r: random.Random) -> Case:
    """Sequences and UN, deep, closed or not."""
    depth = r.choice([1, 2, 5, 15, 16, 17, 31, 32, 33, 64, 200, 2000])
    unknown, endless, closed = r.random() < 0.5, r.random() < 0.6, r.random() < 0.6
    tag = r.choice([int(Tag("ReferencedStudySequence")), PRIVATE_SEQUENCE, 0x0008_2112, 0x0009_1001, 0x0088_0200])
    raw = nest(depth, unknown, endless, closed, tag, r.choice([b"", b"\0" * 8, elements_as_implicit(r, 3)]))
    file = r.choice(sections())
    return Case("nested", beside(inserted(file, raw, tag), sections().index(file)), keeps_pixels=True)


def wide(r: random.Random) -> Case:
    """Very many items, elements, or private blocks."""
    count = r.choice([100, 3000, 20_000])
    what = r.randrange(5)
    if what == 0:
        items = (ITEM[:4] + b"\0" * 4) * count
        raw = b"\x29\x00\x20\x10SQ\0\0" + struct.pack("<I", len(items)) + items
    elif what == 1:
        raw = b"\x29\x00\x20\x10UN\0\0" + b"\xff" * 4 + (ITEM[:4] + b"\xff" * 4 + ITEM_END) * count + SEQUENCE_END
    elif what == 2:
        raw = b"".join(struct.pack("<HH2sH", 0x0029, 0x1000 + k % 0xEFFF, b"LO", 2) + b"x " for k in range(count))
    elif what == 3:
        creators = (Element(0x0029_0000 | k, "LO", b"SAME CREATOR ") for k in range(0x10, 0x100))
        raw = b"".join(creator.explicit() for creator in creators)
    else:
        raw = Element(0x0029_1001, r.choice(["UN", "OB", "UT", "LO"]), r.randbytes(min(count, 60_000) & ~1)).explicit()
    file = r.choice(sections())
    return Case("wide", beside(inserted(file, raw, 0x0029_0000), sections().index(file)), keeps_pixels=True)


def undefined(r: random.Random) -> Case:
    """No length where none may be missing."""
    file = r.choice(sections())
    vr = r.choice(["OB", "OW", "UN", "UT", "UC", "OF", "SQ", "OD"])
    tag = r.choice([0x0008_1030, 0x0010_4000, 0x0029_1010, 0x0042_0011])
    rest = r.choice(
        [b"", SEQUENCE_END, ITEM + SEQUENCE_END, r.randbytes(64), ITEM[:4] + b"\x08\0\0\0" + b"\0" * 8 + SEQUENCE_END]
    )
    raw = struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, UNDEFINED) + rest
    return Case("undefined", beside(inserted(file, raw, tag), sections().index(file)), keeps_pixels=True)


def numbers(r: random.Random) -> Case:
    """What cannot be, or hardly."""
    ds = r.choice(series())
    place = series().index(ds)
    if r.random() < 0.5:
        keyword = r.choice(
            [
                "PixelSpacing",
                "ImagePositionPatient",
                "ImageOrientationPatient",
                "SliceThickness",
                "RescaleSlope",
                "RescaleIntercept",
                "EchoTime",
                "RepetitionTime",
                "SeriesNumber",
                "InstanceNumber",
                "NumberOfFrames",
                "AcquisitionNumber",
            ]
        )
        count = r.choice([1, 2, 3, 6, 7])
        value = "\\".join(r.choice(NUMBERS) for _ in range(count)).encode("latin-1")
        return Case("numbers", beside(with_bytes(ds, **{keyword: value}), place))
    keyword = r.choice(
        ["Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation"]
    )
    value = struct.pack("<H", r.choice(WORDS)) * r.choice([1, 1, 1, 2, 0])
    if r.random() < 0.5:
        return Case("numbers", tuple(with_bytes(each, **{keyword: value}) for each in series()))
    return Case("numbers", beside(with_bytes(ds, **{keyword: value}), place))


def identifiers(r: random.Random) -> Case:
    """UIDs that are none, or those of somebody else."""
    keyword = r.choice(
        ["SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"]
    )
    value = r.choice([*WRONG_UIDS, series()[0].SOPInstanceUID.encode()])
    if keyword != "SOPInstanceUID" and r.random() < 0.4:
        return Case("identifiers", tuple(with_bytes(ds, **{keyword: value}) for ds in series()))
    place = r.randrange(3)
    return Case("identifiers", beside(with_bytes(series()[place], **{keyword: value}), place))


def syntaxes(r: random.Random) -> Case:
    """Written in one transfer syntax and declared to be another."""
    ways = ["explicit", "implicit", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000"]
    way, declared = r.choice(ways), r.choice(SYNTAXES)
    return Case("syntaxes", tuple(declaring(file, declared) for file in sections(way)))


def character_sets(r: random.Random) -> Case:
    """Text that its declared character sets do not explain, with escape sequences and what steers a terminal."""
    declared = "\\".join(r.choice(CHARACTER_SETS) for _ in range(r.choice([1, 1, 2, 3, 9])))

    def text() -> bytes:
        return b"".join(r.choice([*PIECES, r.randbytes(9)]) for _ in range(r.randrange(1, 12)))[:200]

    keywords = [
        "SeriesDescription",
        "PatientName",
        "ProtocolName",
        "StudyDescription",
        "BodyPartExamined",
        "ImageType",
        "PatientID",
    ]
    values = {keyword: text() for keyword in r.sample(keywords, 3)}
    files = tuple(with_bytes(ds, SpecificCharacterSet=declared.encode("latin-1"), **values) for ds in series())
    return Case("character_sets", files, keeps_pixels=True)


def fragments(r: random.Random) -> Case:
    """Offset tables, items and delimiters of compressed pixels that do not fit together."""
    syntax = r.choice(["rle", "jpeg-2000", "jpeg-ls", "jpeg-lossless"])
    file = r.choice([*sections(syntax), *([] if syntax == "jpeg-lossless" else [many_frames(syntax)])])
    start = file.rindex(b"\xe0\x7f\x10\x00OB\0\0") + 12
    frames, rest = [], file[start:]
    while rest[:4] == ITEM[:4]:
        length = struct.unpack_from("<I", rest, 4)[0]
        frames.append(rest[8 : 8 + length])
        rest = rest[8 + length :]
    table, *frames = frames
    what = r.randrange(8)
    end = SEQUENCE_END
    if what == 0:
        table = struct.pack(f"<{len(frames)}I", *(r.choice(LONG_WORDS) for _ in frames))
    elif what == 1:
        frames = [piece for f in frames for piece in (f[: len(f) // 2], f[len(f) // 2 :])]
        table = r.choice([b"", table, struct.pack("<3I", 0, 8, 16)])
    elif what == 2:
        frames = r.choice([[], [b""], frames[:-1], frames + frames, [b""] * 5000])
    elif what == 3:
        end = r.choice([b"", SEQUENCE_END[:5], ITEM_END, ITEM, b"\0" * 8, b"\0" * 5000])
    elif what == 4:
        table = r.randbytes(r.choice([1, 3, 5, 400]))
    else:
        end = SEQUENCE_END + r.choice([b"", b"\0" * 3, r.randbytes(300)])
    body = b"".join(ITEM[:4] + struct.pack("<I", len(f)) + f for f in [table, *frames])
    if what == 5:
        body = bytearray(body)
        body[4:8] = struct.pack("<I", r.choice(LONG_WORDS))
    spoilt = file[:start] + bytes(body) + end
    files = sections(syntax)
    return Case("fragments", beside(spoilt, files.index(file), syntax) if file in files else (spoilt,))


def code_streams(r: random.Random) -> Case:
    """Bytes of a compressed picture, of its head above all."""
    syntax = r.choice(["rle", "jpeg-2000", "jpeg-2000", "jpeg-ls", "jpeg-lossless"])
    place = r.randrange(3)
    file = bytearray(sections(syntax)[place])
    start = file.rindex(b"\xe0\x7f\x10\x00OB\0\0") + 12
    start += 8 + struct.unpack_from("<I", file, start + 4)[0] + 8
    for _ in range(r.choice([1, 1, 2, 4, 16])):
        at = start + min(int(r.expovariate(1 / 60)), len(file) - start - 9)
        file[at] = r.choice([0, 0xFF, 0x7F, 0x80, r.randrange(256), file[at] ^ 1 << r.randrange(8)])
    return Case("code_streams", beside(bytes(file), place, syntax))


def pixels(r: random.Random) -> Case:
    """Too many, too few, in other elements, under overlays, of floating point."""
    place = r.randrange(3)
    file, what = sections()[place], r.randrange(7)
    value = series()[place].PixelData
    if what == 0:
        raw = Element(
            PIXELS, r.choice(["OW", "OB", "UN"]), value + b"\0" * r.choice([1, 2, 512, 2048, 70_000])
        ).explicit()
    elif what == 1:
        raw = Element(PIXELS, "OW", value[: r.choice([0, 1, 2, -1, -2, 512])]).explicit()
    elif what == 2:
        float_tag, vr, size = r.choice([(0x7FE0_0008, "OF", 4), (0x7FE0_0009, "OD", 8)])
        raw = Element(float_tag, vr, b"\xff" * (1024 * size)).explicit()
    elif what == 3:
        raw = Element(PIXELS, "OW", value).explicit() * 2
    elif what == 4:
        icon = Element(int(Tag("Rows")), "US", b"\x40\0").explicit() + Element(PIXELS, "OB", b"\0" * 64).explicit()
        raw = nest(1, False, True, r.random() < 0.5, 0x0088_0200, icon) + Element(PIXELS, "OW", value).explicit()
    elif what == 5:
        raw = b""
    else:
        group = r.choice([0x6000, 0x6002, 0x601E, 0x60FF])
        side, bit = r.choice(WORDS), r.choice([0, 8, 12, 15, 16, 31, 0xFFFF])
        words = [(0x10, side), (0x11, side), (0x100, r.choice([1, 16, 0])), (0x102, bit)]
        overlay = b"".join(Element(group << 16 | e, "US", struct.pack("<H", v)).explicit() for e, v in words)
        over = np.frombuffer(value, "<u2") | np.uint16(1 << (bit & 15))
        raw = overlay + Element(PIXELS, "OW", r.choice([value, over.astype("<u2").tobytes()])).explicit()
    at = next(at for at, e in placed(file) if e.tag == PIXELS)
    return Case("pixels", beside(file[:at] + raw, place))


def frame_counts(r: random.Random) -> Case:
    """Frames, functional groups and pixels of an Enhanced file that do not agree."""
    ds = copy.deepcopy(enhanced(voxels(), GRID))
    what = r.randrange(6)
    if what == 0:
        return Case("frame_counts", (with_bytes(ds, NumberOfFrames=r.choice(NUMBERS).encode("latin-1")),))
    if what == 1:
        groups = list(ds.PerFrameFunctionalGroupsSequence)
        ds.PerFrameFunctionalGroupsSequence = r.choice([[], groups[:1], groups + groups, groups * 200])
    elif what == 2:
        del ds[r.choice(["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "NumberOfFrames"])]
    elif what == 3:
        shared = ds.SharedFunctionalGroupsSequence[0]
        name = r.choice(FRAME_GROUPS)
        setattr(shared, name, r.choice([[], [pydicom.Dataset()], list(shared[name].value) * 3]))
    elif what == 4:
        frame = r.choice(ds.PerFrameFunctionalGroupsSequence)
        frame.PlanePositionSequence = r.choice([[], [pydicom.Dataset()]])
    else:
        ds.NumberOfFrames = r.choice([1, 2, 4, 2000, 2001, 2**31 - 1])
    return Case("frame_counts", (encoded(ds, r.choice(["explicit", "implicit"])),))


def liberties(r: random.Random) -> Case:
    """What PS3.5 has a receiver accept, UN for known attributes, implicit elements, open sequences, padding."""
    files = []
    unknown, implicit, open_, padded = (r.random() < 0.5 for _ in range(4))
    share, depth = r.random(), r.choice([1, 8, 14, 15, 30])
    for file in sections():

        def write(e: Element) -> bytes:
            if e.tag == PIXELS:
                opened = nest(
                    depth, unknown, True, not open_, 0x7FDF_1020, elements_as_implicit(r, 2) if unknown else b""
                )
                return opened + Element(PIXELS, "OW", e.value + b"\0" * (600 if padded else 0)).explicit()
            if implicit and e.tag > 0x0008_0018 and r.random() < share:
                return e.implicit()
            return e.explicit("UN" if unknown and e.tag > 0x0008_0018 and r.random() < share else None)

        files.append(rebuilt(file, write))
    return Case("liberties", tuple(files), keeps_pixels=True)


def beginnings(r: random.Random) -> Case:
    """Preamble and meta that are absent, doubled, or of a length that lies."""
    place = r.randrange(3)
    file = sections()[place]
    meta, body = meta_of(file), file[len(meta_of(file)) :]
    spoilt = r.choice(
        [
            *(
                body,
                meta,
                file[128:],
                file[132:],
                b"MZ" + file[2:],
                b"PK\x03\x04" + file[4:],
                b"\x1f\x8b\x08" + file[3:],
            ),
            *(meta + meta[132:] + body, meta[:132] + body, file[:132] + file, b"DICM" * 40),
            file[:140] + struct.pack("<I", r.choice(LONG_WORDS)) + file[144:],
            r.randbytes(128) + file[128:],
            b"\0" * 128 + b"DICM" + r.randbytes(r.choice([1, 8, 500])),
        ]
    )
    return Case("beginnings", beside(spoilt, place))


def archives(r: random.Random) -> Case:
    """ZIP archives: in each other, cut, with names and sizes that lie."""
    buffer, what = io.BytesIO(), r.randrange(7)
    with zipfile.ZipFile(buffer, "w", r.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        names = ["a.dcm", "../../evil", "/etc/passwd", "x" * 300, "MÜLLER^HANS.dcm", "\x1b[2J", "a/b/c", "C:\\x"]
        for k, file in enumerate(sections()):
            archive.writestr(f"{k}-{r.choice(names)}", file)
        if what == 0:
            archive.writestr("zeros", b"\0" * r.choice([1 << 16, 1 << 22, 1 << 25]))
    data = bytearray(buffer.getvalue())
    if what == 1:
        for _ in range(r.choice([1, 3, 20])):
            layer = io.BytesIO()
            with zipfile.ZipFile(layer, "w") as archive:
                archive.writestr("inner.zip", bytes(data))
            data = bytearray(layer.getvalue())
    elif what == 2:
        data = data[: r.randrange(len(data))]
    elif what in (3, 4):
        for _ in range(r.choice([1, 4, 30])):
            # The directory at the end, above all.
            at = len(data) - 1 - min(int(r.expovariate(1 / 150)), len(data) - 1)
            data[at] = r.choice([0, 0xFF, r.randrange(256)])
    elif what == 5:
        data += r.randbytes(r.choice([1, 22, 70_000]))
    files = (bytes(data),) if r.random() < 0.7 else (bytes(data), sections()[0])
    return Case("archives", files)


def noise(r: random.Random) -> Case:
    """Bytes at random, anywhere."""
    syntax = r.choice(["explicit", "implicit", "rle", "jpeg-2000", "jpeg-ls", "jpeg-lossless"])
    place = r.randrange(3)
    file = bytearray(sections(syntax)[place])
    for _ in range(r.choice([1, 2, 8, 50])):
        what, at = r.randrange(3), r.randrange(128, len(file))
        if what == 0:
            file[at] = r.randrange(256)
        elif what == 1:
            del file[at : at + r.choice([1, 2, 100])]
        else:
            file[at:at] = r.randbytes(r.choice([1, 2, 60]))
        file.extend(b"\0" * max(0, 200 - len(file)))
    return Case("noise", beside(bytes(file), place, syntax))


KINDS: tuple[Callable[[random.Random], Case], ...] = (
    *(lengths, representations, truncated, nested, wide, undefined, numbers, identifiers, syntaxes, character_sets),
    *(fragments, code_streams, pixels, frame_counts, liberties, beginnings, archives, noise),
)


def corpus(each: int, seed: int = 1) -> Iterator[Case]:
    """`each` cases of every kind, in turn; no two with the same bytes."""
    seen = set()
    for number in range(each):
        for kind in KINDS:
            for again in range(50):
                case = kind(random.Random(f"{seed} {kind.__name__} {number} {again}"))
                if (key := hashlib.sha256(b"\0".join(case.files)).digest()) not in seen:
                    seen.add(key)
                    yield case
                    break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=66)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for number, case in enumerate(corpus(arguments.each, arguments.seed)):
        folder = arguments.folder / f"{number:05}-{case.kind}"
        folder.mkdir(parents=True)
        for k, file in enumerate(case.files):
            (folder / f"{k}").write_bytes(file)


if __name__ == "__main__":
    main()
