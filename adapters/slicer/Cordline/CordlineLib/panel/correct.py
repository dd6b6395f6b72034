"""Section Correct: a Segment Editor for the lesions, and Classify again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from .. import strings
from .widgets import button, collapsible_section, text_label

EDITOR_NODE = "CordlineEditor"
UNDO_STATES = 10


class Correct:
    """classify: called by the button."""

    def __init__(self, classify: Callable[[], None]) -> None:
        self.box, form = collapsible_section(strings.CORRECT, collapsed=True)
        form.addRow(text_label(strings.CORRECT_HOW))
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
        """Sets the scene, with an editor node of this module: the Segment Editor module keeps its own."""
        scene = slicer.mrmlScene
        self.editor.setMRMLScene(scene)
        node = scene.GetSingletonNode(EDITOR_NODE, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(EDITOR_NODE)
            node = scene.AddNode(node)
        self.editor.setMRMLSegmentEditorNode(node)

    def edit(self, segmentation: Any, volume: Any) -> None:
        """The segmentation is set first: the editor takes its geometry from it, and grey values from the volume."""
        self.editor.setSegmentationNode(segmentation)
        self.editor.setSourceVolumeNode(volume if segmentation is not None else None)

    def begin(self, segmentation: Any, volume: Any) -> None:
        """For a new, empty segmentation: everything that is drawn into it becomes one undo step."""
        self.edit(segmentation, volume)
        self.editor.saveStateForUndo()

    def set_enabled(self, unmet_requirement: str) -> None:
        self.button.enabled = not unmet_requirement
        self.button.toolTip = unmet_requirement or strings.CLASSIFY_TIP

    def leave(self) -> None:
        """For the module's `exit`: removes the active effect from the slice views."""
        self.editor.setActiveEffect(None)
        self.editor.uninstallKeyboardShortcuts()
        self.editor.removeViewObservations()

    def enter(self) -> None:
        self.editor.setupViewObservations()
        self.editor.installKeyboardShortcuts()
