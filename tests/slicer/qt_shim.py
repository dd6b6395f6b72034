"""`qt`, `ctk` and Slicer's own widgets where there is no Slicer: PySide6 with the manners of PythonQt.

PythonQt, which Slicer embeds, differs from PySide6 in what a module's author meets every minute: a Qt property is a
plain attribute (`label.text`, `box.checked = True`; `label.text()` is an error), unknown attributes are refused, and
signals are connected by their signature (`button.connect("clicked()", f)`). Every class that is handed out here
behaves so.

Slicer's own widgets are stand-ins with the same names and signals, on the real scene: a node selector that is a combo
box, a Segment Editor that has no brushes but the real history of undo. How they look is for the real Slicer to show.
"""

import sys
import types
from collections.abc import Callable

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

_wrapped: dict[type, type] = {}
_VIRTUAL = {"sizeHint", "minimumSizeHint"}
"""Properties whose getter Qt calls back as a virtual function: those stay functions."""


def _attribute(name: str) -> property:
    get = lambda self: QtCore.QObject.property(self, name)  # noqa: E731
    return property(get, lambda self, value: QtCore.QObject.setProperty(self, name, value))


class _Manners:
    """Mixed into every QObject class; PySide6 finds it first."""

    def __init_subclass__(cls) -> None:
        # PySide6 looks for it in the class itself, and else takes its own static one.
        cls.connect = cls.__dict__.get("connect", _Manners.connect)

    def __setattr__(self, name: str, value: object) -> None:
        if type(self) in _wrapped.values() and not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(f"PythonQt has no '{name}' on {type(self).__name__}, and refuses to make one")
        super().__setattr__(name, value)

    def connect(self, signature: str, slot: Callable) -> bool:
        name, _, rest = signature.partition("(")
        count = len([word for word in rest.rstrip(")").split(",") if word])
        # PySide6 looks at how many arguments a slot takes; PythonQt hands over those of the signature.
        exact = (lambda: slot(), lambda a: slot(a), lambda a, b: slot(a, b))[count]
        self.__dict__.setdefault("_slots", []).append(exact)
        getattr(self, name).connect(exact)
        return True


def wrapped(cls: type) -> type:
    if not (isinstance(cls, type) and issubclass(cls, QtCore.QObject)):
        return cls
    if cls not in _wrapped:
        meta = cls.staticMetaObject
        names = {meta.property(n).name() for n in range(meta.propertyCount())} - _VIRTUAL
        attributes = {name: _attribute(name) for name in names}
        _wrapped[cls] = type(cls)(cls.__name__, (_Manners, cls), attributes)
    return _wrapped[cls]


class _Qt(types.ModuleType):
    def __getattr__(self, name: str):
        for module in (QtWidgets, QtGui, QtCore):
            if hasattr(module, name):
                found = wrapped(getattr(module, name))
                setattr(self, name, found)
                return found
        raise AttributeError(f"Qt has no {name}")


class ComboBox(wrapped(QtWidgets.QComboBox)):
    """Its line edit has the manners too."""

    def lineEdit(self) -> QtWidgets.QLineEdit:
        own = QtWidgets.QComboBox.lineEdit(self)
        if own is not None and not isinstance(own, _Manners):
            self.setLineEdit(wrapped(QtWidgets.QLineEdit)(own.text()))
        return QtWidgets.QComboBox.lineEdit(self)


_wrapped[QtWidgets.QComboBox] = ComboBox


