"""Section Log: lines with their time. They have no names of patients, volumes or folders."""

from __future__ import annotations

import time
from typing import Any

import qt

from .. import strings
from .widgets import collapsible_section

MAX_LINES = 500


class Log:
    def __init__(self) -> None:
        self.box, form = collapsible_section(strings.LOG, collapsed=True)
        self.text: Any = qt.QPlainTextEdit()
        self.text.objectName = "CordlineLog"
        self.text.readOnly = True
        self.text.maximumBlockCount = MAX_LINES
        self.text.setFixedHeight(140)
        form.addRow(self.text)

    def add(self, line: str) -> None:
        self.text.appendPlainText(f"{time.strftime('%H:%M:%S')}  {line}")
