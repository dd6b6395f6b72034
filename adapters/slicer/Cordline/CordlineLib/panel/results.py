"""Results: which one, the finding, what to note, the answers with their heat maps, the lesions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings, verdict, views
from ..heat_map import Foreground
from ..record import Record, records_of
from .answer import Answer
from .lesions import Lesions
from .verdict import Verdict
from .widgets import AMBER, button, clear, section, set_words, words

MOST_OTHERS = 5
"""Lines for other jobs on the study."""


class Results:
    """chosen: called with the result that a reader picked. opacity: of heat maps, percent; faded: called with a new
    one. judge: called with a verdict and its reason.
    """

    def __init__(
        self,
        chosen: Callable[[Record | None], None],
        opacity: int,
        faded: Callable[[int], None],
        save: Callable[[], None],
        judge: Callable[[str, str], None],
    ) -> None:
        self.box, column = section(strings.RESULTS, column=True)
        self.result: Record | None = None
        self._records: list[Record] = []
        self._chosen, self._faded = chosen, faded
        self._foreground = Foreground()
        self.answers: dict[str, Answer] = {}
        self.empty = words(strings.NO_RESULTS, name="CordlineNoResults")
        self.picker: Any = qt.QComboBox()
        self.picker.objectName = "CordlineResult"
        self.finding = words(bold=True, name="CordlineFinding")
        self.finding.setStyleSheet("font-size: 15px; font-weight: bold;")
        self.means = words(name="CordlineMeans")
        self.before = words(name="CordlineBefore")
        self.verdict = Verdict(judge)
        self.others = words(name="CordlineOthers")
        self.notes = words(colour=AMBER, name="CordlineNotes")
        self.rows: Any = qt.QWidget()
        self._rows = qt.QVBoxLayout(self.rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.opacity: Any = qt.QSlider(qt.Qt.Horizontal)
        self.opacity.objectName = "CordlineOpacity"
        self.opacity.setRange(0, 100)
        self.opacity.value = opacity
        self.opacity_row = _row(words(strings.OPACITY), self.opacity)
        self.lesions = Lesions(self._jump)
        self.made = words(name="CordlineMade")
        self.save = button(strings.SEND_HOME, "CordlineSave", strings.SEND_HOME_TIP)
        for each in (
            self.empty, self.picker, self.finding, self.means, self.before, self.verdict.box, self.others, self.notes,
            self.rows, self.opacity_row, self.lesions.table, self.made, self.save,
        ):  # fmt: skip
            column.addWidget(each)
        self.picker.connect("activated(int)", self._pick)
        self.opacity.connect("valueChanged(int)", self._fade)
        self.save.connect("clicked()", save)
        self.show(None)

    def offer(self, volume: Any, wanted: Record | None) -> None:
        """The results of a volume; `wanted`, else the latest, is shown."""
        self._records = records_of(volume)
        self.picker.clear()
        for record in self._records:
            self.picker.addItem(record.name)
        at = len(self._records) - 1
        for place, record in enumerate(self._records):
            if wanted is not None and record.node is wanted.node:
                at = place
        if at >= 0:
            self.picker.currentIndex = at
        self.show(self._records[at] if at >= 0 else None)

    def show(self, result: Record | None) -> None:
        self.hide_heat()
        self.result = result
        content = result.content if result is not None else {}
        clear(self._rows)
        self.answers = {}
        for answer in content.get("answers", []):
            name = answer["id"]
            has_heat = result.heat(name) is not None
            self.answers[name] = Answer(answer, has_heat, lambda on, name=name: self.show_heat(name if on else None))
            self._rows.addWidget(self.answers[name].box)
        lesions = content.get("lesions", [])
        set_words(self.finding, content.get("finding", ""))
        set_words(self.means, _meaning(content))
        self.tell_readers([], "", "", "")
        notes = list(content.get("notes", []))
        if result is not None and not result.is_of_the_voxels:
            notes.insert(0, strings.CHANGED_SINCE)
        set_words(self.notes, "\n".join([f"{strings.NOTES}:", *(f"• {note}" for note in notes)]) if notes else "")
        bundle = content.get("bundle", {})
        models = f"{bundle.get('id', '')} {bundle.get('version', '')}".strip()
        parts = [strings.made(content.get("daemon", "")), models, content.get("provider", "")]
        set_words(self.made, " · ".join(part for part in parts if part) if result is not None else "")
        self.lesions.fill(lesions)
        self.empty.setVisible(result is None)
        self.picker.setVisible(result is not None)
        self.rows.setVisible(bool(self.answers))
        self.save.setVisible(result is not None)
        self.save.enabled = bool(content.get("files"))
        self.save.toolTip = strings.SEND_HOME_TIP if content.get("files") else strings.NO_HOME

    def tell_readers(self, others: list[dict[str, Any]], unknown: str, why_not: str, reader: str) -> None:
        """What readers said of this result, and of other jobs on the study; called whenever something comes."""
        content = self.result.content if self.result is not None else {}
        before = content.get("before", "")
        by = content.get("reader") or strings.SOME_READER
        corrected = strings.CORRECTED if before else strings.CORRECTED_BY
        set_words(self.before, corrected.format(finding=before, reader=by) if before or content.get("reader") else "")
        self.verdict.show(self.result.reviews if self.result is not None else None, unknown, why_not, reader)
        lines = [f"• {verdict.of_job(each)}" for each in others[:MOST_OTHERS]]
        if len(others) > MOST_OTHERS:
            lines.append(strings.MORE_JOBS.format(n=len(others) - MOST_OTHERS))
        set_words(self.others, "\n".join([strings.EARLIER, *lines]) if lines else "")

    def show_heat(self, classifier: str | None) -> None:
        """The heat map of one answer over the slice views, or of none."""
        heat = self.result.heat(classifier) if self.result is not None and classifier else None
        if heat is None:
            self.hide_heat()
            return
        result = self.result
        self._foreground.show(heat, result.volume, self.opacity.value / 100, result.segmentation)
        for name, answer in self.answers.items():
            answer.mark(name == classifier)
        self.opacity_row.setVisible(True)

    def hide_heat(self) -> None:
        self._foreground.hide()
        for answer in self.answers.values():
            answer.mark(False)
        self.opacity_row.setVisible(False)

    def _fade(self, percent: int) -> None:
        self._foreground.fade(percent / 100)
        self._faded(percent)

    def _pick(self, place: int) -> None:
        self.show(self._records[place])
        self._chosen(self.result)

    def _jump(self, lesion: dict[str, Any]) -> None:
        centre = self.result.centre_ras(lesion) if self.result is not None else None
        if centre is not None:
            views.jump(centre)


def _meaning(content: dict[str, Any]) -> str:
    """What a finding means that could be taken for another."""
    if content and not content["lesions"]:
        return strings.NO_LESION_MEANS
    if any(answer["decision"] not in answer["classes"] for answer in content.get("answers", [])):
        return strings.INDETERMINATE_MEANS
    return ""


def _row(*widgets: Any) -> Any:
    row = qt.QWidget()
    layout = qt.QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for each in widgets:
        layout.addWidget(each)
    return row
