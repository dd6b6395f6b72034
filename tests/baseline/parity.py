"""Does the program say what the Python pipeline says? Same input, same models.

    parity.py PROGRAM_OUT BASELINE_OUT

Each folder holds result.json and, where a lesion was found, segmentation.dcm.
"""

import json
import sys
from pathlib import Path

import highdicom
import numpy as np

PROBABILITY = 1e-4
DICE = 0.999


def mask(segmentation: Path) -> dict[tuple, np.ndarray]:
    """Every lesion of a Segmentation as one mask, by the position of each section (LPS, in 0.01 mm)."""
    found: dict[tuple, np.ndarray] = {}
    seg = highdicom.seg.segread(segmentation)
    pixels = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    for frame, groups in zip(pixels, seg.PerFrameFunctionalGroupsSequence, strict=True):
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        key = tuple(round(float(v) * 100) for v in position)
        found[key] = found.get(key, False) | (frame > 0)
    return found


def dice(first: Path, second: Path) -> float:
    """Dice of the masks of two folders; 1 where neither holds one."""
    masks = [mask(path) if (path := folder / "segmentation.dcm").exists() else {} for folder in (first, second)]
    sizes = [sum(int(section.sum()) for section in one.values()) for one in masks]
    common = sum(int((masks[0][key] & masks[1][key]).sum()) for key in masks[0].keys() & masks[1].keys())
    return 2 * common / sum(sizes) if sum(sizes) else 1.0


def probability_difference(program: Path, baseline: Path) -> float:
    """Largest difference of a study probability; infinite where other questions were answered, or otherwise."""
    ours = json.loads((program / "result.json").read_text())["classifications"]
    theirs = json.loads((baseline / "result.json").read_text())["answers"]
    if [c["id"] for c in ours] != [a["id"] for a in theirs]:
        return float("inf")
    differences = [0.0]
    for c, a in zip(ours, theirs, strict=True):
        if c["decision"] != a["decision"]:
            return float("inf")
        # The probability of the second class is the mean over the sections that were asked.
        second = np.mean([section["probability"] for section in c["sections"]])
        if not any(abs(p - second) < 1e-9 for p in c["probabilities"].values()):
            return float("inf")
        differences.append(abs(float(second) - a["probability"]))
    return max(differences)


def compare(program: Path, baseline: Path) -> dict:
    return {"dice": dice(program, baseline), "probability": probability_difference(program, baseline)}


if __name__ == "__main__":
    json.dump(compare(*map(Path, sys.argv[1:3])), sys.stdout)
