"""Heat maps (Grad-CAM) as scalar volumes, and their display in the foreground of slice views."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import slicer.util

from . import strings, terminology
from .grid import RAS_TO_LPS

MIN_SHOWN_HEAT = 0.25
"""Lower values are transparent, as in the OHIF panel. Slicer has no opacity that rises with the value."""


def create_volume(
    maps: dict[int, np.ndarray], matrix: np.ndarray, shape: tuple[int, int, int], volume: Any, label: str
) -> Any:
    """Adds a scalar volume (0 to 1) with the heat map of one answer.

    maps: by section, counted from 1: (rows, columns), 0 to 255, stretched over the whole section. matrix: (4, 4) of
    the masks' grid, from (column, row, section, 1) to LPS, mm. shape: of that grid, (section, row, column). The volume
    has the maps' own resolution; slice views interpolate.
    """
    rows, columns = next(iter(maps.values())).shape
    array = np.zeros((shape[0], rows, columns), np.float32)
    for section, levels in maps.items():
        array[section - 1] = levels.astype(np.float32) / 255
    by_column, by_row = shape[2] / columns, shape[1] / rows
    coarse = np.eye(4)
    coarse[0, 0], coarse[1, 1] = by_column, by_row
    # The first voxel of a map covers several of the section; its centre is the centre of those.
    coarse[:2, 3] = (by_column - 1) / 2, (by_row - 1) / 2
    name = slicer.mrmlScene.GenerateUniqueName(strings.heat_name(volume.GetName(), label))
    node = slicer.util.addVolumeFromArray(array, RAS_TO_LPS @ matrix @ coarse, name)
    node.SetUndoEnabled(True)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(terminology.heat_colour_node().GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(0.0, 1.0)
    display.SetInterpolate(True)
    display.SetApplyThreshold(True)
    display.SetAutoThreshold(False)
    display.SetThreshold(MIN_SHOWN_HEAT, 1.0)
    return node


class Foreground:
    """Shows a heat map in the foreground of slice views, and restores the former foreground."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str | None, float]] = {}
        self._outlined: Any = None
        self.shown_id: str | None = None

    def show(self, heat: Any, volume: Any, opacity: float, segmentation: Any = None) -> None:
        """opacity: 0 to 1. Only views with `volume` in the background are used, or all where none has it.

        Segments are drawn over the foreground, so the fill of `segmentation` is hidden; its outline stays.
        """
        if segmentation is not None and self._outlined is None:
            self._outlined = segmentation.GetDisplayNode()
            self._outlined.SetVisibility2DFill(False)
        views = _slice_composite_nodes()
        ours = [view for view in views if view.GetBackgroundVolumeID() == volume.GetID()]
        for view in ours or views:
            self._before.setdefault(view.GetID(), (view.GetForegroundVolumeID(), view.GetForegroundOpacity()))
            if not ours:
                view.SetBackgroundVolumeID(volume.GetID())
            view.SetForegroundVolumeID(heat.GetID())
            view.SetForegroundOpacity(opacity)
        self.shown_id = heat.GetID()

    def set_opacity(self, opacity: float) -> None:
        for view in _slice_composite_nodes():
            if self.shown_id is not None and view.GetForegroundVolumeID() == self.shown_id:
                view.SetForegroundOpacity(opacity)

    def hide(self) -> None:
        for view in _slice_composite_nodes():
            before = self._before.get(view.GetID())
            if before is not None and view.GetForegroundVolumeID() == self.shown_id:
                volume, opacity = before
                still_there = volume is not None and slicer.mrmlScene.GetNodeByID(volume) is not None
                view.SetForegroundVolumeID(volume if still_there else None)
                view.SetForegroundOpacity(opacity)
        if self._outlined is not None:
            self._outlined.SetVisibility2DFill(True)
            self._outlined = None
        self._before.clear()
        self.shown_id = None


def _slice_composite_nodes() -> list[Any]:
    return list(slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"))
