"""The panel in the real OHIF, in a real Chromium, on a real Orthanc.

- a click: masks while the box works, heat map, reload, the viewer's own brush, classified again, accepted, stored
- an arrival: the finding at once, lesions one by one, SEG and heat map as OHIF itself reads them, keyboard, refusals
- trouble: no token, cancel, a gateway that goes away, a token that is not known any more
"""

import base64
import json
import os
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from chromium import drive, labels
from daemon_process import Daemon
from gateway_process import Gateway
from landmark import draw, sagittal_grid
from ohif_studies import make, two_lesions
from orthanc_process import ended, wait

pytestmark = pytest.mark.timeout(400)
TREE = Path(__file__).parents[2]
TRAINED = TREE / "models/bundles/spinal-lesion-phantom"
PICTURES = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target")) / "pictures"
EXTENSION = TREE / "adapters/ohif/dist"
VERSIONS = sorted(path.name for path in (TREE / ".ohif").glob("*"))


def test_both_versions_are_here():
    """Laid into the tree by packaging/scripts/setup.sh tests."""
    assert [version.rsplit(".", 1)[0] for version in VERSIONS] == ["3.12", "3.13"]
    assert shutil.which("chromium"), "chromium is not installed"


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def panel():
    """What is tested is what the sources say now."""
    folder = TREE / "adapters/ohif"
    if not (folder / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    subprocess.run(["node", "build.mjs"], cwd=folder, check=True)


@pytest.fixture
def phantom(orthanc, tmp_path):
    """A drawn study with an ependymoma, in the archive; its files."""
    with zipfile.ZipFile(TREE / "tests/data/phantom-ependymoma.zip") as study:
        study.extractall(tmp_path / "study")
    files = sorted((tmp_path / "study").rglob("*.dcm"))
    for file in files:
        orthanc.ask("POST", "/instances", file.read_bytes())
    return files


@pytest.fixture
def pictures(version, request):
    folder = PICTURES / f"ohif-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def serve(program, daemon, folder: Path, orthanc, version: str, *flags) -> Gateway:
    """A gateway with the panel."""
    folder.mkdir(exist_ok=True)
    words = ("--archive", f"http://127.0.0.1:{orthanc.port}", "--extension", EXTENSION)
    words += ("--ohif", TREE / ".ohif" / version / "package/dist", *flags)
    return Gateway(program, daemon.endpoint, folder, *map(str, words))


def events_of(daemon, kind: str) -> list:
    with daemon.client() as client:
        (job,) = [job["job"] for job in client.list_jobs()["jobs"] if job["kind"] == kind]
        return list(client.follow(job))


def masks_of(events: list) -> tuple[np.ndarray, np.ndarray]:
    """The mask of the box, (section, row, column), and the matrix from (column, row, section, 1) to LPS mm."""
    grid = next(e.body for e in events if e.name == "grid")
    mask = np.zeros(grid["shape"], np.uint8)
    for event in events:
        if event.name == "section":
            mask[event.body["section"] - 1] = np.reshape(list(event.mask()), grid["shape"][1:])
    return mask, np.reshape(grid["matrix"], (4, 4))


def sops_of(files: list, matrix: np.ndarray, sections: int) -> list[str]:
    """SOP Instance UID of the image that lies where each section lies."""
    found = {}
    for file in files:
        ds = pydicom.dcmread(file, stop_before_pixels=True)
        section = np.linalg.solve(matrix, [*map(float, ds.ImagePositionPatient), 1])[2]
        at = np.allclose(matrix @ [0, 0, round(section), 1], [*map(float, ds.ImagePositionPatient), 1], atol=0.05)
        if at and np.allclose(
            np.cross(ds.ImageOrientationPatient[:3], ds.ImageOrientationPatient[3:])[1:], 0, atol=0.1
        ):
            found[round(section)] = ds.SOPInstanceUID
    assert sorted(found) == list(range(sections))
    return [str(found[k]) for k in range(sections)]


def errors_of(saw: dict) -> list[str]:
    """What a page told as an error. Not what the tests bring about themselves: nothing was analysed yet (404).

    Nor what the viewer's own statistics of segments say: its worker stumbles now and then over a labelmap that is
    taken away while it counts. Nothing of ours asks for them.
    """
    return [error for error in saw["errors"] if "404" not in error and "calculateSegmentsStatistics" not in error]


def test_from_the_click_to_the_masks(version, orthanc, phantom, program, library, tmp_path, pictures):
    daemon = Daemon(program, library, TRAINED, tmp_path)
    daemon.start()
    gateway = serve(program, daemon, tmp_path / "g", orthanc, version)
    study = pydicom.dcmread(phantom[0], stop_before_pixels=True).StudyInstanceUID
    try:
        saw = drive("panel.mjs", f"http://127.0.0.1:{gateway.port}", gateway.submitter, study, pictures)
        events, again = events_of(daemon, "study"), events_of(daemon, "mask")
        stored = orthanc.get("/tools/find", {"Level": "Study", "Query": {"StudyInstanceUID": study}})[0]
        verdicts = json.loads(orthanc.note(stored, 1026))
        modalities = orthanc.modalities(stored)
        segments = [orthanc.ask("GET", f"/instances/{i}/file") for i in instances_of(orthanc, stored, "SEG")]
    finally:
        gateway.stop()
        daemon.stop()

    # Before the click an empty labelmap lies ready; of those that lay over another series none is left.
    assert saw["prepared"]
    assert not any(base64.b64decode(voxels).strip(b"\0") for voxels in saw["prepared"].values())
    assert len(saw["laid"]) == 1
    # What is in the viewport is what the daemon said, voxel by voxel.
    mask, matrix = masks_of(events)
    sops = sops_of(phantom, matrix, len(mask))
    seen = {name: labels(saw[name], sops, mask.shape) for name in saw if name.startswith(("voxels", "corrected"))}
    assert np.array_equal(seen["voxels"] > 0, mask)
    assert mask.sum() > 1000
    early = labels(saw["while_it_works"]["voxels"], sops, mask.shape)
    assert not saw["while_it_works"]["finished"]
    assert 0 < early.sum() < mask.sum()
    assert not np.any(early & ~mask), "a section that was not segmented yet"
    assert "Tumour: Ependymoma" in saw["finding"]
    for said in ("Research use only; not a medical device", "Trained on drawn phantoms", "T2-weighted", "mL", "CPU"):
        assert said in saw["panel"], said
    # Heat lies over the sections with lesion, and only there.
    assert sum(top > 0 for top in saw["heat"]) == np.any(mask, axis=(1, 2)).sum()
    # A page that is loaded anew, or another tab and back: the same job, the same masks, no second run.
    assert saw["after_reload"] == saw["after_tab"] == saw["finding"]
    assert saw["heat_after_reload"] == "true"
    assert np.array_equal(seen["voxels_after_reload"], seen["voxels"])

    # The viewer's own brush: nothing of a locked lesion, the lower half of one section of an unlocked one.
    assert np.array_equal(seen["voxels_locked"], seen["voxels"])
    erased = np.any(seen["voxels_erased"] != seen["voxels"], axis=(1, 2))
    assert list(np.flatnonzero(erased)) == [sops.index(saw["section"])]
    assert np.array_equal(seen["voxels_given_up"], seen["voxels"])
    # What the reader left of the mask is what was classified, and is drawn; what was said first stays in sight.
    corrected, _ = masks_of(again)
    assert np.array_equal(corrected, seen["corrected"] > 0)
    assert np.array_equal(corrected, seen["voxels_corrected"] > 0)
    assert 0 < corrected.sum() < mask.sum()
    assert "Tumour: Ependymoma" in saw["first"]
    assert "Accepted by submitter" in saw["accepted"]
    said = (again[0].job, "accepted", "submitter")
    assert (verdicts[-1]["job"], verdicts[-1]["verdict"], verdicts[-1]["reader"]) == said
    assert "2 objects" in saw["stored"]
    # The report of the correction, and that of the verdict.
    assert modalities == ["MR", "MR", "MR", "SEG", "SR", "SR"]
    (segmentation,) = [pydicom.dcmread(BytesIO(file)) for file in segments]
    assert segmentation.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert segmentation.pixel_array.sum() == corrected.sum()
    assert errors_of(saw) == []


def instances_of(orthanc, study: str, modality: str) -> list[str]:
    series = [s for s in orthanc.get(f"/studies/{study}/series") if s["MainDicomTags"]["Modality"] == modality]
    return [instance for one in series for instance in one["Instances"]]


def test_what_was_analysed_on_arrival_is_there_at_once(version, orthanc, program, library, bundle, tmp_path, pictures):
    grid = sagittal_grid()
    two = two_lesions(grid)
    files = {name: make(tmp_path, name, two, grid) for name in ("arrived", "changed")}
    files["forged"] = make(tmp_path, "forged", draw(grid), grid)
    files["undecided"] = make(tmp_path, "undecided", two, grid) + make(
        tmp_path, "undecided", two, grid, series="twin", number=2, description="T2 TSE sag spine 2"
    )
    daemon = Daemon(program, library, bundle, tmp_path)
    daemon.start()
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[arrivals]\nstate = "{tmp_path}/state"\nheat_maps = true\n')
    gateway = serve(program, daemon, tmp_path / "g", orthanc, version, "--config", settings)
    try:
        studies, marks = {}, {}
        for name, found in files.items():
            for file in found:
                stored = json.loads(orthanc.ask("POST", "/instances", file.read_bytes()))
            studies[name] = stored["ParentStudy"]
        for name, study in studies.items():
            marks[name] = ended(orthanc, study)
        # A note that names the job of another study, and one section that is another image now.
        forged = marks["forged"] | {"job": marks["arrived"]["job"]}
        orthanc.ask("PUT", f"/studies/{studies['forged']}/metadata/1025", json.dumps(forged).encode())
        ds = pydicom.dcmread(files["changed"][5])
        pixels = ds.pixel_array.copy()
        pixels[40, 50] += 1
        ds.PixelData = pixels.tobytes()
        file = BytesIO()
        ds.save_as(file)
        query = {"Level": "Instance", "Query": {"SOPInstanceUID": ds.SOPInstanceUID}}
        orthanc.ask("DELETE", f"/instances/{orthanc.get('/tools/find', query)[0]}")
        orthanc.ask("POST", "/instances", file.getvalue())

        uids = {name: pydicom.dcmread(found[0]).StudyInstanceUID for name, found in files.items()}
        shown = [uids[name] for name in ("arrived", "forged", "changed", "undecided")]
        saw = drive("arrival.mjs", f"http://127.0.0.1:{gateway.port}", gateway.submitter, *shown, pictures)
        with daemon.client() as client:
            events = list(client.follow(marks["arrived"]["job"]))
        maps = [orthanc.ask("GET", f"/instances/{i}/file") for i in instances_of(orthanc, studies["arrived"], "OT")]
        # One for each question: the viewer is given that of the first.
        heat = min((pydicom.dcmread(BytesIO(file)) for file in maps), key=lambda ds: ds.SeriesNumber)
    finally:
        gateway.stop()
        daemon.stop()

    mask, matrix = masks_of(events)
    sops = sops_of(files["arrived"], matrix, len(mask))
    lesions = next(e.body for e in events if e.name == "lesions")["lesions"]
    assert len(lesions) == 2
    seen = labels(saw["voxels"], sops, mask.shape)
    assert np.array_equal(seen > 0, mask)
    voxel_ml = abs(np.linalg.det(matrix[:3, :3])) / 1000
    for lesion in lesions:
        own = seen == lesion["number"]
        assert own.sum() * voxel_ml == pytest.approx(lesion["volume_ml"])
        assert list(np.flatnonzero(own.any(axis=(1, 2))) + 1) == lesion["sections"]
    assert "Tumour: Ependymoma" in saw["finding"]
    assert (saw["wanted"], saw["news"]) == ([], 0), "shown without a second run, and not as news"
    # Hidden and locked in the viewer, one lesion at a time, and told so.
    assert saw["lesions"] == [{"visible": True, "locked": True}] * 2
    assert saw["lesions_then"] == [{"visible": True, "locked": False}, {"visible": False, "locked": True}]
    assert saw["lesion_words"] == ["Hidden", "Unlocked"]

    # Keyboard, names and contrast.
    assert saw["access"]["violations"] == []
    assert saw["access_with_heat"]["violations"] == []
    assert saw["access"]["contrasts"] > 15, "texts whose contrast was measured"
    assert saw["access"]["met"] == saw["access"]["all"]
    assert len(saw["access"]["all"]) >= 12
    assert saw["access"]["ringless"] == []

    # Our SEG, read from the archive by the viewer: each segment is a lesion, voxel by voxel.
    assert np.array_equal(labels(saw["seg"], sops, mask.shape), seen)
    # Our heat map, read by the viewer (which shows a hundred times its values).
    pmap = json.loads((pictures / "pmap.json").read_text())
    shape = (len(sops), *mask.shape[1:])
    values = np.reshape(np.array(pmap["values"], np.float32), shape)
    order = [pmap["sops"].index(sop) for sop in sops]
    expected = np.full(shape, -1.0, np.float32)
    frames = np.frombuffer(heat.FloatPixelData, "<f4").reshape(-1, *mask.shape[1:])
    for frame, group in zip(frames, heat.PerFrameFunctionalGroupsSequence, strict=True):
        position = [*map(float, group.PlanePositionSequence[0].ImagePositionPatient), 1]
        expected[round(np.linalg.solve(matrix, position)[2])] = frame
    assert np.allclose(values[order], 100 * expected, atol=1e-3)
    assert expected.max() > 0.5

    # Results of other images are refused aloud; nothing is drawn, and nothing of them is told.
    for name, why in (("forged", "another study"), ("changed", "not those that were analysed")):
        assert "Refused" in saw[name]["said"], name
        assert why in saw[name]["said"], name
        assert saw[name]["notified"] >= 2, "in the panel, and as a notification of the viewer"
        assert (saw[name]["told"], saw[name]["masks"]) == (0, None), name
    # Two series fit: both are offered, and the reader's choice is analysed.
    assert "Several series fit" in saw["undecided"]
    assert saw["offered"] == ["Show", "Use"] * 2
    assert "Lesion 1" in saw["chosen"]
    assert errors_of(saw) == []


def test_trouble(version, orthanc, phantom, program, library, tmp_path, pictures):
    daemon = Daemon(program, library, TRAINED, tmp_path)
    daemon.start()
    gateway = serve(program, daemon, tmp_path / "g", orthanc, version)
    study = pydicom.dcmread(phantom[0], stop_before_pixels=True).StudyInstanceUID

    def away():
        gateway.process.kill()
        gateway.process.wait()

    def back():
        with daemon.client() as client:
            jobs = client.list_jobs()["jobs"]
            wait(lambda: client.status(jobs[0]["job"])["state"] == "completed", "the job does not end", 120)
        gateway.run()

    def stranger() -> str:
        gateway.stop()
        gateway.tokens.unlink()
        token = gateway.token("submitter")
        gateway.run()
        return token

    answers = {"away": away, "back": back, "stranger": stranger}
    try:
        words = (f"http://127.0.0.1:{gateway.port}", gateway.submitter, study, pictures)
        saw = drive("trouble.mjs", *words, answers=answers)
        events = events_of(daemon, "study")
    finally:
        gateway.stop()
        daemon.stop()

    for said in (saw["no_token"], saw["unknown_token"]):
        assert "does not know this browser" in said
        assert "/enter?token=" in said
    assert saw["known_again"]["finding"] == saw["finding"]
    # A bar that says what it is, in the colour of the panel.
    assert saw["progress"]["label"] == "Progress of the analysis"
    assert "section" in saw["progress"]["text"]
    assert 0 < saw["progress"]["now"] < 100
    assert saw["progress"]["fill"] == "rgb(61, 139, 212)"
    # Cancelled: said, nothing is left on the images, and it can be run again.
    assert "Cancelled" in saw["cancelled"]
    assert saw["after_cancel"] == {"masks": None, "run": "Run again"}
    assert [e.body["state"] for e in events if e.name == "state"].count("cancelled") == 1
    # The gateway was away while the box finished: nothing is missing.
    assert "No connection" in saw["lost"]
    assert not saw["while_lost"]
    assert "Tumour: Ependymoma" in saw["finding"]
    last = max(e.number for e in events if e.name == "state" and e.body["state"] == "queued")
    mask, matrix = masks_of([e for e in events if e.number > last])
    assert np.array_equal(labels(saw["voxels"], sops_of(phantom, matrix, len(mask)), mask.shape) > 0, mask)
