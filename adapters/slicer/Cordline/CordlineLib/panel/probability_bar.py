"""A probability as a bar, with the threshold and the zone in which nothing is decided."""

from __future__ import annotations

from typing import Any

import qt

WIDTH, HEIGHT = 220, 14
_GROUND, _ZONE, _BAR, _MARK = "#8a94a0", "#c9b26a", "#2f7fd0", "#1c1c1c"


def draw(value: float, threshold: float, zone: tuple[float, float]) -> Any:
    """A picture WIDTH x HEIGHT; all values 0 to 1.

    Drawn into a pixmap, as Slicer's own DataProbe does: PythonQt has no dependable way to paint a widget.
    """
    picture = qt.QPixmap(WIDTH, HEIGHT)
    picture.fill(qt.QColor(_GROUND))
    painter = qt.QPainter()
    painter.begin(picture)
    at = [round(WIDTH * share) for share in (value, threshold, *zone)]
    painter.fillRect(at[2], 0, max(1, at[3] - at[2]), HEIGHT, qt.QColor(_ZONE))
    painter.fillRect(0, 4, at[0], HEIGHT - 8, qt.QColor(_BAR))
    painter.fillRect(min(at[1], WIDTH - 2), 0, 2, HEIGHT, qt.QColor(_MARK))
    painter.end()
    return picture


def of(answer: dict[str, Any], name: str) -> Any:
    """The bar of one class of an answer. Threshold and zone are said of the second class; the first has them
    mirrored.
    """
    low, high = answer["undecided"]
    value, threshold = answer["probabilities"][name], answer["threshold"]
    if name == answer["classes"][1]:
        return draw(value, threshold, (low, high))
    return draw(value, 1 - threshold, (1 - high, 1 - low))
