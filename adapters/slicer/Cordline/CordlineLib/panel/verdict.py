"""The current verdict on a result, and buttons to accept, reject and withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings, verdict
from .widgets import AMBER, GREEN, RED, button, set_label_text, text_label

COLOURS = {verdict.ACCEPTED: GREEN, verdict.REJECTED: RED}


class Verdict:
    """review: called with a verdict and its reason. A reason stays where it was typed until its verdict was taken."""

    def __init__(self, review: Callable[[str, str], None]) -> None:
        self._review = review
        self._job = ""
        self._reasons: dict[str, str] = {}
        self._rejecting = False
        self.box: Any = qt.QWidget()
        column = qt.QVBoxLayout(self.box)
        column.setContentsMargins(0, 0, 0, 0)
        self.current = text_label(name="CordlineVerdict")
        self.unknown = text_label(colour=AMBER, name="CordlineVerdictUnknown")
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
        for each in (text_label(strings.REASON), self.reason, self.reject_now):
            reasons.addWidget(each)
        column.addWidget(self.current)
        column.addWidget(self.unknown)
        column.addLayout(row)
        column.addWidget(self.reason_row)
        self.reason_row.setVisible(False)
        self.accept.connect("clicked()", lambda: self._send(verdict.ACCEPTED))
        self.reject.connect("clicked()", self._show_reason)
        self.withdraw.connect("clicked()", lambda: self._send(verdict.WITHDRAWN))
        self.reject_now.connect("clicked()", lambda: self._send(verdict.REJECTED))
        self.reason.connect("returnPressed()", lambda: self._send(verdict.REJECTED))
        self.show(None, "", "", "")

    def show(self, reviews: list[dict[str, Any]] | None, unknown: str, unmet_requirement: str, reader: str) -> None:
        """reviews: None where no result is shown. unknown: why they may be incomplete, "" where they are not.
        unmet_requirement: why none can be added, "" where one can.
        """
        self.box.setVisible(reviews is not None)
        if reviews is None:
            return
        current = verdict.current(reviews)
        open_ = strings.WITHDRAWN if reviews else strings.VERDICT_OPEN
        self.current.text = open_ if current is None else verdict.describe(current)
        colour = COLOURS.get(current["verdict"], "") if current is not None else ""
        self.current.setStyleSheet(f"font-weight: bold; color: {colour};" if colour else "")
        # Earlier reviews are in the tooltip.
        self.current.toolTip = "\n".join(verdict.describe(each) for each in reviews)
        set_label_text(self.unknown, unknown)
        tips = {
            self.accept: strings.ACCEPT_TIP.format(reader=reader),
            self.reject: strings.REJECT_TIP.format(reader=reader),
            self.reject_now: strings.REJECT_TIP.format(reader=reader),
            self.withdraw: strings.WITHDRAW_TIP,
        }
        for each, tip in tips.items():
            each.enabled = not unmet_requirement and (each is not self.withdraw or current is not None)
            each.toolTip = unmet_requirement or tip

    def take_reason_of(self, job: str) -> None:
        """Another result is shown, "" for none: the line has what was typed for that one."""
        if job == self._job:
            return
        if self._rejecting:
            self._reasons[self._job] = self.reason.text
        self._job = job
        self._set_rejecting(job in self._reasons, self._reasons.pop(job, ""))

    def forget_reason(self, job: str) -> None:
        """A verdict on this job was taken."""
        self._reasons.pop(job, None)
        if job == self._job:
            self._set_rejecting(False, "")

    def _show_reason(self) -> None:
        self._set_rejecting(True, self.reason.text)
        self.reason.setFocus()

    def _set_rejecting(self, rejecting: bool, reason: str) -> None:
        self._rejecting = rejecting
        self.reason.text = reason
        self.reason_row.setVisible(rejecting)

    def _send(self, verdict_: str) -> None:
        if self.reject.enabled:  # Enter in the line, too
            self._review(verdict_, self.reason.text.strip() if verdict_ == verdict.REJECTED else "")
