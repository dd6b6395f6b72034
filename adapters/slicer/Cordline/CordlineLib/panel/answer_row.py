"""One answer of the results: question, decision, probabilities, and the button of its heat map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from . import probability_bar
from .widgets import button, text_label

LABEL_WIDTH = 130
"""The same for all answers, so that their bars are aligned."""


class AnswerRow:
    """show: called with whether the heat map is to be shown."""

    def __init__(self, answer: dict[str, Any], has_heat: bool, show: Callable[[bool], None]) -> None:
        name = answer["id"]
        self.box: Any = qt.QFrame()
        self.box.setFrameShape(qt.QFrame.StyledPanel)
        self.box.objectName = f"CordlineAnswer-{name}"
        grid = qt.QGridLayout(self.box)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(2, 1)
        decided = answer["labels"].get(answer["decision"], strings.UNDECIDED)
        grid.addWidget(text_label(answer["question"]), 0, 0, 1, 3)
        self.decision = text_label(decided, bold=True, name=f"CordlineDecision-{name}")
        grid.addWidget(self.decision, 1, 0, 1, 3)
        self.bars = {}
        for row, each in enumerate(answer["classes"], 2):
            bar = qt.QLabel()
            bar.setPixmap(probability_bar.draw_class(answer, each))
            self.bars[each] = bar
            grid.addWidget(qt.QLabel(answer["labels"].get(each, each)), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(qt.QLabel(f"{answer['probabilities'][each]:.2f}"), row, 2)
        second = answer["classes"][1]
        said = strings.threshold(answer["labels"].get(second, second), answer["threshold"], tuple(answer["undecided"]))
        grid.addWidget(text_label(said), 4, 0, 1, 3)
        self.heat = button(strings.SHOW_HEAT, f"CordlineHeat-{name}", strings.HEAT_LEGEND)
        self.heat.checkable = True
        self.heat.enabled = has_heat
        if not has_heat:
            self.heat.text = strings.NO_HEAT
        grid.addWidget(self.heat, 5, 0, 1, 3)
        self.heat.connect("clicked()", lambda: show(bool(self.heat.checked)))

    def set_heat_shown(self, shown: bool) -> None:
        """Updates the button."""
        if self.heat.enabled:
            self.heat.checked = shown
            self.heat.text = strings.HIDE_HEAT if shown else strings.SHOW_HEAT
