"""Voxels without a picture are refused, and what may hide a lesion is said: never "no lesion" on nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from daemon_process import end_of
from landmark import draw, sagittal_grid
from mr_series import SAGITTAL_T2, Protocol, classic, encoded, enhanced, save
from orientations import matrix, segmentation

pytestmark = pytest.mark.timeout(120)
GRID = sagittal_grid()
VOXELS = np.minimum(draw(GRID), 4095)
OURS = ("picture", "signal", "clipped", "contrast (", "sign bit")
"""A word of each sentence that is said of voxels."""


def refused(run, code: str) -> str:
    """The run ended with this refusal, and nothing was said of lesions; the message."""
    run.expect(5)
    problem = run.result["problem"]
    assert problem["code"] == code, problem
    assert problem["action"]
    assert (run.result["state"], run.result.get("finding"), run.result["lesions"]) == ("failed", None, [])
    assert not list(run.out.glob("*.dcm"))
    return problem["message"]


def said(result: dict) -> list[str]:
    return [warning for warning in result["warnings"] if any(word in warning for word in OURS)]


def stored(voxels: np.ndarray, bits: int = 12, signed: bool = False, **extra) -> list:
    """A series of 16-bit words as they are, whatever the header says of them."""
    made = classic(np.zeros(voxels.shape), GRID, replace(SAGITTAL_T2, signed=signed, extra=extra))
    for ds, section in zip(made, voxels.astype("<u2"), strict=True):
        ds.BitsStored, ds.HighBit = bits, bits - 1
        ds.PixelData = section.tobytes()
    return made


@pytest.fixture
def through(analyse, tmp_path):
    def run(made, syntax: str = "explicit", out: str = "out", **options):
        save(made if isinstance(made, list) else [made], tmp_path / f"in-{out}", syntax)
        return analyse(tmp_path / f"in-{out}", out=tmp_path / out, **options)

    return run


@pytest.mark.parametrize("write", [classic, enhanced])
@pytest.mark.parametrize("value", [0, 137])
def test_a_series_without_spread_is_refused(through, write, value):
    message = refused(through(write(np.full(GRID.shape, value), GRID)), "no_picture")
    assert f"every voxel has the value {value}" in message


@pytest.mark.parametrize("levels", [2, 6])
def test_a_mask_or_a_label_map_sent_as_mr_is_refused(through, levels):
    labels = np.digitize(VOXELS, [250, 280, 310, 400, 1000][-(levels - 1) :])
    assert f"{levels} different values" in refused(through(classic(labels, GRID)), "few_values")


def test_most_sections_empty_is_refused(through):
    voxels = VOXELS.copy()
    voxels[:9] = 0
    message = refused(through(classic(voxels, GRID)), "empty_sections")
    # Numbers are those of the volume, which is sorted along its normal, here from left to right.
    assert "9 of 13 sections hold no picture (section 1 to 9)" in message


def test_empty_sections_among_others_are_named(through):
    voxels = VOXELS.copy()
    voxels[:5], voxels[11] = 0, 500
    run = through(classic(voxels, GRID)).expect(0)
    [warning] = said(run.result)
    assert "6 hold no picture (section 1 to 5, 12)" in warning
    assert "6 hold no picture" in (run.out / "report.html").read_text()


def test_a_section_without_signal_is_named(through):
    voxels = VOXELS.copy()
    voxels[4] = np.rint(voxels[4] / 300)
    [warning] = said(through(classic(voxels, GRID)).expect(0).result)
    assert "no signal in section 5:" in warning


@pytest.mark.parametrize("top", [1400, 255])
def test_a_clipped_picture_is_said_to_be_so(through, top):
    voxels = np.minimum(VOXELS, 1400) if top == 1400 else np.minimum(np.rint(VOXELS / 1.5), 255)
    [warning] = said(through(classic(voxels, GRID)).expect(0).result)
    assert f"highest value ({top})" in warning
    assert "clipped" in warning


@pytest.mark.parametrize("slope", ["1e38", "-1e37"])
def test_a_rescale_that_leaves_the_numbers_is_refused(through, slope):
    made = classic(VOXELS, GRID)
    for ds in made:
        ds.RescaleSlope, ds.RescaleIntercept = slope, "0"
    message = refused(through(made), "voxels_not_finite")
    assert "no finite numbers" in message


def test_a_rescale_that_leaves_nothing_of_the_numbers_is_refused(through):
    """So small that all values become 0, or beside so large an offset that they become one."""
    made = classic(VOXELS, GRID)
    for ds in made:
        ds.RescaleSlope, ds.RescaleIntercept = "1e-50", "0"
    refused(through(made, out="small"), "no_picture")
    for ds in made:
        ds.RescaleSlope, ds.RescaleIntercept = "1", "1e12"
    refused(through(made, out="offset"), "no_picture")


def beyond(voxels: np.ndarray, syntax: str) -> list[bytes]:
    """Files whose samples go to 9000 where BitsStored says 12; compressed before the header was made to say so."""
    files = []
    for ds in stored(voxels, bits=16):
        data = bytearray(encoded(ds, syntax))
        for tag, value in ((b"\x28\x00\x01\x01US", 12), (b"\x28\x00\x02\x01US", 11)):
            at = data.index(tag) + len(tag) + 2
            data[at : at + 2] = value.to_bytes(2, "little")
        files.append(bytes(data))
    return files


@pytest.mark.parametrize("syntax", ["explicit", "rle", "jpeg-lossless", "jpeg-2000"])
def test_samples_above_bits_stored_are_refused(analyse, tmp_path, syntax):
    voxels = np.minimum(np.rint(draw(GRID) * 6), 9000)
    folder = tmp_path / "in"
    folder.mkdir()
    for k, data in enumerate(beyond(voxels, syntax)):
        (folder / f"{k}.dcm").write_bytes(data)
    message = refused(analyse(folder), "samples_beyond_bits_stored")
    assert "BitsStored 12" in message
    assert "9000" in message


OVERLAY = {
    "rows": (0x10, "US", GRID.shape[1]),
    "columns": (0x11, "US", GRID.shape[2]),
    "type": (0x40, "CS", "G"),
    "origin": (0x50, "SS", [1, 1]),
}
IN_PIXELS, BESIDE = (0x100, "US", 16), (0x100, "US", 1)
"""OverlayBitsAllocated: of a sample, or of the overlay's own data."""


