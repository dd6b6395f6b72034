"""The panel in the real OHIF, in a real Chromium, on a real Orthanc: from the click to the masks, and a reload."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pydicom
import pytest
from daemon_process import Daemon
from gateway_process import Gateway
from orthanc_process import Orthanc

pytestmark = pytest.mark.timeout(400)
TREE = Path(__file__).parents[2]
TRAINED = TREE / "models/bundles/spinal-lesion-phantom"
PICTURES = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target")) / "pictures"
VERSIONS = sorted(path.name for path in (TREE / ".ohif").glob("*"))


def test_both_versions_are_here():
    """Laid into the tree by packaging/scripts/setup.sh tests."""
    assert [version.rsplit(".", 1)[0] for version in VERSIONS] == ["3.12", "3.13"]
    assert shutil.which("chromium"), "chromium is not installed"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orthanc")
    orthanc = Orthanc(folder).start()
    with zipfile.ZipFile(TREE / "tests/data/phantom-ependymoma.zip") as study:
        study.extractall(folder / "study")
    for file in (folder / "study").rglob("*.dcm"):
        orthanc.ask("POST", "/instances", file.read_bytes())
    yield orthanc
    orthanc.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_from_the_click_to_the_masks(version, archive, program, library, tmp_path):
    (tmp_path / "d").mkdir()
    daemon = Daemon(program, library, TRAINED, tmp_path / "d")
    daemon.start()
    url, extension = f"http://127.0.0.1:{archive.port}", TREE / "adapters/ohif/dist"
    words = ("--archive", url, "--ohif", TREE / ".ohif" / version / "package/dist", "--extension", extension)
    gateway = Gateway(program, daemon.endpoint, tmp_path, *map(str, words))
    pictures = PICTURES / f"ohif-{version}"
    pictures.mkdir(parents=True, exist_ok=True)
    file = next((archive.folder / "study").rglob("*.dcm"))
    study = pydicom.dcmread(file, stop_before_pixels=True).StudyInstanceUID
    try:
        driven = subprocess.run(
            ["node", "panel.mjs", f"http://127.0.0.1:{gateway.port}", gateway.submitter, study, pictures],
            cwd=TREE / "tests/browser", capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert driven.returncode == 0, driven.stderr + driven.stdout
        saw = json.loads(driven.stdout.splitlines()[-1])
        with daemon.client() as client:
            jobs = {job["kind"]: job["job"] for job in client.list()["jobs"]}
            assert sorted(jobs) == ["mask", "study"]
            events = list(client.follow(jobs["study"]))
            again = list(client.follow(jobs["mask"]))
        stored = archive.get("/tools/find", {"Level": "Study", "Query": {"StudyInstanceUID": study}})[0]
        verdicts = json.loads(archive.note(stored, 1026))
        modalities = archive.modalities(stored)
    finally:
        gateway.stop()
        daemon.stop()

    masks = {e.body["section"]: sum(e.mask()) for e in events if e.name == "section"}
    # What is in the viewport is what the daemon said, section by section, whatever the order of the images.
    assert sorted(saw["voxels"].values()) == sorted(masks.values())
    assert sum(masks.values()) > 1000
    assert not saw["while_it_works"]["finished"]
    assert 0 < sum(saw["while_it_works"]["voxels"].values()) < sum(masks.values())
    assert "Tumour: Ependymoma" in saw["finding"]
    for said in ("Research use only; not a medical device", "Trained on drawn phantoms", "T2-weighted", "mL", "CPU"):
        assert said in saw["panel"], said
    # A page that is loaded anew finds the same job, and draws the same masks: no second run.
    assert saw["after_reload"] == saw["finding"]
    assert saw["voxels_after_reload"] == saw["voxels"]
    # Heat lies over the sections with lesion, and only there.
    assert sum(top > 0 for top in saw["heat"]) == sum(count > 0 for count in masks.values())

    # What the reader left of the mask is what was classified, and is drawn; what was said first stays in sight.
    corrected = {e.body["section"]: sum(e.mask()) for e in again if e.name == "section"}
    assert sorted(corrected.values()) == sorted(saw["corrected"].values()) == sorted(saw["voxels_corrected"].values())
    assert 0 < sum(corrected.values()) < sum(masks.values())
    assert "Tumour: Ependymoma" in saw["first"]
    assert "Accepted" in saw["accepted"]
    assert (verdicts[-1]["job"], verdicts[-1]["accepted"], verdicts[-1]["who"]) == (jobs["mask"], True, "submitter")
    assert "2 objects" in saw["stored"]
    assert modalities == ["MR", "MR", "MR", "SEG", "SR"]
    ours = [error for error in saw["errors"] if "404" not in error]
    assert ours == [], ours
