"""A 3D Slicer without its window: one real MRML scene with the real module logics, hung where scripts look for them.

`slicer.mrmlScene`, `slicer.modules.<name>.logic()` and `slicer.app` exist in the application alone; the wheel
slicer-core has what lies behind them. Everything that draws a window stands in `qt_shim.py`.
"""

import os
import sys
import types
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkOSOpenGLRenderWindow")

import slicer
import vtk


class Module:
    """What `slicer.modules.volumes` is, as far as scripts use it."""

    def __init__(self, logic: vtk.vtkObject) -> None:
        self._logic = logic

    def logic(self) -> vtk.vtkObject:
        return self._logic


class Application:
    """What is used of `slicer.app`: its MRML logic, its version, and the reader's settings."""

    def __init__(self, logic: vtk.vtkObject) -> None:
        self._logic = logic
        self.majorVersion, self.minorVersion = 5, 13
        self.settings_file: Path | None = None

    def applicationLogic(self) -> vtk.vtkObject:
        return self._logic

    def userSettings(self):
        import qt

        return qt.QSettings(str(self.settings_file), qt.QSettings.IniFormat)


class DicomDatabase:
    """What is asked of `slicer.dicomDatabase`: where an instance lies, of which series it is, and of which study."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def fileForInstance(self, uid: str) -> str:
        return self.files.get(uid, "")

    def seriesForFile(self, path: str) -> str:
        import pydicom

        return str(pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID)

    def studyForSeries(self, uid: str) -> str:
        import pydicom

        for path in self.files.values():
            found = pydicom.dcmread(path, stop_before_pixels=True)
            if str(found.SeriesInstanceUID) == uid:
                return str(found.StudyInstanceUID)
        return ""


def start() -> None:
    """Once a process; a later call does nothing."""
    if getattr(slicer, "mrmlScene", None) is not None:
        return
    errors = vtk.vtkOutputWindow()
    errors.SetDisplayModeToAlwaysStdErr()
    vtk.vtkOutputWindow.SetInstance(errors)
    scene, application = slicer.vtkMRMLScene(), slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    colors = application.GetColorLogic()
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    logics = {
        "Colors": colors,
        "Volumes": slicer.vtkSlicerVolumesLogic(),
        "Terminologies": slicer.vtkSlicerTerminologiesModuleLogic(),
        "Segmentations": slicer.vtkSlicerSegmentationsModuleLogic(),
        "SubjectHierarchy": slicer.vtkSlicerSubjectHierarchyModuleLogic(),
    }
    modules = types.ModuleType("slicer.modules")
    for name, logic in logics.items():
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application)
        application.SetModuleLogic(name, logic)
        setattr(modules, name.lower(), Module(logic))
    slicer.mrmlScene, slicer.modules, slicer.app = scene, modules, Application(application)
    slicer.dicomDatabase = DicomDatabase()
    sys.modules["slicer.modules"] = modules
