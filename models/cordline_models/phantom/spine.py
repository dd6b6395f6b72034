"""The spine as a curve with levels: where a point of the patient lies in spine coordinates.

Spine coordinates, mm: s, arc length downwards along the middle of the canal, 0 at the foramen magnum;
u, backwards from that curve; v, to the patient's left.
"""

from __future__ import annotations

import numpy as np

# An adult's mean, mm. Height: of the vertebra and the disc below it; depth and half width: of the vertebral body.
# fmt: off
VERTEBRAE = {
    # level height  disc   depth  half width
    "C1":  ( 14.0,   0.0,   8.0,   9.0),
    "C2":  ( 23.0,   4.5,  15.0,   9.0),
    "C3":  ( 18.0,   5.0,  15.0,   9.0),
    "C4":  ( 17.5,   5.0,  15.0,   9.0),
    "C5":  ( 17.5,   5.0,  15.5,   9.5),
    "C6":  ( 17.5,   5.0,  16.0,  10.0),
    "C7":  ( 18.5,   5.0,  16.5,  11.0),
    "T1":  ( 20.0,   4.0,  17.0,  12.0),
    "T2":  ( 20.5,   4.0,  18.0,  12.0),
    "T3":  ( 21.0,   4.0,  19.5,  12.0),
    "T4":  ( 21.5,   4.0,  21.0,  12.0),
    "T5":  ( 22.0,   4.0,  22.5,  12.5),
    "T6":  ( 22.5,   4.0,  24.0,  13.0),
    "T7":  ( 23.0,   4.5,  25.0,  13.5),
    "T8":  ( 23.5,   4.5,  26.0,  14.0),
    "T9":  ( 24.0,   4.5,  27.0,  14.5),
    "T10": ( 25.0,   5.0,  28.0,  15.5),
    "T11": ( 26.5,   5.5,  29.0,  17.0),
    "T12": ( 28.5,   6.5,  30.0,  18.5),
    "L1":  ( 32.0,   8.0,  31.0,  20.0),
    "L2":  ( 34.0,   9.0,  32.0,  21.0),
    "L3":  ( 35.0,  10.0,  33.0,  22.0),
    "L4":  ( 35.0,  11.0,  34.0,  23.5),
    "L5":  ( 34.0,  10.0,  34.0,  25.0),
    "S1":  ( 30.0,   2.0,  30.0,  26.0),
    "S2":  ( 26.0,   1.0,  22.0,  22.0),
    "S3":  ( 20.0,   1.0,  14.0,  18.0),
}
# fmt: on
LEVELS = tuple(VERTEBRAE)
HEIGHT, DISC, DEPTH, HALF_WIDTH = np.array(list(VERTEBRAE.values())).T
# Tilt of the curve (dy/ds, backwards positive) at the knots named beside it; drawn around these means.
KNOTS = {
    -160: 0.1,
    -40: 0.12,
    0: 0.02,
    36: -0.12,
    90: 0.05,
    140: 0.28,
    200: 0.2,
    280: 0.0,
    380: -0.2,
    450: -0.12,
    520: 0.1,
    570: 0.35,
    620: 0.75,
    700: 0.6,
}
STEP = 1.0


class Spine:
    """One person's spine, drawn by `rng`."""

    def __init__(self, rng: np.random.Generator):
        self.scale = float(np.clip(rng.normal(1.0, 0.07), 0.82, 1.17))
        n = len(LEVELS)
        height = HEIGHT * self.scale * rng.normal(1, 0.025, n)
        self.edge = np.concatenate([[0.0], np.cumsum(height)])
        self.height = height
        self.disc = DISC * self.scale * np.clip(rng.normal(1, 0.15, n), 0.4, 1.4)
        girth = self.scale * rng.normal(1, 0.06)
        self.depth = DEPTH * girth * rng.normal(1, 0.03, n)
        self.half_width = HALF_WIDTH * girth
        self._curve(rng)

    def _curve(self, rng: np.random.Generator) -> None:
        knots = np.array(list(KNOTS)) * self.scale
        bend = rng.uniform(0.2, 1.5, 3)  # cervical, thoracic, lumbar: flat to strong
        share = np.interp(list(KNOTS), [0, 90, 280, 520], [bend[0], bend[0], bend[1], bend[2]])
        tilt = np.array(list(KNOTS.values())) * share + rng.normal(0, 0.05, len(knots)) + rng.normal(0, 0.05)
        self.s = np.arange(-260.0, 900.0, STEP)
        tilt = np.interp(self.s, knots, tilt)
        window = np.hanning(71)
        tilt = np.convolve(np.pad(tilt, 35, mode="edge"), window / window.sum(), "valid").clip(-0.85, 0.85)
        scoliosis = rng.uniform(4, 18) if rng.random() < 0.15 else abs(rng.normal(0, 2.0))
        wave = rng.uniform(220, 480)
        lean = rng.normal(0, 0.012)
        self.x = scoliosis * np.sin(2 * np.pi * self.s / wave + rng.uniform(0, 6.3)) + lean * (self.s - 200)
        slope = np.gradient(self.x, STEP)
        down = -np.sqrt(np.maximum(1 - tilt**2 - slope**2, 0.1))
        start = int(np.searchsorted(self.s, 0.0))
        self.y = np.cumsum(tilt) * STEP
        self.y -= self.y[start]
        self.z = np.cumsum(down) * STEP
        self.z -= self.z[start]
        self.tilt = tilt

    def level_at(self, s: np.ndarray) -> np.ndarray:
        """Index into LEVELS; above C1 gives 0, below the sacrum the last."""
        return np.clip(np.searchsorted(self.edge, s, side="right") - 1, 0, len(LEVELS) - 1)

    def span(self, first: str, last: str) -> tuple[float, float]:
        """Arc length from the top of one level to the bottom of another."""
        return float(self.edge[LEVELS.index(first)]), float(self.edge[LEVELS.index(last) + 1])

    def centre(self, s: float, u: float = 0.0, v: float = 0.0) -> np.ndarray:
        """LPS mm of a place given in spine coordinates."""
        x, y, z, tilt = (np.interp(s, self.s, a) for a in (self.x, self.y, self.z, self.tilt))
        return np.array([x + v, y + u * np.sqrt(1 - tilt**2), z + u * tilt])

    def locate(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(s, u, v) of LPS points (..., 3), by a few steps towards the nearest point of the curve."""
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        s = np.interp(-z, -self.z, self.s)
        for _ in range(4):
            tilt = np.interp(s, self.s, self.tilt)
            cosine = np.sqrt(1 - tilt**2)
            along = (y - np.interp(s, self.s, self.y)) * tilt - (z - np.interp(s, self.s, self.z)) * cosine
            s = np.clip(s + 0.8 * along, self.s[0], self.s[-1])
        tilt = np.interp(s, self.s, self.tilt)
        u = (y - np.interp(s, self.s, self.y)) * np.sqrt(1 - tilt**2) + (z - np.interp(s, self.s, self.z)) * tilt
        return s.astype(np.float32), u.astype(np.float32), (x - np.interp(s, self.s, self.x)).astype(np.float32)
