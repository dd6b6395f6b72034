"""What happened, line by line, with its time. No name of a patient, a volume or a folder comes in here."""

from __future__ import annotations

import time
from typing import Any

import qt

from .. import strings
from .widgets import section

LINES = 500


class Log:
    def __init__(self) -> None:
        self.box, form = section(strings.LOG, collapsed=True)
        self.text: Any = qt.QPlainTextEdit()
        self.text.objectName = "CordlineLog"
        self.text.readOnly = True
        self.text.maximumBlockCount = LINES
        self.text.setFixedHeight(140)
        form.addRow(self.text)

    def say(self, line: str) -> None:
        self.text.appendPlainText(f"{time.strftime('%H:%M:%S')}  {line}")
