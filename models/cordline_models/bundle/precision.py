"""What a quicker precision changes: the held-out cases in both, and the golden data on every provider that was tried.

RUN/SPLIT.csv, RUN/SPLIT.bf16.csv   what `evaluate` wrote, exact and fast
RUN/golden.csv                      provider,precision,network,measure,strays,limit: what `measure` found
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

from ..phantom.cohort import COUNTS
from .evaluate import Figure, Row, figures, read_rows
from .golden import runner, straying
from .inference import decide, open_session
from .manifest import QUESTIONS, TOLERANCE, BundleSettings

TITLE = "## Precision"
MEASURES = {
    "segmenter": "pixel's probability, 99.9th percentile",
    "flipped": "mask pixels that change sides",
    "probability": "section's answer",
    "heat_map": "heat map, share of its largest",
}


def measure(folder: Path, plugin: Path, settings: BundleSettings, threads: int = 2) -> list[dict[str, str]]:
    """How far each provider strays from the golden data of a bundle; rows of golden.csv."""
    from .openvino import OpenVino

    tried = {
        ("OpenVINO, single", "fp32"): OpenVino(plugin, "f32").open,
        ("OpenVINO, bfloat16", "bf16"): OpenVino(plugin, "bf16").open,
        ("OpenVINO, graphs in half", "fp16"): OpenVino(plugin, "f16").open,
        ("ONNX Runtime's own, graphs in half", "fp16"): lambda folder, name, threads: open_session(
            folder / f"{name}.fp16.onnx", threads
        ),
    }
    rows = []
    for (provider, precision), open_ in tried.items():
        for name in ("segmenter", *QUESTIONS):
            strays = straying(folder, name, runner(open_(folder, name, threads)), settings.threshold)
            for what, value in strays.items():
                row = (provider, precision, name, what, f"{value:.3g}", str(TOLERANCE[precision][what]))
                rows.append(
                    dict(zip(("provider", "precision", "network", "measure", "strays", "limit"), row, strict=True))
                )
    return rows


def write_measured(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def section(run: Path, settings: BundleSettings, split: str = "test") -> str:
    """The card's section on precision, without what the run has not measured; empty where that is all."""
    parts = []
    exact, fast = run / f"{split}.csv", run / f"{split}.bf16.csv"
    if exact.is_file() and fast.is_file():
        parts += compared(read_rows(exact), read_rows(fast), settings)
    if (run / "golden.csv").is_file():
        with (run / "golden.csv").open(newline="") as lines:
            parts += strayed(list(csv.DictReader(lines)))
    return "\n".join([TITLE, "", *parts]) if parts else ""


def compared(exact: list[Row], fast: list[Row], settings: BundleSettings) -> list[str]:
    """Lines on the same cases in single precision and in bfloat16."""
    pairs = [(one, other) for one in exact for other in fast if one.case == other.case]
    if not len(exact) == len(fast) == len(pairs):
        raise ValueError("the exact and the fast table are not of the same cases")
    changed = [line for one, other in pairs if one.finding != other.finding for line in changes(one, other, settings)]
    overlap = max((abs(b.dice - a.dice), a.case) for a, b in pairs if not math.isnan(a.dice))
    moves = [(abs(b.answers[q] - a.answers[q]), q, a.case) for a, b in pairs for q in QUESTIONS]
    move = max((m for m in moves if not math.isnan(m[0])), default=(0.0, "none", "no case"))
    whole = sum(COUNTS["test"].values())
    part = settings.cohort_kind == "phantom" and len(pairs) < whole
    share = f"The first {len(pairs)} of the {whole} held-out cases" if part else f"The {len(pairs)} held-out cases"
    lines = [
        f'{share} with `precision = "fast"` (OpenVINO in bfloat16) beside exact:',
        "",
        "| | exact | fast | change |",
        "|---|---|---|---|",
    ]
    both = zip(shown(figures(exact, settings)), shown(figures(fast, settings)), strict=True)
    lines += [f"| {a.name} | {a.value:.4f} | {b.value:.4f} | {b.value - a.value:+.4f} |" for a, b in both]
    lines += [
        "",
        f"Largest change of a case's Dice: {overlap[0]:.4f} ({overlap[1]}); "
        f"of a study's probability: {move[0]:.4f} ({move[1]}, {move[2]}).",
    ]
    if not changed:
        return [*lines, "No finding changed.", ""]
    count = sum(one.finding != other.finding for one, other in pairs)
    lines += [f"Findings that changed: {count} of {len(pairs)}.", ""]
    lines += [
        "| case | exact | fast | question | probability, exact and fast | threshold, undecided |",
        "|---|---|---|---|---|---|",
    ]
    return [*lines, *changed, ""]


def shown(found: list[Figure]) -> list[Figure]:
    """The figures that a table of changes holds: sensitivity, specificity and AUC say the same again."""
    return [f for f in found if not f.name.endswith(("sensitivity", "specificity", "AUC"))]


def changes(one: Row, other: Row, settings: BundleSettings) -> list[str]:
    """A row for each question on the case's branch that is answered otherwise now, or put now and was not before."""
    said = lambda p: "none" if math.isnan(p) else f"{p:.4f}"  # noqa: E731
    start = f"| {one.case} | {one.finding} | {other.finding} |"
    branches = {row.finding.split("/")[0] for row in (one, other)}
    rows = []
    for question, (_, branch) in QUESTIONS.items():
        asked = branch is None or branch in branches
        if not asked or decide(question, one.answers, settings) == decide(question, other.answers, settings):
            continue
        low, high = settings.undecided[question]
        p = f"{said(one.answers[question])} and {said(other.answers[question])}"
        rows.append(f"{start} {question} | {p} | {settings.decision[question]}, {low} to {high} |")
    return rows or [f"{start} lesion or none | | |"]


def strayed(rows: list[dict[str, str]]) -> list[str]:
    """Lines on the golden data: the worst network of each provider beside its limit."""
    worst: dict[tuple[str, str], dict[str, tuple[float, str]]] = defaultdict(dict)
    for row in rows:
        of_provider = worst[row["provider"], row["precision"]]
        value = float(row["strays"])
        if value >= of_provider.get(row["measure"], (-1.0, ""))[0]:
            of_provider[row["measure"]] = (value, row["limit"])
    lines = [
        "Largest differences from the golden data, and in brackets what the manifest allows:",
        "",
        f"| provider | {' | '.join(MEASURES.values())} |",
        "|---|---|---|---|---|",
    ]
    for (provider, _), found in worst.items():
        cells = " | ".join(f"{found[name][0]:.1e} ({float(found[name][1]):g})" for name in MEASURES)
        lines.append(f"| {provider} | {cells} |")
    return [
        *lines,
        "",
        "Graphs in half (`NAME.fp16.onnx`) compute their body in half and their head in single precision.",
        "",
    ]


def put_into(card: str, text: str) -> str:
    """A card with that section: in place of the one it has, or else before what is declared."""
    parts = card.split("\n## ")
    parts = [part for part in parts if not part.startswith(TITLE[3:])]
    before = next((k for k, part in enumerate(parts) if part.startswith("Declared")), len(parts))
    return "\n## ".join([*parts[:before], text.removeprefix("## ").rstrip() + "\n", *parts[before:]])
