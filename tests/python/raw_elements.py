"""DICOM files with elements that no library would write."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from mr_series import encoded
from pydicom.tag import Tag

LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
META_START = 132


@dataclass(frozen=True)
class Element:
    """One element of the outermost data set."""

    tag: int
    vr: str
    value: bytes

    @property
    def keyword(self) -> str:
        return pydicom.datadict.keyword_for_tag(self.tag)

    def explicit(self, vr: str | None = None, order: str = "little") -> bytes:
        """In explicit VR, under its own representation or another."""
        vr = vr or self.vr
        tag = self._tag(order)
        if vr in LONG:
            return tag + vr.encode() + b"\0\0" + len(self.value).to_bytes(4, order) + self.value
        return tag + vr.encode() + len(self.value).to_bytes(2, order) + self.value

    def implicit(self) -> bytes:
        """Without value representation."""
        return self._tag("little") + len(self.value).to_bytes(4, "little") + self.value

    def _tag(self, order: str) -> bytes:
        return (self.tag >> 16).to_bytes(2, order) + (self.tag & 0xFFFF).to_bytes(2, order)


def meta_of(data: bytes) -> bytes:
    """Preamble, prefix and File Meta Information of a file."""
    length = int.from_bytes(data[META_START + 8 : META_START + 12], "little")
    return data[: META_START + 12 + length]


def elements_of(data: bytes, implicit: bool = False) -> Iterator[Element]:
    """The outermost elements of a file in little endian whose sequences have lengths, as pydicom writes them."""
    at = len(meta_of(data))
    while at < len(data):
        tag = int.from_bytes(data[at : at + 2], "little") << 16 | int.from_bytes(data[at + 2 : at + 4], "little")
        vr = pydicom.datadict.dictionary_VR(tag) if implicit else data[at + 4 : at + 6].decode()
        if implicit:
            start, length = at + 8, int.from_bytes(data[at + 4 : at + 8], "little")
        elif vr in LONG:
            start, length = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            start, length = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
        yield Element(tag, vr, data[start : start + length])
        at = start + length


def with_bytes(ds: pydicom.Dataset, syntax: str = "explicit", **values: bytes) -> bytes:
    """The file of a data set in which attributes, by keyword, have values of these bytes."""
    implicit = syntax == "implicit"
    tags = {Tag(keyword): value + b" " * (len(value) % 2) for keyword, value in values.items()}
    for tag in tags:
        if tag not in ds:
            ds[tag] = pydicom.DataElement(tag, pydicom.datadict.dictionary_VR(tag), None)
    data = encoded(ds, syntax)
    changed = [Element(e.tag, e.vr, tags.get(e.tag, e.value)) for e in elements_of(data, implicit)]
    return meta_of(data) + b"".join(e.implicit() if implicit else e.explicit() for e in changed)


def save_bytes(files: list[bytes], folder: Path) -> list[Path]:
    """Writes finished files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"IM{k + 1:04d}.dcm" for k in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths
