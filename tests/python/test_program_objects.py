"""What the program itself writes, read by others: a phantom of each class, oblique sections, Enhanced MR."""

import sys
from dataclasses import dataclass
from pathlib import Path

import foreign_readers as readers
import numpy as np
import pytest
from conftest import TREE
from landmark import draw, sagittal_grid
from mr_series import classic, enhanced, save

sys.path.insert(0, str(TREE / "models"))
from cordline_models.phantom.study import write_study

TRAINED = TREE / "models/bundles/spinal-lesion-phantom"
# Seeds of the test split: no network was trained on them.
PHANTOMS = {"astrocytoma": 301_004, "ependymoma": 302_002, "ms": 303_001, "nmosd": 304_003}
DRAWN = {"oblique": sagittal_grid(turn=20.0, tilt=8.0), "enhanced": sagittal_grid()}


@dataclass
class Written:
    """A study that was analysed: the folder of results, and result.json."""

    out: Path
    result: dict

    def objects(self, kind: str) -> list[Path]:
        return [self.out / file["path"] for file in self.result["files"] if file["kind"] == kind]


@pytest.fixture(scope="module")
def analysed() -> dict[str, Written]:
    """What was analysed so far: each study is looked at by several tests."""
    return {}


@pytest.fixture
def written(request, analysed, cordline, bundle, tmp_path_factory) -> Written:
    name = request.param
    if name not in analysed:
        # Not the folder of the test that comes first: the others read it too.
        folder = tmp_path_factory.mktemp(name)
        if name in PHANTOMS:
            write_study(folder / "in", PHANTOMS[name], name)
            source, models = folder / "in" / "dicom", TRAINED
        else:
            grid, source, models = DRAWN[name], folder / "in", bundle
            save([enhanced(draw(grid), grid)] if name == "enhanced" else classic(draw(grid), grid), source)
        out = folder / "out"
        run = cordline("analyze", source, "--out", out, "--bundle", models, out=out).expect(0)
        analysed[name] = Written(out, run.result)
    return analysed[name]


studies = pytest.mark.parametrize("written", [*PHANTOMS, *DRAWN], indirect=True)


@studies
def test_dciodvfy_finds_nothing(written):
    paths = sorted(written.out.glob("*.dcm"))
    assert len(paths) >= 3
    for path in paths:
        assert not readers.complaints(path), path.name


@studies
def test_highdicom_and_dcmqi_read_the_masks_that_the_result_measures(written, tmp_path):
    (path,) = written.objects("segmentation")
    volume = readers.hd.seg.segread(path).get_volume(combine_segments=False)
    grid, shape = volume.affine, volume.spatial_shape
    assert list(shape) == written.result["series"]["shape"]
    masks = readers.segments_by_highdicom(path, grid, shape)
    others, _ = readers.segments_by_dcmqi(path, tmp_path / "q", grid, shape)
    assert sorted(masks) == sorted(others) == [lesion["number"] for lesion in written.result["lesions"]]
    voxel_ml = abs(np.linalg.det(grid[:3, :3])) / 1000
    for lesion in written.result["lesions"]:
        mask = masks[lesion["number"]]
        np.testing.assert_array_equal(mask, others[lesion["number"]])
        assert mask.sum() * voxel_ml == pytest.approx(lesion["volume_ml"], rel=1e-4)
        centre = grid[:3, :3] @ np.argwhere(mask).mean(0) + grid[:3, 3]
        np.testing.assert_allclose(centre, lesion["centre_lps_mm"], atol=0.01)


@studies
def test_heat_maps_are_read_alike(written, tmp_path):
    decided = [c for c in written.result["classifications"] if c["decision"] != "undecided"]
    maps = written.objects("parametric_map")
    assert len(maps) == len(decided)
    for path, asked in zip(maps, decided, strict=True):
        values, affine = readers.map_by_highdicom(path)
        others, other_affine = readers.map_by_dcmqi(path, tmp_path / path.stem)
        np.testing.assert_array_equal(
            readers.onto_grid(others, other_affine, affine, values.shape).astype(np.float32), values.astype(np.float32)
        )
        seen = [k for k in range(len(values)) if (values[k] >= 0).all()]
        assert len(seen) == len(asked["sections"]), "sections that were not asked are padded"
        assert values.max() > 0


@studies
def test_dcmqi_reads_the_report(written, tmp_path):
    (path,) = written.objects("structured_report")
    groups = readers.report_by_dcmqi(path, tmp_path / "sr")["Measurements"]
    lesions = [group for group in groups if "ReferencedSegment" in group]
    assert sorted(group["ReferencedSegment"] for group in lesions) == [x["number"] for x in written.result["lesions"]]


@pytest.mark.parametrize("written", [*PHANTOMS], indirect=True)
def test_the_lesion_of_a_phantom_is_found_where_it_was_drawn(written, tmp_path, request):
    label = request.node.callspec.params["written"]
    truth = write_study(tmp_path / "again", PHANTOMS[label], label)
    (path,) = written.objects("segmentation")
    volume = readers.hd.seg.segread(path).get_volume(combine_segments=True, skip_overlap_checks=True)
    mask = volume.array > 0
    centre = volume.affine[:3, :3] @ np.argwhere(mask).mean(0) + volume.affine[:3, 3]
    assert np.linalg.norm(centre - truth["mask_centre_lps_mm"]) < 12
    assert written.result["bundle"]["cohort"] == "phantom"
