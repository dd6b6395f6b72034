"""Which lesions a case has: number, level, extent, volume and signs, after the published statistics of each class.

Figures of volume (mean, SD), extent and levels follow Zhuo et al. 2022 (doi 10.1148/ryai.210292).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lesion import Lesion, Pocket
from .spine import Spine

SIBLING = {"astrocytoma": "ependymoma", "ependymoma": "astrocytoma", "ms": "nmosd", "nmosd": "ms"}
BORROWED = 0.15
"""Share of cases that borrow the look of the sibling class, trait by trait."""
BORROWED_TRAIT = 0.5
PLAQUE_VERTEBRAE = 2.0
"""A plaque of MS seldom reaches further along the cord; longer ones speak for NMOSD."""


@dataclass(frozen=True)
class Statistics:
    volume_ml: tuple[float, float]
    extent: tuple[float, float]  # median vertebrae, spread of its logarithm
    counts: tuple[float, ...]  # chance of 1, 2, 3, ... lesions
    levels: dict[tuple[str, str], float]
    enhancing: float
    female: float
    age: tuple[float, float]


STATISTICS = {
    "astrocytoma": Statistics(
        (13.2, 11.3),
        (4.0, 0.45),
        (0.97, 0.03),
        {("C2", "C7"): 35, ("C5", "T4"): 16, ("T2", "T11"): 33, ("T9", "L1"): 15, ("T12", "L1"): 1},
        0.76,
        0.37,
        (32, 16),
    ),
    "ependymoma": Statistics(
        (15.1, 11.2),
        (3.0, 0.42),
        (0.97, 0.03),
        {("C2", "C7"): 65, ("C5", "T4"): 2, ("T2", "T11"): 19, ("T11", "L2"): 14},
        0.72,
        0.46,
        (43, 13),
    ),
    "ms": Statistics(
        (1.25, 1.5),
        (3.0, 0.5),
        (0.18, 0.40, 0.26, 0.16),
        {("C2", "C7"): 75, ("C3", "T6"): 14, ("T2", "T11"): 4, ("C1", "C4"): 7},
        0.13,
        0.73,
        (35, 12),
    ),
    "nmosd": Statistics(
        (2.85, 2.8),
        (4.0, 0.5),
        (0.75, 0.20, 0.05),
        {("C2", "C7"): 66, ("C3", "T6"): 17, ("T2", "T11"): 15, ("T9", "L1"): 2},
        0.16,
        0.83,
        (39, 15),
    ),
}


@dataclass(frozen=True)
class Look:
    """Which class each trait follows."""

    place: str
    edge: str
    inside: str
    signs: str
    form: str


def draw_look(rng: np.random.Generator, label: str) -> tuple[Look, bool]:
    """The look of a case, and whether it borrows its sibling's."""
    borrows = bool(rng.random() < BORROWED)
    traits = [SIBLING[label] if borrows and rng.random() < BORROWED_TRAIT else label for _ in range(5)]
    return Look(*traits), borrows


def lognormal(mean: float, deviation: float, normal: float) -> float:
    """The value at `normal` standard deviations of the log-normal with this mean and standard deviation."""
    variance = np.log(1 + (deviation / mean) ** 2)
    return float(np.exp(np.log(mean) - variance / 2 + np.sqrt(variance) * normal))


