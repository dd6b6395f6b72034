"""The panel as a whole: sections to session, and session to sections."""

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
from .choice import Choice
from .correct import Correct
from .inputs import Inputs
from .log import Log
from .outputs import Outputs
from .results import Results
from .runner import Runner
from .widgets import words

TICK_MS = 15
"""Pause between two looks at the daemon; each takes 10 ms at most, and the window has its turn between."""


class Panel:
    """Everything below `parent`'s layout. `close` when the module goes away."""

    def __init__(self, layout: Any, settings: Settings) -> None:
        self.log = Log()
        self.session = Session(settings, self.log.say)
        self.inputs = Inputs(self._volume_chosen)
        self.outputs = Outputs(settings.show_3d, self._show_3d)
        self.runner = Runner(self._apply, self._cancel)
        self.choice = Choice(self._choose)
        self.results = Results(self._result_chosen, settings.opacity, self._faded, self._save, self._judge)
        self.correct = Correct(self._classify)
        self.advanced = Advanced(settings, self._test, self._refresh)
        self.saved = words(name="CordlineSaved")
        self.saved.setVisible(False)
        notice = words(strings.RESEARCH, bold=True, name="CordlineNotice")
        notice.setAlignment(qt.Qt.AlignHCenter)
        for each in (
            notice, self.inputs.box, self.outputs.box, self.runner.box, self.choice.box, self.results.box,
            self.saved, self.correct.box, self.advanced.box, self.log.box,
        ):  # fmt: skip
            layout.addWidget(each)
        layout.addStretch(1)
        self.timer: Any = qt.QTimer()
        self.timer.setInterval(TICK_MS)
        self.timer.connect("timeout()", self.tick)
        self._told_export: Any = None
        self._told_readers: Any = None

    # The module's life.

    def attach(self) -> None:
        """A scene is there: at the start, and after one was loaded or closed."""
        self.inputs.attach()
        self.correct.attach()
        self.inputs.preset()
        self._volume_chosen()

    def enter(self) -> None:
        self.inputs.preset()
        self.correct.enter()
        self._refresh()

    def leave(self) -> None:
        """Another module is opened; a run goes on."""
        self.correct.leave()

    def scene_loaded(self) -> None:
        """Results that came with the scene are shown as they were."""
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

    # From the timer.

    def tick(self) -> None:
        was_running = self.session.running
        self.session.tick()
        if was_running and not self.session.running:
            self._ended()
        if self.session.running:
            self.runner.run(*self.session.progress())
        self._offer_choice()
        self.advanced.tell(self.session.probe)
        self._tell_export()
        self._tell_readers()
        if not self.session.busy:
            self.timer.stop()

    def _offer_choice(self) -> None:
        analysis = self.session.analysis
        if analysis is not None and analysis.candidates:
            self.choice.show(analysis.candidates, analysis.run.thumbnails)
        else:
            self.choice.hide()

    def _tell_readers(self) -> None:
        """What readers said, as far as it is known now; at once, and whenever an answer came."""
        session, judging = self.session, self.session.judging
        unknown = ""
        if judging is not None and judging.done and judging.problem is not None:
            gone = judging.problem.name == "no_such_job"
            why = strings.NOT_KEPT if gone else str(judging.problem)
            unknown = strings.UNKNOWN_VERDICT.format(why=why)
        state = (
            session.others, unknown, session.why_not_judge(), session.settings.reader,
            session.record.content.get("reviews") if session.record is not None else None,
            session.record.content.get("reader") if session.record is not None else None,
        )  # fmt: skip
        if state != self._told_readers:
            self._told_readers = state
            self.results.tell_readers(*state[:4])

    def _ended(self) -> None:
        self.runner.tell(self.session.problem)
        if self.session.analysis.record is not None:
            self._offer(self.session.analysis.record)
        self._refresh()

    # From the sections.

    def _apply(self) -> None:
        if not self._has_packages():
            return
        t2w = self.inputs.t2w
        self._hide_what_was()
        self.session.apply(t2w, self.inputs.t1c, lambda node: self.correct.begin(node, t2w))
        self._started()

    def _classify(self) -> None:
        if not self._has_packages():
            return
        volume = self.session.record.volume
        self._hide_what_was()
        self.session.classify(lambda node: self.correct.begin(node, volume))
        self._started()

    def _choose(self, selector: str) -> None:
        self.choice.hide()
        self.session.take(selector)

    def _judge(self, said: str, reason: str) -> None:
        if self._has_packages():
            self.session.judge(said, reason)
            self._ask()

    def _ask(self) -> None:
        """Something is asked beside a run, or nothing: what is known is shown, and the timer sees to the rest."""
        self._told_readers = None
        self._tell_readers()
        if self.session.busy:
            self.timer.start()

    def _cancel(self) -> None:
        self.session.cancel()
        self.choice.hide()
        self._ended()

    def _test(self) -> None:
        if self._has_packages():
            self.session.test()
            self.advanced.tell(self.session.probe)
            self.timer.start()

    def _save(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(self.results.box, strings.SEND_HOME)
        if folder and self._has_packages():
            self.save_into(Path(folder))

    def save_into(self, folder: Path) -> None:
        self.session.save(folder)
        self.timer.start()

    def _started(self) -> None:
        self.runner.tell(self.session.problem)
        if self.session.running:
            self.runner.run(*self.session.progress())
            self.timer.start()
        self.correct.allow(self.session.why_not_classify(self.inputs.t2w))

    def _hide_what_was(self) -> None:
        self.results.hide_heat()
        self.saved.setVisible(False)

    def _volume_chosen(self) -> None:
        if not self.session.running:
            self.session.look_up(self.inputs.t2w)
            self._offer(None)
        self._refresh()

    def _result_chosen(self, result: Record | None) -> None:
        self.session.show(result)
        self._edit(result)
        self._ask()
        self._refresh()

    def _offer(self, wanted: Record | None) -> None:
        self.results.offer(self.inputs.t2w, wanted)
        self.session.show(self.results.result)
        self._edit(self.results.result)
        self._ask()

    def _edit(self, result: Record | None) -> None:
        """What is in the editor already stays there, with its steps of undo."""
        segmentation = result.segmentation if result is not None else None
        if self.correct.editor.segmentationNode() is not segmentation:
            self.correct.edit(segmentation, result.volume if result is not None else None)

    def _show_3d(self, wanted: bool) -> None:
        self.session.settings.show_3d = wanted
        shown = self.session.record.segmentation if self.session.record is not None else None
        if shown is not None:
            show_3d(shown, wanted)

    def _faded(self, percent: int) -> None:
        self.session.settings.opacity = percent

    def _refresh(self) -> None:
        """What depends on what is chosen."""
        if not self.session.running:
            self.runner.rest(self.session.why_not(self.inputs.t2w, self.inputs.t1c))
        self.correct.allow(self.session.why_not_classify(self.inputs.t2w))
        self._tell_readers()

    def _tell_export(self) -> None:
        export = self.session.export
        if export is None or not export.done or export is self._told_export:
            return
        self._told_export = export
        if export.problem is not None:
            self.runner.tell(export.problem)
        else:
            self.saved.text = strings.SAVED.format(objects=strings.objects(len(export.written)))
            self.saved.setVisible(True)

    def _has_packages(self) -> bool:
        lacking = packages.ensure(lambda title, text: slicer.util.confirmOkCancelDisplay(text, windowTitle=title))
        if lacking:
            names = ", ".join(lacking)
            self.runner.tell(problem("not_installed", strings.NOT_INSTALLED, packages=names))
        return not lacking
