"""What a reader sees in slice views: outline and heat lie on the lesion, and nowhere else."""

import numpy as np
import pytest
import qt
import slicer
import slicer.util
import vtk
from conftest import PICTURES
from CordlineLib.heat_map import MIN_SHOWN_HEAT, Foreground
from CordlineLib.panel import probability_bar
from CordlineLib.terminology import LESION_COLOUR
from landmark import draw, sagittal_grid
from slice_view import SliceView
from volumes import analyse, load, load_phantom, mask_in

OBLIQUE = sagittal_grid(turn=8, tilt=6)


@pytest.fixture
def view(scene):
    view = SliceView()
    yield view
    view.close()


def ras(volume, k: int, j: int, i: int) -> np.ndarray:
    """World position of a voxel."""
    to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_ras)
    return np.array(to_ras.MultiplyPoint((i, j, k, 1.0)))[:3]


def redness(picture: np.ndarray, at: tuple[int, int]) -> int:
    """How much more red than green a pixel is; grey has none."""
    return int(picture[at][0]) - int(picture[at][1])


def test_the_mask_is_drawn_where_the_lesion_is(shared, view):
    volume = load(draw(OBLIQUE).astype(np.int16), OBLIQUE)
    view.look_at(volume)
    analysis = analyse(volume, shared)
    mask = mask_in(analysis.record.segmentation, volume)
    section = round(float(np.argwhere(mask)[:, 0].mean()))
    # Fill: inside, away from the edge; clear: outside, away from it. Both projected through the view's own matrix.
    inside = mask[section] & np.roll(mask[section], 3, 0) & np.roll(mask[section], -3, 0)
    inside &= np.roll(mask[section], 3, 1) & np.roll(mask[section], -3, 1)
    near = np.zeros_like(mask[section])
    for dj in range(-4, 5):
        for di in range(-4, 5):
            near |= np.roll(np.roll(mask[section], dj, 0), di, 1)
    view.go_to(ras(volume, section, *np.argwhere(inside).mean(axis=0).round().astype(int)))
    after = view.picture(PICTURES / "mask.png")
    slicer.util.getNode("T2 sag segmentation").SetDisplayVisibility(False)
    before = view.picture()
    for j, i in np.argwhere(inside)[::11]:
        at = view.pixel_of(ras(volume, section, j, i))
        assert redness(after, at) > 40 > 5 > abs(redness(before, at)), (j, i)
    clear = [(j, i) for j, i in np.argwhere(~near)[::301]]
    shown = [at for at in (view.pixel_of(ras(volume, section, j, i)) for j, i in clear) if min(at) >= 0]
    shown = [at for at in shown if at[0] < after.shape[0] and at[1] < after.shape[1]]
    assert len(shown) > 30
    for at in shown:
        assert (after[at] == before[at]).all(), at
    # The outline has the colour of the terminology, as it is.
    wanted = np.rint(255 * np.array(LESION_COLOUR))
    assert (abs(after.astype(int) - wanted).max(axis=-1) <= 12).sum() > 40


def test_the_heat_map_is_drawn_where_the_daemon_says(shared, view):
    volume = load(draw(OBLIQUE).astype(np.int16), OBLIQUE)
    view.look_at(volume)
    analysis = analyse(volume, shared)
    record = analysis.record
    heat = record.heat(record.content["answers"][0]["id"])
    record.segmentation.SetDisplayVisibility(False)
    foreground = Foreground()
    foreground.show(heat, volume, 1.0)
    array = slicer.util.arrayFromVolume(heat)
    hottest = np.unravel_index(array.argmax(), array.shape)
    # The daemon sends every second value of a map of 176 x 144; its peak, 1, may lie between two of them.
    assert 0.9 < array[hottest] <= 1.0
    view.go_to(ras(heat, *hottest))
    drawn = view.picture(PICTURES / "heat-map.png")
    at = view.pixel_of(ras(heat, *hottest))
    # The top of the colour table: light yellow.
    assert drawn[at][0] > 200, drawn[at]
    assert drawn[at][2] < drawn[at][1] - 30, drawn[at]
    # Where nothing was seen, the image is as it was.
    foreground.hide()
    plain = view.picture()
    cold = np.argwhere(array[hottest[0]] < MIN_SHOWN_HEAT - 0.1)
    for j, i in cold[:: max(1, len(cold) // 40)]:
        at = view.pixel_of(ras(heat, hottest[0], j, i))
        if 0 <= at[0] < plain.shape[0] and 0 <= at[1] < plain.shape[1]:
            assert (abs(drawn[at].astype(int) - plain[at]) <= 2).all(), (j, i)
    # Half as dense, half as far from the grey below.
    foreground.show(heat, volume, 1.0)
    foreground.set_opacity(0.5)
    half = view.picture()
    at = view.pixel_of(ras(heat, *hottest))
    np.testing.assert_allclose(half[at], (drawn[at].astype(int) + plain[at]) / 2, atol=6)
    foreground.hide()
    assert (view.picture() == plain).all()


def test_a_phantom_with_the_trained_models(trained, view, tmp_path):
    """For looking: what the README shows."""
    volume = load_phantom(tmp_path)
    analysis = analyse(volume, trained)
    record = analysis.record
    assert analysis.problem is None, analysis.problem
    assert record.content["finding"] == "Tumour: Ependymoma"
    assert any("phantom" in note for note in record.content["notes"])
    volume.GetDisplayNode().SetAutoWindowLevel(True)
    view.look_at(volume)
    view.node.SetFieldOfView(120, 120, 1)
    view.go_to(np.array(record.centre_ras(record.content["lesions"][0])))
    plain_with_mask = view.picture(PICTURES / "phantom-mask.png")
    foreground = Foreground()
    foreground.show(record.heat("tumour-demyelinating"), volume, 0.6, record.segmentation)
    view.node.SetFieldOfView(120, 120, 1)
    with_heat = view.picture(PICTURES / "phantom-heat-map.png")
    assert (plain_with_mask != with_heat).any(axis=-1).mean() > 0.02


def test_the_probability_bar_shows_value_threshold_and_zone(scene):
    image = probability_bar.draw(0.25, 0.6, (0.5, 0.7)).toImage()

    def colour(share: float, row: int) -> str:
        return image.pixelColor(round(share * probability_bar.WIDTH), row).name()

    middle, edge = probability_bar.HEIGHT // 2, 1
    assert colour(0.1, middle) == "#2f7fd0"
    assert colour(0.3, middle) == colour(0.45, edge) == "#8a94a0"
    assert colour(0.55, edge) == colour(0.68, middle) == "#c9b26a"
    assert image.pixelColor(round(0.6 * probability_bar.WIDTH), edge).name() == "#1c1c1c"
    answer = {"classes": ["a", "b"], "undecided": [0.5, 0.7], "threshold": 0.6, "probabilities": {"a": 0.9, "b": 0.1}}
    first = probability_bar.draw_class(answer, "a").toImage()
    assert first.pixelColor(round(0.4 * probability_bar.WIDTH), edge).name() == "#1c1c1c"
    assert qt.QColor(first.pixelColor(round(0.85 * probability_bar.WIDTH), middle)).name() == "#2f7fd0"
