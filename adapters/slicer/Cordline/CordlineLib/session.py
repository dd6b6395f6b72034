"""The module's logic without widgets: one analysis at a time, and queries to the daemon beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import address, correction, packages, request, strings, verdict, volume
from .analysis import Analysis
from .connection_test import ConnectionTest
from .export import Export
from .grid import GridError
from .problem import Problem, problem
from .query import Query
from .record import Record, records_of
from .sent_verdict import SentVerdict
from .settings import Settings

# Percent of the progress bar at which each state begins; most of the time goes into sections.
_STATE_BEGINS = {
    "queued": 4,
    "decoding": 6,
    "selecting": 8,
    "segmenting": 10,
    "classifying": 82,
    "explaining": 88,
    "writing": 94,
}
_SEGMENTING_ENDS = 82


CLOSE_S = 1.0
"""How long Slicer is held when it ends, or the module is loaded anew, with something under way."""


class Session:
    """log: writes a line into the log; lines have no names of patients, volumes or folders."""

    def __init__(self, settings: Settings, log: Callable[[str], None]) -> None:
        self.settings = settings
        self.analysis: Analysis | None = None
        self.connection_test: ConnectionTest | None = None
        self.export: Export | None = None
        self.review_query: Query | None = None
        self.sent_verdict: SentVerdict | None = None
        self.study_query: Query | None = None
        self.problem: Problem | None = None
        self.record: Record | None = None
        self._log = log
        self._stage = ""
        self._started_at = 0.0
        self._cancelled: list[Analysis] = []

    # Actions.

    def unmet_requirement(self, t2w: Any, t1c: Any) -> str:
        """Why Apply is disabled, as a sentence; "" where it is enabled."""
        return volume.unmet_requirement(t2w) or volume.unmet_requirement_t1c(t1c, t2w) or self._invalid_address()

    def unmet_requirement_to_classify(self, t2w: Any) -> str:
        """The same for Classify again."""
        if self.running:
            return strings.ALREADY_RUNNING
        return correction.unmet_requirement(self.record, t2w) or self._invalid_address()

    def apply(self, t2w: Any, t1c: Any, on_segmentation: Callable[[Any], None] = lambda node: None) -> None:
        """Starts an analysis of volume nodes; only where `unmet_requirement` is empty."""
        upload = request.from_volumes(t2w, t1c, self.settings.priority, self.settings.send_files)
        self._begin(upload, None, on_segmentation)

    def classify(self, on_segmentation: Callable[[Any], None] = lambda node: None) -> None:
        """Classifies the corrected mask of the shown result; only where `unmet_requirement_to_classify` is empty."""
        assert self.record is not None
        try:
            upload = correction.build_request(self.record, self.settings.priority, self.settings.reader)
        except GridError:
            self._fail(problem("volume_changed", strings.CHANGED_BEFORE))
            return
        self._begin(upload, self.record, on_segmentation)

    def choose_series(self, selector: str) -> None:
        """Continues with one of `analysis.candidates`."""
        if self.analysis is not None and self.analysis.candidates:
            self.analysis.choose_series(selector)

    def unmet_requirement_to_review(self) -> str:
        """Why the shown result cannot be reviewed, as a sentence; "" where it can."""
        if not self.settings.reader:
            return strings.NO_READER
        if self._sending:
            return strings.SENDING_VERDICT
        if self.review_query is not None and not self.review_query.done:
            return strings.ASKING_VERDICT
        if self.review_query is not None and self.review_query.welcome.get("role") == "viewer":
            return strings.VIEWER_ONLY
        return self._invalid_address()

    def review(self, verdict_: str, reason: str) -> None:
        """Sends a verdict on the shown result; only where `unmet_requirement_to_review` is empty."""
        assert self.record is not None
        self.sent_verdict = SentVerdict(self.record, verdict_, self.settings.reader, reason, *self._endpoint_and_key())

    def query_study(self, t2w: Any) -> None:
        """Queries completed jobs on the study of a volume that is in the DICOM database."""
        if self.study_query is not None:
            self.study_query.close()
        self.study_query = None
        uid = request.study_uid(t2w)
        if uid and self._can_query():
            body = {"study_uid": uid, "states": ["completed"], "limit": 20}
            self.study_query = Query(*self._endpoint_and_key(), "list", body, verdict.MIN_MINOR_VERSION)

    @property
    def other_jobs(self) -> list[dict[str, Any]]:
        """Completed jobs on the same study, newest first, without the shown one."""
        jobs = self.study_query.reply.get("jobs", []) if self.study_query is not None else []
        return [each for each in jobs if self.record is None or each["job"] != self.record.content["job"]]

    def cancel(self) -> None:
        if self.analysis is not None and self.running:
            self.analysis.cancel()
            self._on_end()

    def test_connection(self) -> None:
        self.forget_connection_test()
        self.connection_test = ConnectionTest(*self._endpoint_and_key())

    def forget_connection_test(self) -> None:
        """What a test said is true of its address and key alone."""
        if self.connection_test is not None:
            self.connection_test.close()
        self.connection_test = None

    def save_dicom(self, folder: Path) -> None:
        """Downloads the DICOM objects of the shown result; only while no other download is under way."""
        assert self.record is not None
        assert not self.saving
        self.export = Export(self.record, folder, *self._endpoint_and_key())

    def show(self, result: Record | None) -> None:
        """Shows a result, and hides the segmentations of other results of the same volume."""
        if self.review_query is not None:
            self.review_query.close()
        self.record, self.review_query = result, None
        if result is None:
            return
        if self._can_query():
            self.review_query = Query(*self._endpoint_and_key(), "status", {"job": result.content["job"]})
        for other in records_of(result.volume):
            if other.segmentation is not None:
                # While a run draws on the same volume, earlier masks would lie over what it draws.
                shown = other.node is result.node and not self.analyses(result.volume)
                other.segmentation.SetDisplayVisibility(shown)

    def close(self) -> None:
        """Cancels a running job, and sends a verdict that is under way. No timer runs any more, so it is done here; a
        daemon that has not answered after CLOSE_S may go on with the job.
        """
        self.cancel()
        until = time.monotonic() + CLOSE_S
        while time.monotonic() < until and (self._cancelled or self._sending):
            self.tick()
        for each in self._cancelled:
            each.remote_job.close()
        self._cancelled = []
        for each in self._queries():
            each.close()

    # State.

    @property
    def running(self) -> bool:
        return self.analysis is not None and self.analysis.phase != "ended"

    def analyses(self, volume: Any) -> bool:
        """Whether a run on this volume is under way."""
        return self.running and volume is not None and self.analysis.request.t2w.node_id == volume.GetID()

    @property
    def saving(self) -> bool:
        return self.export is not None and not self.export.done

    @property
    def busy(self) -> bool:
        """True while `tick` has something to do."""
        asking = any(not each.done for each in self._queries())
        return self.running or asking or bool(self._cancelled)

    def tick(self) -> None:
        """To be called from a timer; begins nothing more after 10 ms (`analysis.TICK_BUDGET_S`)."""
        sending = self._sending
        for each in self._queries():
            if not each.done:
                each.tick()
        self._store_reviews()
        if sending and not self._sending:
            self._end_sent_verdict()
        self._cancelled = [each for each in self._cancelled if each.finish_cancel()]
        if self.analysis is not None and self.running:
            self.analysis.tick()
            self._log_stage()
            if not self.running:
                self._on_end()

    def progress(self) -> tuple[int, str]:
        """Percent, and text: state, section, queue position, remaining time."""
        assert self.analysis is not None
        job, phase = self.analysis.remote_job.job, self.analysis.phase
        if phase == "preparing":
            return 0, strings.PREPARING
        if phase == "connecting":
            return 1, strings.CONNECTING
        if phase == "reconnecting":
            return self._percent(), strings.RECONNECTING
        waiting = job.state == "queued"
        texts = [strings.queued(job.queue_position or 0) if waiting else strings.STATES.get(job.state, job.state)]
        if job.state == "segmenting" and job.total:
            texts.append(strings.sections(job.done, job.total))
        if job.seconds_left is not None and not job.ended:
            texts.append(strings.left(job.seconds_left))
        return self._percent(), " · ".join(texts)

    @property
    def _sending(self) -> bool:
        return self.sent_verdict is not None and not self.sent_verdict.done

    def _queries(self) -> list[Any]:
        found = (self.connection_test, self.export, self.review_query, self.study_query, self.sent_verdict)
        return [each for each in found if each is not None]

    def _can_query(self) -> bool:
        """Queries without a click of the user are left out silently where packages or a valid address are missing."""
        return not packages.missing() and not self._invalid_address()

    def _store_reviews(self) -> None:
        """Stores the reviews of a finished query in the scene, once."""
        review_query = self.review_query
        if review_query is None or not review_query.done or not review_query.reply or self.record is None:
            return
        summary, review_query.reply = review_query.reply, {}
        self.record.update_reviews(summary)

    def _end_sent_verdict(self) -> None:
        """The daemon has taken the verdict, or it was not sent."""
        sent = self.sent_verdict
        if sent.problem is not None:
            self._log(f"[{sent.problem.name}] {strings.VERDICT_NOT_SENT.format(why=sent.problem)}")
            return
        # A job may have several records, and Record objects; the one that is shown is what the panel reads.
        shown = self.record is not None and self.record.content["job"] == sent.job
        (self.record if shown else sent.record).update_reviews(sent.reply)
        if shown and self.review_query is not None and self.review_query.problem is not None:
            self.review_query = None  # that they were not known is past

    def _percent(self) -> int:
        job = self.analysis.remote_job.job
        if self.analysis.phase == "finishing":
            return 98
        if job.state == "segmenting" and job.total:
            begin = _STATE_BEGINS["segmenting"]
            return begin + round((_SEGMENTING_ENDS - begin) * job.done / job.total)
        return _STATE_BEGINS.get(job.state, 2)

    def _begin(self, upload: Any, previous: Record | None, on_segmentation: Callable[[Any], None]) -> None:
        self.problem = None
        self._stage, self._started_at = "", time.monotonic()
        self.settings.use_address(self.settings.addresses[0])
        if self.record is not None and self.record.segmentation is not None:
            self.record.segmentation.SetDisplayVisibility(False)
        endpoint, key = self._endpoint_and_key()
        self.analysis = Analysis(upload, endpoint, key, self.settings.show_3d, previous, on_segmentation)
        self._log_stage()

    def _on_end(self) -> None:
        """The analysis has completed, failed or was cancelled."""
        analysis = self.analysis
        took = time.monotonic() - self._started_at
        if analysis.record is not None:
            self.show(analysis.record)
            self._log(f"{analysis.remote_job.job.finding} ({took:.1f} s)")
            return
        if self.record is not None and self.record.segmentation is not None:
            self.record.segmentation.SetDisplayVisibility(True)
        if analysis.problem is not None:
            self._fail(analysis.problem)
            return
        self._log(strings.STATES["cancelled"])
        self._cancelled.append(analysis)

    def _fail(self, why: Problem) -> None:
        self.problem = why
        self._log(f"[{why.name}] {why}")

    def _log_stage(self) -> None:
        if not self.running:
            return
        job, phase = self.analysis.remote_job.job, self.analysis.phase
        stage = strings.STATES.get(job.state, job.state) if phase in ("sending", "following") else ""
        stage = {"preparing": strings.PREPARING, "reconnecting": strings.RECONNECTING}.get(phase, stage)
        if stage and stage != self._stage:
            self._stage = stage
            self._log(stage)

    def _endpoint_and_key(self) -> tuple[str, str]:
        return address.endpoint(self.settings.addresses[0]), self.settings.key

    def _invalid_address(self) -> str:
        try:
            address.endpoint(self.settings.addresses[0])
        except ValueError as error:
            return strings.NO_ADDRESS.format(why=error)
        return ""
