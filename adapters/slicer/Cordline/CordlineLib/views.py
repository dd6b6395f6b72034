"""Slice views: jumping to a position, and the volume in the background."""

from __future__ import annotations

from typing import Any

import slicer


def jump_to(ras: tuple[float, float, float]) -> None:
    """Centres all slice views on a position (world, RAS, mm)."""
    node = slicer.vtkMRMLSliceNode
    node.JumpAllSlices(slicer.mrmlScene, *ras, node.CenteredJumpSlice)


def active_volume() -> Any:
    """The scalar volume in the slice views; None where there is none."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    name = selection.GetActiveVolumeID() if selection is not None else None
    node = slicer.mrmlScene.GetNodeByID(name) if name else None
    return node if node is not None and node.IsA("vtkMRMLScalarVolumeNode") else None
