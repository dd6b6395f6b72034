"""One analysis in the scene: a run on the wire, drawn while it goes, checked against the volume, and kept at its end.

Carried on by `tick` from a timer of the window. Each tick does as much as fits into BUDGET_S, then gives the window its
turn; nothing here waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import slicer

from . import heat_map, nodes, record, strings
from .grid import GridError, Layout, between
from .problem import Problem, problem, refused_by_daemon
from .record import Record
from .request import MaskRequest
from .run import Run
from .segmentation import LesionSegmentation
from .volume import digest

BUDGET_S = 0.010


class Analysis:
    """From Apply to the end.

    request: of request.py. began: is handed the segmentation node before the first mask is in it. `phase` is
    preparing, one of the run's, finishing, or ended; then either `record` or `problem` is set, or `cancelled` is true.
    `notes` are said aloud beside the answer.
    """

    def __init__(
        self,
        request: Any,
        endpoint: str,
        key: str,
        show_3d: bool = False,
        before: Record | None = None,
        began: Callable[[Any], None] = lambda node: None,
    ) -> None:
        self.request = request
        self.record: Record | None = None
        self.problem: Problem | None = None
        self.cancelled = False
        self._show_3d, self._before, self._began = show_3d, before, began
        self._segmentation: LesionSegmentation | None = None
        self._layout: Layout | None = None
        self._heat: dict[str, Any] = {}
        self._unlisted = 0
        self._preparing: Iterator[None] | None = request.steps()
        self._drawing: Iterator[int] | None = None
        self._finishing: Iterator[None] | None = None
        # Both find each other while the voxels are made ready.
        self.run = Run(request, endpoint, key)

    @property
    def phase(self) -> str:
        if self.problem is not None or self.record is not None or self.cancelled:
            return "ended"
        if self._finishing is not None:
            return "finishing"
        if self._preparing is not None:
            return "preparing"
        return self.run.phase

    @property
    def segmentation(self) -> Any:
        """The node that is being filled; None before the first mask."""
        return self._segmentation.node if self._segmentation is not None else None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The series among which a person must choose before this goes on; none otherwise."""
        return self.run.candidates if self.phase == "choosing" else []

    def take(self, selector: str) -> None:
        """A person took one of the candidates."""
        self.run.take(selector)

    @property
    def notes(self) -> list[str]:
        """What a reader must know of how this answer came about."""
        run = self.run
        warning = run.welcome.get("bundle", {}).get("warning")
        said = [warning] if warning else []
        said += run.job.warnings
        if run.job.lesions is not None and run.job.missing:
            said.append(strings.MISSING_SECTIONS.format(sections=strings.listed(run.job.missing)))
        if run.device.get("fallbacks"):
            said.append(strings.FALLBACK.format(why="; ".join(run.device["fallbacks"])))
        said += self.request.notes
        if self._unlisted:
            said.append(strings.UNLISTED.format(n=self._unlisted))
        volume = self.request.t2w.node()
        if volume is not None and volume.GetParentTransformNode() is not None:
            said.append(strings.SHOWN_TRANSFORMED)
        return list(dict.fromkeys(said))

    def tick(self) -> None:
        """Carries everything on, for BUDGET_S at most and one step at least."""
        until = time.monotonic() + BUDGET_S
        while self.phase != "ended":
            if not self._step() or time.monotonic() >= until:
                return

    def cancel(self) -> None:
        """At once, whatever the daemon does; `wind_down` of the run tells it later."""
        if self.phase != "ended":
            self.cancelled = True
            self._take_away()
            self.run.cancel()

    def wind_down(self) -> bool:
        """True while there is something left to do for an analysis that ended."""
        return self.cancelled and self.run.wind_down()

    # One step; False where there is nothing more to do now.

    def _step(self) -> bool:
        try:
            if self._drawing is not None:
                return self._draw_lesions()
            if self._finishing is not None:
                return next(self._finishing, None) is None and self.phase != "ended"
            if self._preparing is not None and not self._prepare():
                return True
            return self._follow()
        except GridError as error:
            words = strings.OTHER_GRID
            self._fail(problem("other_grid", words, why=error, send_files=strings.SEND_FILES))
        except (KeyError, IndexError, TypeError, ValueError, OSError) as error:
            # What came does not keep to the protocol, or a file went away; never the text, which may hold a path.
            self._fail(problem("malformed", strings.MALFORMED, what=type(error).__name__))
        return False

    def _prepare(self) -> bool:
        """One step of making ready; True once that is done."""
        if next(self._preparing, self) is self:
            self._preparing = None
            self.run.send()
            return True
        return False

    def _follow(self) -> bool:
        event = self.run.tick()
        if event is not None:
            if not self._check():
                return False
            self._draw(event)
        if self.run.ended:
            self._ended()
        return event is not None or self._finishing is not None

    def _check(self) -> bool:
        """Whether the volume is still the one that was sent; where not, everything is taken away again."""
        volume = self.request.t2w.node()
        if volume is None:
            return self._fail(problem("volume_gone", strings.VOLUME_GONE))
        if not self.request.t2w.is_that_of(volume):
            return self._fail(problem("volume_changed", strings.VOLUME_CHANGED))
        if self._segmentation is not None and self._segmentation.there:
            self._segmentation.move_with(volume)
        return True

    def _draw(self, event: Any) -> None:
        job, volume = self.run.job, self.request.t2w.node()
        if event.name == "grid":
            # A job that was taken up again begins anew.
            self._take_away()
            snapshot = self.request.t2w
            self._layout = between(snapshot.ijk_to_ras, snapshot.shape, job.matrix, job.shape)
            # DICOM files may lie in another order than the one in which the voxels were made ready.
            same = self._layout == snapshot.layout
            seen = snapshot.pixel_sha256 if same else digest(volume, self._layout)
            if event.body["pixel_sha256"] != seen:
                self._fail(problem("other_voxels", strings.OTHER_VOXELS, send_files=strings.SEND_FILES))
        elif event.name in ("section", "lesions"):
            if self._layout is None:
                self._fail(problem("no_grid", strings.NO_GRID))
                return
            if self._segmentation is None:
                # One undo step for all that this analysis brings, where the scene keeps any.
                slicer.mrmlScene.SaveStateForUndo()
                corrected = isinstance(self.request, MaskRequest)
                self._segmentation = LesionSegmentation(volume, self.request.t2w, self._layout, corrected)
                self._began(self._segmentation.node)
            if not self._segmentation.there:
                return
            if event.name == "section":
                section = event.body["section"] - 1
                self._segmentation.put_section(job.mask[section], section)
            else:
                self._drawing = self._segmentation.finish(job.mask, job.matrix, job.lesions or [])

    def _draw_lesions(self) -> bool:
        left_over = next(self._drawing, None)
        if left_over is None:
            self._drawing = None
        else:
            self._unlisted = left_over
        return True

    def _ended(self) -> None:
        run = self.run
        if run.problem is not None:
            self._fail(run.problem)
        elif run.job.state == "completed":
            self._finishing = self._finish()
        elif run.job.state == "cancelled":
            # By somebody else; what was drawn is half a result.
            self._take_away()
            self.cancelled = True
        else:
            said = run.job.problem or {}
            state = strings.STATES.get(run.job.state, run.job.state)
            code = said.get("code", run.job.state)
            self._fail(refused_by_daemon(code, said.get("message", state), said.get("action", "")))

    def _finish(self) -> Iterator[None]:
        """A last look at the voxels, the heat maps, and the record; a step each."""
        job, snapshot, volume = self.run.job, self.request.t2w, self.request.t2w.node()
        if isinstance(self.request, MaskRequest) and not (job.mask == self.request.mask).all():
            self._fail(problem("other_mask", strings.OTHER_MASK))
            return
        # Scripts can write into a volume's array without telling anybody.
        if not self._check() or digest(volume, snapshot.layout) != snapshot.pixel_sha256:
            self._fail(problem("volume_changed", strings.VOLUME_CHANGED))
            return
        yield
        for answer in job.answers:
            maps = job.heat.get(answer["id"])
            if maps:
                label = answer["labels"].get(answer["decision"], answer["decision"])
                self._heat[answer["id"]] = heat_map.volume_of(maps, job.matrix, job.shape, volume, label)
                yield
        segmentation = self._segmentation
        if segmentation is not None and (not segmentation.there or not job.lesions):
            # No lesion is an answer; an empty segmentation is not.
            segmentation.remove()
            segmentation = self._segmentation = None
        if segmentation is not None and self._show_3d:
            segmentation.show_3d(True)
            yield
        about = {
            "kind": self.request.kind,
            "bundle": self.run.welcome.get("bundle", {}),
            "provider": job.grid.get("provider", ""),
            "daemon": self.run.welcome.get("daemon", ""),
            "before": self._before.content["finding"] if self._before is not None else "",
            "reader": self.request.reader if isinstance(self.request, MaskRequest) else "",
        }
        if not self._check():
            return
        node = segmentation.node if segmentation is not None else None
        self.record = record.keep(job, volume, node, self._heat, self.notes, about)

    def _fail(self, why: Problem) -> bool:
        if self.problem is None and not self.cancelled:
            self.problem = why
        self._take_away()
        self.run.close()
        return False

    def _take_away(self) -> None:
        """Nothing of an analysis that did not come to its end stays in the scene."""
        if self._segmentation is not None:
            self._segmentation.remove()
        for node in self._heat.values():
            nodes.remove(node)
        self._segmentation = self._drawing = None
        self._heat = {}
        self._unlisted = 0
