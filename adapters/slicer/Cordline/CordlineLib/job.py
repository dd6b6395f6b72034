"""The state of a job as a reduction of its events (PROTOCOL.md). No MRML and no sockets in this file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

END_STATES = ("completed", "needs_selection", "out_of_scope", "failed", "cancelled")


@dataclass
class Job:
    """mask: (section, row, column), 0 or 1; sections that have not arrived are 0. received_sections: counted from 1.

    done, total: numbers of sections. heat: by classifier, then by section from 1: (rows, columns), 0 to 255, stretched
    over the whole section.
    """

    id: str = ""
    last_event: int = 0
    state: str = "receiving"
    done: int = 0
    total: int = 0
    series: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, Any] | None = None
    mask: np.ndarray | None = None
    received_sections: set[int] = field(default_factory=set)
    lesions: list[dict[str, Any]] | None = None
    answers: list[dict[str, Any]] = field(default_factory=list)
    heat: dict[str, dict[int, np.ndarray]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    finding: str = ""
    problem: dict[str, str] | None = None
    queue_position: int | None = None
    seconds_left: float | None = None

    @property
    def ended(self) -> bool:
        return self.state in END_STATES

    @property
    def shape(self) -> tuple[int, int, int]:
        """(section, row, column) of the grid; the event `grid` must have come."""
        assert self.grid is not None
        s, r, c = self.grid["shape"]
        return s, r, c

    @property
    def matrix(self) -> np.ndarray:
        """(4, 4) from (column, row, section, 1) to LPS, mm; the event `grid` must have come."""
        assert self.grid is not None
        return np.array(self.grid["matrix"], float).reshape(4, 4)

    @property
    def missing_sections(self) -> list[int]:
        """Sections, counted from 1, without a mask."""
        return [] if self.grid is None else [n for n in range(1, self.shape[0] + 1) if n not in self.received_sections]

    def apply(self, event: Any) -> bool:
        """Applies an event; False where it is another job's, or was applied already."""
        if event.job != self.id or event.number <= self.last_event:
            return False
        self.last_event = event.number
        handle = getattr(self, f"_{event.name}", None)
        if handle is not None:  # a later daemon may send other kinds
            handle(event)
        return True

    def _state(self, event: Any) -> None:
        body = event.body
        if body["state"] == "queued" and self.last_event > 1:
            # The job runs again: everything of the earlier run is void.
            self.__init__(id=self.id, last_event=self.last_event)  # type: ignore[misc]
        self.state = body["state"]
        self.finding = body.get("finding", {}).get("label", self.finding)
        self.problem = body.get("problem", self.problem)

    def _series(self, event: Any) -> None:
        self.series = event.body

    def _grid(self, event: Any) -> None:
        self.grid = event.body
        self.mask = np.zeros(self.shape, np.uint8)

    def _section(self, event: Any) -> None:
        body = event.body
        self.done, self.total = body["done"], body["total"]
        self.received_sections.add(body["section"])
        if self.mask is not None:
            self.mask[body["section"] - 1] = np.frombuffer(event.mask(), np.uint8).reshape(body["mask"]["shape"])

    def _lesions(self, event: Any) -> None:
        self.lesions = event.body["lesions"]

    def _classification(self, event: Any) -> None:
        self.answers = [a for a in self.answers if a["id"] != event.body["id"]] + [event.body]

    def _heat_map(self, event: Any) -> None:
        body = event.body
        levels = np.frombuffer(event.raw, np.uint8).reshape(body["map"]["shape"])
        self.heat.setdefault(body["classifier"], {})[body["section"]] = levels

    def _warning(self, event: Any) -> None:
        if event.body["message"] not in self.warnings:
            self.warnings.append(event.body["message"])

    def _files(self, event: Any) -> None:
        self.files = event.body["files"]
