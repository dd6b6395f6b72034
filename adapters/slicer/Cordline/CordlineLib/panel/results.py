"""Section Results: finding, reviews, notes, answers with their heat maps, lesions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings, verdict, views
from ..heat_map import Foreground
from ..record import Record, records_of
from .answer_row import AnswerRow
from .lesions import Lesions
from .verdict import Verdict
from .widgets import AMBER, RED, button, clear_layout, collapsible_section, set_label_text, text_label

MAX_OTHER_JOBS = 5
"""How many other jobs on the study are listed."""


class Results:
    """chosen: called with the result that the user selected. opacity: of heat maps, in percent; opacity_changed:
    called with a new one. save: called by Save DICOM. review: called with a verdict and its reason.
    """

    def __init__(
        self,
        chosen: Callable[[Record | None], None],
        opacity: int,
        opacity_changed: Callable[[int], None],
        save: Callable[[], None],
        review: Callable[[str, str], None],
    ) -> None:
        self.box, column = collapsible_section(strings.RESULTS, column=True)
        self.result: Record | None = None
        self._records: list[Record] = []
        self._saving = False
        self._chosen, self._opacity_changed = chosen, opacity_changed
        self._foreground = Foreground()
        self.answers: dict[str, AnswerRow] = {}
        self.empty = text_label(strings.NO_RESULTS, name="CordlineNoResults")
        self.picker: Any = qt.QComboBox()
        self.picker.objectName = "CordlineResult"
        self.finding = text_label(bold=True, name="CordlineFinding")
        self.finding.setStyleSheet("font-size: 15px; font-weight: bold;")
        self.meaning = text_label(name="CordlineMeans")
        self.before = text_label(name="CordlineBefore")
        self.verdict = Verdict(review)
        self.not_sent = text_label(colour=RED, name="CordlineNotSent")
        self.other_jobs = text_label(name="CordlineOthers")
        self.notes = text_label(colour=AMBER, name="CordlineNotes")
        self.rows: Any = qt.QWidget()
        self._rows = qt.QVBoxLayout(self.rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.opacity: Any = qt.QSlider(qt.Qt.Horizontal)
        self.opacity.objectName = "CordlineOpacity"
        self.opacity.setRange(0, 100)
        self.opacity.value = opacity
        self.opacity_row = _row(text_label(strings.OPACITY), self.opacity)
        self.lesions = Lesions(self._jump)
        self.made = text_label(name="CordlineMade")
        self.save = button(strings.SAVE_DICOM, "CordlineSave", strings.SAVE_DICOM_TIP)
        for each in (
            self.empty, self.picker, self.finding, self.meaning, self.before, self.verdict.box, self.not_sent,
            self.other_jobs, self.notes, self.rows, self.opacity_row, self.lesions.table, self.made, self.save,
        ):  # fmt: skip
            column.addWidget(each)
        self.picker.connect("activated(int)", self._select)
        self.opacity.connect("valueChanged(int)", self._set_opacity)
        self.save.connect("clicked()", save)
        self.show_not_sent("")
        self.show(None)

    def set_volume(self, volume: Any, wanted: Record | None) -> None:
        """Lists the results of a volume, and shows `wanted`, else the latest."""
        self._records = records_of(volume)
        self.picker.clear()
        for record in self._records:
            self.picker.addItem(record.name)
        at = len(self._records) - 1
        for index, record in enumerate(self._records):
            if wanted is not None and record.node is wanted.node:
                at = index
        if at >= 0:
            self.picker.currentIndex = at
        self.show(self._records[at] if at >= 0 else None)

    def show(self, result: Record | None) -> None:
        self.hide_heat()
        self.result = result
        content = result.content if result is not None else {}
        clear_layout(self._rows)
        self.answers = {}
        for answer in content.get("answers", []):
            name = answer["id"]
            has_heat = result.heat(name) is not None
            self.answers[name] = AnswerRow(answer, has_heat, lambda on, name=name: self.show_heat(name if on else None))
            self._rows.addWidget(self.answers[name].box)
        lesions = content.get("lesions", [])
        set_label_text(self.finding, content.get("finding", ""))
        set_label_text(self.meaning, _meaning(content))
        self.verdict.take_reason_of(content.get("job", ""))
        self.show_reviews([], "", "", "")
        notes = list(content.get("notes", []))
        if result is not None and not result.matches_volume:
            notes.insert(0, strings.CHANGED_SINCE)
        set_label_text(self.notes, "\n".join([f"{strings.NOTES}:", *(f"• {note}" for note in notes)]) if notes else "")
        bundle = content.get("bundle", {})
        models = f"{bundle.get('id', '')} {bundle.get('version', '')}".strip()
        parts = [strings.made(content.get("daemon", "")), models, content.get("provider", "")]
        set_label_text(self.made, " · ".join(part for part in parts if part) if result is not None else "")
        self.lesions.fill(lesions)
        self.empty.setVisible(result is None)
        self.picker.setVisible(result is not None)
        self.rows.setVisible(bool(self.answers))
        self.save.setVisible(result is not None)
        self._update_save()

    def set_saving(self, saving: bool) -> None:
        """saving: whether the objects of a result are being saved; then no other can be."""
        self._saving = saving
        self._update_save()

    def show_reviews(self, others: list[dict[str, Any]], unknown: str, unmet_requirement: str, reader: str) -> None:
        """Reviews of this result, and of other jobs on the study. Parameters as in `Verdict.show`."""
        content = self.result.content if self.result is not None else {}
        before = content.get("before", "")
        reader_name = content.get("reader", "")
        corrected = strings.CORRECTED if before else strings.CORRECTED_BY
        text = corrected.format(finding=before, reader=reader_name or strings.SOME_READER)
        set_label_text(self.before, text if before or reader_name else "")
        self.verdict.show(self.result.reviews if self.result is not None else None, unknown, unmet_requirement, reader)
        lines = [f"• {verdict.describe_job(each)}" for each in others[:MAX_OTHER_JOBS]]
        if len(others) > MAX_OTHER_JOBS:
            lines.append(strings.MORE_JOBS.format(n=len(others) - MAX_OTHER_JOBS))
        set_label_text(self.other_jobs, "\n".join([strings.EARLIER, *lines]) if lines else "")

    def show_not_sent(self, text: str) -> None:
        """text: that the reader's verdict was not sent; "" until one was not."""
        set_label_text(self.not_sent, text)

    def show_heat(self, classifier: str | None) -> None:
        """Shows the heat map of one answer in the slice views; None hides it."""
        heat = self.result.heat(classifier) if self.result is not None and classifier else None
        if heat is None:
            self.hide_heat()
            return
        result = self.result
        self._foreground.show(heat, result.volume, self.opacity.value / 100, result.segmentation)
        for name, answer in self.answers.items():
            answer.set_heat_shown(name == classifier)
        self.opacity_row.setVisible(True)

    def hide_heat(self) -> None:
        self._foreground.hide()
        for answer in self.answers.values():
            answer.set_heat_shown(False)
        self.opacity_row.setVisible(False)

    def _set_opacity(self, percent: int) -> None:
        self._foreground.set_opacity(percent / 100)
        self._opacity_changed(percent)

    def _update_save(self) -> None:
        has_files = self.result is not None and bool(self.result.content.get("files"))
        self.save.enabled = has_files and not self._saving
        tip = strings.SAVING if self._saving else strings.SAVE_DICOM_TIP
        self.save.toolTip = tip if has_files else strings.NO_DICOM_OBJECTS

    def _select(self, index: int) -> None:
        self.show(self._records[index])
        self._chosen(self.result)

    def _jump(self, lesion: dict[str, Any]) -> None:
        centre = self.result.centre_ras(lesion) if self.result is not None else None
        if centre is not None:
            views.jump_to(centre)


def _meaning(content: dict[str, Any]) -> str:
    """Explanation of findings that are easily misread; "" for others."""
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
