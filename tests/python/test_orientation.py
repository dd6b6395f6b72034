"""A lesion is the same whichever way round a file keeps its sections: turned, mirrored, stacked from either side.

The networks of the lopsided bundle see something else in each of the eight pictures, so that nothing here passes by
chance.
"""

import hashlib
import json
from io import BytesIO

import numpy as np
import pydicom
import pytest
import tiny_bundle
from daemon_process import Daemon, end_of, pack_bits
from landmark import draw, sagittal_grid
from mr_series import Protocol, classic, enhanced, save
from orientations import (
    WAYS,
    assert_same,
    assert_same_run,
    findings,
    in_patient,
    kept,
    matrix,
    name,
    of_run,
    stack_order,
)

pytestmark = pytest.mark.timeout(240)

# Oblong voxels and sides that differ: an exchange of rows and columns cannot go unseen.
STRAIGHT = sagittal_grid()
VOXELS = draw(STRAIGHT)
OBLIQUE = sagittal_grid(turn=20.0, tilt=-12.0)


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory):
    return tiny_bundle.write(tmp_path_factory.mktemp("lopsided") / "bundle", lopsided=True)


def digest(volume: np.ndarray) -> str:
    return hashlib.sha256(volume.astype("<f4").tobytes()).hexdigest()


@pytest.fixture
def through_dicom(analyse, lopsided, tmp_path):
    """Analyses a volume kept in a way as a DICOM series; all that was found, by patient."""

    def run(way, voxels=VOXELS, grid=STRAIGHT, write=classic, bundle=lopsided) -> dict:
        turned, own = kept(voxels, grid, way)
        folder = tmp_path / f"in-{name(way)}"
        made = write(turned, own)
        save(made if isinstance(made, list) else [made], folder)
        done = analyse(folder, bundle=bundle, out=tmp_path / f"out-{name(way)}").expect(0)
        assert done.result["series"]["pixel_sha256"] == digest(turned[stack_order(own)])
        return of_run(done.out, own, grid)

    return run


def test_each_way_to_keep_a_series_gives_the_same_lesion(through_dicom):
    wanted = through_dicom(WAYS[0])
    assert wanted["mask"].max() >= 1
    assert wanted["findings"]["answers"], "there was something to ask"
    for way in WAYS[1:]:
        assert_same_run(through_dicom(way), wanted)


@pytest.mark.parametrize("kind", ["oblique", "enhanced"])
def test_oblique_planes_and_multi_frame_files_too(through_dicom, kind):
    options = {"oblique": {"voxels": draw(OBLIQUE), "grid": OBLIQUE}, "enhanced": {"write": enhanced}}[kind]
    wanted = through_dicom(WAYS[0], **options)
    for way in [(True, (False, False, False)), (True, (True, True, False)), (False, (False, True, True))]:
        assert_same_run(through_dicom(way, **options), wanted)


def test_a_t1c_is_turned_along(analyse, tmp_path):
    """T2w and T1c are kept in different ways each time; the classifiers see the one over the other."""
    wanting = tiny_bundle.write(
        tmp_path / "with-t1c", t1c="required", heads={"tumour-demyelinating": ((400.0, 0.0, 0.0), -3.0)}, lopsided=True
    )
    coarse = sagittal_grid(shape=(12, 150, 130), spacing=(3.4, 1.1, 1.3))
    # Brighter to the feet: a T1c that stands on its head says something else.
    ramp = np.linspace(0.2, 2.0, coarse.shape[1])[None, :, None]
    t1c = Protocol(
        description="T1 TSE sag spine +gd", repetition_ms=600.0, echo_ms=10.0, series="t1c", number=2,
        extra={"ContrastBolusAgent": "Gadobutrol"},
    )  # fmt: skip
    found = []
    for number, (way, other) in enumerate([(WAYS[0], WAYS[0]), (WAYS[13], WAYS[0]), (WAYS[6], WAYS[11])]):
        turned, own = kept(VOXELS, STRAIGHT, way)
        folder = tmp_path / f"in{number}"
        save(classic(turned, own), folder / "t2")
        save(classic(*kept(np.rint(draw(coarse) * ramp), coarse, other), t1c), folder / "t1c")
        run = analyse(folder, bundle=wanting, out=tmp_path / f"out{number}").expect(0)
        assert run.result["series"]["t1c_uid"]
        found.append(of_run(run.out, own, STRAIGHT))
    for other in found[1:]:
        assert_same_run(other, found[0])


@pytest.fixture(scope="module")
def daemon(program, library, lopsided, tmp_path_factory):
    daemon = Daemon(program, library, lopsided, tmp_path_factory.mktemp("d")).start()
    yield daemon
    assert daemon.stop() == 0, daemon.log()


