"""Smooth random fields and soft edges, with numpy alone."""

from __future__ import annotations

import numpy as np


def resampler(size: int, nodes: int) -> np.ndarray:
    """(size, nodes) matrix that interpolates `nodes` even nodes linearly to `size` samples."""
    at = np.linspace(0, nodes - 1, size)
    low = np.minimum(at.astype(int), max(nodes - 2, 0))
    part = at - low
    matrix = np.zeros((size, nodes), np.float32)
    matrix[np.arange(size), low] = 1 - part
    if nodes > 1:
        matrix[np.arange(size), low + 1] += part
    return matrix


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], cell: tuple[float, ...]) -> np.ndarray:
    """Random field of mean 0 and standard deviation 1 with about one node every `cell` samples of each axis."""
    nodes = [max(2, int(np.ceil(n / c)) + 1) for n, c in zip(shape, cell, strict=True)]
    field = rng.standard_normal(nodes).astype(np.float32)
    for axis, size in enumerate(shape):
        field = np.moveaxis(np.tensordot(resampler(size, nodes[axis]), field, (1, axis)), 0, axis)
    return field / max(float(field.std()), 1e-6)


class Ripples:
    """A smooth random function of position: a sum of sine waves. About -2..2, standard deviation 1."""

    def __init__(self, rng: np.random.Generator, wavelengths_mm: tuple[float, float, float], waves: int = 6):
        direction = rng.normal(size=(waves, 3))
        self.k = (direction * (2 * np.pi / np.array(wavelengths_mm)) * 0.6).astype(np.float32)
        self.phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)

    def __call__(self, *position: np.ndarray) -> np.ndarray:
        total = np.zeros_like(position[0], dtype=np.float32)
        for k, phase in zip(self.k, self.phase, strict=True):
            angle = sum(component * wave for component, wave in zip(position, k, strict=False))
            total += np.sin(angle + phase)
        return total * np.float32(np.sqrt(2 / len(self.phase)))


def inside(distance: np.ndarray, width: float) -> np.ndarray:
    """Coverage 0..1 of a shape from its signed distance (mm, negative within), over an edge of `width` mm."""
    return np.clip(0.5 - distance / width, 0, 1)


def paint(image: np.ndarray, cover: np.ndarray, value: np.ndarray | float) -> None:
    """Lay `value` over `image` in place."""
    image += cover * (value - image)
