"""A whole phantom: one drawn person, pictured on any grid in any contrast. The same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import CLASSES
from .cord import Cord
from .findings import draw_findings
from .geometry import Grid
from .image import Image
from .noise import resampler, smooth_field
from .scanner import acquire, draw_scan, place
from .spine import LEVELS, Spine
from .surroundings import Surroundings
from .tissue import CONTRASTS, Tissues
from .vertebrae import Vertebrae

SUBSECTIONS = 3
"""Planes averaged over the thickness of a section near the canal."""
NEAR_MM = 26.0
STREAM = {"body": 1, "findings": 2, "scan": 3, "place": 4}
COARSE = 6


class Phantom:
    """A person of class `label`, drawn from `seed`."""

    def __init__(self, seed: int, label: str, oblique: bool | None = None, small: bool = False):
        if label not in CLASSES:
            raise ValueError(f"class {label!r} is not one of {', '.join(CLASSES)}")
        self.seed, self.label = seed, label
        body = self._rng("body")
        self.spine = Spine(body)
        self.lesions, self.about = draw_findings(self._rng("findings"), label, self.spine)
        self.cord = Cord(body, self.spine, self.lesions)
        self.vertebrae = Vertebrae(body, self.spine, self.cord)
        self.surroundings = Surroundings(body, self.spine)
        self.scan = draw_scan(self._rng("scan"), oblique, small)
        if self.lesions:
            need = (self.reach()[1] - self.reach()[0]) * 1.08
            tall, wide = self.scan.field_of_view
            if need > tall:  # a long lesion asks for a large field of view
                self.scan = replace(self.scan, field_of_view=(need, wide * need / tall))
        self.grid = place(self._rng("place"), self.scan, self.spine, self.reach() if self.lesions else None)

    def _rng(self, stream: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, CLASSES.index(self.label), STREAM[stream]])

    def reach(self) -> tuple[float, float]:
        """First and last s of all lesions."""
        ends = [lesion.reach() for lesion in self.lesions]
        return min(e[0] for e in ends), max(e[1] for e in ends)

    def landmark(self) -> np.ndarray | None:
        """LPS mm of the middle of the largest lesion."""
        if not self.lesions:
            return None
        lesion = max(self.lesions, key=lambda one: one.length * one.radius[0] * one.radius[1])
        u = lesion.offset[0] + float(np.interp(lesion.s, self.spine.s, self.cord.shift))
        return self.spine.centre(lesion.s, u, lesion.offset[1])

    def levels(self) -> list[str]:
        """Highest and lowest level that the lesions touch."""
        return [LEVELS[int(self.spine.level_at(np.array(s)))] for s in self.reach()] if self.lesions else []

    def picture(self, contrast: str = "T2w", grid: Grid | None = None) -> Image:
        """Draw and acquire one series; without `grid` on the sagittal grid of this phantom's protocol."""
        grid = grid or self.grid
        rng = np.random.default_rng(
            [self.seed, CLASSES.index(self.label), 10 + list(CONTRASTS).index(contrast), grid.shape[0], grid.shape[1]]
        )
        tissues = Tissues(rng, contrast, self.scan.fat_saturation)
        shape = grid.shape
        image, depth, truth = (np.zeros(shape, np.float32) for _ in range(3))
        pixel = float(max(grid.spacing[1], grid.spacing[2])) * 1.1
        mm = [max(grid.spacing[0], 1e-3), grid.spacing[1], grid.spacing[2]]
        coarse = smooth_field(rng, shape, tuple(max(12.0 / m, 1.0) for m in mm))
        fine = smooth_field(rng, shape, tuple(max(4.5 / m, 1.0) for m in mm))
        grain = 0.6 * smooth_field(rng, shape, tuple(max(3.5 / m, 1.0) for m in mm)) + 0.4 * coarse
        for section in range(shape[0]):
            s, u, v = self._locate(grid, section, 0.0)
            flat = self.surroundings.draw(s, u, v, coarse[section].ravel(), fine[section].ravel(), tissues, pixel)
            depth[section] = (np.interp(s, self.spine.s, self.surroundings.skin_behind) - u).reshape(shape[1:])
            wide = np.flatnonzero((u > -75) & (u < 75) & (np.abs(v) < 55))
            part = flat[wide]
            self.vertebrae.draw(part, s[wide], u[wide], v[wide], grain[section].ravel()[wide], tissues, pixel)
            flat[wide] = part
            near = np.flatnonzero((np.abs(u) < NEAR_MM) & (np.abs(v) < NEAR_MM))
            if near.size:
                total, cover = np.zeros_like(near, np.float32), np.zeros_like(near, np.float32)
                for k in range(SUBSECTIONS):
                    offset = ((k + 0.5) / SUBSECTIONS - 0.5) * grid.thickness
                    sk, uk, vk = (a[near] for a in self._locate(grid, section, offset))
                    layer = flat[near]
                    cover += self.cord.draw(layer, sk, uk, vk, tissues, pixel)
                    total += layer
                flat[near] = total / SUBSECTIONS
                truth[section].ravel()[near] = cover / SUBSECTIONS
            image[section] = flat.reshape(shape[1:])
        voxels = acquire(rng, np.maximum(image, 0), depth, self.scan)
        return Image(voxels, (truth >= 0.5).astype(np.uint8), grid, contrast)

    def _locate(self, grid: Grid, section: int, offset: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Flat s, u, v of a section's pixels: exact on every COARSE-th row and column, linear between."""
        rows, columns = grid.shape[1:]
        r, c = (max(2, -(-n // COARSE)) for n in (rows, columns))
        points = grid.points(section, np.linspace(0, rows - 1, r), np.linspace(0, columns - 1, c), offset)
        up, across = resampler(rows, r), resampler(columns, c)
        return tuple((up @ a @ across.T).ravel() for a in self.spine.locate(points))
