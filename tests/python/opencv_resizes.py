"""What OpenCV makes of some images: tests/data/opencv-resizes.safetensors, which the program's own resizing must equal.

    .venv/bin/python tests/python/opencv_resizes.py [FILE]

For each case: `NAME.image`, and what cv2.resize makes of it, `NAME.linear` and `NAME.nearest`. `volume.*` is the whole
preprocessing of a volume: standardise, clip, bring to 0..1 (numpy, double precision), then resize each section.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from tiny_bundle import save_safetensors

FILE = Path(__file__).parents[1] / "data" / "opencv-resizes.safetensors"

# Rows and columns of the image and of the target: smaller, larger, both at once, one axis kept, one row.
# Towards a power of two, as the networks' grids are, OpenCV's source coordinates are exact.
SIZES = {
    "smaller": ((90, 71), (64, 64)),
    "larger": ((40, 33), (64, 64)),
    "mixed": ((80, 30), (32, 64)),
    "one-axis": ((32, 64), (64, 64)),
    "half": ((96, 96), (32, 32)),
    "strip": ((1, 50), (8, 32)),
    "back": ((64, 64), (90, 71)),
}


def resizes(image: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """`size` is (rows, columns)."""
    how = {"linear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
    return {name: cv2.resize(image, size[::-1], interpolation=flag) for name, flag in how.items()}


def tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    found = {}
    for name, (shape, size) in SIZES.items():
        image = (random.random(shape) * 1500 + random.normal(0, 10, shape) ** 2).astype(np.float32)
        found[f"{name}.image"] = image
        found |= {f"{name}.{how}": made for how, made in resizes(image, size).items()}

    volume = random.gamma(2.0, 120.0, (3, 50, 44)).astype(np.float32)
    volume[1, 5, 5] = 9e4
    z = volume.astype(np.float64)
    z = np.clip((z - z.mean()) / z.std(), -5, 5)
    normal = ((z - z.min()) / (z.max() - z.min())).astype(np.float32)
    found["volume.image"] = volume
    found["volume.linear"] = np.stack([resizes(section, (64, 64))["linear"] for section in normal])
    return found


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    save_safetensors(file, tensors())
    print(file)
