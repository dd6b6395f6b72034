"""How bright each tissue is in each contrast, relative to CSF on T2w = 1, drawn for one scanner and person."""

from __future__ import annotations

import numpy as np

# mean and spread; columns: T2w, T1w, STIR. T1c is T1w with enhancement added by the lesion.
TABLE: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "csf": ((0.95, 0.08), (0.12, 0.02), (1.0, 0.06)),
    "cord": ((0.40, 0.06), (0.45, 0.03), (0.42, 0.05)),
    "grey": ((0.05, 0.02), (-0.03, 0.01), (0.05, 0.02)),  # added to cord
    "marrow": ((0.38, 0.11), (0.60, 0.08), (0.14, 0.04)),
    "cortex": ((0.05, 0.02), (0.06, 0.02), (0.04, 0.01)),
    "nucleus": ((0.50, 0.18), (0.38, 0.05), (0.50, 0.18)),
    "annulus": ((0.12, 0.04), (0.28, 0.04), (0.10, 0.03)),
    "fat": ((0.75, 0.18), (0.95, 0.06), (0.08, 0.03)),
    "muscle": ((0.17, 0.05), (0.34, 0.04), (0.20, 0.05)),
    "ligament": ((0.10, 0.04), (0.15, 0.04), (0.08, 0.03)),
    "viscera": ((0.28, 0.10), (0.36, 0.06), (0.30, 0.10)),
    "blood": ((0.07, 0.03), (0.15, 0.05), (0.08, 0.03)),
    "brain": ((0.45, 0.06), (0.45, 0.04), (0.48, 0.06)),
    "air": ((0.01, 0.004), (0.01, 0.004), (0.01, 0.004)),
}
CONTRASTS = {"T2w": 0, "T1w": 1, "T1c": 1, "STIR": 2}


class Tissues:
    """Brightness by tissue name for one contrast."""

    def __init__(self, rng: np.random.Generator, contrast: str, fat_saturation: bool = False):
        column = CONTRASTS[contrast]
        self.contrast = contrast
        self.value: dict[str, float] = {}
        for name, columns in TABLE.items():
            mean, spread = columns[column]
            draw = float(rng.normal(mean, spread))
            self.value[name] = draw if name == "grey" else float(np.clip(draw, 0.35 * mean, 1.8 * mean))
        if fat_saturation and column == 0:
            self.value["fat"] *= rng.uniform(0.2, 0.45)
            self.value["marrow"] *= rng.uniform(0.3, 0.6)

    def __getitem__(self, name: str) -> np.float32:
        return np.float32(self.value[name])

    def lesion(self, t2: float) -> float:
        """Brightness of lesion tissue: `t2` on T2w; in T1 weighting fluid is dark. The lesion adds what enhances."""
        if self.contrast in ("T2w", "STIR"):
            return t2
        return float(np.interp(t2, [0.4, 1.0], [0.44, 0.16]))
