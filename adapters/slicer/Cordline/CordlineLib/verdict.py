"""Reviews of a result by readers: the current verdict, and text for it. No MRML and no Qt in this file."""

from __future__ import annotations

import time
from typing import Any

from . import strings

ACCEPTED, REJECTED, WITHDRAWN = "accepted", "rejected", "withdrawn"
MIN_MINOR_VERSION = 1
"""Minor version of the protocol that introduced verdicts."""
REASON_LENGTH = 1000
READER_LENGTH = 64


def current(reviews: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last review; None where it withdrew the verdict, or where there is none."""
    last = reviews[-1] if reviews else None
    return None if last is None or last["verdict"] == WITHDRAWN else last


def describe(review: dict[str, Any]) -> str:
    """Verdict, reader, time and reason in one line."""
    verbs = {ACCEPTED: strings.ACCEPTED, REJECTED: strings.REJECTED, WITHDRAWN: strings.WITHDRAWN}
    verb = verbs.get(review["verdict"], review["verdict"])
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(review["at_ms"] / 1000))
    return strings.verdict(verb, review["reader"], when, review.get("reason", ""))


def describe_job(summary: dict[str, Any]) -> str:
    """Finding, reader of a correction, and current verdict of a job in one line."""
    finding = summary.get("finding", {}).get("label", "")
    reader = summary.get("reader", "")
    parts = [strings.corrected_by(finding, reader) if summary.get("corrects") or reader else finding]
    review = current(summary.get("reviews", []))
    parts.append(describe(review) if review is not None else strings.NO_VERDICT)
    return " – ".join(part for part in parts if part)
