"""The model card: what the bundle was trained on, what it measured, what is known against it."""

from __future__ import annotations

import json
import os
import platform
import tomllib
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..phantom.cohort import COUNTS, FIRST_SEED
from ..phantom.nifti_to_dicom import sagittal_image
from .evaluate import as_markdown, figures, read_rows
from .inference import Bundle, finding, native_mask
from .manifest import CLASSES_OF, QUESTIONS, BundleSettings
from .precision import section
from .preprocessing import masks_of, sections_of

TARGETS = (
    "Targets, set beforehand: mean Dice 0.75 (astrocytoma), 0.80 (ependymoma), 0.50 (MS), 0.70 (NMOSD); accuracy 0.95, 0.82 "
    "and 0.82; 27 of 30 healthy cases without a lesion."
)


def on_real(bundle: Bundle, settings: BundleSettings, nifti: Path, thick: bool) -> str:
    """One line on what the bundle says of a real healthy volume, in sections as `sagittal_image` takes them."""
    image = sagittal_image(nifti, thick=thick)
    what = f"- `{nifti.name}`, {image.grid.shape[0]} sections of {image.grid.thickness:.1f} mm"
    sections = sections_of(image.voxels)
    maps = bundle.probability(sections)
    mask = native_mask(maps, image.grid.shape, image.grid.voxel_ml(), settings)
    answers = {name: bundle.answer(name, sections, masks_of(mask)) for name in QUESTIONS}
    says = finding(answers, bool(mask.any()), settings)
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    highest = float(maps.max())
    if not count:
        return f"{what}: **{says}**, which is right. Highest probability of any pixel {highest:.2f}."
    volumes = sorted((np.bincount(parts.ravel())[1:] * image.grid.voxel_ml()).tolist(), reverse=True)
    listed = ", ".join(f"{v:.2f}" for v in volumes)
    touched = int(mask.any((1, 2)).sum())
    return (
        f"{what}: **{says}**, which is WRONG: the volunteer is healthy. "
        f"{count} false lesion{'s' if count > 1 else ''} of {listed} mL in {touched} section{'s' if touched > 1 else ''}."
    )


def effort(run: Path) -> list[str]:
    """Steps and CPU time of each network, from the log."""
    last: dict[str, dict] = {}
    steps: dict[tuple[str, int], int] = {}
    begun = set()
    for line in (run / "log.jsonl").read_text().splitlines():
        entry = json.loads(line)
        last[entry["network"]] = entry
        if "loss" in entry:
            steps[entry["network"], entry["stage"]] = entry["step"]
        if entry.get("event", "").startswith("begun"):
            begun.add(entry["network"])
    rows = []
    for name, entry in last.items():
        stages = " + ".join(str(n) for (who, _), n in sorted(steps.items()) if who == name)
        before = "weights of an earlier run, then " if name in begun else ""
        rows.append(f"| {name} | {before}{stages} | {entry['cpu_s'] / 60:.0f} |")
    return rows


def write_card(run: Path, folder: Path, real: list[Path], notes: str, threads: int = 2) -> None:
    """CARD.md of the bundle in `folder`, from the run that made it."""
    settings = BundleSettings.of_bundle(folder)
    rows = read_rows(run / "test.csv")
    bundle = Bundle(folder, threads)
    classifiers = tomllib.loads((run / "settings.toml").read_text())["classifiers"]
    phantom = settings.cohort_kind == "phantom"
    first = (
        "**Trained on drawn phantoms; it knows nothing of patients.** Research use only; not a medical device."
        if phantom
        else "Research use only; not a medical device."
    )
    counts = "; ".join(
        f"{split}: {', '.join(f'{n} {label}' for label, n in COUNTS[split].items())}, seeds from {FIRST_SEED[split]:,}"
        for split in COUNTS
    )
    text = f"""{first}

# Intramedullary lesions on sagittal T2w MR

{settings.cohort}

## Measured

On {len(rows)} held-out cases, with the masks that the bundle itself predicted, through its ONNX files. Dice on the native
grid, a missed lesion counting as 0. A classifier is judged on every lesion case of its own question; the second answer is the
positive one ({"; ".join(f"{q}: {CLASSES_OF[q][1]}" for q in QUESTIONS)}); a case in which no lesion was found counts as wrong.
Intervals: Wilson for shares, bootstrap over cases (2,000 draws) for Dice and AUC.

{as_markdown(figures(rows, settings))}
{TARGETS if phantom else ""}

## Real MR

{chr(10).join(on_real(bundle, settings, path, thick) for path in real for thick in (True, False)) or "None was tried."}

{"These figures are about drawings. Nobody has measured this bundle on patients, and nothing here lets one guess how it would do." if phantom else ""}

{section(run, settings)}
## Declared

- Preprocessing: z-score over the volume, clipped at 5, min-max to 0..1; sections to 256 x 256, linear; masks nearest.
- Segmenter: MultiResUNet, 7,244,528 parameters. Loss 2 x binary cross-entropy + 1 - Dice of the batch. Adam.
- Post-processing: probability to the native grid (linear), threshold {settings.threshold}; components (26 neighbours) with
  under {settings.min_lesion_ml} mL of probability {settings.core_threshold} or more dropped. All three chosen on the validation split.
- Classifiers: three DenseNet121 with pooling, 128 hidden units, softmax over two; 7,085,314 parameters each. Channels: T1c
  (zero), T2w x mask, mask. Cross-entropy, with label smoothing {classifiers["label_smoothing"]}, of the mean probability over
  {classifiers["sections_per_case"]} sections of a case, answers balanced; one common start on the four classes, then every
  weight trained on the own question, with true, reshaped and predicted masks. Study probability: mean over the
  sections with lesion. Decided at {", ".join(str(v) for v in settings.decision.values())}; undecided within
  {", ".join(f"{a} to {b}" for a, b in settings.undecided.values())}.
- Grad-CAM: last feature maps (1024, after the final ReLU), 8 x 8 at 256 x 256, closed-form gradient, in the same forward pass.
  It shows where the network looked, eight places to a side: coarser than most lesions.
- Weights are stored in half precision and computed in single.
- Cohort: {counts}.

| network | steps by stage | CPU minutes |
|---|---|---|
{chr(10).join(effort(run))}

Machine: {os.cpu_count()} cores, {platform.machine()}, no GPU.

{notes}
## Again

    cordline-models phantoms --out cohort
    cordline-models train    --cohort cohort --run run
    cordline-models export   --cohort cohort --run run --bundle bundle
    cordline-models evaluate --cohort cohort --run run --bundle bundle
    cordline-models card     --run run --bundle bundle --real VOLUME.nii.gz
"""
    (folder / "CARD.md").write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")
