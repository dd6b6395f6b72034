"""A drawn study of a few small sections, and what it takes to spoil its files byte by byte."""

import functools
import hashlib
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pydicom
from landmark import sagittal_grid
from mr_series import classic, encoded, enhanced
from pydicom.tag import Tag
from raw_elements import Element, elements_of, meta_of

GRID = sagittal_grid(shape=(3, 32, 32), spacing=(4.0, 7.0, 7.0))
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HHI", 0xFFFE, e, 0) for e in (0xE000, 0xE00D, 0xE0DD))
PIXELS = int(Tag("PixelData"))


@dataclass(frozen=True)
class Case:
    """The files of one study, of which at least one is spoilt."""

    kind: str
    files: tuple[bytes, ...]
    keeps_pixels: bool = False
    """Nothing that decides on voxels or their order was touched: what is read must be what was drawn."""


@functools.cache
def voxels() -> np.ndarray:
    """Three values in a pattern that no turn maps to itself: read in full, then refused, for a picture has more."""
    section, row, column = np.indices(GRID.shape)
    return np.where(row > 2 * column, 300, np.where((row * 5 + column * 3) % 11 < section + 2, 700, 100))


@functools.cache
def digest() -> str:
    """Of the voxels, as results name it; the drawn sections ascend along the normal."""
    return hashlib.sha256(voxels().astype("<f4").tobytes()).hexdigest()


@functools.cache
def series() -> tuple[pydicom.Dataset, ...]:
    return tuple(classic(voxels(), GRID))


@functools.cache
def sections(syntax: str = "explicit") -> tuple[bytes, ...]:
    return tuple(encoded(ds, syntax) for ds in series())


@functools.cache
def many_frames(syntax: str = "explicit") -> bytes:
    return encoded(enhanced(voxels(), GRID), syntax)


@functools.cache
def placed(file: bytes) -> tuple[tuple[int, Element], ...]:
    """The outermost elements of an explicit file, each with where it begins."""
    at, found = len(meta_of(file)), []
    for element in elements_of(file):
        found.append((at, element))
        at += len(element.explicit())
    return tuple(found)


def rebuilt(file: bytes, write: Callable[[Element], bytes]) -> bytes:
    return meta_of(file) + b"".join(write(element) for _, element in placed(file))


def beside(spoilt: bytes, place: int = 1, syntax: str = "explicit") -> tuple[bytes, ...]:
    """The series with one section in its place."""
    files = list(sections(syntax))
    files[place] = spoilt
    return tuple(files)


def inserted(file: bytes, raw: bytes, before: int = PIXELS) -> bytes:
    """A file with raw bytes before one of its elements."""
    at = next(at for at, element in placed(file) if element.tag >= before)
    return file[:at] + raw + file[at:]


def alone_or_beside(original: bytes, spoilt: bytes) -> tuple[bytes, ...]:
    files = sections()
    return (spoilt,) if original not in files else beside(spoilt, files.index(original))


def nest(depth: int, unknown: bool, endless: bool, closed: bool, tag: int, inner: bytes = b"") -> bytes:
    """Sequences in sequences, from the innermost outwards."""
    vr = b"UN\0\0" if unknown else b"SQ\0\0"
    name = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    # Inside of UN everything is implicit.
    if endless:
        head = name + (b"" if unknown else vr) + b"\xff" * 4 + ITEM[:4] + b"\xff" * 4
        first = name + vr + b"\xff" * 4 + ITEM[:4] + b"\xff" * 4
        tail = (ITEM_END + SEQUENCE_END) * depth if closed else b""
        return first + head * (depth - 1) + inner + tail
    value = inner
    for level in range(depth):
        item = ITEM[:4] + struct.pack("<I", len(value)) + value
        shown = vr if level == depth - 1 or not unknown else b""
        value = name + shown + struct.pack("<I", len(item)) + item
    return value


def elements_as_implicit(r: random.Random, count: int) -> bytes:
    chosen = sorted(r.sample([e for _, e in placed(sections()[0]) if e.tag != PIXELS], count), key=lambda e: e.tag)
    return b"".join(element.implicit() for element in chosen)


def declaring(file: bytes, uid: str) -> bytes:
    """The same with another transfer syntax in its meta."""
    old = meta_of(file)
    at = old.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack_from("<H", old, at + 6)[0]
    value = uid.encode() + b"\0" * (len(uid) % 2)
    new = old[: at + 6] + struct.pack("<H", len(value)) + value + old[at + 8 + length :]
    group = struct.pack("<I", struct.unpack_from("<I", old, 140)[0] + len(new) - len(old))
    return new[:140] + group + new[144:] + file[len(old) :]
