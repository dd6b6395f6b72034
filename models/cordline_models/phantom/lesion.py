"""One drawn lesion: its outline, its inner parts, and what it does to cord and canal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .noise import Ripples, inside
from .tissue import Tissues


@dataclass
class Pocket:
    """An ellipsoid inside or at the end of a lesion: a cyst, or blood. Spine coordinates, mm."""

    s: float
    u: float
    v: float
    half: tuple[float, float, float]
    kind: str  # cyst | blood

    def distance(self, s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b, c = self.half
        rho = np.sqrt(((s - self.s) / a) ** 2 + ((u - self.u) / b) ** 2 + ((v - self.v) / c) ** 2)
        return (rho - 1) * min(self.half)


@dataclass
class Lesion:
    """Spine coordinates, mm. `offset` (u, v) is taken from the middle of the cord."""

    s: float
    length: float
    radius: tuple[float, float]
    offset: tuple[float, float]
    blunt: float  # exponent of the outline along the cord: 2 tapers, 5 ends bluntly
    edge: float  # width of the transition, mm
    rough: float  # irregularity of the outline, share of the radius
    t2: float  # brightness on T2w
    texture: float
    spots: float  # share of bright spots as bright as CSF
    enhancement: float
    enhancing_core: float  # share of the radius that enhances
    swell: float  # mm by which the cord grows at the middle of the lesion
    cap: float = 0.0  # darkness of a haemosiderin rim at both poles, 0 for none
    seed: int = 0
    pockets: list[Pocket] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        span = max(self.length * 0.3, 8.0)
        self._outline = Ripples(rng, (span, 9.0, 11.0))
        self._fine = Ripples(rng, (11.0, 6.0, 7.0))
        self._grain = Ripples(rng, (14.0, 7.0, 8.0), 8)
        self._spot = Ripples(rng, (12.0, 5.0, 6.0), 6)

    def profile(self, s: np.ndarray) -> np.ndarray:
        """Share of the full radius at s, 0 outside."""
        along = np.clip(np.abs(s - self.s) / (self.length / 2), 0, 1)
        return np.sqrt(np.maximum(1 - along**self.blunt, 0))

    def scale(self, factor: float) -> None:
        """Grow across the cord."""
        self.radius = (self.radius[0] * factor, self.radius[1] * factor)
        for pocket in self.pockets:
            a, b, c = pocket.half
            pocket.half = (a, b * factor, c * factor)

    def distance(self, s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Signed distance (mm, negative within) to the outline of the solid part, without its pockets."""
        share = np.maximum(self.profile(s), 0.02)
        ru, rv = self.radius[0] * share, self.radius[1] * share
        rho = np.sqrt(((u - self.offset[0]) / ru) ** 2 + ((v - self.offset[1]) / rv) ** 2)
        wobble = self.rough * (0.7 * self._outline(s, u, v) + 0.5 * self._fine(s, u, v))
        gap = np.abs(s - self.s) - self.length / 2
        return np.maximum((rho - 1 + wobble) * np.minimum(ru, rv), gap)

    def whole(self, s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Signed distance to solid part and pockets together: what the mask holds."""
        distance = self.distance(s, u, v)
        for pocket in self.pockets:
            distance = np.minimum(distance, pocket.distance(s, u, v))
        return distance

    def reach(self) -> tuple[float, float]:
        """First and last s that the lesion may touch."""
        ends = [self.s - self.length / 2, self.s + self.length / 2]
        ends += [p.s - p.half[0] for p in self.pockets] + [p.s + p.half[0] for p in self.pockets]
        return min(ends), max(ends)

    def cord_need(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half axes (u, v) that the cord needs at s to hold this lesion."""
        share = self.profile(s)
        need = [share * (abs(o) * 0.8 + r * 1.03 + 0.4) for o, r in zip(self.offset, self.radius, strict=True)]
        for pocket in self.pockets:
            along = np.sqrt(np.maximum(1 - ((s - pocket.s) / (pocket.half[0] * 1.05)) ** 2, 0))
            need[0] = np.maximum(need[0], along * (abs(pocket.u) + pocket.half[1] + 0.5))
            need[1] = np.maximum(need[1], along * (abs(pocket.v) + pocket.half[2] + 0.5))
        return need[0], need[1]

    def draw(
        self,
        image: np.ndarray,
        cord: np.ndarray,
        s: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
        tissues: Tissues,
        pixel: float,
    ) -> np.ndarray:
        """Lay the lesion over `image` where `cord` covers; returns its coverage 0..1 with the true outline."""
        distance = self.distance(s, u, v)
        soft = inside(distance, max(self.edge, pixel))
        bright = tissues.lesion(self.t2) + self.texture * self._grain(s, u, v)
        if self.spots:
            spot = np.clip((self._spot(s, u, v) - 1.6 + 1.6 * self.spots) * 2.0, 0, 1)
            bright = bright + spot * (tissues.lesion(0.97) - bright)
        if self.enhancement and tissues.contrast == "T1c":
            core = self.radius[0] * (1 - self.enhancing_core)
            bright = bright + self.enhancement * inside(distance + core, 2.0)
        image += cord * soft * (bright - image)
        if self.cap:
            for end in (-1, 1):
                pole = np.abs(s - (self.s + end * (self.length / 2 - 1.5))) - 2.2
                rim = inside(np.maximum(pole, distance - 1.0), 1.5) * self.cap
                image += cord * rim * (tissues["cortex"] - image)
        true = inside(distance, pixel)
        for pocket in self.pockets:
            d = pocket.distance(s, u, v)
            value = tissues.lesion(1.0) if pocket.kind == "cyst" else float(tissues["cortex"]) * 1.8
            image += cord * inside(d, max(1.0, pixel)) * (value - image)
            true = np.maximum(true, inside(d, pixel))
        return true * cord
