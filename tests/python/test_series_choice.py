"""The right series of a study, the right volume of a series; and what a person is told who must choose."""

import copy
import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from daemon_process import end_of
from landmark import draw, sagittal_grid
from mr_series import Grid, Protocol, classic, enhanced, save, uid

NEEDS_SELECTION, OUT_OF_SCOPE, FAILED = 3, 4, 5
GRID = sagittal_grid(shape=(7, 144, 136), spacing=(4.0, 1.1, 1.1))
MANY = sagittal_grid(shape=(21, 144, 136), spacing=(2.0, 1.1, 1.1))

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    return draw(GRID)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    return draw(MANY)


def lower(grid: Grid, mm: float) -> Grid:
    """The same grid so many mm nearer to the feet."""
    x, y, z = grid.origin
    return replace(grid, origin=(x, y, z - mm))


def series(voxels, grid=GRID, name="series", description="T2 TSE SAG", **changes) -> list[pydicom.Dataset]:
    """A series that says nothing of the part of the body, with changes to each of its data sets."""
    number = changes.pop("number", 1)
    found = classic(voxels, grid, Protocol(series=name, description=description, body_part="", number=number))
    for ds in found:
        ds.StudyDescription = "MR"
        for attribute, value in changes.items():
            setattr(ds, attribute, value)
    return found


