"""A bundle on a split of a cohort: one row a case, then figures with confidence intervals."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..phantom.cohort import read_case, read_cases
from .inference import Bundle, decide, dice, finding, native_mask, read_probability
from .manifest import QUESTIONS, BundleSettings
from .preprocessing import masks_of, sections_of

FIRST, SECOND = 0, 1
ANSWER = {
    "tumour-demyelinating": {"astrocytoma": FIRST, "ependymoma": FIRST, "ms": SECOND, "nmosd": SECOND},
    "astrocytoma-ependymoma": {"astrocytoma": FIRST, "ependymoma": SECOND},
    "ms-nmosd": {"ms": FIRST, "nmosd": SECOND},
}
"""The true answer to each question, by label."""


@dataclass
class Row:
    """One case. answers: study probability of the second answer by classifier id; NaN when it did not run."""

    case: str
    label: str
    finding: str
    dice: float
    answers: dict[str, float] = field(default_factory=dict)
    predicted_ml: float = 0.0
    true_ml: float = 0.0


def evaluate(bundle: Bundle, cohort: Path, split: str, settings: BundleSettings, store: Path) -> Iterator[Row]:
    """Run every case of `split`. All three classifiers answer on every case in which a lesion was found."""
    for case in tqdm(read_cases(cohort, split), desc=f"evaluate {split}", mininterval=5):
        image, truth, spacing = read_case(cohort, case.case)
        voxel_ml = float(np.prod(spacing)) / 1000
        sections = sections_of(image)
        maps = read_probability(bundle, sections, store, case.case)
        mask = native_mask(maps, image.shape, voxel_ml, settings)
        small = masks_of(mask)
        answers = {name: bundle.answer(name, sections, small) for name in QUESTIONS}
        overlap = dice(mask, truth) if truth.any() else float("nan")
        yield Row(
            case.case,
            case.label,
            finding(answers, bool(mask.any()), settings),
            overlap,
            answers,
            float(mask.sum()) * voxel_ml,
            float(truth.sum()) * voxel_ml,
        )


def write_table(path: Path, rows: list[Row]) -> None:
    """case,label,finding,dice,p:ID...: what `cordline evaluate` reads."""
    text = lambda value: "" if np.isnan(value) else f"{value:.6f}"  # noqa: E731
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["case", "label", "finding", "dice", *(f"p:{name}" for name in QUESTIONS)])
        for row in rows:
            table.writerow(
                [row.case, row.label, row.finding, text(row.dice), *(text(row.answers[name]) for name in QUESTIONS)]
            )


def read_rows(path: Path) -> list[Row]:
    """The table of an evaluation."""
    value = lambda text: float(text) if text else float("nan")  # noqa: E731
    with path.open(newline="") as lines:
        return [
            Row(r["case"], r["label"], r["finding"], value(r["dice"]), {q: value(r[f"p:{q}"]) for q in QUESTIONS})
            for r in csv.DictReader(lines)
        ]


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion."""
    if not total:
        return float("nan"), float("nan")
    z, p = 1.959964, right / total
    middle = (p + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2)) / (1 + z**2 / total)
    return float(middle - half), float(middle + half)


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive case scores higher than a negative one."""
    a, b = scores[positive], scores[~positive]
    if not len(a) or not len(b):
        return float("nan")
    return float((a[:, None] > b).mean() + (a[:, None] == b).mean() / 2)


def bootstrap(statistic, count: int, draws: int = 2000, seed: int = 7) -> tuple[float, float]:
    """95 % percentile interval of statistic(indices)."""
    rng = np.random.default_rng(seed)
    found = [statistic(rng.integers(0, count, count)) for _ in range(draws)]
    found = [value for value in found if not np.isnan(value)]
    return tuple(float(v) for v in np.percentile(found, [2.5, 97.5])) if found else (float("nan"),) * 2


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval; `count` is 'right/total' or n."""

    name: str
    value: float
    low: float
    high: float
    count: str


def figures(rows: list[Row], settings: BundleSettings) -> list[Figure]:
    """Dice by class, accuracy, sensitivity, specificity and AUC by question, healthy cases left alone.

    A lesion case in which no lesion was found counts as a wrong answer; the second answer is the positive one.
    """
    out = []
    for label in ("astrocytoma", "ependymoma", "ms", "nmosd"):
        values = np.array([row.dice for row in rows if row.label == label])
        if len(values):
            low, high = bootstrap(lambda i, v=values: float(v[i].mean()), len(values))
            out.append(Figure(f"Dice, {label}", float(values.mean()), low, high, f"n = {len(values)}"))
    for name, truth in ANSWER.items():
        own = [row for row in rows if row.label in truth]
        if not own:
            continue
        positive = np.array([truth[row.label] == SECOND for row in own])
        p = np.array([row.answers[name] for row in own])
        said = p >= settings.decision[name]
        right = np.where(np.isnan(p), False, said == positive)
        for title, among in (
            ("accuracy", np.ones(len(own), bool)),
            ("sensitivity", positive),
            ("specificity", ~positive),
        ):
            hits, total = int(right[among].sum()), int(among.sum())
            out.append(Figure(f"{name}, {title}", hits / max(total, 1), *wilson(hits, total), f"{hits}/{total}"))
        seen = ~np.isnan(p)
        low, high = bootstrap(lambda i, p=p[seen], t=positive[seen]: auc(p[i], t[i]), int(seen.sum()))
        out.append(Figure(f"{name}, AUC", auc(p[seen], positive[seen]), low, high, f"n = {int(seen.sum())}"))
        unsure = sum(decide(name, row.answers, settings) is None and not np.isnan(row.answers[name]) for row in own)
        out.append(Figure(f"{name}, undecided", unsure / len(own), *wilson(unsure, len(own)), f"{unsure}/{len(own)}"))
    healthy = [row for row in rows if row.label == "healthy"]
    if healthy:
        left = sum(row.finding == "no_lesion" for row in healthy)
        out.append(
            Figure(
                "healthy called no_lesion", left / len(healthy), *wilson(left, len(healthy)), f"{left}/{len(healthy)}"
            )
        )
    ill = [row for row in rows if row.label != "healthy"]
    if ill:
        found = sum(row.finding != "no_lesion" for row in ill)
        out.append(
            Figure(
                "lesion cases in which a lesion was found",
                found / len(ill),
                *wilson(found, len(ill)),
                f"{found}/{len(ill)}",
            )
        )
    return out


def as_markdown(found: list[Figure]) -> str:
    lines = ["| | value | 95 % interval | |", "|---|---|---|---|"]
    lines += [f"| {f.name} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.count} |" for f in found]
    return "\n".join(lines) + "\n"
