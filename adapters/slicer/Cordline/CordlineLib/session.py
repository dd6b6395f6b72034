"""What the panel does, without a window: one analysis at a time, and one question to the daemon beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import address, correction, packages, request, strings, verdict, volume
from .analysis import Analysis
from .export import Export
from .grid import GridError
from .probe import Probe
from .problem import Problem, problem
from .question import Question
from .record import Record, records_of
from .settings import Settings

# How far the bar is where each stage begins, in percent; sections are most of the time.
_BEGINS = {
    "queued": 4,
    "decoding": 6,
    "selecting": 8,
    "segmenting": 10,
    "classifying": 82,
    "explaining": 88,
    "writing": 94,
}
_SEGMENTED = 82


class Session:
    """say: writes a line into the log; lines hold no name of a patient, a volume or a folder."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.analysis: Analysis | None = None
        self.probe: Probe | None = None
        self.export: Export | None = None
        self.judging: Question | None = None
        self.looking: Question | None = None
        self.problem: Problem | None = None
        self.record: Record | None = None
        self._say = say
        self._stage = ""
        self._began = 0.0
        self._winding_down: list[Analysis] = []

    # What can be done.

    def why_not(self, t2w: Any, t1c: Any) -> str:
        """Why Apply is disabled, in a sentence; "" where it is not."""
        return volume.why_not(t2w) or volume.why_not_t1c(t1c, t2w) or self._why_no_address()

    def why_not_classify(self, t2w: Any) -> str:
        """The same for Classify again."""
        if self.running:
            return strings.ALREADY_RUNNING
        return correction.why_not(self.record, t2w) or self._why_no_address()

    def apply(self, t2w: Any, t1c: Any, began: Callable[[Any], None] = lambda node: None) -> None:
        """Begins an analysis of volumes of the scene; `why_not` was empty."""
        asked = request.of_volumes(t2w, t1c, self.settings.priority, self.settings.send_files)
        self._begin(asked, None, began)

    def classify(self, began: Callable[[Any], None] = lambda node: None) -> None:
        """Asks again about the mask of the shown result, as a reader left it; `why_not_classify` was empty."""
        assert self.record is not None
        try:
            asked = correction.request_of(self.record, self.settings.priority, self.settings.reader)
        except GridError:
            self._fail(problem("volume_changed", strings.CHANGED_BEFORE))
            return
        self._begin(asked, self.record, began)

    def take(self, selector: str) -> None:
        """Takes one of the series among which the daemon asks to choose."""
        if self.analysis is not None and self.analysis.candidates:
            self.analysis.take(selector)

    def why_not_judge(self) -> str:
        """Why no verdict can be said of the shown result; "" where one can."""
        if not self.settings.reader:
            return strings.NO_READER
        if self.judging is not None and not self.judging.done:
            return strings.ASKING_VERDICT
        if self.judging is not None and self.judging.welcome.get("role") == "viewer":
            return strings.VIEWER_ONLY
        return self._why_no_address()

    def judge(self, said: str, reason: str) -> None:
        """Says a verdict of the shown result; `why_not_judge` was empty."""
        assert self.record is not None
        body = {"verdict": said, "reader": self.settings.reader, **({"reason": reason} if reason else {})}
        self._ask_about("review", self.record, **body)

    def look_up(self, t2w: Any) -> None:
        """Asks for other jobs on the study of a volume, where its DICOM files are known."""
        if self.looking is not None:
            self.looking.close()
        self.looking = None
        uid = request.study_uid(t2w)
        if uid and self._can_ask():
            body = {"study_uid": uid, "states": ["completed"], "limit": 20}
            self.looking = Question(*self._where(), "list", body, verdict.MINOR)

    @property
    def others(self) -> list[dict[str, Any]]:
        """Completed jobs on the study of the volume, newest first, but for the one that is shown."""
        jobs = self.looking.answer.get("jobs", []) if self.looking is not None else []
        return [each for each in jobs if self.record is None or each["job"] != self.record.content["job"]]

    def cancel(self) -> None:
        if self.analysis is not None and self.running:
            self.analysis.cancel()
            self._conclude()

    def test(self) -> None:
        """Asks the daemon who it is."""
        if self.probe is not None:
            self.probe.close()
        self.probe = Probe(*self._where())

    def save(self, folder: Path) -> None:
        """Fetches the DICOM objects of the shown result."""
        assert self.record is not None
        self.export = Export(self.record, folder, *self._where())

    def show(self, result: Record | None) -> None:
        """Chooses the result that is shown; the masks of other results of the same volume are hidden meanwhile."""
        if self.judging is not None:
            self.judging.close()
        self.record, self.judging = result, None
        if result is None:
            return
        self._ask_about("status", result)
        for other in records_of(result.volume):
            if other.segmentation is not None:
                other.segmentation.SetDisplayVisibility(other.node is result.node)

    def close(self) -> None:
        """The window goes away; a job that runs is cancelled."""
        self.cancel()
        for each in self._questions():
            each.close()

    # What goes on.

    @property
    def running(self) -> bool:
        return self.analysis is not None and self.analysis.phase != "ended"

    @property
    def busy(self) -> bool:
        """True while `tick` has something to do."""
        asking = any(not each.done for each in self._questions())
        return self.running or asking or bool(self._winding_down)

    def tick(self) -> None:
        """Carries everything on, for about 10 ms at most."""
        for each in self._questions():
            if not each.done:
                each.tick()
        self._take_verdict()
        self._winding_down = [each for each in self._winding_down if each.wind_down()]
        if self.analysis is not None and self.running:
            self.analysis.tick()
            self._tell_stage()
            if not self.running:
                self._conclude()

    def progress(self) -> tuple[int, str]:
        """Percent, and words: stage, section, place in the queue, time left."""
        assert self.analysis is not None
        job, phase = self.analysis.run.job, self.analysis.phase
        if phase == "preparing":
            return 0, strings.PREPARING
        if phase == "connecting":
            return 1, strings.CONNECTING
        if phase == "mending":
            return self._percent(), strings.RECONNECTING
        waiting = job.state == "queued"
        words = [strings.queued(job.place or 0) if waiting else strings.STATES.get(job.state, job.state)]
        if job.state == "segmenting" and job.total:
            words.append(strings.sections(job.done, job.total))
        if job.seconds_left is not None and not job.ended:
            words.append(strings.left(job.seconds_left))
        return self._percent(), " · ".join(words)

    # Underneath.

    def _questions(self) -> list[Any]:
        return [each for each in (self.probe, self.export, self.judging, self.looking) if each is not None]

    def _can_ask(self) -> bool:
        """Nobody pressed a button: without the packages or an address nothing is asked, and nothing is said."""
        return not packages.missing() and not self._why_no_address()

    def _ask_about(self, verb: str, result: Record, **body: Any) -> None:
        if self.judging is not None:
            self.judging.close()
        self.judging = None
        if self._can_ask():
            minor = verdict.MINOR if verb == "review" else 0
            self.judging = Question(*self._where(), verb, {"job": result.content["job"], **body}, minor)

    def _take_verdict(self) -> None:
        """What the daemon said of the shown job goes into the scene, once."""
        judging = self.judging
        if judging is None or not judging.done or not judging.answer or self.record is None:
            return
        summary, judging.answer = judging.answer, {}
        known = {"reviews": summary.get("reviews", [])}
        if summary.get("reader"):
            known["reader"] = summary["reader"]
        self.record.note(**known)

    def _percent(self) -> int:
        job = self.analysis.run.job
        if self.analysis.phase == "finishing":
            return 98
        if job.state == "segmenting" and job.total:
            begin = _BEGINS["segmenting"]
            return begin + round((_SEGMENTED - begin) * job.done / job.total)
        return _BEGINS.get(job.state, 2)

    def _begin(self, asked: Any, before: Record | None, began: Callable[[Any], None]) -> None:
        self.problem = None
        self._stage, self._began = "", time.monotonic()
        self.settings.use_address(self.settings.addresses[0])
        if self.record is not None and self.record.segmentation is not None:
            self.record.segmentation.SetDisplayVisibility(False)
        endpoint, key = self._where()
        self.analysis = Analysis(asked, endpoint, key, self.settings.show_3d, before, began)
        self._tell_stage()

    def _conclude(self) -> None:
        """The analysis ended, one way or another."""
        analysis = self.analysis
        took = time.monotonic() - self._began
        if analysis.record is not None:
            self.show(analysis.record)
            self._say(f"{analysis.run.job.finding} ({took:.1f} s)")
            return
        if self.record is not None and self.record.segmentation is not None:
            self.record.segmentation.SetDisplayVisibility(True)
        if analysis.problem is not None:
            self._fail(analysis.problem)
            return
        self._say(strings.STATES["cancelled"])
        self._winding_down.append(analysis)

    def _fail(self, why: Problem) -> None:
        self.problem = why
        self._say(f"[{why.name}] {why}")

    def _tell_stage(self) -> None:
        if not self.running:
            return
        job, phase = self.analysis.run.job, self.analysis.phase
        stage = strings.STATES.get(job.state, job.state) if phase in ("sending", "following") else ""
        stage = {"preparing": strings.PREPARING, "mending": strings.RECONNECTING}.get(phase, stage)
        if stage and stage != self._stage:
            self._stage = stage
            self._say(stage)

    def _where(self) -> tuple[str, str]:
        return address.endpoint(self.settings.addresses[0]), self.settings.key

    def _why_no_address(self) -> str:
        try:
            address.endpoint(self.settings.addresses[0])
        except ValueError as error:
            return strings.NO_ADDRESS.format(why=error)
        return ""
