"""Random changes to training sections, after the paper's four groups, each with probability one half."""

from __future__ import annotations

import cv2
import numpy as np


def brightness(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """One of contrast, gamma, brightness, sharpness. image: 0..1."""
    kind = rng.integers(4)
    if kind == 0:
        return (image - image.mean()) * rng.uniform(0.7, 1.35) + image.mean()
    if kind == 1:
        return np.clip(image, 0, 1) ** np.exp(rng.normal(0, 0.3))
    if kind == 2:
        return image * rng.uniform(0.75, 1.3) + rng.normal(0, 0.02)
    return image + rng.uniform(0.3, 1.0) * (image - cv2.GaussianBlur(image, (0, 0), 1.2))


def grain(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """One of blur, lower resolution, noise."""
    kind = rng.integers(3)
    if kind == 0:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.0))
    if kind == 1:
        rows, columns = image.shape
        share = rng.uniform(0.5, 0.9)
        small = cv2.resize(
            image, (max(int(columns * share), 8), max(int(rows * share), 8)), interpolation=cv2.INTER_AREA
        )
        return cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return image + rng.normal(0, rng.uniform(0.005, 0.05), image.shape)


def intensity(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    if rng.random() < 0.5:
        image = brightness(rng, image)
    if rng.random() < 0.5:
        image = grain(rng, image)
    return np.clip(image, 0, 1.2).astype(np.float32)


def place(
    rng: np.random.Generator,
    image: np.ndarray,
    mask: np.ndarray,
    size: tuple[int, int],
    centre: tuple[float, float],
    turn: float = 25.0,
    zoom: float = 1.25,
) -> tuple[np.ndarray, np.ndarray]:
    """A view of `size` (rows, columns) round `centre` (row, column).

    At times turned by up to `turn` degrees, scaled by up to `zoom` either way, mirrored.
    """
    degrees, scale = 0.0, 1.0
    mirror_rows = mirror_columns = False
    if rng.random() < 0.5:
        if rng.random() < 0.6:
            degrees = rng.uniform(-turn, turn)
        else:
            mirror_rows, mirror_columns = rng.random() < 0.6, rng.random() < 0.4
    if rng.random() < 0.5:
        scale = rng.uniform(1 / zoom, zoom)
    rows, columns = size
    matrix = cv2.getRotationMatrix2D((float(centre[1]), float(centre[0])), degrees, scale)
    matrix[:, 2] += np.array([columns / 2 - centre[1], rows / 2 - centre[0]])
    view = cv2.warpAffine(image, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
    outline = cv2.warpAffine(mask.astype(np.uint8), matrix, (columns, rows), flags=cv2.INTER_NEAREST)
    if mirror_rows:
        view, outline = view[::-1], outline[::-1]
    if mirror_columns:
        view, outline = view[:, ::-1], outline[:, ::-1]
    return np.ascontiguousarray(view), np.ascontiguousarray(outline)
