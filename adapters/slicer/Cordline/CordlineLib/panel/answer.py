"""A row of the results: one question, both probabilities, and its heat map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from . import probability_bar
from .widgets import button, words

LABEL_WIDTH = 130
"""So that the bars of all questions stand below each other."""


class Answer:
    """show: called with whether the heat map of this answer is wanted."""

    def __init__(self, answer: dict[str, Any], has_heat: bool, show: Callable[[bool], None]) -> None:
        name = answer["id"]
        self.box: Any = qt.QFrame()
        self.box.setFrameShape(qt.QFrame.StyledPanel)
        self.box.objectName = f"CordlineAnswer-{name}"
        grid = qt.QGridLayout(self.box)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(2, 1)
        decided = answer["labels"].get(answer["decision"], strings.UNDECIDED)
        grid.addWidget(words(answer["question"]), 0, 0, 1, 3)
        self.decision = words(decided, bold=True, name=f"CordlineDecision-{name}")
        grid.addWidget(self.decision, 1, 0, 1, 3)
        self.bars = {}
        for row, each in enumerate(answer["classes"], 2):
            bar = qt.QLabel()
            bar.setPixmap(probability_bar.of(answer, each))
            self.bars[each] = bar
            grid.addWidget(qt.QLabel(answer["labels"].get(each, each)), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(qt.QLabel(f"{answer['probabilities'][each]:.2f}"), row, 2)
        second = answer["classes"][1]
        said = strings.threshold(answer["labels"].get(second, second), answer["threshold"], tuple(answer["undecided"]))
        grid.addWidget(words(said), 4, 0, 1, 3)
        self.heat = button(strings.SHOW_HEAT, f"CordlineHeat-{name}", strings.HEAT_LEGEND)
        self.heat.checkable = True
        self.heat.enabled = has_heat
        if not has_heat:
            self.heat.text = strings.NO_HEAT
        grid.addWidget(self.heat, 5, 0, 1, 3)
        self.heat.connect("clicked()", lambda: show(bool(self.heat.checked)))

    def mark(self, shown: bool) -> None:
        """Whether the heat map of this answer is the one that is shown."""
        if self.heat.enabled:
            self.heat.checked = shown
            self.heat.text = strings.HIDE_HEAT if shown else strings.SHOW_HEAT
