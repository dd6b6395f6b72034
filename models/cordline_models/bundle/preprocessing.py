"""From a volume to what the networks see. The runtime does the same; both are compared in tests."""

from __future__ import annotations

import cv2
import numpy as np

CLIP = 5.0
SIZE = (256, 256)  # rows, columns


def normalise(volume: np.ndarray) -> np.ndarray:
    """(section, row, column) to 0..1: z-score over the whole volume, clipped at +-CLIP, then min-max."""
    volume = volume.astype(np.float32)
    deviation = volume.std()
    if not deviation > 0:
        raise ValueError("every voxel has the same value: there is no image to normalise")
    z = np.clip((volume - volume.mean()) / deviation, -CLIP, CLIP)
    return (z - z.min()) / (z.max() - z.min())


def resize_image(section: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return cv2.resize(section, (columns, rows), interpolation=cv2.INTER_LINEAR)


def resize_mask(section: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Binary (row, column) to bool, nearest neighbour."""
    return cv2.resize(section.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST) > 0


def sections_of(volume: np.ndarray) -> np.ndarray:
    """(section, row, column) in scanner units to (section, 256, 256) in 0..1."""
    return np.stack([resize_image(section, *SIZE) for section in normalise(volume)])


def masks_of(mask: np.ndarray) -> np.ndarray:
    return np.stack([resize_mask(section, *SIZE) for section in mask])


def classifier_input(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(n, h, w) image in 0..1 and mask to (n, 3, h, w): T1c x mask (zero: not used), T2w x mask, mask."""
    mask = mask.astype(np.float32)
    return np.stack([np.zeros_like(mask), image * mask, mask], 1).astype(np.float32)
