"""Head, muscles, fat, airway, lungs, vessels and belly: whatever else is in the field of view."""

from __future__ import annotations

import numpy as np

from .noise import Ripples, inside, paint
from .spine import LEVELS, Spine
from .tissue import Tissues


class Surroundings:
    """Everything outside the bony column."""

    def __init__(self, rng: np.random.Generator, spine: Spine):
        self.spine = spine
        s = spine.s
        mark = [spine.edge[LEVELS.index(k)] for k in ("C3", "C7", "T4", "T9", "L2", "L5", "S2")]
        behind = np.array([46, 56, 50, 52, 62, 72, 80]) * rng.uniform(0.75, 1.35)
        self.skin_behind = np.interp(s, mark, behind) + rng.normal(0, 2.5) * np.sin(
            s / rng.uniform(20, 60) + rng.uniform(0, 6)
        )
        self.fat_behind = np.interp(s, mark, np.array([8, 12, 9, 9, 12, 20, 24]) * rng.uniform(0.35, 1.9)) * (
            1 + 0.12 * np.sin(s / rng.uniform(15, 40))
        )
        self.skin_ahead = np.interp(
            s, mark, np.array([62, 66, 125, 140, 130, 125, 130]) * rng.uniform(0.8, 1.35)
        ) + 6 * np.sin(s / rng.uniform(18, 50) + rng.uniform(0, 6))
        self.half_width = rng.uniform(135, 185)
        self.sat_band = rng.uniform(0.08, 1.0)
        self.sat_edge = rng.uniform(38, 80)
        self.lung = rng.uniform(0.02, 0.12)
        self.airway = rng.uniform(4.5, 8.0)
        self.wall = rng.uniform(8, 16)
        self.aorta = (rng.uniform(4, 14), rng.uniform(8, 12))
        self.neck = spine.edge[LEVELS.index("T1")]
        self.chest = (spine.edge[LEVELS.index("T2")], spine.edge[LEVELS.index("T11")] + rng.normal(0, 12))
        self.fibre = Ripples(rng, (90.0, 6.0, 9.0), 7)
        self.clump = Ripples(rng, (26.0, 24.0, 30.0), 6)
        self.bowel = rng.uniform(0.3, 1.0)
        self.folia = rng.uniform(3.0, 5.0)
        self.head_wobble = Ripples(rng, (45.0, 45.0, 60.0), 4)
        self.fossa = rng.uniform(0.9, 1.15, 3)
        self.fat_streaks = rng.uniform(0.3, 1.6)

    def draw(
        self,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        coarse: np.ndarray,
        fine: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> np.ndarray:
        """A new image of body and air; the column comes on top. coarse, fine: noise of SD 1, about 12 and 4 mm."""
        spine = self.spine
        image = np.full_like(s, tissues["air"])
        behind = np.interp(s, spine.s, self.skin_behind).astype(np.float32)
        fat = np.interp(s, spine.s, self.fat_behind).astype(np.float32)
        ahead = np.interp(s, spine.s, self.skin_ahead).astype(np.float32)
        side = np.interp(s, [-20, self.neck - 40, self.neck + 60], [75, 66, self.half_width]).astype(np.float32)
        round_ = np.sqrt(np.maximum(1 - (v / side) ** 2, 0))
        behind, ahead = behind * (0.3 + 0.7 * round_), ahead * round_
        clump = self.clump(s, u, v)
        body = np.maximum(np.maximum(u - behind, -u - ahead), np.abs(v) - side)
        soft = tissues["muscle"] * (1 + 0.25 * coarse) + tissues["viscera"] * 0.25 * np.clip(clump, -0.5, 2)
        paint(image, inside(body, 2.0), np.maximum(soft, 0.02))
        self._behind(image, s, u, v, behind, fat, coarse, fine, tissues, pixel)
        self._ahead(image, s, u, v, ahead, clump, fine, tissues, pixel)
        self._head(image, s, u, v, coarse, fine, tissues, pixel)
        return image

    def _behind(
        self,
        image: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        behind: np.ndarray,
        fat: np.ndarray,
        coarse: np.ndarray,
        fine: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> None:
        deep = (u > 6) & (u < behind)
        streak = np.clip(self.fibre(s, u + 0.3 * (s % 200) * 0.1, v) - 0.9 + 0.25 * self.fat_streaks, 0, 1) * 0.7
        muscle = tissues["muscle"] * (1 + 0.15 * fine + 0.15 * coarse)
        midline = np.exp(-0.5 * (v / 4.5) ** 2) * 0.45 * self.fat_streaks * np.clip(0.6 + 0.5 * fine, 0, 1)
        mixed = muscle + np.clip(streak + midline, 0, 1) * (tissues["fat"] * 0.9 - muscle)
        paint(image, deep.astype(np.float32), np.maximum(mixed, 0.02))
        layer = np.maximum(behind - fat - u, u - behind)
        septa = 1 + 0.10 * coarse - 0.18 * np.clip(fine - 0.8, 0, 1)
        paint(image, inside(layer, 1.5), tissues["fat"] * septa)
        paint(image, inside(np.abs(u - behind + 0.8) - 0.9, pixel), tissues["muscle"] * 1.6)

    def _ahead(
        self,
        image: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        ahead: np.ndarray,
        clump: np.ndarray,
        fine: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> None:
        spine = self.spine
        level = spine.level_at(s)
        face = -9.0 - spine.depth[level].astype(np.float32)  # front of the bodies, roughly
        neck = (s > 20) & (s < self.neck + 45)
        throat = np.sqrt((u - face + self.wall) ** 2 + (v * 0.7) ** 2) - self.airway * (1 + 0.25 * clump * (s < 70))
        paint(image, inside(throat, 1.5) * neck, tissues["air"] * 1.5)
        floor = self.chest[1] + 0.35 * (u + 60) + 9 * clump  # the diaphragm falls backwards
        chest = np.maximum(np.maximum(self.chest[0] - s, s - floor), u - face + 14 + 4 * clump)
        paint(image, inside(chest, 3) * np.float32(0.9), np.maximum(self.lung * (1 + 0.4 * fine), 0.01))
        heart = (
            np.sqrt(
                ((s - 0.45 * self.chest[0] - 0.55 * self.chest[1]) / 55) ** 2
                + ((u - face + 55) / 38) ** 2
                + ((v - 15) / 50) ** 2
            )
            + 0.1 * clump
        )
        paint(image, inside((heart - 1) * 20, 6), tissues["viscera"] * (0.8 + 0.3 * fine))
        belly = np.maximum(floor - s, u - face + 5)
        loops = np.clip(np.abs(clump + 0.3 * fine) - 0.5, 0, 1) * self.bowel
        paint(image, inside(belly, 4) * 0.8, np.clip(tissues["viscera"] * (0.5 + 1.6 * loops), 0.02, 1))
        rim = np.maximum(-u - ahead, -(-u - ahead + 9 + 3 * clump))
        paint(image, inside(rim, 2.0), tissues["fat"] * 0.8)
        vessel = np.sqrt((u - face + self.aorta[1] + 4) ** 2 + (v - self.aorta[0]) ** 2) - self.aorta[1]
        paint(image, inside(vessel, 1.5) * ((s > self.chest[0] + 25) & (s < spine.edge[22])), tissues["blood"])
        fat = np.maximum(face - 5 - 2 * clump - u, u - face)
        paint(image, inside(fat, 1.5) * (s > self.chest[1] - 60), tissues["fat"] * np.clip(0.5 + 0.25 * fine, 0, 1))
        band = np.clip((-u - self.sat_edge) / 12, 0, 1)
        image *= 1 - band * (1 - self.sat_band)

    def _head(
        self,
        image: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        coarse: np.ndarray,
        fine: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> None:
        up = np.flatnonzero(s < 12)
        if not up.size:
            return
        s, u, v, coarse, fine = s[up], u[up], v[up], coarse[up], fine[up]
        part = image[up]
        wobble = self.head_wobble(s, u, v)
        skull = np.sqrt(((s + 62) / 68) ** 2 + ((u - 8) / 92) ** 2 + (v / 72) ** 2) * 68 - 66 + 3 * wobble
        paint(part, inside(skull - 7, 2), tissues["fat"] * 0.85)
        paint(part, inside(skull - 3, pixel), tissues["cortex"])
        paint(part, inside(skull - 1.5, pixel), tissues["marrow"] * (1 + 0.1 * fine))
        brain = skull + 1.5
        a, b, c = self.fossa
        gap = np.clip(0.5 + 0.4 * wobble, 0.1, 1.5)
        paint(part, inside(brain, pixel), tissues["csf"] * 0.9)
        sulci = np.clip(np.abs(fine) * 1.4 + 0.3 * coarse, 0, 1)
        tent = s + 58 - 0.35 * (u - 30) + 5 * wobble  # above: the lobes; below: the posterior fossa
        cerebrum = np.maximum(brain + 1.5, tent + 3)
        paint(part, inside(cerebrum, 1.5), tissues["brain"] * (0.85 + 0.15 * coarse) + 0.3 * (sulci < 0.12))
        lobe = (
            np.sqrt(((s + 34) / (29 * a)) ** 2 + ((u - 42) / (38 * b)) ** 2 + (v / (48 * c)) ** 2) * 29
            - 29
            + 3.0 * wobble
            + gap
        )
        round_ = np.sqrt((s + 34) ** 2 + (u - 22) ** 2)
        leaf = 0.5 + 0.5 * np.sin(2 * np.pi * round_ / self.folia + 1.5 * fine)
        paint(
            part, inside(np.maximum(np.maximum(lobe, brain + 1), -tent), 1.5), tissues["brain"] * (0.80 + 0.22 * leaf)
        )
        clivus = np.maximum(np.abs(u + 22 + 0.35 * s) - 6, np.maximum(s - 2, -s - 55))
        paint(part, inside(np.maximum(clivus, np.abs(v) - 14), pixel), tissues["cortex"])
        paint(part, inside(np.maximum(clivus, np.abs(v) - 14) + 1.2, pixel), tissues["marrow"])
        face = np.maximum(u + 30 + 0.35 * s, skull - 20)
        paint(part, inside(face, 4) * 0.9, tissues["muscle"] * (1.2 + 0.6 * coarse + 0.5 * wobble).clip(0.05, 3))
        pons = np.sqrt(((s + 38) / 15) ** 2 + ((u + 6) / 12) ** 2 + (v / 17) ** 2) * 13 - 13
        paint(part, inside(pons, pixel), tissues["brain"] * 0.95)
        ventricle = np.sqrt(((s + 32) / 10) ** 2 + ((u - 9 - 0.1 * (s + 32)) / 3.5) ** 2 + (v / 8) ** 2) * 4 - 4
        paint(part, inside(ventricle, pixel), tissues["csf"])
        image[up] = part
