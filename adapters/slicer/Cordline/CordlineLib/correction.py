"""A mask that a reader corrected, asked about again."""

from __future__ import annotations

from typing import Any

from . import strings
from .grid import GridError
from .record import Record
from .request import MaskRequest
from .segmentation import mask_of
from .volume import Snapshot


def why_not(result: Record | None, volume: Any) -> str:
    """Why a result cannot be corrected and asked about again; "" where it can."""
    if result is None or result.segmentation is None:
        return strings.NOTHING_TO_CORRECT
    if result.volume is None or result.volume is not volume:
        return strings.RESULT_OF_OTHER_VOLUME
    return ""


def request_of(result: Record, priority: str, reader: str = "") -> MaskRequest:
    """All segments of the result's segmentation together, on the grid of its job.

    Raises GridError where the volume has another grid by now.
    """
    volume = result.volume
    layout = result.layout()
    if not result.is_of_the_voxels:
        raise GridError(strings.CHANGED_SINCE)
    snapshot = Snapshot(volume)
    return MaskRequest(
        snapshot, result.content["job"], mask_of(result.segmentation, layout, snapshot), priority, reader
    )
