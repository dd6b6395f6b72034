"""Self test of the installed module.

Run by `Reload and Test` in the module panel, by the unit tests of the build, and by the tests of the project on
Slicer's core. It needs no daemon, and leaves the scene unchanged.
"""

from __future__ import annotations

import time

import numpy as np
import slicer
import slicer.util
from CordlineLib import address, packages, strings, terminology, volume
from CordlineLib.connection import Connection

UNUSED_ENDPOINT = "tcp://127.0.0.1:1"
LIMIT_S = 10


def run(show) -> None:
    """show: displays a line while the tests run. Raises AssertionError at the first failure."""
    for check in (resources, geometry, addresses, no_daemon):
        show(f"{strings.TITLE}: {check.__name__.replace('_', ' ')}")
        check()


def resources() -> None:
    """Terminology and colour table are in the package."""
    terminology.load()
    entry = slicer.vtkSlicerTerminologyEntry()
    logic = slicer.modules.terminologies.logic()
    assert logic.DeserializeTerminologyEntry(terminology.LESION, entry), "the terminology cannot be read"
    assert entry.GetTypeObject().GetCodeMeaning() == "Lesion"
    had = slicer.mrmlScene.GetFirstNodeByName(terminology.HEAT_COLOURS)
    colours = terminology.heat_colour_node()
    assert colours is not None, "the colour table is not in the package"
    assert colours.GetNumberOfColors() == 256
    if had is None:
        slicer.mrmlScene.RemoveNode(colours)
    assert packages.requirements(), "requirements.txt is not in the package"


def geometry() -> None:
    """The voxels of an oblique volume survive the conversion to the daemon's order and back."""
    turn = np.deg2rad(7)
    to_ras = np.eye(4)
    to_ras[:3, 0] = 0.6 * np.sin(turn), -0.6 * np.cos(turn), 0  # i: to the back
    to_ras[:3, 1] = 0, 0, -0.6  # j: to the feet
    to_ras[:3, 2] = 3.3 * np.cos(turn), 3.3 * np.sin(turn), 0  # k: to the right
    array = np.arange(5 * 7 * 6, dtype=np.int16).reshape(5, 7, 6)
    node = slicer.util.addVolumeFromArray(array, to_ras, "Cordline self test")
    try:
        assert volume.unmet_requirement(node) == "", volume.unmet_requirement(node)
        snapshot = volume.Snapshot(node)
        for _ in snapshot.steps():
            pass
        sent = np.frombuffer(snapshot.voxels, "<i2").reshape(snapshot.description["tensor"]["shape"])
        assert (snapshot.layout.to_volume(sent) == array).all(), "voxels were moved"
        assert snapshot.matches(node)
        slicer.util.arrayFromVolume(node)[0, 0, 0] = 999
        slicer.util.arrayFromVolumeModified(node)
        assert not snapshot.matches(node), "a change of the volume was not noticed"
    finally:
        slicer.mrmlScene.RemoveNode(node)


def addresses() -> None:
    """Addresses as users type them."""
    assert address.endpoint("box:5710") == "tcp://box:5710"
    assert address.endpoint("") == address.DEFAULT_ENDPOINT


def no_daemon() -> None:
    """An endpoint without a daemon is reported by name, without blocking Slicer."""
    if packages.missing():
        return  # the panel asks before it installs anything; a test does not
    connection = Connection(UNUSED_ENDPOINT)
    deadline, longest = time.monotonic() + LIMIT_S, 0.0
    while connection.problem is None and time.monotonic() < deadline:
        began = time.monotonic()
        connection.poll()
        longest = max(longest, time.monotonic() - began)
    connection.close()
    assert connection.problem is not None, "no error was named"
    assert connection.problem.name == "refused", connection.problem
    assert longest < 0.5, f"a look at the socket took {longest:.2f} s"
