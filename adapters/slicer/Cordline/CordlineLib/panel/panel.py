"""The module's panel: connects its sections with the session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer
import slicer.util

from .. import packages, strings
from ..problem import problem
from ..record import Record, records_of
from ..segmentation import show_3d
from ..session import Session
from ..settings import Settings
from .advanced import Advanced
from .correct import Correct
from .inputs import Inputs
from .log import Log
from .outputs import Outputs
from .results import Results
from .run_controls import RunControls
from .series_choice import SeriesChoice
from .widgets import text_label

TICK_MS = 15
"""Interval of the timer; a tick begins no further step after 10 ms."""


class Panel:
    """Adds all sections to `layout`. `close` when the module is cleaned up."""

    def __init__(self, layout: Any, settings: Settings) -> None:
        self.log = Log()
        self.session = Session(settings, self.log.add)
        self.inputs = Inputs(self._volume_chosen)
        self.outputs = Outputs(settings.show_3d, self._show_3d)
        self.run_controls = RunControls(self._apply, self._cancel)
        self.series_choice = SeriesChoice(self._choose)
        self.results = Results(self._result_chosen, settings.opacity, self._opacity_changed, self._save, self._review)
        self.correct = Correct(self._classify)
        self.advanced = Advanced(settings, self._test, self.session.forget_connection_test, self._refresh)
        self.saved = text_label(name="CordlineSaved")
        self.saved.setVisible(False)
        notice = text_label(strings.RESEARCH, bold=True, name="CordlineNotice")
        notice.setAlignment(qt.Qt.AlignHCenter)
        for each in (
            notice, self.inputs.box, self.outputs.box, self.run_controls.box, self.series_choice.box, self.results.box,
            self.saved, self.correct.box, self.advanced.box, self.log.box,
        ):  # fmt: skip
            layout.addWidget(each)
        layout.addStretch(1)
        self.timer: Any = qt.QTimer()
        self.timer.setInterval(TICK_MS)
        self.timer.connect("timeout()", self.tick)
        self._shown_export: Any = None
        self._shown_reviews: Any = None
        self._shown_verdict: Any = None

    # Life cycle of the module.

    def attach(self) -> None:
        """After the start, and whenever a scene was loaded or closed."""
        self.inputs.attach()
        self.correct.attach()
        self.inputs.preset()
        self._volume_chosen()

    def enter(self) -> None:
        self.inputs.preset()
        self.correct.enter()
        self._refresh()

    def leave(self) -> None:
        """Another module is opened; a running job goes on."""
        self.correct.leave()

    def scene_loaded(self) -> None:
        """Shows the results that were saved with the scene."""
        self.attach()
        for node in reversed(list(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))):
            if records_of(node):
                self.inputs.t2w_selector.setCurrentNode(node)
                break
        self._volume_chosen()

    def scene_closing(self) -> None:
        self.session.cancel()
        self.results.show(None)
        self.session.show(None)
        self.correct.edit(None, None)

    def close(self) -> None:
        self.timer.stop()
        self.session.close()

    # Timer.

    def tick(self) -> None:
        was_running = self.session.running
        self.session.tick()
        if was_running and not self.session.running:
            self._on_end()
        if self.session.running:
            self.run_controls.show_progress(*self.session.progress())
        self._update_series_choice()
        self.advanced.show_connection_test(self.session.connection_test)
        self._update_export()
        self._update_sent_verdict()
        self._update_reviews()
        if not self.session.busy:
            self.timer.stop()

    def _update_series_choice(self) -> None:
        analysis = self.session.analysis
        if analysis is not None and analysis.candidates:
            self.series_choice.show(analysis.candidates, analysis.remote_job.thumbnails)
        else:
            self.series_choice.hide()

    def _update_sent_verdict(self) -> None:
        """The reason of a verdict is kept until the daemon has it."""
        sent = self.session.sent_verdict
        if sent is not None and sent.done and sent.problem is None and sent is not self._shown_verdict:
            self._shown_verdict = sent
            self.results.verdict.forget_reason(sent.job)

    def _not_sent(self) -> str:
        """That the last verdict was not sent, and on which result where another is shown by then; "" where it was."""
        sent, shown = self.session.sent_verdict, self.session.record
        if sent is None or not sent.done or sent.problem is None:
            return ""
        if shown is not None and shown.content["job"] == sent.job:
            return strings.VERDICT_NOT_SENT.format(why=sent.problem)
        return strings.OTHER_VERDICT_NOT_SENT.format(result=sent.name, why=sent.problem)

    def _update_reviews(self) -> None:
        """Shows the reviews that are known, if they have changed."""
        session, review_query = self.session, self.session.review_query
        unknown = ""
        if review_query is not None and review_query.done and review_query.problem is not None:
            gone = review_query.problem.name == "no_such_job"
            why = strings.NOT_KEPT if gone else str(review_query.problem)
            unknown = strings.UNKNOWN_VERDICT.format(why=why)
        state = (
            session.other_jobs, unknown, session.unmet_requirement_to_review(), session.settings.reader,
            session.record.content.get("reviews") if session.record is not None else None,
            session.record.content.get("reader") if session.record is not None else None,
            self._not_sent(),
        )  # fmt: skip
        if state != self._shown_reviews:
            self._shown_reviews = state
            self.results.show_reviews(*state[:4])
            self.results.show_not_sent(state[-1])

    def _on_end(self) -> None:
        self.run_controls.show_problem(self.session.problem)
        made = self.session.analysis.record
        if made is not None and made.volume is self.inputs.t2w:
            self._show_result(made)
        elif made is not None:
            # What is shown stays that of the volume which was chosen meanwhile.
            self.session.show(self.results.result)
            self._query_reviews()
            self.run_controls.show_elsewhere(strings.RESULT_ELSEWHERE.format(volume=made.volume.GetName()))
        self._refresh()

    # Callbacks of the sections.

    def _apply(self) -> None:
        if not self._has_packages():
            return
        t2w = self.inputs.t2w
        self._reset_outputs()
        self.session.apply(t2w, self.inputs.t1c, lambda node: self._begin_edit(node, t2w))
        self._on_start()

    def _classify(self) -> None:
        if not self._has_packages():
            return
        volume = self.session.record.volume
        self._reset_outputs()
        self.session.classify(lambda node: self._begin_edit(node, volume))
        self._on_start()

    def _choose(self, selector: str) -> None:
        self.series_choice.hide()
        self.session.choose_series(selector)

    def _review(self, verdict: str, reason: str) -> None:
        if self._has_packages():
            self.session.review(verdict, reason)
            self._query_reviews()

    def _query_reviews(self) -> None:
        """Shows the reviews that are known, and starts the timer where the session has a query under way."""
        self._shown_reviews = None
        self._update_reviews()
        if self.session.busy:
            self.timer.start()

    def _cancel(self) -> None:
        self.session.cancel()
        self.series_choice.hide()
        self._on_end()

    def _test(self) -> None:
        if self._has_packages():
            self.session.test_connection()
            self.advanced.show_connection_test(self.session.connection_test)
            self.timer.start()

    def _save(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(self.results.box, strings.SAVE_DICOM)
        if folder and self._has_packages():
            self.save_into(Path(folder))

    def save_into(self, folder: Path) -> None:
        self.saved.setVisible(False)
        self.session.save_dicom(folder)
        self._update_export()
        if self.session.busy:
            self.timer.start()

    def _on_start(self) -> None:
        self.run_controls.show_problem(self.session.problem)
        if self.session.running:
            self.run_controls.show_progress(*self.session.progress())
            self.timer.start()
        self.correct.set_enabled(self.session.unmet_requirement_to_classify(self.inputs.t2w))

    def _reset_outputs(self) -> None:
        self.results.hide_heat()
        self.saved.setVisible(False)
        self.run_controls.show_elsewhere("")

    def _volume_chosen(self) -> None:
        """While a run is under way too: what is shown is that of the chosen volume, whichever is analysed."""
        self.run_controls.show_elsewhere("")
        self.session.query_study(self.inputs.t2w)
        self._show_result(None)
        self._refresh()

    def _result_chosen(self, result: Record | None) -> None:
        self.session.show(result)
        self._edit(result)
        self._query_reviews()
        self._refresh()

    def _show_result(self, wanted: Record | None) -> None:
        self.results.set_volume(self.inputs.t2w, wanted)
        self.session.show(self.results.result)
        self._edit(self.results.result)
        self._query_reviews()

    def _begin_edit(self, segmentation: Any, volume: Any) -> None:
        """Only where its volume is still the chosen one; else `_edit` takes it up once that is chosen again."""
        if volume is self.inputs.t2w:
            self.correct.begin(segmentation, volume)

    def _edit(self, result: Record | None) -> None:
        """A segmentation that is in the editor already is not set again: that would clear its undo steps."""
        segmentation = result.segmentation if result is not None else None
        volume = result.volume if result is not None else None
        if self.session.analyses(self.inputs.t2w) and self.session.analysis.segmentation is not None:
            segmentation, volume = self.session.analysis.segmentation, self.inputs.t2w
        if self.correct.editor.segmentationNode() is not segmentation:
            self.correct.edit(segmentation, volume)

    def _show_3d(self, wanted: bool) -> None:
        self.session.settings.show_3d = wanted
        shown = self.session.record.segmentation if self.session.record is not None else None
        if shown is not None:
            show_3d(shown, wanted)

    def _opacity_changed(self, percent: int) -> None:
        self.session.settings.opacity = percent

    def _refresh(self) -> None:
        """Updates the buttons after a change of inputs or settings."""
        if not self.session.running:
            self.run_controls.show_idle(self.session.unmet_requirement(self.inputs.t2w, self.inputs.t1c))
        self.correct.set_enabled(self.session.unmet_requirement_to_classify(self.inputs.t2w))
        self._update_reviews()

    def _update_export(self) -> None:
        export = self.session.export
        self.results.set_saving(self.session.saving)
        if export is None or not export.done or export is self._shown_export:
            return
        self._shown_export = export
        if export.problem is not None:
            self.run_controls.show_problem(export.problem)
        else:
            objects = strings.objects(len(export.written))
            self.saved.text = strings.SAVED.format(objects=objects, folder=export.folder.name)
            self.saved.setVisible(True)

    def _has_packages(self) -> bool:
        lacking = packages.install_missing(
            lambda title, text: slicer.util.confirmOkCancelDisplay(text, windowTitle=title)
        )
        if lacking:
            names = ", ".join(lacking)
            self.run_controls.show_problem(problem("not_installed", strings.NOT_INSTALLED, packages=names))
        return not lacking
