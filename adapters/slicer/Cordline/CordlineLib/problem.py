"""Errors for users: a name that the README explains, a sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from . import strings


@dataclass(frozen=True)
class Problem:
    """name: for programs and for the troubleshooting table of the README."""

    name: str
    sentence: str
    action: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.action}"


def problem(name: str, texts: tuple[str, str], **facts: object) -> Problem:
    """texts: a pair of strings.py, in which `facts` are filled in."""
    sentence, action = (each.format(**facts) for each in texts)
    return Problem(name, sentence, action)


def refused_by_daemon(code: str, message: str, action: str) -> Problem:
    """A fault or a job's problem, in the daemon's own words: they are written for users."""
    facts = {"message": _sentence(message), "action": _sentence(action)}
    return problem(code, strings.DAEMON_FAULT, **facts)


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:]
