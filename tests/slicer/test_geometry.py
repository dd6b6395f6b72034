"""Masks lie where the lesion is, voxel for voxel as the daemon has them, however the volume lies in the scene."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
import slicer.util
from CordlineLib import grid as grids
from CordlineLib import heat_map
from CordlineLib import volume as volumes_of_slicer
from landmark import draw, in_lesion, sagittal_grid
from mr_series import Grid
from volumes import LPS_TO_RAS, analyse, load, mask_in, matrix_of, ordered, places_of, places_on_the_wire

PLAIN = sagittal_grid()
TURNED = sagittal_grid(turn=9, tilt=7)


def reordered(grid: Grid, order: tuple, flips: tuple) -> Grid:
    """The same voxels with the axes of the array in another order, some of them backwards."""
    shape, spacing = (tuple(each[a] for a in order) for each in (grid.shape, grid.spacing))
    first = [grid.shape[a] - 1 if a in flips else 0 for a in range(3)]
    signs = np.array([[-1.0] if a in flips else [1.0] for a in range(3)])
    axes = (grid.axes * signs)[list(order)]
    return Grid(shape, spacing, tuple(grid.position(first)), axes)


LAYOUTS = {
    "plain": PLAIN,
    "oblique": TURNED,
    "anisotropic": sagittal_grid((9, 120, 200), (4.4, 1.3, 0.6), turn=4),
    "left-handed": TURNED.flipped(),
    "upside down": reordered(TURNED, (0, 1, 2), (1,)),
    "as NIfTI: x first": reordered(TURNED, (1, 2, 0), (0, 1)),
    "columns to the head": reordered(TURNED, (0, 2, 1), (1,)),
    "sections last, left-handed": reordered(PLAIN, (2, 1, 0), (2,)),
}


def wire_events(daemon, analysis) -> list:
    with daemon.client() as client:
        return list(client.follow(analysis.remote_job.job.id))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_mask_is_that_of_the_daemon(shared, layout):
    volume = load(draw(layout).astype(np.int16), layout)
    analysis = analyse(volume, shared)
    assert analysis.problem is None, analysis.problem
    mask = mask_in(analysis.record.segmentation, volume)
    # By the volume's own matrix, and by the daemon's: two ways to the patient that share no code.
    np.testing.assert_allclose(places_of(mask, volume), places_on_the_wire(wire_events(shared, analysis)), atol=0.01)
    wanted = in_lesion(layout.positions())
    assert 2 * (mask & wanted).sum() / (mask.sum() + wanted.sum()) > 0.9


def rigid() -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = sagittal_grid(turn=25, tilt=-15).axes.T @ PLAIN.axes
    matrix[:3, 3] = 30.0, -12.0, 8.0
    return matrix


SHEARED = np.array([[1.1, 0.2, 0, 5], [0, 0.9, 0.1, -7], [0, 0, 1.2, 3], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("matrix", [rigid(), SHEARED], ids=["rigid", "sheared"])
def test_under_a_linear_transform_the_mask_lies_on_the_same_voxels(shared, scene, matrix):
    volume = load(draw(TURNED).astype(np.int16), TURNED)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    volume.SetAndObserveTransformNodeID(transform.GetID())
    under = []
    analysis = analyse(volume, shared, on_segmentation=lambda node: under.append(node.GetParentTransformNode()))
    assert analysis.problem is None, analysis.problem
    assert under == [transform], "before the first mask"
    segmentation = analysis.record.segmentation
    assert segmentation.GetParentTransformNode() is transform
    mask = mask_in(segmentation, volume)
    np.testing.assert_allclose(places_of(mask, volume), places_on_the_wire(wire_events(shared, analysis)), atol=0.01)
    # In the world: the centre that the daemon gave, moved by the transform, is where the lesion is drawn.
    bounds = np.zeros(6)
    segmentation.GetRASBounds(bounds)
    centre = np.array(analysis.record.centre_ras(analysis.record.content["lesions"][0]))
    assert (bounds[::2] < centre).all()
    assert (centre < bounds[1::2]).all()
    by_hand = matrix @ [*(np.array([-1, -1, 1]) * analysis.record.content["lesions"][0]["centre_lps_mm"]), 1]
    np.testing.assert_allclose(centre, by_hand[:3], atol=1e-6)
    assert any("transform" in note for note in analysis.notes)


def test_a_transform_that_is_put_on_meanwhile_takes_the_mask_along(shared, scene):
    volume = load(draw(PLAIN).astype(np.int16), PLAIN)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")

    def began(node):
        volume.SetAndObserveTransformNodeID(transform.GetID())

    analysis = analyse(volume, shared, on_segmentation=began)
    assert analysis.record.segmentation.GetParentTransformNode() is transform


def test_a_volume_under_a_non_linear_transform_is_refused_with_the_reason(scene):
    volume = load(draw(PLAIN).astype(np.int16), PLAIN)
    warp = scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    volume.SetAndObserveTransformNodeID(warp.GetID())
    assert "non-linear" in volumes_of_slicer.unmet_requirement(volume)
    other = load(draw(PLAIN).astype(np.int16), PLAIN, "T1c")
    assert "same one" not in volumes_of_slicer.unmet_requirement_t1c(other, other)
    assert "non-linear" in volumes_of_slicer.unmet_requirement_t1c(volume, other)


def test_t1c_under_another_transform_is_refused_with_the_reason(scene):
    t2w, t1c = (load(draw(PLAIN).astype(np.int16), PLAIN, name) for name in ("T2", "T1c"))
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(rigid()))
    t1c.SetAndObserveTransformNodeID(transform.GetID())
    assert "different transforms" in volumes_of_slicer.unmet_requirement_t1c(t1c, t2w)
    t2w.SetAndObserveTransformNodeID(transform.GetID())
    assert volumes_of_slicer.unmet_requirement_t1c(t1c, t2w) == ""


def test_what_cannot_be_analysed_says_why(scene):
    empty = np.zeros(PLAIN.shape, np.int16)
    assert "Choose" in volumes_of_slicer.unmet_requirement(None)
    assert "no voxels" in volumes_of_slicer.unmet_requirement(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))
    axial = replace(PLAIN, axes=np.array([(0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)]))
    assert "another plane" in volumes_of_slicer.unmet_requirement(load(empty, axial))
    # The same voxels of nearly one size: then no plane is the one of the scan, and sagittal sections can be had.
    assert volumes_of_slicer.unmet_requirement(load(empty, replace(axial, spacing=(1.2, 0.9, 1.0)))) == ""
    assert volumes_of_slicer.unmet_requirement(load(empty, sagittal_grid(turn=40))) == ""
    # Every axis as far from left-right as three axes can be.
    corner = np.array([(1, 1, 1), (1, -1, 0), (1, 1, -2)]) / np.sqrt([[3], [2], [6]])
    nowhere = replace(PLAIN, axes=corner.T)
    assert "not sagittal" in volumes_of_slicer.unmet_requirement(load(empty, nowhere))
    assert "not at right angles" in volumes_of_slicer.unmet_requirement(
        load(empty, replace(PLAIN, axes=PLAIN.axes @ SHEARED[:3, :3]))
    )


def test_t1c_that_lies_askew_is_refused_before_apply(scene):
    """The daemon gets grids of right angles alone, and the click on Apply is too late to say so."""
    empty = np.zeros(PLAIN.shape, np.int16)
    askew = load(empty, replace(PLAIN, axes=PLAIN.axes @ SHEARED[:3, :3]), "T1c")
    said = volumes_of_slicer.unmet_requirement_t1c(askew, load(empty, PLAIN))
    assert "T1c" in said
    assert "not at right angles" in said
    assert volumes_of_slicer.unmet_requirement_t1c(load(empty, sagittal_grid(turn=40)), load(empty, PLAIN)) == ""


@pytest.mark.parametrize(
    ("kind", "element"),
    [(np.uint8, "i16"), (np.int16, "i16"), (np.uint16, "u16"), (np.float32, "f32"), (np.float64, "f32")],
)
def test_every_kind_of_voxel_is_sent_as_it_is(shared, kind, element):
    voxels = draw(PLAIN)
    if kind == np.uint8:
        # Scaled into a byte, the few levels of the drawing would be those of a mask, which is refused.
        voxels = voxels / voxels.max() * 220 + np.arange(voxels.shape[2]) % 32
    volume = load(voxels.astype(kind), PLAIN)
    analysis = analyse(volume, shared)
    assert analysis.problem is None, analysis.problem
    assert analysis.request.t2w.element == element
    assert any("rounded" in note for note in analysis.notes) == (kind == np.float64)


def test_a_heat_map_of_fewer_cells_covers_the_whole_section(scene):
    volume = load(np.zeros(TURNED.shape, np.int16), TURNED)
    rows, columns = TURNED.shape[1] // 8, TURNED.shape[2] // 12
    levels = np.zeros((rows, columns), np.uint8)
    levels[3, 5] = 255
    heat = heat_map.create_volume({4: levels}, matrix_of(TURNED), TURNED.shape, volume, "a class")
    array = slicer.util.arrayFromVolume(heat)
    [at] = np.argwhere(array == 1.0)
    assert array.sum() == 1.0
    there = (LPS_TO_RAS @ volumes_of_slicer.ijk_to_ras(heat) @ [*at[::-1], 1.0])[:3]
    # Cell (3, 5) covers rows 24 to 31 and columns 60 to 71 of the fourth section.
    np.testing.assert_allclose(there, TURNED.position((3, 27.5, 65.5)), atol=1e-6)
    np.testing.assert_allclose(heat.GetSpacing(), (1.1 * 12, 0.9 * 8, 3.0))


def test_grids_that_do_not_fit_say_by_how_much():
    ras = LPS_TO_RAS @ matrix_of(PLAIN)
    _, wire = grids.sagittal_layout(ras, PLAIN.shape)
    assert grids.layout_between(ras, PLAIN.shape, wire, PLAIN.shape).reversed == (False, False, False)
    beside = wire.copy()
    beside[:3, 3] += wire[:3, 0] * 0.5
    with pytest.raises(grids.GridError, match=r"0\.50 voxels beside"):
        grids.layout_between(ras, PLAIN.shape, beside, PLAIN.shape)
    with pytest.raises(grids.GridError, match="176 x 143 voxels"):
        grids.layout_between(ras, PLAIN.shape, wire, (13, 176, 143))
    finer = wire.copy()
    finer[:3, 0] /= 2
    with pytest.raises(grids.GridError, match="orientation or spacing"):
        grids.layout_between(ras, PLAIN.shape, finer, PLAIN.shape)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_daemon_gets_sections_as_scanners_store_them(layout):
    found, matrix = grids.sagittal_layout(LPS_TO_RAS @ matrix_of(layout), layout.shape)
    steps = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    assert steps[1, 0] > 0.9, "columns to the back"
    assert steps[2, 1] < -0.9, "rows to the feet"
    assert steps[0, 2] < -0.9, "sections from left to right"
    array = np.arange(np.prod(layout.shape)).reshape(layout.shape)
    wire = found.to_wire(array)
    np.testing.assert_array_equal(found.to_volume(wire), array)
    at = np.argwhere(wire >= 0)[::97][:, ::-1]
    there = (matrix @ np.column_stack([at, np.ones(len(at))]).T)[:3].T
    index = np.stack(np.unravel_index(wire.ravel()[::97], layout.shape), axis=1)
    np.testing.assert_allclose(ordered(there), ordered(layout.position(index)), atol=1e-6)
