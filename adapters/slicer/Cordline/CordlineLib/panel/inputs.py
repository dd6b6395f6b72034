"""Section Inputs: selectors of the T2w and the T1c volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from .. import strings, views
from .widgets import collapsible_section


class Inputs:
    """changed: called when another volume is selected."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.box, form = collapsible_section(strings.INPUTS)
        self.t2w_selector = _selector("CordlineT2w", strings.T2W_TIP)
        self.t1c_selector = _selector("CordlineT1c", strings.T1C_TIP)
        form.addRow(strings.T2W, self.t2w_selector)
        form.addRow(strings.T1C, self.t1c_selector)
        for each in (self.t2w_selector, self.t1c_selector):
            each.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: changed())

    @property
    def t2w(self) -> Any:
        return self.t2w_selector.currentNode()

    @property
    def t1c(self) -> Any:
        return self.t1c_selector.currentNode()

    def preset(self) -> None:
        """Selects the volume in the slice views, where none is selected."""
        if self.t2w is None and views.active_volume() is not None:
            self.t2w_selector.setCurrentNode(views.active_volume())

    def attach(self) -> None:
        for each in (self.t2w_selector, self.t1c_selector):
            each.setMRMLScene(slicer.mrmlScene)


def _selector(name: str, tip: str) -> Any:
    found = slicer.qMRMLNodeComboBox()
    found.objectName = name
    found.toolTip = tip
    found.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    found.showChildNodeTypes = False
    found.addEnabled = found.removeEnabled = found.renameEnabled = False
    found.noneEnabled = True
    found.noneDisplay = strings.NONE
    found.selectNodeUponCreation = False
    return found
