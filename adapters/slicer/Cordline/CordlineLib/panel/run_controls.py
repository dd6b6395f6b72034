"""The button Apply (Cancel while a job runs), the progress bar, the last error, and where a result is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from ..problem import Problem
from .widgets import RED, button, set_label_text, text_label


class RunControls:
    """apply, cancel: called by the button."""

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
        self.problem = text_label(colour=RED, name="CordlineProblem")
        self.elsewhere = text_label(name="CordlineElsewhere")
        for each in (self.button, self.bar, self.problem, self.elsewhere):
            layout.addWidget(each)
        self._running = False
        self.button.connect("clicked()", lambda: cancel() if self._running else apply())
        self.show_problem(None)
        self.show_elsewhere("")

    def show_idle(self, unmet_requirement: str) -> None:
        """No job runs. unmet_requirement: why none can be started; "" where one can."""
        self._running = False
        self.button.text = strings.APPLY
        self.button.enabled = not unmet_requirement
        self.button.toolTip = unmet_requirement or strings.APPLY_TIP
        self.bar.setVisible(False)

    def show_progress(self, percent: int, text: str) -> None:
        self._running = True
        self.button.text = strings.CANCEL
        self.button.enabled = True
        self.button.toolTip = strings.CANCEL_TIP
        self.bar.setVisible(True)
        self.bar.value = percent
        self.bar.setFormat(text)

    def show_problem(self, problem: Problem | None) -> None:
        set_label_text(self.problem, "" if problem is None else str(problem))
        self.problem.toolTip = "" if problem is None else problem.name

    def show_elsewhere(self, text: str) -> None:
        """text: with which volume the result of a run is, where another one is chosen by then; "" otherwise."""
        set_label_text(self.elsewhere, text)
