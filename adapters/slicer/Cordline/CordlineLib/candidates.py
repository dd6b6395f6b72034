"""Labels for the candidate series of a job that needs a selection. No MRML and no Qt in this file."""

from __future__ import annotations

from typing import Any

from . import strings


def selector(candidate: dict[str, Any]) -> str:
    """The value for `select_series`; daemons of protocol 1.0 send the series UID alone."""
    return candidate.get("selector") or candidate["uid"]


def title(candidate: dict[str, Any]) -> str:
    """Series number, description, and part of the series."""
    number, description = candidate.get("series_number"), candidate.get("description") or strings.UNNAMED_SERIES
    text = description if number is None else strings.numbered(number, description)
    return " · ".join(part for part in (text, candidate.get("part", "")) if part)


def facts(candidate: dict[str, Any]) -> str:
    """Acquisition time, sections, spacing, height and image type, as far as the daemon sent them."""
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
    """For each candidate the parts of its label that not all others share; "" where there are none."""
    rows = [[part for part in f"{title(each)} · {facts(each)}".split(" · ") if part] for each in candidates]
    shared = set(rows[0]).intersection(*rows[1:]) if len(rows) > 1 else set()
    return [" · ".join(part for part in row if part not in shared) for row in rows]


def thumbnail(candidate: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of the job's files with the candidate's picture."""
    path = candidate.get("thumbnail")
    return next((file for file in files if path and file["path"] == path), None)
