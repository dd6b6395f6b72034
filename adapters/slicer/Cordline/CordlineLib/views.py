"""Slice views: going to a lesion, and the volume that is shown."""

from __future__ import annotations

from typing import Any

import slicer


def jump(ras: tuple[float, float, float]) -> None:
    """Goes to a place (world, RAS, mm) in every slice view, and puts it into the middle."""
    node = slicer.vtkMRMLSliceNode
    node.JumpAllSlices(slicer.mrmlScene, *ras, node.CenteredJumpSlice)


def active_volume() -> Any:
    """The volume that is shown; None where there is none, or where it is no scalar volume."""
    selection = slicer.app.applicationLogic().GetSelectionNode()
    name = selection.GetActiveVolumeID() if selection is not None else None
    node = slicer.mrmlScene.GetNodeByID(name) if name else None
    return node if node is not None and node.IsA("vtkMRMLScalarVolumeNode") else None
