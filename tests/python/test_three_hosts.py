"""One study through the wire, OHIF and 3D Slicer: the same voxels are lesion, at the same places in the patient.

The phantom is asymmetric about every axis and lies oblique; OHIF is the real one in a real Chromium on a real Orthanc,
and Slicer is its own core. A flip, a shift or another order of sections in one host would show here.
"""

import json
import subprocess

import numpy as np
import pydicom
import pytest
from conftest import TREE
from daemon_process import Daemon
from gateway_process import Gateway
from landmark import draw, in_lesion, sagittal_grid
from mr_series import SAGITTAL_T2, classic, save
from orthanc_process import Orthanc
from test_ohif import VERSIONS

pytestmark = pytest.mark.timeout(400)
GRID = sagittal_grid(turn=9, tilt=7)
SLICER = TREE / ".venv-slicer/bin/python"
NEAR_MM = 0.02
"""DICOM writes positions as text; a voxel is fifty times as large."""


def same_places(one: np.ndarray, other: np.ndarray) -> None:
    """As sets: each has its partner, wherever rounding put it in the order."""
    assert one.shape == other.shape
    near = [np.abs(other - place).max(axis=1).min() for place in one]
    back = [np.abs(one - place).max(axis=1).min() for place in other]
    assert max(near) < NEAR_MM, f"{sum(d >= NEAR_MM for d in near)} of {len(near)} voxels are elsewhere"
    assert max(back) < NEAR_MM


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    save(classic(draw(GRID), GRID), folder)
    return folder


@pytest.fixture
def box(program, library, bundle, tmp_path):
    (tmp_path / "d").mkdir()
    daemon = Daemon(program, library, bundle, tmp_path / "d").start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


def on_the_wire(box, folder) -> np.ndarray:
    with box.client() as client:
        events = list(client.follow(client.submit_study([folder])))
    [grid] = [event.body for event in events if event.name == "grid"]
    masks = {event.body["section"]: event.mask() for event in events if event.name == "section"}
    shape = grid["shape"]
    mask = np.stack([np.frombuffer(masks[n + 1], np.uint8).reshape(shape[1:]) for n in range(shape[0])])
    at = np.argwhere(mask)[:, ::-1]
    return (np.array(grid["matrix"]).reshape(4, 4) @ np.column_stack([at, np.ones(len(at))]).T)[:3].T


def in_slicer(box, folder, way: str, out) -> np.ndarray:
    assert SLICER.exists(), "Slicer's core is not here: packaging/scripts/setup.sh slicer"
    words = [SLICER, "tests/slicer/mask_of_study.py", box.endpoint, folder, SAGITTAL_T2.description, way, out]
    done = subprocess.run(words, cwd=TREE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(out)


def in_ohif(program, box, folder, version: str, tmp_path) -> np.ndarray:
    (tmp_path / "orthanc").mkdir()
    (tmp_path / "gateway").mkdir()
    orthanc = Orthanc(tmp_path / "orthanc").start()
    files = sorted(folder.glob("*.dcm"))
    for file in files:
        orthanc.ask("POST", "/instances", file.read_bytes())
    url, viewer = f"http://127.0.0.1:{orthanc.port}", TREE / ".ohif" / version / "package/dist"
    words = ("--archive", url, "--ohif", viewer, "--extension", TREE / "adapters/ohif/dist")
    gateway = Gateway(program, box.endpoint, tmp_path / "gateway", *map(str, words))
    study = pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
    try:
        driven = subprocess.run(
            ["node", "agreement.mjs", f"http://127.0.0.1:{gateway.port}", gateway.submitter, study, tmp_path],
            cwd=TREE / "tests/browser", capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert driven.returncode == 0, driven.stderr[-2000:]
        return np.array(json.loads(driven.stdout.splitlines()[-1])["places"])
    finally:
        gateway.stop()
        orthanc.stop()


@pytest.mark.parametrize("way", ["voxels", "files"])
def test_slicer_draws_what_the_wire_says(box, folder, tmp_path, way):
    wire = on_the_wire(box, folder)
    same_places(in_slicer(box, folder, way, tmp_path / "mask.npy"), wire)
    # And that is the lesion of the phantom, on the right side of the patient.
    wanted = GRID.positions()[in_lesion(GRID.positions())]
    assert np.abs(wire.mean(axis=0) - wanted.mean(axis=0)).max() < 1.5
    assert abs(len(wire) - len(wanted)) < 0.15 * len(wanted)


def test_ohif_and_slicer_draw_the_same(program, box, folder, tmp_path):
    slicer = in_slicer(box, folder, "files", tmp_path / "mask.npy")
    same_places(in_ohif(program, box, folder, VERSIONS[-1], tmp_path), slicer)
    same_places(on_the_wire(box, folder), slicer)
