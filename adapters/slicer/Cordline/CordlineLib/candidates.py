"""The series among which a person must choose, in words that tell them apart. No MRML and no Qt in this file."""

from __future__ import annotations

from typing import Any

from . import strings


def selector(candidate: dict[str, Any]) -> str:
    """What the daemon is told; a daemon of version 1.0 names the series alone."""
    return candidate.get("selector") or candidate["uid"]


def title(candidate: dict[str, Any]) -> str:
    """Number and description of the series, and which part of it."""
    number, description = candidate.get("series_number"), candidate.get("description") or strings.UNNAMED_SERIES
    words = description if number is None else strings.numbered(number, description)
    return " · ".join(part for part in (words, candidate.get("part", "")) if part)


def facts(candidate: dict[str, Any]) -> str:
    """Time, sections, spacing, height and kind of image, as far as they are known."""
    said = []
    acquired = candidate.get("acquired", "")
    if acquired:
        said.append(acquired.replace("T", " "))
    sections = candidate.get("sections")
    said.append(strings.section_count(sections) if sections is not None else strings.frame_count(candidate["frames"]))
    spacing = candidate.get("spacing_mm")
    if spacing:
        said.append(strings.spacing(*spacing))
    height = candidate.get("height_mm")
    if height:
        said.append(strings.height(*height))
    if candidate.get("image_type"):
        said.append("\\".join(candidate["image_type"]))
    return " · ".join(said)


def differences(candidates: list[dict[str, Any]]) -> list[str]:
    """One line for each candidate: what it has that not all others have. Empty where nothing tells it from them."""
    rows = [[part for part in f"{title(each)} · {facts(each)}".split(" · ") if part] for each in candidates]
    shared = set(rows[0]).intersection(*rows[1:]) if len(rows) > 1 else set()
    return [" · ".join(part for part in row if part not in shared) for row in rows]


def thumbnail(candidate: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The file with its picture, of the job's files."""
    path = candidate.get("thumbnail")
    return next((file for file in files if path and file["path"] == path), None)