class Job:
    """What a job told, by patient."""

    def __init__(self, client, job: str, reference=STRAIGHT) -> None:
        events = list(client.follow(job))
        assert events[-1].body["state"] == "completed", events[-1]
        [grid] = [e.body for e in events if e.name == "grid"]
        self.job, self.shape, self.pixels = job, grid["shape"], grid["pixel_sha256"]
        # (column, row, section, 1) on the wire.
        self.affine = np.array(grid["matrix"]).reshape(4, 4)[:, [2, 1, 0, 3]]
        self.to_patient = lambda array: in_patient(array, self.affine, reference)
        normal = np.cross(reference.axes[2], reference.axes[1])
        places = [(self.affine @ [k, 0, 0, 1])[:3] @ normal for k in range(self.shape[0])]
        shown = {}
        for event in events:
            if event.name == "section":
                shown[event.body["section"]] = np.frombuffer(event.mask(), np.uint8).reshape(self.shape[1:])
        self.mask = self.to_patient(np.stack([shown[k + 1] for k in range(self.shape[0])]))
        first = next(e for e in events if e.name == "section")
        self.first_at = places[first.body["section"] - 1]
        self.heat = {}
        for event in events:
            if event.name == "heat_map":
                rows, columns = event.body["map"]["shape"]
                levels = np.frombuffer(event.raw, np.uint8).reshape(rows, columns)
                key = (event.body["classifier"], round(float(places[event.body["section"] - 1]), 3))
                self.heat[key] = levels
        files = {file["path"]: client.download(job, file) for file in client.files(job)}
        self.result = json.loads(files["result.json"])
        self.files = files
        self.findings = findings(self.result, np.array(places))
        told = [e.body for e in events if e.name == "classification"]
        written = self.result["classifications"]
        assert [a["decision"] for a in told] == [a["decision"] for a in written]
        for one, other in zip(told, written, strict=True):
            assert [s["section"] for s in one["sections"]] == [s["section"] for s in other["sections"]]
        [lesions] = [e.body["lesions"] for e in events if e.name == "lesions"]
        assert lesions == self.result["lesions"]


def submit(client, way) -> Job:
    voxels, own = kept(VOXELS, STRAIGHT, way)
    affine = matrix(own)[:, [2, 1, 0, 3]]
    described = {"tensor": {"shape": list(voxels.shape), "element": "i16"}, "matrix": affine.ravel().tolist()}
    job = Job(client, client.submit_volume(described, voxels.astype("<i2").tobytes()))
    assert job.pixels == digest(voxels)
    assert np.allclose(job.affine, matrix(own)), "the wire speaks of the grid that was handed over"
    return job


def mirrored(levels: np.ndarray, way) -> np.ndarray:
    """A heat map of a section kept in a way, as the first way has it."""
    exchanged, (_, rows, columns) = way
    levels = np.flip(levels, [axis for axis, back in enumerate((rows, columns)) if back])
    return levels.T if exchanged else levels


def test_each_way_to_hand_over_a_volume_gives_the_same_lesion(daemon):
    with daemon.client() as client:
        wanted = submit(client, WAYS[0])
        assert wanted.mask.any()
        assert wanted.heat
        for way in WAYS[1:]:
            found = submit(client, way)
            assert_same(found.findings, wanted.findings)
            assert (found.mask == wanted.mask).all(), name(way)
            assert found.first_at == pytest.approx(wanted.first_at), "the same section comes first"
            assert found.heat.keys() == wanted.heat.keys()
            for key, levels in found.heat.items():
                # Thinned: which pixel of a square is taken depends on the corner from which it is counted.
                one, other = mirrored(levels, way).astype(int), wanted.heat[key].astype(int)
                assert one.shape == other.shape
                assert abs(one - other).max() <= 32, (name(way), key)


@pytest.mark.parametrize("way", [WAYS[0], WAYS[8], WAYS[5], WAYS[14]], ids=name)
def test_a_corrected_mask_is_turned_like_its_volume(daemon, tmp_path, way):
    """The same correction by patient, of a volume and of a DICOM series."""
    drawn = np.zeros(STRAIGHT.shape, bool)
    drawn[5:8, 40:80, 60:72] = drawn[7:9, 70:84, 66:90] = True
    with daemon.client() as client:

        def correct(base: Job) -> Job:
            # Into the order of the job's own grid: where each of its voxels lies in the drawn mask.
            indices = np.indices(base.shape).reshape(3, -1)
            to_drawn = np.linalg.inv(matrix(STRAIGHT)) @ base.affine
            places = np.rint(to_drawn[:3, :3] @ indices + to_drawn[:3, 3:]).astype(int)
            corrected = Job(client, client.submit_mask(base.job, base.shape, pack_bits(drawn[tuple(places)])))
            assert (corrected.mask == drawn).all()
            return corrected

        straight = correct(submit(client, WAYS[0]))
        assert len(straight.findings["lesions"]) == 1
        assert_same(correct(submit(client, way)).findings, straight.findings)
        voxels, own = kept(VOXELS, STRAIGHT, way)
        save(classic(voxels, own), tmp_path / "in")
        study = correct(Job(client, client.submit_study([tmp_path / "in"])))
        assert_same(study.findings, straight.findings)
        ds = pydicom.dcmread(BytesIO(study.files["segmentation.dcm"]))
        assert int(ds.pixel_array.sum()) == drawn.sum()


def test_a_wrong_plane_is_refused_even_where_a_person_names_it(analyse, lopsided, tmp_path):
    """Sections first along the patient's long axis: the networks would be shown axial pictures."""
    axial = sagittal_grid()
    axial = axial.__class__(axial.shape, axial.spacing, axial.origin, axial.axes[[1, 0, 2]] * [[-1], [1], [1]])
    made = classic(VOXELS, axial)
    save(made, tmp_path / "in")
    run = analyse(tmp_path / "in", bundle=lopsided, flags=("--series", made[0].SeriesInstanceUID)).expect(4)
    assert run.result["problem"]["code"] == "not_sagittal"
    assert run.result.get("finding") is None
    assert not list(run.out.glob("*.dcm"))


def test_a_volume_of_another_plane_is_refused(daemon):
    for axes in [(1, 0, 2), (2, 0, 1)]:
        voxels = np.ascontiguousarray(VOXELS.transpose(axes), "<i2")
        affine = matrix(STRAIGHT)[:, [*axes, 3]][:, [2, 1, 0, 3]]
        described = {"tensor": {"shape": list(voxels.shape), "element": "i16"}, "matrix": affine.ravel().tolist()}
        with daemon.client() as client:
            ended = end_of(client, client.submit_volume(described, voxels.tobytes()))
        assert (ended["state"], ended["problem"]["code"]) == ("out_of_scope", "not_sagittal")
