"""Requests to classify again after a reader corrected the mask."""

from __future__ import annotations

from typing import Any

from . import strings
from .grid import GridError
from .record import Record
from .request import MaskRequest
from .segmentation import merged_mask
from .volume import Snapshot


def unmet_requirement(result: Record | None, volume: Any) -> str:
    """Why a result cannot be classified again, as a sentence; "" where it can."""
    if result is None or result.segmentation is None:
        return strings.NOTHING_TO_CORRECT
    if result.volume is None or result.volume is not volume:
        return strings.RESULT_OF_OTHER_VOLUME
    return ""


def build_request(result: Record, priority: str, reader: str = "") -> MaskRequest:
    """A request with the union of all segments of a result, on the grid of its job.

    Raises GridError where the volume has changed since.
    """
    volume = result.volume
    layout = result.layout()
    if not result.matches_volume:
        raise GridError(strings.CHANGED_SINCE)
    snapshot = Snapshot(volume)
    return MaskRequest(
        snapshot, result.content["job"], merged_mask(result.segmentation, layout, snapshot), priority, reader
    )
