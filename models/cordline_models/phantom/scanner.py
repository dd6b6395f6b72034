"""What a scanner does: where the sections lie, coil shading, motion, truncation, noise and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import SAGITTAL, Grid, centred, rotation
from .noise import smooth_field
from .spine import Spine

STANDS_OUT = 4.8
"""Standard deviations by which the brightest voxels (99.7 %) may exceed the mean of a volume."""


@dataclass(frozen=True)
class Scan:
    """One drawn protocol."""

    field_of_view: tuple[float, float]  # rows, columns, mm
    matrix: tuple[int, int]
    thickness: float
    gap: float
    sections: int
    tilt: tuple[float, float, float]  # degrees about LPS x, y, z
    fat_saturation: bool
    noise: float  # SD, CSF = 1
    shading: float  # mm over which the surface coil's signal falls to 1/e
    ghost: float
    resolution: tuple[float, float]  # acquired share of the matrix
    gain: float
    left_to_right: bool


def draw_scan(rng: np.random.Generator, oblique: bool | None = None, small: bool = False) -> Scan:
    """A protocol; `oblique` forces tilted sections or straight ones; `small` keeps matrices near 256."""
    kind = rng.choice(["neck", "chest", "large"], p=[0.5, 0.3, 0.2])
    tall = {"neck": rng.uniform(220, 270), "chest": rng.uniform(270, 330), "large": rng.uniform(320, 360)}[kind]
    square = rng.random() < 0.65
    wide = tall if square else tall * rng.uniform(0.7, 0.95)
    pixel = tall / float(rng.choice([224, 256, 256, 288, 320] if small else [256, 256, 320, 320, 352, 384, 448, 512]))
    tilted = rng.random() < 0.4 if oblique is None else oblique
    spread = np.array([2.0, 5.0, 6.0]) if tilted else np.zeros(3)
    return Scan(
        field_of_view=(tall, wide),
        matrix=(int(round(tall / pixel)), int(round(wide / pixel / 4)) * 4),
        thickness=float(rng.choice([2.5, 3.0, 3.0, 3.0, 3.5, 4.0])),
        gap=float(rng.choice([0.0, 0.3, 0.3, 0.4, 0.6, 1.0])),
        sections=int(rng.integers(11, 16)),
        tilt=tuple(float(a) for a in rng.normal(0, spread)),
        fat_saturation=bool(rng.random() < 0.12),
        noise=float(np.exp(rng.uniform(np.log(0.006), np.log(0.06)))),
        shading=float(np.exp(rng.uniform(np.log(150), np.log(700)))),
        ghost=float(rng.uniform(0.0, 0.05) if rng.random() < 0.5 else 0.0),
        resolution=(float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.75, 1.0))),
        gain=float(np.exp(rng.uniform(np.log(350), np.log(2600)))),
        left_to_right=bool(rng.random() < 0.35),
    )


def place(rng: np.random.Generator, scan: Scan, spine: Spine, reach: tuple[float, float] | None) -> Grid:
    """Sagittal sections that show `reach` (first and last s of the lesions); anywhere when None."""
    tall = scan.field_of_view[0]
    if reach is None:
        middle = rng.uniform(spine.edge[1] + 30, spine.edge[22])
    else:
        slack = max(tall * 0.46 - (reach[1] - reach[0]) / 2, 8.0)
        middle = (reach[0] + reach[1]) / 2 + rng.uniform(-0.75, 0.75) * slack
    # Planners keep the upper edge at or below the skull's base unless the neck is meant.
    middle = max(middle, tall * 0.5 - rng.uniform(40, 75))
    ahead = rng.uniform(-0.16, 0.1) * scan.field_of_view[1]
    centre = spine.centre(middle, u=ahead) + np.array([rng.normal(0, 1.2), 0, 0])
    turn = rotation(2, scan.tilt[2]) @ rotation(1, scan.tilt[1]) @ rotation(0, scan.tilt[0])
    axes = SAGITTAL @ turn.T
    if scan.left_to_right:
        axes = axes * np.array([[-1.0], [1.0], [1.0]])
    step = scan.thickness + scan.gap
    spacing = np.array([step, tall / scan.matrix[0], scan.field_of_view[1] / scan.matrix[1]])
    return centred(centre, axes, (scan.sections, *scan.matrix), spacing, scan.thickness)


def acquire(rng: np.random.Generator, image: np.ndarray, depth: np.ndarray, scan: Scan) -> np.ndarray:
    """Shading, motion, truncation and noise on a perfect image (section, row, column); `depth` mm from the back."""
    shade = np.exp(-np.maximum(depth, 0) / scan.shading)
    shade = shade * np.exp(0.12 * smooth_field(rng, image.shape, tuple(max(n / 2.0, 1) for n in image.shape)))
    rows = np.linspace(-1, 1, image.shape[1])
    fall = 1 - rng.uniform(0.05, 0.75) * np.clip(np.abs(rows) - rng.uniform(0.6, 0.95), 0, 1) * 2.5
    image = image * shade * np.clip(fall, 0.05, 1)[None, :, None].astype(np.float32)
    image = even_out(image / max(float(np.percentile(image, 99.7)), 1e-3))
    if scan.ghost:
        axis = int(rng.integers(1, 3))
        for order in (1, 2):
            shift = int(image.shape[axis] * rng.uniform(0.05, 0.4))
            image = image + scan.ghost / order * (np.roll(image, shift, axis) - 0.5 * image)
    image = truncate(image, scan.resolution)
    noise = scan.noise * np.exp(0.2 * smooth_field(rng, (1, *image.shape[1:]), (1, 60, 60)))
    real = image + noise * rng.standard_normal(image.shape, dtype=np.float32)
    imaginary = noise * rng.standard_normal(image.shape, dtype=np.float32)
    measured = np.sqrt(real**2 + imaginary**2)
    if min(scan.resolution) < 0.8:  # noise is acquired at the same low resolution
        measured = np.abs(truncate(measured, scan.resolution))
    return np.clip(np.rint(measured * scan.gain), 0, 4095).astype(np.uint16)


def even_out(image: np.ndarray) -> np.ndarray:
    """Lift what is dark until fluid no longer stands beyond STANDS_OUT, as scanners do before they store a picture.

    Without it every fourth drawing had fluid and lesions where the networks' preprocessing clips; real MR has next to
    none there.
    """
    for _ in range(20):  # a picture of black and white alone would never end
        if (1 - image.mean()) / max(float(image.std()), 1e-6) <= STANDS_OUT:  # 1: the brightest, see `acquire`
            break
        image = image**0.9
    return image


def truncate(image: np.ndarray, share: tuple[float, float]) -> np.ndarray:
    """Keep only the middle `share` of k-space in rows and columns: blur and ringing of a smaller matrix."""
    rows, columns = image.shape[-2:]
    spectrum = np.fft.rfft2(image)
    y = np.abs(np.fft.fftfreq(rows)) * 2
    x = np.abs(np.fft.rfftfreq(columns)) * 2
    keep = np.clip((share[0] - y) / 0.08 + 0.5, 0, 1)[:, None] * np.clip((share[1] - x) / 0.08 + 0.5, 0, 1)[None]
    return np.fft.irfft2(spectrum * keep, s=(rows, columns)).astype(np.float32)
