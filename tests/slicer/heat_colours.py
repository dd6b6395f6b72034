"""The colour table of heat maps for Slicer, by the formula of the report (runtime/report/src/palette.rs).

python tests/slicer/heat_colours.py > adapters/slicer/Cordline/Resources/Colors/CordlineHeat.ctbl
"""

import numpy as np


def colours() -> np.ndarray:
    """(256, 3) of red, green, blue, 0 to 255."""
    value = np.arange(256) / 255
    hue = np.radians(-50 + 150 * value)
    chroma = 45 + 40 * np.sin(np.pi * value)
    path = zip(value, chroma, hue, strict=True)
    return np.array([_shown(18 + 74 * v, c * np.cos(h), c * np.sin(h)) for v, c, h in path]).astype(int)


def _shown(lightness: float, a: float, b: float) -> np.ndarray:
    """CIE L*a*b* (D65) to sRGB; a colour that no screen can show loses chroma until one can."""
    share = 1.0
    while True:
        linear = _linear(lightness, a * share, b * share)
        if share <= 0 or ((linear >= -1e-4) & (linear <= 1.0001)).all():
            linear = np.clip(linear, 0, 1)
            gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
            return np.rint(255 * gamma)
        share -= 0.02


def _linear(lightness: float, a: float, b: float) -> np.ndarray:
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.array([0.95047, 1, 1.08883]) * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.204, 1.057]]) @ xyz


def table() -> str:
    head = "# Color table file\n# Heat maps of Cordline; made by tests/slicer/heat_colours.py\n# 256 values\n"
    rows = [f"{n} heat-{n} {r} {g} {b} 255" for n, (r, g, b) in enumerate(colours())]
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