def draw_findings(rng: np.random.Generator, label: str, spine: Spine) -> tuple[list[Lesion], dict]:
    """Lesions in spine coordinates and what was drawn about them. None for a healthy case."""
    if label == "healthy":
        return [], {"sex": "FM"[rng.integers(2)], "age": int(np.clip(rng.normal(40, 15), 12, 85))}
    figures = STATISTICS[label]
    look, borrows = draw_look(rng, label)
    size = rng.normal()
    volume = float(np.clip(lognormal(*figures.volume_ml, size), 0.2, 62.0))
    tumour = label in ("astrocytoma", "ependymoma")
    # A tumour widens the cord: a small one is short, not thin. Inflammation may be long and thin.
    with_size = 0.9 if tumour else 0.7
    along = with_size * size + np.sqrt(1 - with_size**2) * rng.normal()
    vertebrae = float(np.clip(figures.extent[0] * np.exp(figures.extent[1] * along), 0.5, 13))
    ranges = list(figures.levels)
    shares = np.array(list(figures.levels.values()), float)
    first, last = spine.span(*ranges[rng.choice(len(ranges), p=shares / shares.sum())])
    count = 1 + int(rng.choice(len(figures.counts), p=figures.counts))
    height = (last - first) / max(len(spine.edge[(spine.edge >= first) & (spine.edge < last)]), 1)
    length = vertebrae * height
    lesions = []
    if tumour:
        centre = rng.uniform(first + 0.2 * (last - first), last - 0.2 * (last - first))
        lesions = [draw_tumour(rng, look, centre, length if i == 0 else length * 0.3, i) for i in range(count)]
        for i, lesion in enumerate(lesions[1:], 1):
            lesion.s = lesions[0].s + (length * 0.8 + 12 * i) * (1 if lesions[0].s < 300 else -1)
    else:
        if look.form == "ms":  # plaques are short: a large extent is more of them
            count = max(count, int(np.ceil(vertebrae / PLAQUE_VERTEBRAE)))
            share = rng.dirichlet(np.full(count, 8.0)) * min(1.0, 0.55 + 0.45 / count)
        else:  # one long lesion, and at times small ones beside it
            share = rng.dirichlet([12.0] + [2.0] * (count - 1))
        middles = spread(rng, first, last, length, share)
        for middle, part in zip(middles, share, strict=True):
            lesions.append(draw_inflammation(rng, look, middle, max(length * part, 5.0)))
    # The end of the cord, where tumours of the filum may lie, is the lowest place.
    floor = spine.span("L1", "L1")[1] + (15 if label == "ependymoma" else -25)
    for lesion in lesions:
        drop = max(lesion.reach()[1] - floor, 0) - max(2.0 - lesion.reach()[0], 0)
        lesion.s -= drop
        for pocket in lesion.pockets:
            pocket.s -= drop
    fit_volume(lesions, volume, (8.5, 12.5) if tumour else (3.6, 5.8), 5.4 if tumour else 1.5)
    enhancement = float(rng.uniform(0.25, 0.55)) if rng.random() < figures.enhancing else 0.0
    for lesion in lesions:
        lesion.enhancement = enhancement
    about = {
        "sex": "F" if rng.random() < figures.female else "M",
        "age": int(np.clip(rng.normal(*figures.age), 6, 88)),
        "borrows": borrows,
        "enhancing": enhancement > 0,
        "drawn_volume_ml": round(volume, 3),
    }
    return lesions, about


def spread(rng: np.random.Generator, first: float, last: float, length: float, share: np.ndarray) -> list[float]:
    """Middles of lesions that share `length`, without overlap, about one place of the range."""
    gap = rng.uniform(8, 25)
    total = float((length * share).sum()) + gap * (len(share) - 1)
    start = rng.uniform(first, max(last - total, first + 1))
    middles = []
    for part in share:
        middles.append(start + length * part / 2)
        start += length * part + gap
    return middles


def draw_tumour(rng: np.random.Generator, look: Look, centre: float, length: float, index: int) -> Lesion:
    glioma = {name: getattr(look, name) == "astrocytoma" for name in ("place", "edge", "inside", "signs", "form")}
    radius = rng.uniform(5.0, 6.5)
    side = rng.uniform(0, 2 * np.pi)
    away = rng.uniform(0.22, 0.5) if glioma["place"] else abs(rng.normal(0, 0.05))
    lesion = Lesion(
        s=centre,
        length=length,
        radius=(radius, radius * rng.uniform(1.15, 1.5)),
        offset=(radius * away * np.cos(side), radius * 1.3 * away * np.sin(side)),
        blunt=rng.uniform(1.8, 2.6) if glioma["form"] else rng.uniform(2.6, 5.0),
        edge=rng.uniform(1.6, 4.0) if glioma["edge"] else rng.uniform(0.3, 1.1),
        rough=rng.uniform(0.10, 0.22) if glioma["edge"] else rng.uniform(0.01, 0.06),
        t2=rng.uniform(0.62, 0.86) if glioma["inside"] else rng.uniform(0.56, 0.80),
        texture=rng.uniform(0.13, 0.26) if glioma["inside"] else rng.uniform(0.01, 0.045),
        spots=0.0,
        enhancement=0.0,
        enhancing_core=rng.uniform(0.3, 0.8) if glioma["inside"] else rng.uniform(0.85, 1.0),
        swell=rng.uniform(0.3, 1.2),
        seed=int(rng.integers(2**31)),
    )
    if index == 0:
        add_signs(rng, lesion, glioma["signs"])
    return lesion


