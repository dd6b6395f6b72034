"""One analysis in the scene: follows a remote job, draws its masks, checks them against the volume, stores the result.

Nothing here waits: a timer calls `tick`, which works for TICK_BUDGET_S and returns to Slicer's event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import slicer

from . import heat_map, nodes, record, strings
from .grid import GridError, Layout, layout_between
from .problem import Problem, problem, refused_by_daemon
from .record import Record
from .remote_job import RemoteJob
from .request import MaskRequest
from .segmentation import LesionSegmentation
from .volume import digest

TICK_BUDGET_S = 0.010


class Analysis:
    """request: of request.py. previous: the result whose mask was corrected. on_segmentation: called with the new
    segmentation node, before the first mask is written into it.

    `phase` is preparing, one of RemoteJob's, finishing, or ended. At the end either `record` or `problem` is set, or
    `cancelled` is true.
    """

    def __init__(
        self,
        request: Any,
        endpoint: str,
        key: str,
        show_3d: bool = False,
        previous: Record | None = None,
        on_segmentation: Callable[[Any], None] = lambda node: None,
    ) -> None:
        self.request = request
        self.record: Record | None = None
        self.problem: Problem | None = None
        self.cancelled = False
        self._show_3d, self._previous, self._on_segmentation = show_3d, previous, on_segmentation
        self._segmentation: LesionSegmentation | None = None
        self._layout: Layout | None = None
        self._heat: dict[str, Any] = {}
        self._unlisted = 0
        self._preparing: Iterator[None] | None = request.steps()
        self._drawing: Iterator[int] | None = None
        self._finishing: Iterator[None] | None = None
        # It connects while the voxels are prepared.
        self.remote_job = RemoteJob(request, endpoint, key)

    @property
    def phase(self) -> str:
        if self.problem is not None or self.record is not None or self.cancelled:
            return "ended"
        if self._finishing is not None:
            return "finishing"
        if self._preparing is not None:
            return "preparing"
        return self.remote_job.phase

    @property
    def segmentation(self) -> Any:
        """The segmentation node; None before the first mask, and where the user removed it."""
        there = self._segmentation is not None and self._segmentation.in_scene
        return self._segmentation.node if there else None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The candidate series while the job needs a selection; [] otherwise, and once one was chosen."""
        return self.remote_job.candidates if self.phase == "choosing" else []

    def choose_series(self, selector: str) -> None:
        """Continues with one of the candidates."""
        self.remote_job.choose_series(selector)

    @property
    def notes(self) -> list[str]:
        """Warnings to show beside the result."""
        remote = self.remote_job
        warning = remote.welcome.get("bundle", {}).get("warning")
        notes = [warning] if warning else []
        notes += remote.job.warnings
        if remote.job.lesions is not None and remote.job.missing_sections:
            notes.append(strings.MISSING_SECTIONS.format(sections=strings.listed(remote.job.missing_sections)))
        if remote.device.get("fallbacks"):
            notes.append(strings.FALLBACK.format(why="; ".join(remote.device["fallbacks"])))
        notes += self.request.notes
        if self._unlisted:
            notes.append(strings.UNLISTED.format(n=self._unlisted))
        volume = self.request.t2w.node()
        if volume is not None and volume.GetParentTransformNode() is not None:
            notes.append(strings.SHOWN_TRANSFORMED)
        return list(dict.fromkeys(notes))

    def tick(self) -> None:
        """Does at least one step, and then more until TICK_BUDGET_S is over."""
        until = time.monotonic() + TICK_BUDGET_S
        while self.phase != "ended":
            if not self._step() or time.monotonic() >= until:
                return

    def cancel(self) -> None:
        """Stops at once; `finish_cancel` tells the daemon afterwards."""
        if self.phase != "ended":
            self.cancelled = True
            self._remove_nodes()
            self.remote_job.cancel()

    def finish_cancel(self) -> bool:
        """To be called from the timer after `cancel`, until it returns False."""
        return self.cancelled and self.remote_job.finish_cancel()

    def _step(self) -> bool:
        """False where there is nothing more to do now."""
        try:
            if self._drawing is not None:
                return self._draw_lesions()
            if self._finishing is not None:
                return next(self._finishing, None) is None and self.phase != "ended"
            if self._preparing is not None and not self._prepare():
                return True
            return self._follow()
        except GridError as error:
            texts = strings.OTHER_GRID
            self._fail(problem("other_grid", texts, why=error, send_files=strings.SEND_FILES))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError, OSError) as error:
            # A message breaks the protocol or is missing, or a file is gone. Not the error's text: it may hold a path.
            self._fail(problem("malformed", strings.MALFORMED, what=type(error).__name__))
        return False

    def _prepare(self) -> bool:
        """One step of preparing the request; True once that is done."""
        if next(self._preparing, self) is self:
            self._preparing = None
            self.remote_job.send()
            return True
        return False

    def _follow(self) -> bool:
        event = self.remote_job.tick()
        if event is not None:
            if not self._check():
                return False
            self._draw(event)
        if self.remote_job.ended:
            self._on_job_end()
        return event is not None or self._finishing is not None

    def _check(self) -> bool:
        """Whether the volume is still the one that was sent; where not, the analysis fails."""
        volume = self.request.t2w.node()
        if volume is None:
            return self._fail(problem("volume_gone", strings.VOLUME_GONE))
        if not self.request.t2w.matches(volume):
            return self._fail(problem("volume_changed", strings.VOLUME_CHANGED))
        if self._segmentation is not None and self._segmentation.in_scene:
            self._segmentation.follow_transform_of(volume)
        return True

    def _draw(self, event: Any) -> None:
        job, volume = self.remote_job.job, self.request.t2w.node()
        if event.name == "grid":
            # A job that runs again sends a second grid.
            self._remove_nodes()
            snapshot = self.request.t2w
            self._layout = layout_between(snapshot.ijk_to_ras, snapshot.shape, job.matrix, job.shape)
            # The DICOM files may have another order of axes than the snapshot.
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
                self._on_segmentation(self._segmentation.node)
            if not self._segmentation.in_scene:
                return
            if event.name == "section":
                section = event.body["section"] - 1
                self._segmentation.set_section(job.mask[section], section)
            else:
                self._drawing = self._segmentation.split_into_lesions(job.mask, job.matrix, job.lesions or [])

    def _draw_lesions(self) -> bool:
        left_over = next(self._drawing, None)
        if left_over is None:
            self._drawing = None
        else:
            self._unlisted = left_over
        return True

    def _on_job_end(self) -> None:
        job = self.remote_job.job
        if self.remote_job.problem is not None:
            self._fail(self.remote_job.problem)
        elif job.state == "completed":
            self._finishing = self._finish()
        elif job.state == "cancelled":
            # By another client; what was drawn is incomplete.
            self._remove_nodes()
            self.cancelled = True
        else:
            fault = job.problem or {}
            state = strings.STATES.get(job.state, job.state)
            code = fault.get("code", job.state)
            self._fail(refused_by_daemon(code, fault.get("message", state), fault.get("action", "")))

    def _finish(self) -> Iterator[None]:
        """A last check of the voxels, the heat maps, and the record; a step each."""
        job, snapshot, volume = self.remote_job.job, self.request.t2w, self.request.t2w.node()
        if isinstance(self.request, MaskRequest) and not (job.mask == self.request.mask).all():
            self._fail(problem("other_mask", strings.OTHER_MASK))
            return
        # Scripts can write into a volume's array without a modified event.
        if not self._check() or digest(volume, snapshot.layout) != snapshot.pixel_sha256:
            self._fail(problem("volume_changed", strings.VOLUME_CHANGED))
            return
        yield
        for answer in job.answers:
            maps = job.heat.get(answer["id"])
            if maps:
                label = answer["labels"].get(answer["decision"], answer["decision"])
                self._heat[answer["id"]] = heat_map.create_volume(maps, job.matrix, job.shape, volume, label)
                yield
        segmentation = self._segmentation
        if segmentation is not None and (not segmentation.in_scene or not job.lesions):
            # No lesion is a result; an empty segmentation would be none.
            segmentation.remove()
            segmentation = self._segmentation = None
        if segmentation is not None and self._show_3d:
            segmentation.show_3d(True)
            yield
        about = {
            "kind": self.request.kind,
            "bundle": self.remote_job.welcome.get("bundle", {}),
            "provider": job.grid.get("provider", ""),
            "daemon": self.remote_job.welcome.get("daemon", ""),
            "before": self._previous.content["finding"] if self._previous is not None else "",
            "reader": self.request.reader if isinstance(self.request, MaskRequest) else "",
        }
        if not self._check():
            return
        node = segmentation.node if segmentation is not None else None
        self.record = record.create(job, volume, node, self._heat, self.notes, about)

    def _fail(self, why: Problem) -> bool:
        if self.problem is None and not self.cancelled:
            self.problem = why
        self._remove_nodes()
        self.remote_job.close()
        return False

    def _remove_nodes(self) -> None:
        """Removes all nodes of an analysis that did not complete."""
        if self._segmentation is not None:
            self._segmentation.remove()
        for node in self._heat.values():
            nodes.remove(node)
        self._segmentation = self._drawing = None
        self._heat = {}
        self._unlisted = 0
