"""A slice view of Slicer without a window: its own slice logic and displayable managers draw into memory."""

from pathlib import Path

import numpy as np
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import vtk_to_numpy

_MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D",)


class SliceView:
    """One view; `picture` gives (rows, columns, 3), and `pixel_of` where a place of the patient is in it."""

    def __init__(self, name: str = "Yellow", size: tuple[int, int] = (640, 640)) -> None:
        application = slicer.app.applicationLogic()
        self._renderer, self._window = vtk.vtkRenderer(), vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetSize(*size)
        self._window.AddRenderer(self._renderer)
        # Displayable managers draw lines into a layer above.
        self._window.SetNumberOfLayers(2)
        above = vtk.vtkRenderer()
        above.SetLayer(1)
        self._window.AddRenderer(above)
        for each in (self._renderer, above):
            each.GetActiveCamera().ParallelProjectionOn()
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.Initialize()
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(actor)
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(application)
        for manager in _MANAGERS:
            if not factory.IsDisplayableManagerRegistered(manager):
                factory.RegisterDisplayableManager(manager)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.SetRenderer(self._renderer)
        self._group.Initialize(factory, self._renderer)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application)
        application.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddSliceNode(name)
        self._group.SetMRMLDisplayableNode(self.node)

    def close(self) -> None:
        """A view that nobody looks at any more must not answer to the scene of the next test."""
        self._group.SetMRMLDisplayableNode(None)
        slicer.app.applicationLogic().GetSliceLogics().RemoveItem(self.logic)
        self.logic.SetMRMLScene(None)
        for node in (self.composite, self.node):
            if node is not None:
                slicer.mrmlScene.RemoveNode(node)

    @property
    def composite(self) -> vtk.vtkObject:
        return self.logic.GetSliceCompositeNode()

    def look_at(self, volume: vtk.vtkObject) -> None:
        """The volume in the background, in the plane of its sections, as a whole."""
        self.composite.SetBackgroundVolumeID(volume.GetID())
        self.node.SetOrientation("Sagittal")
        self.node.RotateToVolumePlane(volume)
        self.logic.ResizeSliceNode(*self._window.GetSize())
        self.logic.FitSliceToBackground()

    def go_to(self, ras: np.ndarray) -> None:
        self.node.JumpSliceByCentering(*ras)

    def picture(self, path: Path | None = None) -> np.ndarray:
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.ShouldRerenderOff()
        grab.Update()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = vtk.vtkPNGWriter()
            writer.SetFileName(str(path))
            writer.SetInputConnection(grab.GetOutputPort())
            writer.Write()
        columns, rows, _ = grab.GetOutput().GetDimensions()
        return vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1].copy()

    def pixel_of(self, ras: np.ndarray) -> tuple[int, int]:
        """Row and column of a place (world, RAS, mm) in the picture."""
        to_ras = slicer.util.arrayFromVTKMatrix(self.node.GetXYToRAS())
        x, y = (np.linalg.inv(to_ras) @ [*ras, 1.0])[:2]
        return self._window.GetSize()[1] - 1 - round(y), round(x)
