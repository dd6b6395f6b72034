"""What readers said of an answer: which verdict stands, and in which words it is shown. No MRML and no Qt here."""

from __future__ import annotations

import time
from typing import Any

from . import strings

ACCEPTED, REJECTED, WITHDRAWN = "accepted", "rejected", "withdrawn"
MINOR = 1
"""The minor version of the protocol that has verdicts."""
REASON_LENGTH = 1000
READER_LENGTH = 64


def standing(reviews: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last one, unless it took back what was said."""
    last = reviews[-1] if reviews else None
    return None if last is None or last["verdict"] == WITHDRAWN else last


def words(review: dict[str, Any]) -> str:
    """What was said, by whom, when and why, in a line."""
    said = {ACCEPTED: strings.ACCEPTED, REJECTED: strings.REJECTED, WITHDRAWN: strings.WITHDRAWN}
    verb = said.get(review["verdict"], review["verdict"])
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(review["at_ms"] / 1000))
    return strings.verdict(verb, review["reader"], when, review.get("reason", ""))


def of_job(summary: dict[str, Any]) -> str:
    """A job of the same study in a line: its finding, who corrected it, and the verdict that stands."""
    finding = summary.get("finding", {}).get("label", "")
    reader = summary.get("reader", "")
    parts = [strings.corrected_by(finding, reader) if summary.get("corrects") or reader else finding]
    review = standing(summary.get("reviews", []))
    parts.append(words(review) if review is not None else strings.NO_VERDICT)
    return " – ".join(part for part in parts if part)
