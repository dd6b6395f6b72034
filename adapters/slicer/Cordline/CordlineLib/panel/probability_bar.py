"""A probability as a bar with the threshold and the undecided zone."""

from __future__ import annotations

from typing import Any

import qt

WIDTH, HEIGHT = 220, 14
_BACKGROUND, _ZONE, _BAR, _THRESHOLD = "#8a94a0", "#c9b26a", "#2f7fd0", "#1c1c1c"


def draw(value: float, threshold: float, zone: tuple[float, float]) -> Any:
    """A pixmap of WIDTH x HEIGHT; all values 0 to 1.

    A pixmap, as in Slicer's DataProbe: with PythonQt paint events cannot be overridden reliably.
    """
    picture = qt.QPixmap(WIDTH, HEIGHT)
    picture.fill(qt.QColor(_BACKGROUND))
    painter = qt.QPainter()
    painter.begin(picture)
    at = [round(WIDTH * share) for share in (value, threshold, *zone)]
    painter.fillRect(at[2], 0, max(1, at[3] - at[2]), HEIGHT, qt.QColor(_ZONE))
    painter.fillRect(0, 4, at[0], HEIGHT - 8, qt.QColor(_BAR))
    painter.fillRect(min(at[1], WIDTH - 2), 0, 2, HEIGHT, qt.QColor(_THRESHOLD))
    painter.end()
    return picture


def draw_class(answer: dict[str, Any], name: str) -> Any:
    """The bar of one class of an answer. Threshold and zone apply to the second class; the first has them mirrored."""
    low, high = answer["undecided"]
    value, threshold = answer["probabilities"][name], answer["threshold"]
    if name == answer["classes"][1]:
        return draw(value, threshold, (low, high))
    return draw(value, 1 - threshold, (1 - high, 1 - low))
