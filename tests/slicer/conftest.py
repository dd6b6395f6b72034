"""3D Slicer's core, its panel on PySide6, and the real daemon."""

import os
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
PICTURES = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target")) / "pictures" / "slicer"
MODULE = TREE / "adapters/slicer/Cordline"
sys.path[:0] = [str(TREE / "tests/python"), str(TREE / "plugin-sdk/python"), str(MODULE)]

import core_host  # noqa: E402

core_host.start()

import qt_shim  # noqa: E402

APPLICATION = qt_shim.install()

import slicer  # noqa: E402
import tiny_bundle  # noqa: E402
from daemon_process import Daemon, find_library, find_program  # noqa: E402

TRAINED = TREE / "models/bundles/spinal-lesion-phantom"


@pytest.fixture(scope="session")
def program() -> Path:
    return find_program()


@pytest.fixture(scope="session")
def library() -> str:
    return find_library()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="session")
def shared(program, library, tiny, tmp_path_factory):
    """One daemon for all tests that leave it as it was."""
    daemon = Daemon(program, library, tiny, tmp_path_factory.mktemp("d")).start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


@pytest.fixture
def daemon(program, library, tiny, tmp_path):
    """One for a test that does things to it."""
    daemon = Daemon(program, library, tiny, tmp_path)
    yield daemon
    if daemon.process and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture(scope="session")
def trained(program, library, tmp_path_factory):
    """A daemon with the trained bundle."""
    daemon = Daemon(program, library, TRAINED, tmp_path_factory.mktemp("t")).start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


@pytest.fixture(autouse=True)
def scene(tmp_path):
    """An empty scene, settings that nobody wrote, and no exception that was lost in a slot."""
    slicer.mrmlScene.Clear(False)
    slicer.mrmlScene.SetUndoOff()
    slicer.mrmlScene.AddNode(slicer.vtkMRMLInteractionNode())  # views look for it
    slicer.dicomDatabase.files.clear()
    slicer.app.settings_file = tmp_path / "settings.ini"
    lost = []
    before, sys.excepthook = sys.excepthook, lambda kind, error, trace: lost.append(error)
    yield slicer.mrmlScene
    sys.excepthook = before
    assert lost == []