def at_bit(position: int) -> tuple:
    return (0x102, "US", position)


def with_overlay(made: list, *elements: tuple) -> list:
    """Declares an overlay in group 6000."""
    for ds in made:
        for element, kind, value in (*OVERLAY.values(), *elements):
            ds.add_new((0x6000, element), kind, value)
    return made


@pytest.fixture(scope="module")
def marked() -> np.ndarray:
    """The voxels with text in bit 12, as old scanners wrote it."""
    words = VOXELS.astype("<u2")
    words[:, 30:50, 20:60] |= 1 << 12
    return words


def test_an_overlay_that_the_header_declares_is_no_grey_value(through, marked):
    run = through(with_overlay(stored(marked), IN_PIXELS, at_bit(12))).expect(0)
    plain = through(stored(VOXELS), out="plain").expect(0)
    assert said(run.result) == said(plain.result) == []
    assert run.result["series"]["pixel_sha256"] == plain.result["series"]["pixel_sha256"]
    assert run.result["finding"] == plain.result["finding"]
    assert (
        segmentation(run.out / "segmentation.dcm", GRID) == segmentation(plain.out / "segmentation.dcm", GRID)
    ).all()


@pytest.mark.parametrize(
    "declared",
    [
        (),
        (IN_PIXELS, at_bit(13)),
        (BESIDE, at_bit(0), (0x3000, "OW", bytes(GRID.shape[1] * GRID.shape[2] // 8))),
    ],
    ids=["not at all", "in another bit", "beside the pixels"],
)
def test_bits_that_no_overlay_explains_are_refused(through, marked, declared):
    made = stored(marked)
    refused(through(with_overlay(made, *declared) if declared else made), "samples_beyond_bits_stored")


@pytest.mark.parametrize("extended", [True, False], ids=["extended", "not extended"])
def test_a_signed_value_may_be_extended_or_not(through, extended):
    """PS3.5 lets a writer leave the bits above BitsStored as they are; both kinds are in archives."""
    voxels = np.minimum(VOXELS, 4000)
    signed = voxels.astype("<i2") - 2000
    words = signed.view("<u2") if extended else signed.view("<u2") & 0x0FFF
    run = through(stored(words, signed=True)).expect(0)
    plain = through(stored(voxels), out="plain").expect(0)
    assert any("sign bit" in warning for warning in run.result["warnings"]) == (not extended)
    assert not any("  " in warning for warning in run.result["warnings"])
    assert run.result["finding"] == plain.result["finding"]
    assert (
        segmentation(run.out / "segmentation.dcm", GRID) == segmentation(plain.out / "segmentation.dcm", GRID)
    ).all()


@pytest.mark.parametrize("syntax", ["explicit", "rle"])
def test_positive_values_under_a_signed_header_are_said_to_be_doubtful(through, syntax):
    """From 2048 on they are read as negative: what is brightest becomes what is darkest."""
    bright = np.minimum(np.rint(VOXELS * 2.5), 4095)
    [warning] = said(through(stored(bright, signed=True), syntax).expect(0).result)
    assert "PixelRepresentation 1" in warning


def test_negative_values_under_an_unsigned_header_are_said_to_be_doubtful(through):
    """Noise about zero: half of the air is read as the brightest of all."""
    words = (VOXELS - 300).astype("<i2").view("<u2")
    [warning] = said(through(stored(words, bits=16)).expect(0).result)
    assert "another sign" in warning


def test_a_signed_value_that_leaves_its_bits_is_refused(through):
    signed = VOXELS.astype("<i2") - 3000
    message = refused(through(stored(signed.view("<u2"), signed=True)), "samples_beyond_bits_stored")
    assert "one of them is -2" in message


def test_eight_bits_are_enough(through):
    eight = np.minimum(np.rint(VOXELS / 16.1), 255)
    made = classic(eight, GRID)
    for ds, section in zip(made, eight.astype("u1"), strict=True):
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
        ds.PixelData = section.tobytes()
        ds["PixelData"].VR = "OB"
    run = through(made).expect(0)
    assert said(run.result) == []
    assert run.result["lesions"]


def test_pictures_of_patients_and_phantoms_pass_in_silence(analyse, tmp_path):
    data = Path(__file__).parents[1] / "data"
    for archive in ("real-t2w-thoracolumbar-sagittal.zip", "phantom-ependymoma.zip"):
        run = analyse(data / archive, out=tmp_path / archive).expect(0)
        assert said(run.result) == []


def test_a_t1c_that_lies_elsewhere_is_left_out(through, tmp_path):
    """On the grid of the T2w it would be zeros, which the classifiers would take for "does not enhance"."""
    elsewhere = replace(GRID, origin=tuple(GRID.position((0, 400, 0))))
    t1c = Protocol(
        description="T1 TSE sag spine +gd", repetition_ms=600.0, echo_ms=10.0, series="t1c", number=2,
        extra={"ContrastBolusAgent": "Gadobutrol"},
    )  # fmt: skip
    made = classic(VOXELS, GRID) + classic(VOXELS, elsewhere, t1c)
    wanting = tiny_bundle.write(tmp_path / "optional", t1c="optional")
    run = through(made, bundle=wanting, out="optional").expect(0)
    assert any("left out" in w and "shows nothing" in w for w in run.result["warnings"]), run.result["warnings"]
    assert run.result["series"].get("t1c_uid") is None
    needing = tiny_bundle.write(tmp_path / "required", t1c="required")
    run = through(made, bundle=needing, out="required").expect(4)
    assert run.result["problem"]["code"] == "t1c_missing"


def submit(client, voxels: np.ndarray, element: str) -> dict:
    affine = matrix(GRID)[:, [2, 1, 0, 3]]
    described = {"tensor": {"shape": list(voxels.shape), "element": element}, "matrix": affine.ravel().tolist()}
    return end_of(client, client.submit_volume(described, voxels.tobytes()))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda v: v * 0, "no_picture"),
        (lambda v: (v > 1000) * 1.0, "few_values"),
        (lambda v: np.where(v > 1400, np.nan, v), "voxels_not_finite"),
        (lambda v: np.where(v == v.max(), np.inf, v), "voxels_not_finite"),
        (lambda v: v * (np.arange(len(v)) > 9)[:, None, None], "empty_sections"),
    ],
    ids=["zeros", "a mask", "NaN", "infinity", "mostly empty"],
)
def test_a_volume_from_a_viewer_is_looked_at_too(client, change, code):
    ended = submit(client, np.ascontiguousarray(change(VOXELS), "<f4"), "f32")
    assert (ended["state"], ended["problem"]["code"]) == ("failed", code)
    assert ended.get("finding") is None


def test_doubts_of_a_volume_are_told(client):
    voxels = VOXELS.copy()
    voxels[3] = 0
    affine = matrix(GRID)[:, [2, 1, 0, 3]]
    described = {"tensor": {"shape": list(voxels.shape), "element": "u16"}, "matrix": affine.ravel().tolist()}
    events = list(client.follow(client.submit_volume(described, voxels.astype("<u2").tobytes())))
    told = [e.body["message"] for e in events if e.name == "warning"]
    assert any("no picture (section 4)" in message for message in told), told
