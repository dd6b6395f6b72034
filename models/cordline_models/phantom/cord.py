"""Canal, CSF, cord and cauda equina."""

from __future__ import annotations

import numpy as np

from .lesion import Lesion
from .noise import Ripples, inside, paint
from .spine import LEVELS, Spine
from .tissue import Tissues

# Half axes in mm at the middle of a level: cord front to back, cord sideways, canal front to back, canal sideways.
AT = {
    "brain": (7.5, 8.5, 11.0, 16.0),
    "C1": (4.6, 6.0, 9.0, 13.0),
    "C3": (4.0, 6.4, 7.4, 12.0),
    "C6": (3.9, 6.9, 7.3, 12.0),
    "T2": (3.4, 5.0, 7.4, 9.5),
    "T7": (3.2, 4.5, 7.4, 9.0),
    "T10": (3.5, 4.8, 7.8, 9.5),
    "T12": (4.0, 5.0, 8.4, 10.5),
    "L3": (4.0, 5.0, 8.6, 11.5),
    "L5": (4.0, 5.0, 7.8, 11.5),
    "S2": (4.0, 5.0, 4.5, 7.0),
}


class Cord:
    """The contents of one person's canal, lesions included."""

    def __init__(self, rng: np.random.Generator, spine: Spine, lesions: list[Lesion]):
        self.lesions = lesions
        at = [
            (-45.0 if k == "brain" else (spine.edge[LEVELS.index(k)] + spine.edge[LEVELS.index(k) + 1]) / 2) for k in AT
        ]
        self.s = spine.s
        half = np.array(list(AT.values())) * np.array(
            [spine.scale**0.5 * rng.normal(1, 0.05)] * 2 + [spine.scale**0.5 * rng.normal(1, 0.07)] * 2
        )
        cord_u, cord_v, canal_u, canal_v = (np.interp(spine.s, at, column) for column in half.T)
        conus = spine.edge[LEVELS.index("L1")] + rng.normal(0.0, 12.0)
        self.conus = float(conus)
        taper = np.clip((conus - spine.s) / rng.uniform(22, 38), 0, 1) ** 0.6
        cord_u, cord_v = cord_u * taper, cord_v * taper
        self.base_u, self.base_v = cord_u.copy(), cord_v.copy()
        grow = np.zeros_like(spine.s)
        for lesion in lesions:
            bump = np.exp(-0.5 * ((spine.s - lesion.s) / (0.33 * lesion.length + 6)) ** 2)
            grow = np.maximum(grow, lesion.swell * bump)
            need_u, need_v = lesion.cord_need(spine.s)
            cord_u, cord_v = np.maximum(cord_u, need_u), np.maximum(cord_v, need_v)
        cord_u, cord_v = cord_u + grow * taper, cord_v + grow * taper
        window = np.hanning(13)
        window /= window.sum()
        self.cord_u, self.cord_v = (np.maximum(c, np.convolve(c, window, "same")) for c in (cord_u, cord_v))
        room = rng.uniform(0.3, 0.9)
        self.canal_u = np.maximum(canal_u, self.cord_u + room)
        self.canal_v = np.maximum(canal_v, self.cord_v + room)
        # The cord lies forwards in a thoracic kyphosis, in the middle elsewhere.
        self.shift = np.interp(spine.s, [-60, 0, 150, 280, 400, 480], [-1.0, -0.3, 0, -1.6, -0.8, 0.8]) * rng.uniform(
            0.2, 1.3
        ) + 0.3 * np.sin(spine.s / rng.uniform(25, 60) + rng.uniform(0, 6))
        self.shift = np.clip(self.shift, -(self.canal_u - self.cord_u) * 0.8, (self.canal_u - self.cord_u) * 0.8)
        self.sac_end = float(spine.edge[LEVELS.index("S2")] + rng.normal(5, 10))
        self.bulges = [
            (edge - 0.5 * disc, rng.uniform(0.3, 2.6) if rng.random() < 0.35 else 0.0)
            for edge, disc in zip(spine.edge[2:25], spine.disc[1:24], strict=True)
        ]
        self.pulse = Ripples(rng, (rng.uniform(25, 70), 7.0, 9.0), 5)
        self.pulse_depth = rng.uniform(0.0, 0.5) * (rng.random() < 0.75)
        self.pulse_bias = rng.uniform(-0.3, 0.9)
        self.roots = [
            (
                rng.uniform(-0.75, 0.95),
                rng.uniform(-0.8, 0.8),
                rng.uniform(0.35, 0.7),
                rng.uniform(60, 200),
                rng.uniform(0, 6.3),
            )
            for _ in range(int(rng.integers(16, 26)))
        ]
        self.streak = Ripples(rng, (60.0, 5.0, 6.0), 5)
        self.ringing = rng.uniform(0, 0.05)

    def at(self, table: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.interp(s, self.s, table).astype(np.float32)

    def to_canal(self, s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Signed distance (mm) to the wall of the dural sac, disc bulges pressing on it from the front."""
        a, b = self.at(self.canal_u, s), self.at(self.canal_v, s)
        push = np.zeros_like(s)
        for middle, depth in self.bulges:
            if depth:
                push += depth * np.exp(-0.5 * ((s - middle) / 2.6) ** 2)
        front = np.where(u < 0, u + 0.8 * push * (u < -0.3 * a), u)
        front = np.where(u < -0.3 * a, u - push, front)
        d = (np.sqrt((front / a) ** 2 + (v / b) ** 2) - 1) * np.minimum(a, b)
        return np.maximum(d, s - self.sac_end)

    def to_cord(self, s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Signed distance (mm) to the cord's surface; `u` from the middle of the cord."""
        a, b = np.maximum(self.at(self.cord_u, s), 0.05), np.maximum(self.at(self.cord_v, s), 0.05)
        return np.maximum((np.sqrt((u / a) ** 2 + (v / b) ** 2) - 1) * np.minimum(a, b), s - self.conus)

    def draw(
        self, image: np.ndarray, s: np.ndarray, u: np.ndarray, v: np.ndarray, tissues: Tissues, pixel: float
    ) -> np.ndarray:
        """Lay the sac's contents over `image`; returns the lesions' coverage 0..1."""
        canal = inside(self.to_canal(s, u, v), pixel)
        fluid = tissues["csf"]
        if tissues.contrast in ("T2w", "STIR"):
            void = np.clip(self.pulse(s, u, v) * 0.5 + self.pulse_bias * (u > 0), 0, 1) * self.pulse_depth
            fluid = fluid * (1 - void)
        paint(image, canal, fluid)
        self._draw_roots(image, canal, s, u, v, tissues, pixel)
        uc = u - self.at(self.shift, s)
        cord = inside(self.to_cord(s, uc, v), pixel) * canal
        grey = np.exp(-0.5 * ((uc / 1.6) ** 2 + (v / 2.6) ** 2))
        paint(image, cord, tissues["cord"] + tissues["grey"] * grey + 0.015 * self.streak(s, uc, v))
        if tissues.contrast == "T2w" and self.ringing > 0.02:  # truncation ringing looks like a thin central canal
            image += cord * self.ringing * np.cos(2 * np.pi * uc / 2.6)
        truth = np.zeros_like(image)
        for lesion in self.lesions:
            first, last = lesion.reach()
            near = np.flatnonzero((s > first - 3) & (s < last + 3) & (cord > 0))
            if near.size:
                part = image[near]
                cover = lesion.draw(part, cord[near], s[near], uc[near], v[near], tissues, pixel)
                image[near] = part
                truth[near] = np.maximum(truth[near], cover)
        return truth

    def _draw_roots(
        self,
        image: np.ndarray,
        canal: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> None:
        low = np.flatnonzero((s > self.conus - 30) & (canal > 0))
        if not low.size:
            return
        sl, ul, vl = s[low], u[low], v[low]
        a, b = self.at(self.canal_u, sl), self.at(self.canal_v, sl)
        fade = np.clip((sl - self.conus + 30) / 20, 0, 1) * np.clip((self.sac_end - sl) / 25, 0, 1)
        part = image[low]
        for du, dv, radius, wave, phase in self.roots:
            spread = np.clip((sl - self.conus) / 120, 0, 1)
            cu = a * (du * (0.45 + 0.4 * spread) + 0.25) * 0.8 + 0.6 * np.sin(2 * np.pi * sl / wave + phase)
            cv = b * dv * (0.35 + 0.6 * spread)
            d = np.sqrt((ul - cu) ** 2 + ((vl - cv) * 0.7) ** 2) - radius
            part += inside(d, max(pixel, 0.8)) * fade * canal[low] * 0.85 * (tissues["cord"] - part)
        image[low] = part
