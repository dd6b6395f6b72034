"""Correct: the Segment Editor on the lesion segments, and Classify again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from .. import strings
from .widgets import button, section, words

EDITOR_NODE = "CordlineEditor"
UNDO_STATES = 10


class Correct:
    """classify: called when the button is pressed."""

    def __init__(self, classify: Callable[[], None]) -> None:
        self.box, form = section(strings.CORRECT, collapsed=True)
        form.addRow(words(strings.CORRECT_HOW))
        self.editor: Any = slicer.qMRMLSegmentEditorWidget()
        self.editor.objectName = "CordlineEditor"
        self.editor.setMaximumNumberOfUndoStates(UNDO_STATES)
        self.editor.segmentationNodeSelectorVisible = False
        self.editor.sourceVolumeNodeSelectorVisible = False
        form.addRow(self.editor)
        self.button = button(strings.CLASSIFY, "CordlineClassify", strings.CLASSIFY_TIP)
        form.addRow(self.button)
        self.button.connect("clicked()", classify)

    def attach(self) -> None:
        """The scene, and an editor node of our own: what the Segment Editor module edits stays as it is."""
        scene = slicer.mrmlScene
        self.editor.setMRMLScene(scene)
        node = scene.GetSingletonNode(EDITOR_NODE, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(EDITOR_NODE)
            node = scene.AddNode(node)
        self.editor.setMRMLSegmentEditorNode(node)

    def edit(self, segmentation: Any, volume: Any) -> None:
        """In this order: the editor takes its geometry from the segmentation, its grey values from the volume."""
        self.editor.setSegmentationNode(segmentation)
        self.editor.setSourceVolumeNode(volume if segmentation is not None else None)

    def begin(self, segmentation: Any, volume: Any) -> None:
        """A new segmentation, before its first mask: all that the box draws is one step of undo."""
        self.edit(segmentation, volume)
        self.editor.saveStateForUndo()

    def allow(self, why_not: str) -> None:
        self.button.enabled = not why_not
        self.button.toolTip = why_not or strings.CLASSIFY_TIP

    def leave(self) -> None:
        """The module is left: no brush stays in the slice views."""
        self.editor.setActiveEffect(None)
        self.editor.uninstallKeyboardShortcuts()
        self.editor.removeViewObservations()

    def enter(self) -> None:
        self.editor.setupViewObservations()
        self.editor.installKeyboardShortcuts()
