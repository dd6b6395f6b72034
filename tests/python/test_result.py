"""result.json: what it holds, and that it is true."""

import hashlib
import json
import time
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest
import tiny_bundle
from landmark import draw, sagittal_grid
from mr_series import classic, save
from same_files import differing

TREE = Path(__file__).parents[2]
GRID = sagittal_grid(shape=(11, 160, 140), spacing=(3.3, 1.0, 1.0))


@pytest.fixture
def run(analyse, tmp_path):
    save(classic(draw(GRID), GRID), tmp_path / "in")
    return analyse(tmp_path / "in").expect(0)


def test_it_follows_the_published_schema(run):
    jsonschema.validate(run.result, json.loads((TREE / "docs/result.schema.json").read_text()))


def test_the_fields_say_what_was_done(run, bundle, tmp_path):
    result = run.result
    assert "research use only" in result["notice"].lower()
    assert result["bundle"]["sha256"] == hashlib.sha256((bundle / "bundle.toml").read_bytes()).hexdigest()
    assert (result["bundle"]["id"], result["bundle"]["cohort"]) == ("tiny", "phantom")
    assert any("test bundle" in warning for warning in [*result["warnings"], result["bundle"].get("warning", "")])
    assert result["series"]["shape"] == list(GRID.shape)
    np.testing.assert_allclose(result["series"]["spacing_mm"], GRID.spacing)
    assert result["provider"] == "CPU"
    assert result["timings_ms"]
    for answer in result["classifications"]:
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        second = answer["probabilities"][_second_class(answer["id"])]
        assert second == pytest.approx(np.mean([s["probability"] for s in answer["sections"]]), abs=1e-6)


def _second_class(classifier: str) -> str:
    return tiny_bundle.CLASSES[classifier][2][0]


def test_pixel_digest_is_of_the_voxels_along_the_normal(run, tmp_path):
    """Anyone can compute the digest again: float32, little-endian, section by section along row x column."""
    series = [pydicom.dcmread(path) for path in (tmp_path / "in").iterdir()]
    normal = np.cross(*np.array(series[0].ImageOrientationPatient, float).reshape(2, 3))
    series.sort(key=lambda ds: np.dot(normal, np.array(ds.ImagePositionPatient, float)))
    digest = hashlib.sha256(b"".join(ds.pixel_array.astype("<f4").tobytes() for ds in series)).hexdigest()
    assert run.result["series"]["pixel_sha256"] == digest


def test_every_file_that_is_listed_is_there_and_nothing_else(run):
    listed = {file["path"] for file in run.result["files"]}
    there = {str(path.relative_to(run.out)) for path in run.out.rglob("*") if path.is_file()} - {"result.json"}
    assert listed == there
    kinds = {file["kind"] for file in run.result["files"]}
    assert kinds >= {"segmentation", "structured_report", "parametric_map", "secondary_capture", "report", "picture"}
    for file in run.result["files"]:
        if "sop_instance_uid" in file:
            assert pydicom.dcmread(run.out / file["path"]).SOPInstanceUID == file["sop_instance_uid"]


def test_json_on_standard_output_is_the_file(analyse, tmp_path):
    save(classic(draw(GRID), GRID), tmp_path / "in")
    run = analyse(tmp_path / "in", flags=("--json",)).expect(0)
    assert json.loads(run.stdout) == run.result


def test_the_same_study_gives_the_same_objects(analyse, tmp_path):
    """UIDs, masks and all else come from the study and the bundle, not from the hour."""
    save(classic(draw(GRID), GRID), tmp_path / "in")
    first, second = (analyse(tmp_path / "in", out=tmp_path / name).expect(0) for name in ("one", "two"))
    assert {"segmentation", "parametric_map"} <= {file["kind"] for file in first.result["files"]}
    assert differing(second.out, first.out) == []


def test_a_series_that_a_person_named_gives_other_objects_than_the_same_one_chosen(run, analyse, tmp_path):
    """The report says why the series was taken; under one UID there is one report."""
    named = analyse(tmp_path / "in", flags=("--series", run.result["series"]["uid"]), out=tmp_path / "named").expect(0)
    assert named.result["series"]["reasons"] != run.result["series"]["reasons"]
    a, b = ({file.get("sop_instance_uid") for file in one.result["files"]} - {None} for one in (run, named))
    assert a
    assert b
    assert not a & b


def test_a_second_run_into_the_same_folder_keeps_the_date_of_the_first(run, analyse, tmp_path):
    """The same objects with another date would be other objects to an archive."""
    first = {path: path.read_bytes() for path in run.out.glob("*.dcm")}
    time.sleep(1.1)
    again = analyse(tmp_path / "in", out=run.out).expect(0)
    assert again.result["created"] == run.result["created"]
    assert first
    assert {path: path.read_bytes() for path in run.out.glob("*.dcm")} == first


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_answer_does_not_depend_on_threads(analyse, tmp_path, threads, run):
    other = analyse(tmp_path / "in", flags=("--threads", threads), out=tmp_path / "other").expect(0)
    assert differing(other.out, run.out) == []
