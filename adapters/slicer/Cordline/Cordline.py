"""Lesions of the spinal cord in sagittal T2w MR, found by the Cordline daemon. Research use only."""

from __future__ import annotations

import sys
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

# An extension that was built or carried has the client library next to this file; the source tree has it in plugin-sdk.
_HERE = Path(__file__).resolve().parent
if not (_HERE / "cordline_client").is_dir() and len(_HERE.parents) > 2:
    _CLIENT = _HERE.parents[2] / "plugin-sdk" / "python"
    if _CLIENT.is_dir() and str(_CLIENT) not in sys.path:
        sys.path.append(str(_CLIENT))

from CordlineLib import strings, terminology  # noqa: E402


class Cordline(ScriptedLoadableModule):
    """Metadata of the module."""

    def __init__(self, parent) -> None:
        super().__init__(parent)
        parent.title = strings.TITLE
        parent.categories = ["Segmentation"]
        parent.dependencies = ["Segmentations", "SegmentEditor", "Terminologies", "Volumes", "Colors"]
        parent.contributors = ["The Cordline contributors"]
        parent.helpText = strings.HELP
        parent.acknowledgementText = strings.RESEARCH


class CordlineWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Holds the panel, and forwards events of the scene to it."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.panel = None

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        from CordlineLib.panel.panel import Panel
        from CordlineLib.settings import Settings

        terminology.load()
        self.panel = Panel(self.layout, Settings(slicer.app.userSettings()))
        self.panel.attach()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, lambda caller, event: self.panel.scene_closing())
        self.addObserver(scene, scene.EndCloseEvent, lambda caller, event: self.panel.attach())
        self.addObserver(scene, scene.EndImportEvent, lambda caller, event: self.panel.scene_loaded())

    def enter(self) -> None:
        self.panel.enter()

    def exit(self) -> None:
        self.panel.leave()

    def cleanup(self) -> None:
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()


class CordlineTest(ScriptedLoadableModuleTest):
    """For `Reload and Test` and the unit tests of the build; the checks are in Testing/Python."""

    def runTest(self) -> None:
        folder = Path(__file__).resolve().parent / "Testing" / "Python"
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
        from CordlineSelfTest import run

        run(self.delayDisplay)