def add_signs(rng: np.random.Generator, lesion: Lesion, glioma: bool) -> None:
    """Cysts, blood and haemosiderin caps."""
    ru, rv = lesion.radius
    half = lesion.length / 2
    if glioma:
        for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.75 else 0):
            at, size = rng.uniform(-0.6, 0.6) * half, rng.uniform(0.25, 0.5)
            lesion.pockets.append(
                Pocket(
                    lesion.s + at,
                    lesion.offset[0] + rng.normal(0, 0.2) * ru,
                    lesion.offset[1] + rng.normal(0, 0.2) * rv,
                    (size * rng.uniform(6, 18), size * ru, size * rv),
                    "cyst",
                )
            )
    else:
        for end in (-1, 1):
            if rng.random() < 0.55:
                long, wide = rng.uniform(5, 16), rng.uniform(0.4, 0.75)
                lesion.pockets.append(
                    Pocket(
                        lesion.s + end * (half + 0.55 * long),
                        0.0,
                        0.0,
                        (long, wide * ru * 0.8, wide * rv * 0.7),
                        "cyst",
                    )
                )
        if rng.random() < 0.25:
            lesion.pockets.append(
                Pocket(
                    lesion.s + rng.uniform(-0.4, 0.4) * half, 0.0, 0.0, (rng.uniform(4, 9), 0.4 * ru, 0.4 * rv), "cyst"
                )
            )
        if rng.random() < 0.45:
            lesion.cap = rng.uniform(0.6, 1.0)
    if rng.random() < (0.10 if glioma else 0.15):
        lesion.pockets.append(
            Pocket(
                lesion.s + rng.uniform(-0.5, 0.5) * half,
                lesion.offset[0],
                lesion.offset[1] + rng.normal(0, 0.2) * rv,
                (rng.uniform(3, 7), 0.3 * ru, 0.35 * rv),
                "blood",
            )
        )


def draw_inflammation(rng: np.random.Generator, look: Look, centre: float, length: float) -> Lesion:
    plaque = {name: getattr(look, name) == "ms" for name in ("place", "edge", "inside", "signs", "form")}
    if plaque["form"]:
        radius = (rng.uniform(1.5, 2.4), rng.uniform(1.9, 3.4))
    else:
        radius = (rng.uniform(2.2, 3.2), rng.uniform(3.2, 5.0))
    if plaque["place"]:
        side = rng.choice(
            [rng.normal(0, 0.35), rng.normal(np.pi / 2, 0.35), rng.normal(-np.pi / 2, 0.35), rng.normal(np.pi, 0.3)],
            p=[0.45, 0.24, 0.24, 0.07],
        )
        offset = (2.1 * np.cos(side), 3.6 * np.sin(side))
    else:
        offset = (rng.normal(0, 0.25), rng.normal(0, 0.4))
    return Lesion(
        s=centre,
        length=length,
        radius=radius,
        offset=offset,
        blunt=rng.uniform(2.0, 4.0),
        edge=rng.uniform(0.5, 1.3) if plaque["edge"] else rng.uniform(0.9, 2.2),
        rough=rng.uniform(0.02, 0.08) if plaque["edge"] else rng.uniform(0.06, 0.16),
        t2=rng.uniform(0.56, 0.74) if plaque["inside"] else rng.uniform(0.74, 0.92),
        texture=rng.uniform(0.005, 0.04) if plaque["inside"] else rng.uniform(0.02, 0.07),
        spots=rng.uniform(0.3, 0.8) if not plaque["inside"] and rng.random() < 0.85 else 0.0,
        enhancement=0.0,
        enhancing_core=rng.uniform(0.3, 0.8),
        swell=abs(rng.normal(0, 0.15)) if plaque["signs"] else rng.uniform(0.1, 1.1),
        seed=int(rng.integers(2**31)),
    )


def measured_ml(lesions: list[Lesion]) -> float:
    """Volume of all lesions in mL, on a 1 x 0.7 x 0.7 mm grid of spine coordinates."""
    total = 0.0
    for lesion in lesions:
        first, last = lesion.reach()
        s = np.arange(first - 1, last + 1, 1.0, dtype=np.float32)
        u = np.arange(-14, 14, 0.7, dtype=np.float32)
        grid = np.meshgrid(s, u, u, indexing="ij", sparse=True)
        full = np.broadcast_arrays(*grid)
        total += float((lesion.whole(*full) < 0).sum()) * 1.0 * 0.7 * 0.7 / 1000
    return total


def fit_volume(lesions: list[Lesion], volume: float, limits: tuple[float, float], least: float) -> None:
    """Grow or shrink the lesions to `volume` mL: across the cord within `least` and `limits` (mm), then along it.

    A tumour keeps a width that expands the cord; a small one is short.
    """
    for _ in range(3):
        ratio = volume / max(measured_ml(lesions), 1e-3)
        for lesion in lesions:
            wish = float(np.clip(np.sqrt(ratio), 0.4, 2.5))
            room = min(limits[0] / lesion.radius[0], limits[1] / lesion.radius[1])
            across = float(np.clip(wish, 0.4, max(room, 0.3)))
            lesion.scale(across)
            thin = least / lesion.radius[0]
            if thin > 1:
                lesion.scale(thin)
                across *= thin
            along = float(np.clip(ratio / across**2, 0.5, 1.6))
            before = lesion.length / 2
            lesion.length = float(np.clip(lesion.length * along, 5.0, 330.0))
            for pocket in lesion.pockets:
                pocket.s = lesion.s + (pocket.s - lesion.s) * lesion.length / 2 / before
