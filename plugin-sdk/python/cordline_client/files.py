"""DICOM files to the manifest of a `submit`. Of each file only the SOP Instance UID is read."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from .errors import InvalidUid
from .schema import Instance

MAX_UID_CHARS = 64


def sop_instance_uid(data: bytes) -> str | None:
    """From the file meta information (DICOM PS3.10, 7.1); None for files that are not DICOM, and for what is no UID."""
    uid = _written_uid(data)
    return uid if uid is not None and _is_uid(uid) else None


def _is_uid(text: str) -> bool:
    """The rule of the daemon: digits between dots, none of them empty."""
    return len(text) <= MAX_UID_CHARS and re.fullmatch(r"[0-9]+(\.[0-9]+)*", text) is not None


def _written_uid(data: bytes) -> str | None:
    if data[128:132] != b"DICM":
        return None
    at = 132
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\x00":
        element, vr = data[at + 2 : at + 4], data[at + 4 : at + 6]
        if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ"):
            begin, length = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            begin, length = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
        if begin + length > len(data):
            return None
        if element == b"\x03\x00":
            return data[begin : begin + length].rstrip(b"\0 ").decode("ascii", "replace")
        at = begin + length
    return None


def manifest(inputs: Iterable[str | os.PathLike[str]]) -> list[tuple[Path, Instance]]:
    """Files with their entries, sorted by UID. Files that are not DICOM, and second copies, are left out.

    Raises InvalidUid as `manifest_entry`.
    """
    found: dict[str, tuple[Path, Instance]] = {}
    for path in (file for name in inputs for file in _files(Path(name))):
        described = manifest_entry(path)
        if described is not None:
            found.setdefault(str(described["sop_uid"]), (path, described))
    return [found[uid] for uid in sorted(found)]


def manifest_entry(path: Path) -> Instance | None:
    """The entry of one file in a manifest: UID, size and SHA-256; None for files that are not DICOM.

    Raises InvalidUid for a DICOM file that cannot be listed: it is not left out in silence.
    """
    data = path.read_bytes()
    uid = _written_uid(data)
    if uid is None:
        return None
    if not _is_uid(uid):
        raise InvalidUid(path)
    return {"sop_uid": uid, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