class CollapsibleButton(wrapped(QtWidgets.QWidget)):
    """ctkCollapsibleButton: a title that opens and closes what is below it."""

    def __init__(self, text: str = "", parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QtWidgets.QToolButton()
        self._title.setToolButtonStyle(QtCore.Qt.ToolButtonTextBesideIcon)
        self._title.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        self._title.clicked.connect(lambda: self._set(not self._collapsed))
        self._collapsed = False
        self._title.setText(text)
        self._set(False)

    def _set(self, collapsed: bool) -> None:
        self._collapsed = collapsed
        self._title.setArrowType(QtCore.Qt.RightArrow if collapsed else QtCore.Qt.DownArrow)
        own = self._own()
        if isinstance(own, QtWidgets.QFormLayout):
            for row in range(1, own.rowCount()):
                own.setRowVisible(row, not collapsed)

    def _own(self) -> QtWidgets.QLayout | None:
        """The layout that the module gave it, with the title on top."""
        own = QtWidgets.QWidget.layout(self)
        if own is not None and self._title.parent() is None:
            own.insertRow(0, self._title) if isinstance(own, QtWidgets.QFormLayout) else own.insertWidget(
                0, self._title
            )
        return own

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        # Rows came after it was collapsed.
        self._own()
        if self._collapsed:
            self._set(True)
        super().showEvent(event)

    text = property(lambda self: self._title.text(), lambda self, words: self._title.setText(words))
    collapsed = property(lambda self: self._collapsed, lambda self, wanted: self._set(bool(wanted)))


class NodeComboBox(wrapped(QtWidgets.QComboBox)):
    """qMRMLNodeComboBox on the real scene."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds, self._scene, self._ids, self._last = [], None, [""], ""
        self._none = ""
        self._flags: dict[str, object] = {}
        self._heard: list[Callable] = []
        self._tags: list[int] = []
        self.currentIndexChanged.connect(self._chosen)

    def connect(self, signature: str, slot: Callable) -> bool:
        # Not a signal of PySide6: it loses count of references where it hands over None.
        assert signature == "currentNodeChanged(vtkMRMLNode*)", signature
        self._heard.append(slot)
        return True

    def setMRMLScene(self, scene: vtk.vtkObject | None) -> None:
        if scene is self._scene:
            return
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is not None:
            events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent)
            self._tags = [scene.AddObserver(event, lambda caller, name: self._fill()) for event in events]
            self._fill()

    def currentNode(self) -> vtk.vtkObject | None:
        name = self._ids[QtWidgets.QComboBox.currentIndex(self)] if self._scene is not None else ""
        return self._scene.GetNodeByID(name) if name else None

    def setCurrentNode(self, node: vtk.vtkObject | None) -> None:
        name = node.GetID() if node is not None else ""
        QtWidgets.QComboBox.setCurrentIndex(self, self._ids.index(name) if name in self._ids else 0)

    def _fill(self) -> None:
        nodes = [
            node
            for kind in self._kinds
            for node in slicer.util.getNodesByClass(kind)
            if node.GetClassName() == kind and not node.GetHideFromEditors()
        ]
        self.blockSignals(True)
        QtWidgets.QComboBox.clear(self)
        self.addItem(self._none)
        for node in nodes:
            self.addItem(node.GetName())
        self._ids = ["", *(node.GetID() for node in nodes)]
        QtWidgets.QComboBox.setCurrentIndex(self, self._ids.index(self._last) if self._last in self._ids else 0)
        self.blockSignals(False)
        self._chosen()

    def _chosen(self, place: int = 0) -> None:
        node = self.currentNode()
        name = node.GetID() if node is not None else ""
        if name != self._last:
            self._last = name
            for slot in self._heard:
                slot(node)

    def _flag(name: str) -> property:
        return property(lambda self: self._flags.get(name), lambda self, value: self._flags.__setitem__(name, value))

    addEnabled, removeEnabled, renameEnabled = _flag("addEnabled"), _flag("removeEnabled"), _flag("renameEnabled")
    noneEnabled, selectNodeUponCreation = _flag("noneEnabled"), _flag("selectNodeUponCreation")
    showChildNodeTypes = _flag("showChildNodeTypes")
    noneDisplay = property(lambda self: self._none, lambda self, words: setattr(self, "_none", words))
    nodeTypes = property(lambda self: self._kinds, lambda self, kinds: setattr(self, "_kinds", list(kinds)))


class SegmentEditor(wrapped(QtWidgets.QLabel)):
    """qMRMLSegmentEditorWidget: no brushes, but the real history, so that undo is the real undo."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__("[ the Segment Editor of Slicer ]", parent)
        self.setStyleSheet("border: 1px dashed gray; padding: 24px;")
        self._history = slicer.vtkSegmentationHistory()
        self._node = self._volume = self._editor = None

    def setMRMLScene(self, scene: vtk.vtkObject) -> None:
        pass

    def setMRMLSegmentEditorNode(self, node: vtk.vtkObject) -> None:
        self._editor = node

    def setSegmentationNode(self, node: vtk.vtkObject | None) -> None:
        self._node = node
        self._history.SetSegmentation(node.GetSegmentation() if node is not None else None)

    def segmentationNode(self) -> vtk.vtkObject | None:
        return self._node

    def setSourceVolumeNode(self, node: vtk.vtkObject | None) -> None:
        assert node is None or self._node is not None, "the segmentation comes first"
        self._volume = node

    def sourceVolumeNode(self) -> vtk.vtkObject | None:
        return self._volume

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self._history.SetMaximumNumberOfStates(count)

    def saveStateForUndo(self) -> None:
        self._history.SaveState()

    def undo(self) -> None:
        self._history.RestorePreviousState()

    def redo(self) -> None:
        self._history.RestoreNextState()

    def setActiveEffect(self, effect: object) -> None:
        pass

    def setupViewObservations(self) -> None:
        pass

    def removeViewObservations(self) -> None:
        pass

    def installKeyboardShortcuts(self) -> None:
        pass

    def uninstallKeyboardShortcuts(self) -> None:
        pass

    segmentationNodeSelectorVisible = True
    sourceVolumeNodeSelectorVisible = True


class ScriptedLoadableModule:
    def __init__(self, parent: object) -> None:
        self.parent = parent


class ScriptedLoadableModuleWidget:
    """As Slicer's: `parent` has a layout, and `setup` fills it."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        self.parent = parent
        self.layout = parent.layout()

    def setup(self) -> None:
        pass


class ScriptedLoadableModuleTest:
    def delayDisplay(self, message: str, milliseconds: int = 0) -> None:
        pass


def install() -> QtWidgets.QApplication:
    """Puts everything where a module imports it from; the application, whose events somebody must process."""
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    ctk, base = types.ModuleType("ctk"), types.ModuleType("slicer.ScriptedLoadableModule")
    ctk.ctkCollapsibleButton = CollapsibleButton
    for cls in (ScriptedLoadableModule, ScriptedLoadableModuleWidget, ScriptedLoadableModuleTest):
        setattr(base, cls.__name__, cls)
    slicer.qMRMLNodeComboBox, slicer.qMRMLSegmentEditorWidget = NodeComboBox, SegmentEditor
    sys.modules |= {"qt": _Qt("qt"), "ctk": ctk, "slicer.ScriptedLoadableModule": base}
    return application
