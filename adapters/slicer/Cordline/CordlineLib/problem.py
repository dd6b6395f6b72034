"""What went wrong, with a name to look up in the README, a sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from . import strings


@dataclass(frozen=True)
class Problem:
    """name: for programs and for the troubleshooting page; sentence and action: for people."""

    name: str
    sentence: str
    action: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.action}"


def problem(name: str, words: tuple[str, str], **facts: object) -> Problem:
    """One of the pairs of strings.py, with its facts put in."""
    sentence, action = (each.format(**facts) for each in words)
    return Problem(name, sentence, action)


def refused_by_daemon(code: str, message: str, action: str) -> Problem:
    """A fault or a job's problem, in the daemon's own words: they were written for people."""
    facts = {"message": _sentence(message), "action": _sentence(action)}
    return problem(code, strings.BY_DAEMON, **facts)


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:]
