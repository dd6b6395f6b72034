"""The series among which a person must choose: a picture, what tells it from the others, and a button each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import candidates, strings
from .widgets import AMBER, button, clear, words

PICTURE = 96
"""Sides of a picture, in pixels."""


class Choice:
    """choose: called with the selector of the candidate whose button was pressed."""

    def __init__(self, choose: Callable[[str], None]) -> None:
        self._choose = choose
        self.box: Any = qt.QWidget()
        self._column = qt.QVBoxLayout(self.box)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._shown: list[str] = []
        self._pictures: dict[str, Any] = {}
        self.buttons: dict[str, Any] = {}
        self.hide()

    def hide(self) -> None:
        clear(self._column)
        self._shown, self._pictures, self.buttons = [], {}, {}
        self.box.setVisible(False)

    def show(self, offered: list[dict[str, Any]], thumbnails: dict[str, bytes]) -> None:
        """May be called as often as pictures come."""
        names = [candidates.selector(each) for each in offered]
        if names != self._shown:
            self.hide()
            self._shown = names
            self._column.addWidget(words(strings.CHOOSE, colour=AMBER, name="CordlineChoose"))
            for each, difference in zip(offered, candidates.differences(offered)):
                self._column.addWidget(self._row(each, difference))
            self.box.setVisible(True)
        for name, label in self._pictures.items():
            picture = thumbnails.get(name)
            if picture is not None and label.text:
                image = qt.QImage.fromData(picture)
                if not image.isNull():
                    label.text = ""
                    label.setPixmap(qt.QPixmap.fromImage(image.scaled(PICTURE, PICTURE, qt.Qt.KeepAspectRatio)))

    def _row(self, candidate: dict[str, Any], difference: str) -> Any:
        name = candidates.selector(candidate)
        row = qt.QFrame()
        row.setFrameShape(qt.QFrame.StyledPanel)
        layout = qt.QHBoxLayout(row)
        picture = words(strings.NO_THUMBNAIL)
        picture.setFixedSize(PICTURE, PICTURE)
        said = [candidates.title(candidate), candidates.facts(candidate), *candidate.get("reasons", [])]
        text = qt.QVBoxLayout()
        text.addWidget(words(said[0], bold=True))
        text.addWidget(words(said[1]))
        if difference and difference not in said[:2]:
            text.addWidget(words(strings.CHOOSE_DIFFERENCE.format(what=difference)))
        use = button(strings.USE, f"CordlineUse-{len(self.buttons)}", strings.USE_TIP)
        use.connect("clicked()", lambda: self._choose(name))
        row.toolTip = "\n".join(said)
        layout.addWidget(picture)
        layout.addLayout(text, 1)
        layout.addWidget(use)
        self._pictures[name], self.buttons[name] = picture, use
        return row
