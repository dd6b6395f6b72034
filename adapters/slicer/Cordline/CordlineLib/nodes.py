"""Removal of MRML nodes."""

from __future__ import annotations

from typing import Any

import slicer


def remove(node: Any) -> None:
    """Removes a node and its display nodes, which the scene would keep. No error where the node is gone already."""
    scene = slicer.mrmlScene
    if not scene.IsNodePresent(node):
        return
    for each in [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]:
        if each is not None:
            scene.RemoveNode(each)
    scene.RemoveNode(node)
