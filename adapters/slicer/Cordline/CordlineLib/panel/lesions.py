"""Table of lesions, largest first; a click jumps to a lesion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings


class Lesions:
    """jump: called with the lesion of the clicked row."""

    def __init__(self, jump: Callable[[dict[str, Any]], None]) -> None:
        self._lesions: list[dict[str, Any]] = []
        self.table: Any = qt.QTableWidget(0, len(strings.LESION_COLUMNS))
        self.table.objectName = "CordlineLesions"
        self.table.setHorizontalHeaderLabels(list(strings.LESION_COLUMNS))
        self.table.verticalHeader().setVisible(False)
        self.table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.table.toolTip = strings.JUMP_TIP
        self.table.connect("cellClicked(int,int)", lambda row, column: jump(self._lesions[row]))

    def fill(self, lesions: list[dict[str, Any]]) -> None:
        self._lesions = list(lesions)
        self.table.setRowCount(len(lesions))
        for row, lesion in enumerate(lesions):
            cells = (
                strings.lesion(lesion["number"]),
                strings.millilitres(lesion["volume_ml"]),
                strings.millimetres(lesion["extent_mm"]),
                strings.sections_of(lesion["sections"]),
                strings.JUMP,
            )
            for column, text in enumerate(cells):
                self.table.setItem(row, column, qt.QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setStretchLastSection(True)
        # High enough for up to six rows without a scroll bar of its own: the module panel scrolls already.
        rows = min(max(len(lesions), 1), 6)
        self.table.setFixedHeight(30 + 30 * rows)
        self.table.setVisible(bool(lesions))
