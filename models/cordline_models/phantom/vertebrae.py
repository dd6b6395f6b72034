"""Vertebral bodies, discs, arches, spinous processes and the fat between them."""

from __future__ import annotations

import numpy as np

from .cord import Cord
from .noise import inside, paint
from .spine import LEVELS, Spine
from .tissue import Tissues


class Vertebrae:
    """The bony column round one canal."""

    def __init__(self, rng: np.random.Generator, spine: Spine, cord: Cord):
        n = len(LEVELS)
        self.spine, self.cord = spine, cord
        at = np.arange(n)
        self.tone = np.clip(rng.normal(1, 0.06, n), 0.8, 1.25)
        if rng.random() < 0.2:  # haemangioma or fatty end plates
            self.tone[rng.integers(2, 24)] *= rng.uniform(1.3, 1.9)
        self.concave = rng.uniform(0.02, 0.12)
        wear = np.clip(rng.normal(0.6, 0.35), 0, 1.2)
        self.wet = np.clip(rng.normal(1.1 - 0.6 * wear, 0.25, n), 0.1, 1.4)
        self.step = rng.normal(0, 0.7, n)
        slope = np.interp(at, [0, 2, 6, 8, 12, 16, 18, 20, 24], [15, 15, 32, 42, 55, 48, 25, 12, 15]) + rng.normal(
            0, 6, n
        )
        self.slope = np.tan(np.radians(np.clip(slope, -5, 65)))
        self.long = (
            np.interp(at, [0, 1, 4, 6, 8, 14, 19, 23, 25], [8, 22, 18, 32, 32, 30, 30, 26, 10])
            * spine.scale
            * rng.normal(1, 0.12, n)
        )
        self.tall = (
            np.interp(at, [0, 1, 4, 6, 12, 17, 19, 23, 26], [3, 5.5, 3.2, 4, 3.4, 4.5, 9, 9, 5])
            * spine.scale
            * np.clip(rng.normal(1, 0.2, n), 0.5, 1.6)
        )
        self.lean = rng.normal(0, 2.0, n)
        self.between = np.clip(rng.normal(0.5, 0.3, n), 0.0, 1.0)
        self.epidural = np.interp(at, [0, 6, 9, 16, 20, 24], [0.2, 0.4, 1.2, 1.4, 2.2, 3.0]) * rng.uniform(0.4, 1.4)
        self.arch_fat = rng.uniform(0.3, 1.0)

    def front(self, s: np.ndarray) -> np.ndarray:
        """u of the back wall of the bodies."""
        return -(self.cord.at(self.cord.canal_u, s) + 1.3)

    def draw(
        self,
        image: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        grain: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> None:
        """Lay bone, disc and fat of the column over `image`; `grain` is noise of SD 1 for the marrow."""
        spine = self.spine
        level = spine.level_at(s)
        wall = self.front(s) + self.step[level].astype(np.float32) * 0.5
        self._arches(image, s, u, v, grain, tissues, pixel, level)
        # Bodies
        height, disc = spine.height[level].astype(np.float32), spine.disc[level].astype(np.float32)
        t = s - spine.edge[level].astype(np.float32) - (height - disc) / 2
        depth = spine.depth[level].astype(np.float32)
        deep = (wall - u) / depth  # 0 at the back wall, 1 at the front
        waist = 1 - 0.10 * np.clip(1 - (2 * t / (height - disc)) ** 2, 0, 1)
        half_width = spine.half_width[level].astype(np.float32) * waist
        hollow = (
            self.concave * height * np.clip(1 - (2 * deep - 1) ** 2, 0, 1) * np.clip(1 - (v / half_width) ** 2, 0, 1)
        )
        rise = np.abs(t) - ((height - disc) / 2 - hollow)
        ahead = np.maximum(u - wall, wall - depth * (0.5 + 0.5 * waist) - u)
        aside = np.abs(v) - half_width
        real = (s > 0) & (level > 0)
        body = np.where(real, np.maximum(np.maximum(rise, ahead), aside), 50.0)
        # Disc: between two bodies, a little wider than them
        fill = np.where(real & (s < spine.edge[25]), np.maximum(np.maximum(-rise, ahead - 0.8), aside - 0.5), 50.0)
        paint(image, inside(fill, pixel), tissues["annulus"])
        middle = np.sqrt(
            ((deep - 0.55) / 0.36) ** 2
            + (v / (0.72 * half_width)) ** 2
            + (np.abs(np.abs(t) - height / 2) / (disc * 0.5 + hollow + 0.1)) ** 4 * 0.3
        )
        wet = tissues["annulus"] + (
            tissues["nucleus"] * self.wet[level].astype(np.float32) - tissues["annulus"]
        ) * np.clip(1.8 - 1.6 * middle, 0, 1)
        paint(image, inside(fill + 0.5, pixel) * (middle < 1.15), np.maximum(wet, 0.03))
        paint(image, inside(body, pixel), tissues["cortex"])
        marrow = tissues["marrow"] * self.tone[level].astype(np.float32) * (1 + 0.07 * grain)
        vein = np.exp(-0.5 * ((t / 1.8) ** 2 + (deep / 0.22) ** 2 + (v / 7) ** 2))
        marrow = marrow + vein * (0.6 * tissues["csf"] - marrow) * 0.6
        paint(image, inside(body + 1.0, pixel), marrow)
        # Longitudinal ligaments, then the anterior arch of C1
        paint(image, inside(np.maximum(np.abs(u - wall - 0.6) - 0.6, aside + 3), pixel) * (s > 10), tissues["ligament"])
        arch = np.sqrt(((s - 9) / 5) ** 2 + ((u - wall + 13.5) / 3) ** 2) - 1
        near = np.abs(v) < 9
        paint(image, inside(arch * 3, pixel) * near, tissues["cortex"])
        paint(image, inside(arch * 3 + 1, pixel) * near, tissues["marrow"])
        dens = np.maximum(
            np.maximum(-s + 3, s - spine.edge[1] - 4), np.sqrt(((u - wall + 6) / 5.2) ** 2 + (v / 5.5) ** 2) * 5 - 5
        )
        paint(image, inside(dens, pixel), tissues["cortex"])
        paint(image, inside(dens + 0.9, pixel), tissues["marrow"] * (1 + 0.07 * grain))

    def _arches(
        self,
        image: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        grain: np.ndarray,
        tissues: Tissues,
        pixel: float,
        level: np.ndarray,
    ) -> None:
        spine = self.spine
        back = self.cord.at(self.cord.canal_u, s) + 1.2
        side = self.cord.at(self.cord.canal_v, s)
        # Fat of the foramina and behind the sac, yellow ligament
        ring = np.maximum(np.maximum(np.abs(v) - side - 12, u - back - 5), -u + self.front(s) * 0.9)
        fat = tissues["fat"] * self.arch_fat
        paint(image, inside(np.where(s > 0, ring, 50), pixel), fat * (1 + 0.12 * grain))
        root = np.sqrt(((s - spine.edge[level] - spine.height[level] * 0.72) / 3.5) ** 2 + ((u - 1) / 3.0) ** 2) - 1
        paint(image, inside(root.astype(np.float32) * 3, pixel) * (np.abs(v) > side), tissues["cord"] * 0.8)
        thick = self.epidural[level].astype(np.float32) * (
            0.3 + 1.4 * np.clip((s - spine.edge[level]) / spine.height[level], 0, 1)
        )
        paint(image, inside(np.maximum(u - back - 2.5, np.abs(v) - 5), pixel) * (u > 0) * (s > 4), tissues["ligament"])
        paint(
            image,
            inside(np.maximum(u - back - thick.astype(np.float32), np.abs(v) - 4.5), pixel) * (u > 0) * (s > 12),
            tissues["fat"],
        )
        # Pedicles, articular pillars
        t = (s - spine.edge[level]) / spine.height[level]
        pedicle = np.maximum(
            np.abs(t - 0.28) * spine.height[level] - 0.2 * spine.height[level],
            np.maximum(np.abs(np.abs(v) - side - 4) - 3.5, np.maximum(u - back, self.front(s) - 4 - u)),
        )
        pillar = np.sqrt((np.abs(np.abs(v) - side - 5) / 6.5) ** 2 + ((u - back - 1) / 7) ** 2) * 6 - 6
        joint = np.maximum(pillar, 1.2 - np.abs(t - 0.75 + 0.02 * (u - back)) * spine.height[level])
        bone = np.where(s > 6, np.minimum(pedicle, joint), 50).astype(np.float32)
        paint(image, inside(bone, pixel), tissues["cortex"])
        paint(image, inside(bone + 1.1, pixel), tissues["marrow"] * (1 + 0.1 * grain))
        # Spinous processes: slanting downwards, each its own length, height and slope
        far = u - back
        slope = self.slope[level].astype(np.float32)
        bent = s - np.clip(far, 0, 60) * slope
        k = spine.level_at(bent)
        where = bent - (spine.edge[k] + 0.55 * spine.height[k]).astype(np.float32)
        tip = self.long[k].astype(np.float32)
        grown = np.clip(far / np.maximum(tip, 1), 0, 1)
        across = np.abs(where) * np.cos(np.arctan(slope)) - self.tall[k].astype(np.float32) * (0.75 + 0.45 * grown)
        body = np.maximum(
            np.maximum(across, np.maximum(1.5 - far, far - tip)),
            np.abs(v - 0.12 * self.lean[k] * far * 0.5) - 2.6 - 1.4 * grown,
        ).astype(np.float32)
        gap = np.maximum(np.maximum(far - tip * 0.95, 1.5 - far), np.abs(v) - 4).astype(np.float32)
        real = s > 4
        mix = self.between[k].astype(np.float32)
        paint(
            image,
            inside(gap, 2.0) * real,
            (tissues["ligament"] * (1 - mix) + tissues["fat"] * mix) * (1 + 0.25 * grain),
        )
        paint(image, inside(body, pixel) * real, tissues["cortex"])
        paint(image, inside(body + 0.9, pixel) * real, tissues["marrow"] * (1 + 0.12 * grain))