def one_series(*parts: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    """Several stacks under the SeriesInstanceUID of the first, numbered through."""
    found = [ds for part in parts for ds in part]
    for k, ds in enumerate(found):
        ds.SeriesInstanceUID = found[0].SeriesInstanceUID
        ds.SeriesDescription = ds.ProtocolName = found[0].SeriesDescription
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("part", found[0].SeriesInstanceUID, k)
        ds.InstanceNumber = k + 1
    return found


def described(run) -> str:
    return run.result["series"]["description"]


def reasons(run, description: str) -> str:
    verdicts = [v for v in run.result["series"]["rejected"] if v["description"] == description]
    assert verdicts, run.result["series"]["rejected"]
    return "; ".join(reason for v in verdicts for reason in v["reasons"])


def sources(run) -> set[str]:
    """The images to which the SEG refers."""
    seg = pydicom.dcmread(run.out / "segmentation.dcm")
    [referenced] = seg.ReferencedSeriesSequence
    return {item.ReferencedSOPInstanceUID for item in referenced.ReferencedInstanceSequence}


def of(parts) -> set[str]:
    return {ds.SOPInstanceUID for ds in parts}


# Kinds of picture


DIXON = [("IN_PHASE", "in"), ("OUT_OF_PHASE", "opp"), ("WATER", "W"), ("FAT", "F")]


def test_of_four_dixon_series_in_phase_is_analysed(analyse, tmp_path, voxels):
    for value, _ in DIXON:
        kind = ["DERIVED", "PRIMARY", "DIXON", value]
        save(series(voxels, name=value, description=f"HWS {value}", ImageType=kind), tmp_path / "in" / value)
    run = analyse(tmp_path / "in").expect(0)
    assert described(run) == "HWS IN_PHASE"
    assert "opposed" in reasons(run, "HWS OUT_OF_PHASE")
    assert "fat" in reasons(run, "HWS FAT")


def test_descriptions_tell_dixon_images_apart_where_image_type_does_not(analyse, tmp_path, voxels):
    for _, end in DIXON:
        save(series(voxels, name=end, description=f"t2_tse_dixon_sag_HWS_{end}"), tmp_path / "in" / end)
    assert described(analyse(tmp_path / "in").expect(0)) == "t2_tse_dixon_sag_HWS_in"


@pytest.mark.parametrize("value", ["FAT", "OPP_PHASE", "FAT_FRACTION"])
def test_no_image_of_fat_is_ever_analysed(analyse, tmp_path, voxels, value):
    save(series(voxels, description="HWS", ImageType=["DERIVED", "PRIMARY", "DIXON", value]), tmp_path / "in")
    analyse(tmp_path / "in").expect(OUT_OF_SCOPE)


@pytest.mark.parametrize(
    "kind",
    [
        ["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"],
        ["DERIVED", "SECONDARY", "MPR", "CSA MPR"],
        ["DERIVED", "PRIMARY", "T2 MAP", "NONE"],
        ["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "SE"],
    ],
    ids=lambda kind: kind[2],
)
def test_computed_images_are_not_analysed(analyse, tmp_path, voxels, kind):
    save(series(voxels, description="HWS", ImageType=kind), tmp_path / "in")
    analyse(tmp_path / "in").expect(OUT_OF_SCOPE)


def test_composed_stations_are_analysed(analyse, tmp_path, voxels):
    save(series(voxels, description="WS", ImageType=["DERIVED", "PRIMARY", "M", "COMPOSED"]), tmp_path / "in")
    analyse(tmp_path / "in").expect(0)


# Part of the body


@pytest.mark.parametrize(
    ("study", "head", "spine"),
    [
        ("MRI BRAIN AND CERVICAL SPINE", "SAG T2 CUBE BRAIN", "SAG T2 FRFSE C-SPINE"),
        ("MR Kopf und HWS", "T2 SPACE SAG Kopf", "T2 TSE SAG HWS"),
        ("IRM CERVEAU ET RACHIS", "SAG T2 3D", "SAG T2 RACHIS CERVICAL"),
    ],
)
def test_the_spine_is_analysed_and_not_the_head(analyse, tmp_path, voxels, many, study, head, spine):
    save(series(many, MANY, "head", head, StudyDescription=study), tmp_path / "in" / "head")
    save(series(voxels, GRID, "spine", spine, StudyDescription=study), tmp_path / "in" / "spine")
    run = analyse(tmp_path / "in").expect(0)
    assert described(run) == spine
    assert reasons(run, head)


def test_two_series_that_say_nothing_of_the_part_are_asked_for(analyse, tmp_path, voxels, many):
    study = {"StudyDescription": "MRI BRAIN AND CERVICAL SPINE"}
    save(series(many, MANY, "a", "SAG T2 A", **study), tmp_path / "in" / "a")
    save(series(voxels, lower(GRID, 150), "b", "SAG T2 B", **study), tmp_path / "in" / "b")
    analyse(tmp_path / "in").expect(NEEDS_SELECTION)


def test_acquired_images_come_before_computed_ones(analyse, tmp_path, voxels, many):
    computed = ["DERIVED", "SECONDARY", "OTHER"]
    save(series(many, MANY, "computed", "HWS computed", ImageType=computed), tmp_path / "in" / "a")
    save(series(voxels, GRID, "acquired", "HWS acquired"), tmp_path / "in" / "b")
    run = analyse(tmp_path / "in").expect(0)
    assert described(run) == "HWS acquired"
    assert "computed" in reasons(run, "HWS computed")


def test_out_of_scope_says_what_came_closest_in_a_short_line(analyse, tmp_path, voxels):
    t1 = {"EchoTime": 10.0, "RepetitionTime": 600.0, "BodyPartExamined": "SPINE"}
    save(series(voxels, name="t1", description="T1 TSE SAG", **t1), tmp_path / "in" / "a")
    localizer = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    save(series(voxels, name="loc", description="LOC", ImageType=localizer), tmp_path / "in" / "b")
    run = analyse(tmp_path / "in").expect(OUT_OF_SCOPE)
    message = run.result["problem"]["message"]
    assert message == "No sagittal T2-weighted series of the spine. Closest: T1 TSE SAG (T1-weighted)."
    assert "--series" not in str(run.result["problem"])


# Volumes of one series


def test_the_t2_echo_of_two_is_analysed(analyse, tmp_path, voxels):
    pd, t2 = series(voxels / 2, description="HWS", EchoTime=14.0), series(voxels, description="HWS", EchoTime=98.0)
    save(one_series(pd, t2), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert run.result["series"]["selector"].endswith("#2")
    assert sources(run) == of(t2)
    [other] = run.result["series"]["rejected"]
    assert (other["part"], other["selector"][-2:]) == ("echo 14 ms", "#1")


def test_originals_are_analysed_and_not_the_mean_of_them(analyse, tmp_path, voxels):
    mean = series(voxels, description="HWS", ImageType=["DERIVED", "PRIMARY", "M", "MEAN"])
    originals = series(voxels, description="HWS")
    save(one_series(mean, originals), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert sources(run) == of(originals)


def test_stacks_of_two_planes_in_one_series_are_told_apart(analyse, tmp_path, voxels):
    """One SeriesInstanceUID with a sagittal and a coronal stack, as some scanners group a protocol."""
    coronal = series(voxels, description="HWS", number=1)
    for k, ds in enumerate(coronal):
        ds.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        ds.ImagePositionPatient = [-70.0, -14.0 + 4.0 * k, 79.0]
    sagittal = series(voxels, description="HWS")
    save(one_series(coronal, sagittal), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert sources(run) == of(sagittal)
    [other] = run.result["series"]["rejected"]
    assert (other["part"], other["reasons"]) == ("coronal", ["coronal, not sagittal"])


def test_a_part_of_which_some_images_came_does_not_stop_the_whole_one(analyse, tmp_path, voxels):
    """The PD echo was sent in part."""
    pd, t2 = series(voxels / 2, description="HWS", EchoTime=14.0)[:3], series(voxels, description="HWS", EchoTime=98.0)
    save(one_series(pd, t2), tmp_path / "in")
    assert sources(analyse(tmp_path / "in").expect(0)) == of(t2)


@pytest.mark.parametrize("backwards", [False, True])
def test_two_stations_of_one_series_are_asked_for_and_each_can_be_taken(analyse, tmp_path, voxels, backwards):
    upper, below = series(voxels, description="WS"), series(voxels, lower(GRID, 220), description="WS")
    both = one_series(upper, below)
    save(both[::-1] if backwards else both, tmp_path / "in")
    run = analyse(tmp_path / "in").expect(NEEDS_SELECTION)
    first, second = run.result["series"]["candidates"]
    assert {first["part"], second["part"]} == {"station 1, upper", "station 2, 220 mm lower"}
    for candidate, wanted in ((first, upper), (second, below)):
        assert candidate["selector"] in run.stderr
        wanted = upper if candidate["part"] == "station 1, upper" else below
        chosen = analyse(tmp_path / "in", flags=("--series", candidate["selector"]))
        # The lower station holds no lesion where the tiny bundle looks for the cord: any answer will do.
        chosen.expect(0)
        report = pydicom.dcmread(chosen.out / "structured-report.dcm")
        evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        images = {i.ReferencedSOPInstanceUID for s in evidence for i in s.ReferencedSOPSequence}
        assert of(wanted) <= images
        assert not images & (of(both) - of(wanted))


def test_time_points_of_one_series_are_asked_for(analyse, tmp_path, voxels):
    parts = [
        series(voxels + k, description="HWS", TemporalPositionIdentifier=k + 1, NumberOfTemporalPositions=2)
        for k in range(2)
    ]
    save(one_series(*parts), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(NEEDS_SELECTION)
    assert [c["part"] for c in run.result["series"]["candidates"]] == ["time point 1", "time point 2"]


def test_images_that_were_sent_twice_under_other_uids_are_used_once(analyse, tmp_path, voxels):
    save(one_series(series(voxels, description="HWS"), series(voxels, description="HWS")), tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert run.result["series"]["shape"][0] == GRID.shape[0]
    assert any("twice" in warning for warning in run.result["warnings"])


def test_echoes_in_one_enhanced_file_are_told_apart(analyse, tmp_path, voxels):
    ds = enhanced(np.concatenate([voxels / 2, voxels]), replace(GRID, shape=(14, *GRID.shape[1:])))
    for k, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        place = copy.deepcopy(ds.PerFrameFunctionalGroupsSequence[k % 7].PlanePositionSequence)
        frame.PlanePositionSequence = place
        echo = pydicom.Dataset()
        echo.EffectiveEchoTime = 14.0 if k < 7 else 98.0
        frame.MREchoSequence = [echo]
    del ds.SharedFunctionalGroupsSequence[0].MREchoSequence
    save([ds], tmp_path / "in")
    run = analyse(tmp_path / "in").expect(0)
    assert run.result["series"]["selector"].endswith("#2")
    seg = pydicom.dcmread(run.out / "segmentation.dcm")
    frames = {
        int(source.ReferencedFrameNumber)
        for frame in seg.PerFrameFunctionalGroupsSequence
        for derivation in frame.DerivationImageSequence
        for source in derivation.SourceImageSequence
    }
    assert frames
    assert frames <= set(range(8, 15))
    # The other volume of the same file has results of its own.
    named = run.result["series"]["selector"].replace("#2", "#1")
    other = analyse(tmp_path / "in", flags=("--series", named), out=tmp_path / "other").expect(0)
    reports = [pydicom.dcmread(r.out / "structured-report.dcm").SOPInstanceUID for r in (run, other)]
    assert reports[0] != reports[1]


def test_a_localizer_in_three_planes_is_one_thing_to_a_reader(analyse, tmp_path, voxels):
    planes = {"sag": [0, 1, 0, 0, 0, -1], "cor": [1, 0, 0, 0, 0, -1], "tra": [1, 0, 0, 0, 1, 0]}
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    parts = [
        series(voxels[:3], replace(GRID, shape=(3, *GRID.shape[1:])), plane, "LOC", ImageType=kind) for plane in planes
    ]
    for part, plane in zip(parts, planes.values(), strict=True):
        for ds in part:
            ds.ImageOrientationPatient = plane
    save(one_series(*parts), tmp_path / "in" / "loc")
    save(series(voxels, name="t2", description="HWS"), tmp_path / "in" / "t2")
    run = analyse(tmp_path / "in").expect(0)
    [localizer] = run.result["series"]["rejected"]
    assert localizer["reasons"] == ["localizer"]
    assert localizer["frames"] == 9


# What the stack refuses


def test_a_whole_series_is_analysed_before_a_better_one_with_a_hole(analyse, tmp_path, voxels):
    grid = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))
    better = series(draw(grid), grid, "better", "HWS better")
    del better[4]
    save(better, tmp_path / "in" / "a")
    save(series(voxels, name="whole", description="HWS whole"), tmp_path / "in" / "b")
    run = analyse(tmp_path / "in").expect(0)
    assert described(run) == "HWS whole"
    [warning] = [w for w in run.result["warnings"] if "HWS better" in w]
    assert warning == '"HWS better" (series 1), 8 sections, would fit better, but section 5 is missing'


def test_pixels_that_cannot_be_decoded_lead_to_the_other_series(analyse, tmp_path, voxels):
    grid = sagittal_grid(shape=(9, 144, 136), spacing=(4.0, 1.1, 1.1))
    damaged = save(series(draw(grid), grid, "damaged", "HWS damaged"), tmp_path / "in" / "a", "rle")
    data = damaged[4].read_bytes()
    damaged[4].write_bytes(data[:-3000] + b"\x80" * 2992 + data[-8:])
    save(series(voxels, name="whole", description="HWS whole", number=7), tmp_path / "in" / "b")
    run = analyse(tmp_path / "in").expect(FAILED)
    assert '"HWS whole" (series 7)' in run.result["problem"]["action"]
    [whole] = [v for v in run.result["series"]["rejected"] if v.get("fits")]
    assert f"--series {whole['selector']}" in run.stderr
    analyse(tmp_path / "in", flags=("--series", whole["selector"])).expect(0)


# Asking


def stations(voxels) -> dict[str, list[pydicom.Dataset]]:
    """Two series of the same description, one 220 mm below the other."""
    return {
        "a": series(voxels, name="a", description="T2 TSE SAG spine", number=4, SeriesTime="101500"),
        "b": series(
            voxels, lower(GRID, 220), "b", "T2 TSE SAG spine", number=5, SeriesTime="101500", SeriesDate="20260105"
        ),
    }


def test_a_tie_says_what_tells_the_candidates_apart(analyse, tmp_path, voxels):
    for name, found in stations(voxels).items():
        save(found, tmp_path / "in" / name)
    run = analyse(tmp_path / "in").expect(NEEDS_SELECTION)
    upper, below = sorted(run.result["series"]["candidates"], key=lambda c: c["series_number"])
    assert (upper["series_number"], below["series_number"]) == (4, 5)
    assert upper["acquired"] == "2026-01-05T10:15:00"
    assert (upper["sections"], upper["spacing_mm"]) == (7, pytest.approx([4.0, 1.1, 1.1]))
    assert np.subtract(upper["height_mm"], below["height_mm"]) == pytest.approx([220, 220])
    assert upper["image_type"][:2] == ["ORIGINAL", "PRIMARY"]
    message = run.result["problem"]["message"]
    assert "upper part" in message
    assert "220 mm lower" in message
    assert not any(c["uid"] in message for c in (upper, below)), "nobody reads forty digits"
    for candidate in (upper, below):
        assert f"--series {candidate['selector']}" in run.stderr
        picture = (run.out / candidate["thumbnail"]).read_bytes()
        assert picture.startswith(b"\x89PNG")
    kinds = {file["path"]: file["kind"] for file in run.result["files"]}
    assert kinds[upper["thumbnail"]] == "thumbnail"
    page = (run.out / "report.html").read_text()
    assert page.count("data:image/png") == 2


def test_a_tie_says_that_another_patient_was_left_out(analyse, tmp_path, voxels):
    for name, found in stations(voxels).items():
        save(found, tmp_path / "in" / name)
    # Too few sections to be analysed: nobody has to choose between patients.
    save(series(voxels, name="localizer", PatientID="somebody-else")[:3], tmp_path / "in/localizer")
    run = analyse(tmp_path / "in").expect(NEEDS_SELECTION)
    assert any("another patient" in warning for warning in run.result["warnings"]), run.result["warnings"]


def test_a_job_asks_with_pictures_and_takes_a_volume_by_its_selector(client, tmp_path, voxels):
    upper, below = series(voxels, description="WS"), series(voxels, lower(GRID, 220), description="WS")
    save(one_series(upper, below), tmp_path)
    job = client.submit_study([tmp_path])
    assert end_of(client, job)["state"] == "needs_selection"
    [choice] = [e.body for e in client.follow(job) if e.name == "series"]
    files = {file["path"]: file for file in client.files(job)}
    for candidate in choice["candidates"]:
        assert client.download(job, files[candidate["thumbnail"]]).startswith(b"\x89PNG")
    selector = choice["candidates"][0]["selector"]
    client.select_series(job, selector)
    assert end_of(client, job)["state"] == "completed"
    result = json.loads(client.download(job, {f["path"]: f for f in client.files(job)}["result.json"]))
    assert result["series"]["selector"] == selector
    again = client.submit_study([tmp_path], series=selector)
    assert again != job
    assert end_of(client, again)["state"] == "completed"
