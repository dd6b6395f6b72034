"""Choice among candidate series: for each a picture, what differs from the others, and a button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import candidates, strings
from .widgets import AMBER, button, clear_layout, text_label

PICTURE_SIZE = 96
"""Width and height, in pixels."""


class SeriesChoice:
    """choose: called with the selector of the chosen candidate."""

    def __init__(self, choose: Callable[[str], None]) -> None:
        self._choose = choose
        self.box: Any = qt.QWidget()
        self._column = qt.QVBoxLayout(self.box)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._shown: list[str] = []
        self._picture_labels: dict[str, Any] = {}
        self.buttons: dict[str, Any] = {}
        self.hide()

    def hide(self) -> None:
        clear_layout(self._column)
        self._shown, self._picture_labels, self.buttons = [], {}, {}
        self.box.setVisible(False)

    def show(self, offered: list[dict[str, Any]], thumbnails: dict[str, bytes]) -> None:
        """thumbnails: PNG by selector; may be called again whenever one more has arrived."""
        names = [candidates.selector(each) for each in offered]
        if names != self._shown:
            self.hide()
            self._shown = names
            self._column.addWidget(text_label(strings.CHOOSE, colour=AMBER, name="CordlineChoose"))
            for each, difference in zip(offered, candidates.differences(offered)):
                self._column.addWidget(self._row(each, difference))
            self.box.setVisible(True)
        for name, label in self._picture_labels.items():
            picture = thumbnails.get(name)
            if picture is not None and label.text:
                image = qt.QImage.fromData(picture)
                if not image.isNull():
                    label.text = ""
                    image = image.scaled(PICTURE_SIZE, PICTURE_SIZE, qt.Qt.KeepAspectRatio)
                    label.setPixmap(qt.QPixmap.fromImage(image))

    def _row(self, candidate: dict[str, Any], difference: str) -> Any:
        name = candidates.selector(candidate)
        row = qt.QFrame()
        row.setFrameShape(qt.QFrame.StyledPanel)
        layout = qt.QHBoxLayout(row)
        picture = text_label(strings.NO_THUMBNAIL)
        picture.setFixedSize(PICTURE_SIZE, PICTURE_SIZE)
        said = [candidates.title(candidate), candidates.facts(candidate), *candidate.get("reasons", [])]
        text = qt.QVBoxLayout()
        text.addWidget(text_label(said[0], bold=True))
        text.addWidget(text_label(said[1]))
        if difference and difference not in said[:2]:
            text.addWidget(text_label(strings.CHOOSE_DIFFERENCE.format(what=difference)))
        use = button(strings.USE, f"CordlineUse-{len(self.buttons)}", strings.USE_TIP)
        use.connect("clicked()", lambda: self._choose(name))
        row.toolTip = "\n".join(said)
        layout.addWidget(picture)
        layout.addLayout(text, 1)
        layout.addWidget(use)
        self._picture_labels[name], self.buttons[name] = picture, use
        return row
