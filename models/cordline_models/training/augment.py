"""Random changes to training sections, after the paper's four groups, each with probability one half."""

from __future__ import annotations

import cv2
import numpy as np


def change_brightness(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """One of contrast, gamma, brightness, sharpness. image: 0..1."""
    kind = rng.integers(4)
    if kind == 0:
        return (image - image.mean()) * rng.uniform(0.7, 1.35) + image.mean()
    if kind == 1:
        return np.clip(image, 0, 1) ** np.exp(rng.normal(0, 0.3))
    if kind == 2:
        return image * rng.uniform(0.75, 1.3) + rng.normal(0, 0.02)
    return image + rng.uniform(0.3, 1.0) * (image - cv2.GaussianBlur(image, (0, 0), 1.2))


def change_resolution(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
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


def change_intensity(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Both kinds of change to a section in 0..1, each with probability one half; float32, clipped to 0..1.2."""
    if rng.random() < 0.5:
        image = change_brightness(rng, image)
    if rng.random() < 0.5:
        image = change_resolution(rng, image)
    return np.clip(image, 0, 1.2).astype(np.float32)


def random_view(
    rng: np.random.Generator,
    image: np.ndarray,
    mask: np.ndarray,
    shape: tuple[int, int],
    centre: tuple[float, float],
    max_rotation_deg: float,
    max_zoom: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Image and mask of a view of `shape` (rows, columns) round `centre` (row, column) of a section.

    At times rotated by up to `max_rotation_deg`, scaled by up to `max_zoom` either way, mirrored. What lies outside of
    the section is 0.
    """
    degrees, scale = 0.0, 1.0
    mirror_rows = mirror_columns = False
    if rng.random() < 0.5:
        if rng.random() < 0.6:
            degrees = rng.uniform(-max_rotation_deg, max_rotation_deg)
        else:
            mirror_rows, mirror_columns = rng.random() < 0.6, rng.random() < 0.4
    if rng.random() < 0.5:
        scale = rng.uniform(1 / max_zoom, max_zoom)
    rows, columns = shape
    matrix = cv2.getRotationMatrix2D((float(centre[1]), float(centre[0])), degrees, scale)
    matrix[:, 2] += np.array([columns / 2 - centre[1], rows / 2 - centre[0]])
    view = cv2.warpAffine(image, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
    outline = cv2.warpAffine(mask.astype(np.uint8), matrix, (columns, rows), flags=cv2.INTER_NEAREST)
    if mirror_rows:
        view, outline = view[::-1], outline[::-1]
    if mirror_columns:
        view, outline = view[:, ::-1], outline[:, ::-1]
    return np.ascontiguousarray(view), np.ascontiguousarray(outline)
