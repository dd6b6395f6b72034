"""Apply, which turns into Cancel while the box works, with the bar under it; and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from ..problem import Problem
from .widgets import RED, button, set_words, words


class Runner:
    """apply, cancel: called when the button is pressed."""

    def __init__(self, apply: Callable[[], None], cancel: Callable[[], None]) -> None:
        self.box: Any = qt.QWidget()
        layout = qt.QVBoxLayout(self.box)
        layout.setContentsMargins(0, 0, 0, 0)
        self.button = button(strings.APPLY, "CordlineApply")
        self.bar: Any = qt.QProgressBar()
        self.bar.objectName = "CordlineProgress"
        self.bar.setRange(0, 100)
        self.bar.textVisible = True
        self.bar.setVisible(False)
        self.problem = words(colour=RED, name="CordlineProblem")
        for each in (self.button, self.bar, self.problem):
            layout.addWidget(each)
        self._running = False
        self.button.connect("clicked()", lambda: cancel() if self._running else apply())
        self.tell(None)

    def rest(self, why_not: str) -> None:
        """Nothing runs; `why_not` says why nothing can."""
        self._running = False
        self.button.text = strings.APPLY
        self.button.enabled = not why_not
        self.button.toolTip = why_not or strings.APPLY_TIP
        self.bar.setVisible(False)

    def run(self, percent: int, what: str) -> None:
        self._running = True
        self.button.text = strings.CANCEL
        self.button.enabled = True
        self.button.toolTip = strings.CANCEL_TIP
        self.bar.setVisible(True)
        self.bar.value = percent
        self.bar.setFormat(what)

    def tell(self, problem: Problem | None) -> None:
        set_words(self.problem, "" if problem is None else str(problem))
        self.problem.toolTip = "" if problem is None else problem.name
