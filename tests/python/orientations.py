"""One volume kept in each of the ways in which files keep sagittal sections, and what was found in it, by patient."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from mr_series import Grid

WAYS = list(product((False, True), product((False, True), repeat=3)))
"""Rows and columns exchanged or not; section, row and column index reversed or not: eight ways to keep a section, and
both directions of the stack."""


def name(way) -> str:
    exchanged, reversed_ = way
    return ("exchanged" if exchanged else "straight") + "".join(
        f"-{a}" for a, r in zip("src", reversed_, strict=True) if r
    )


def kept(volume: np.ndarray, grid: Grid, way) -> tuple[np.ndarray, Grid]:
    """The same voxels at the same places in the patient, under other indices."""
    exchanged, reversed_ = way
    order = [0, 2, 1] if exchanged else [0, 1, 2]
    first = np.zeros(3)
    for axis, back in zip(order, reversed_, strict=True):
        first[axis] = grid.shape[axis] - 1 if back else 0
    signs = np.where(reversed_, -1.0, 1.0)
    turned = np.flip(volume.transpose(order), [axis for axis, back in enumerate(reversed_) if back])
    spacing = tuple(grid.spacing[axis] for axis in order)
    return np.ascontiguousarray(turned), replace(
        grid,
        shape=turned.shape,
        spacing=spacing,
        origin=tuple(grid.position(first)),
        axes=grid.axes[order] * signs[:, None],
    )


def matrix(grid: Grid) -> np.ndarray:
    """From (section, row, column, 1) to LPS."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = (grid.axes * np.array(grid.spacing)[:, None]).T, grid.origin
    return affine


def in_patient(array: np.ndarray, affine: np.ndarray, reference: Grid) -> np.ndarray:
    """An array on any grid with the voxel centres of `reference`, in the order of its indices."""
    to_reference = np.linalg.inv(matrix(reference)) @ affine
    indices = np.indices(array.shape).reshape(3, -1)
    places = to_reference[:3, :3] @ indices + to_reference[:3, 3:]
    rounded = np.rint(places).astype(int)
    assert abs(places - rounded).max() < 0.01, "the voxel centres are not those of the reference"
    found = np.full(reference.shape, np.nan)
    found[tuple(rounded)] = array.ravel()
    assert not np.isnan(found).any()
    return found


def segmentation(path: Path, reference: Grid) -> np.ndarray:
    """Lesion numbers of a DICOM Segmentation."""
    volume = highdicom.seg.segread(path).get_volume(combine_segments=True, skip_overlap_checks=True)
    return in_patient(volume.array, volume.affine, reference)


def parametric_map(path: Path, reference: Grid) -> np.ndarray:
    """Values of a heat map."""
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    row, column = cosines[:3], cosines[3:]
    down, right = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    positions = np.array(
        [f.PlanePositionSequence[0].ImagePositionPatient for f in ds.PerFrameFunctionalGroupsSequence], float
    )
    affine = np.eye(4)
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    affine[:3, :3], affine[:3, 3] = np.column_stack([step, column * down, row * right]), positions[0]
    values = np.frombuffer(ds.FloatPixelData, "<f4").reshape(len(positions), ds.Rows, ds.Columns)
    return in_patient(values, affine, reference)


def stack_order(grid: Grid) -> np.ndarray:
    """Index in `grid` of each section of a DICOM series, which is sorted along its normal (row x column)."""
    normal = np.cross(grid.axes[2], grid.axes[1])
    return np.argsort([grid.position((k, 0, 0)) @ normal for k in range(grid.shape[0])])


def findings(result: dict, places: np.ndarray) -> dict:
    """What a result says, with sections named by where they lie. `places`: of each section, in its order, in mm."""
    at = lambda section: round(float(places[section - 1]), 3)  # noqa: E731 (one line, used twice)
    return {
        "finding": result["finding"],
        "lesions": [
            {
                "number": lesion["number"],
                "sections": sorted(at(s) for s in lesion["sections"]),
                "measures": [lesion["volume_ml"], lesion["extent_mm"], *lesion["centre_lps_mm"]],
            }
            for lesion in result["lesions"]
        ],
        "answers": [
            {
                "decision": answer["decision"],
                "probabilities": answer["probabilities"],
                "sections": dict(sorted((at(s["section"]), s["probability"]) for s in answer["sections"])),
            }
            for answer in result["classifications"]
        ],
    }


def assert_same(found: dict, wanted: dict, tolerance: float = 1e-6) -> None:
    """Two findings are one, but for rounding in numbers."""
    assert found["finding"] == wanted["finding"]
    assert [(x["number"], x["sections"]) for x in found["lesions"]] == [
        (x["number"], x["sections"]) for x in wanted["lesions"]
    ]
    for one, other in zip(found["lesions"], wanted["lesions"], strict=True):
        np.testing.assert_allclose(one["measures"], other["measures"], atol=1e-6)
    for one, other in zip(found["answers"], wanted["answers"], strict=True):
        assert one["decision"] == other["decision"]
        assert list(one["sections"]) == list(other["sections"])
        np.testing.assert_allclose(list(one["sections"].values()), list(other["sections"].values()), atol=tolerance)
        for label, probability in one["probabilities"].items():
            assert abs(probability - other["probabilities"][label]) < tolerance


def of_run(out: Path, grid: Grid, reference: Grid) -> dict:
    """All that `cordline analyze` left of a series kept on `grid`, by patient."""
    normal = np.cross(reference.axes[2], reference.axes[1])
    order = stack_order(grid)
    places = np.array([grid.position((k, 0, 0)) @ normal for k in order])
    result = json.loads((out / "result.json").read_text())
    assert all(
        numbers == sorted(numbers)
        for numbers in (
            *(lesion["sections"] for lesion in result["lesions"]),
            *([s["section"] for s in answer["sections"]] for answer in result["classifications"]),
        )
    ), "sections come in the order of the volume"
    return {
        "findings": findings(result, places),
        "mask": segmentation(out / "segmentation.dcm", reference),
        "maps": {path.name: parametric_map(path, reference) for path in sorted(out.glob("heat-map-*.dcm"))},
        "pixels": result["series"]["pixel_sha256"],
    }


def assert_same_run(found: dict, wanted: dict) -> None:
    assert_same(found["findings"], wanted["findings"])
    assert (found["mask"] == wanted["mask"]).all(), "the same lesion, voxel for voxel in patient coordinates"
    assert found["maps"].keys() == wanted["maps"].keys()
    for name_, values in found["maps"].items():
        np.testing.assert_allclose(values, wanted["maps"][name_], atol=1e-5, err_msg=name_)
