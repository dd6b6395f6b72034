"""The verdict on a result: what stands, and the buttons with which a reader says more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings, verdict
from .widgets import AMBER, GREEN, RED, button, set_words, words

COLOURS = {verdict.ACCEPTED: GREEN, verdict.REJECTED: RED}


class Verdict:
    """judge: called with a verdict and its reason."""

    def __init__(self, judge: Callable[[str, str], None]) -> None:
        self._judge = judge
        self.box: Any = qt.QWidget()
        column = qt.QVBoxLayout(self.box)
        column.setContentsMargins(0, 0, 0, 0)
        self.said = words(name="CordlineVerdict")
        self.unknown = words(colour=AMBER, name="CordlineVerdictUnknown")
        self.accept = button(strings.ACCEPT, "CordlineAccept")
        self.reject = button(strings.REJECT, "CordlineReject")
        self.withdraw = button(strings.WITHDRAW, "CordlineWithdraw")
        row = qt.QHBoxLayout()
        for each in (self.accept, self.reject, self.withdraw):
            row.addWidget(each)
        self.reason: Any = qt.QLineEdit()
        self.reason.objectName = "CordlineReason"
        self.reason.maxLength = verdict.REASON_LENGTH
        self.reason.setPlaceholderText(strings.REASON_HINT)
        self.reject_now = button(strings.REJECT_NOW, "CordlineRejectNow")
        self.reason_row: Any = qt.QWidget()
        reasons = qt.QHBoxLayout(self.reason_row)
        reasons.setContentsMargins(0, 0, 0, 0)
        for each in (words(strings.REASON), self.reason, self.reject_now):
            reasons.addWidget(each)
        column.addWidget(self.said)
        column.addWidget(self.unknown)
        column.addLayout(row)
        column.addWidget(self.reason_row)
        self.reason_row.setVisible(False)
        self.accept.connect("clicked()", lambda: self._say(verdict.ACCEPTED))
        self.reject.connect("clicked()", self._ask_why)
        self.withdraw.connect("clicked()", lambda: self._say(verdict.WITHDRAWN))
        self.reject_now.connect("clicked()", lambda: self._say(verdict.REJECTED))
        self.reason.connect("returnPressed()", lambda: self._say(verdict.REJECTED))
        self.show(None, "", "", "")

    def show(self, reviews: list[dict[str, Any]] | None, unknown: str, why_not: str, reader: str) -> None:
        """reviews: None where there is no result. unknown: why they may not be all; why_not: why none can be added."""
        self.box.setVisible(reviews is not None)
        if reviews is None:
            self.reason_row.setVisible(False)
            return
        standing = verdict.standing(reviews)
        open_ = strings.WITHDRAWN if reviews else strings.VERDICT_OPEN
        self.said.text = open_ if standing is None else verdict.words(standing)
        colour = COLOURS.get(standing["verdict"], "") if standing is not None else ""
        self.said.setStyleSheet(f"font-weight: bold; color: {colour};" if colour else "")
        # What was said before, for whoever wants to know.
        self.said.toolTip = "\n".join(verdict.words(each) for each in reviews)
        set_words(self.unknown, unknown)
        tips = {
            self.accept: strings.ACCEPT_TIP.format(reader=reader),
            self.reject: strings.REJECT_TIP.format(reader=reader),
            self.reject_now: strings.REJECT_TIP.format(reader=reader),
            self.withdraw: strings.WITHDRAW_TIP,
        }
        for each, tip in tips.items():
            each.enabled = not why_not and (each is not self.withdraw or standing is not None)
            each.toolTip = why_not or tip

    def _ask_why(self) -> None:
        self.reason_row.setVisible(True)
        self.reason.setFocus()

    def _say(self, said: str) -> None:
        reason = self.reason.text.strip() if said == verdict.REJECTED else ""
        self.reason.text = ""
        self.reason_row.setVisible(False)
        self._judge(said, reason)
