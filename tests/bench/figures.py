"""From the rounds of a benchmark to its table, and to the figures that were to be reached."""

import os
from pathlib import Path
from statistics import median

from table import most, show_figures

# What both do, and where each of them counts it.
STAGES = (
    ("read, choose, decode", ("reading", "selecting", "decoding"), ("read", "volume")),
    ("normalise, resize", ("normalising",), ("normalise",)),
    (
        "masks, lesions, answers, heat maps",
        ("between_networks", "measuring"),
        ("lesions", "classifier input", "heat maps"),
    ),
    ("write results", ("writing",), ("segmentation", "result")),
)
NETWORK_STAGES = ("segmenter", "classifiers")
# Of the processor time, what Python's imports, loading and network runs stand against. Closing is the other half
# of loading, and a process that analyses many studies does both once.
NOT_OURS = ("networks", "loading", "closing", "starting_onnxruntime", "verifying")

CPU_OUTSIDE_MS, CPU_AFTER_MS, START_MS, PEAK_RSS_MB, WALL_FACTOR = 40.0, 12.0, 300.0, 450.0, 1.02
PROBABILITY, DICE = 1e-4, 0.999


def _middle(rounds: list[dict], read) -> float:
    return median(read(one) for one in rounds)


def _stage(ms: dict, names: tuple) -> float:
    # What the program does between two network runs is counted as segmenting and classifying there.
    between = ms.get("segmenting", 0.0) + ms.get("classifying", 0.0) - ms["networks"]
    return sum(between if name == "between_networks" else ms.get(name, 0.0) for name in names)


def cpu_outside(ms: dict) -> float:
    """Processor time beside the networks, from the times in a result."""
    return ms["cpu_total"] - sum(ms[f"cpu_{name}"] for name in NOT_OURS)


def of(rounds: list[dict], start_ms: float, parity: dict) -> dict:
    """Medians over the rounds, in milliseconds unless said otherwise."""

    def ours(read, kind="warm"):
        return _middle(rounds, lambda one: read(one[kind]))

    def theirs(read):
        return _middle(rounds, lambda one: read(one["python"]))

    def again(names, clock="wall_ms"):
        return _middle(rounds, lambda one: sum(one["again"][clock].get(name, 0.0) for name in names))

    outside_names = [name for _, _, names in STAGES for name in names]
    table = {
        "stages": {
            words: (ours(lambda run, names=mine: _stage(run["ms"], names)), again(python))
            for words, mine, python in STAGES
        },
        "networks alone": _middle(rounds, lambda one: sum(one["networks"]["run_ms"].values())),
        "networks": (ours(lambda run: run["ms"]["networks"]), again(NETWORK_STAGES)),
        "sections": rounds[0]["networks"]["sections"],
        "loading the segmenter alone": _middle(rounds, lambda one: one["networks"]["load_ms"]["segmenter"]),
        "loading": (ours(lambda run: run["ms"]["loading"]), theirs(lambda run: run["load_ms"])),
        "closing": (ours(lambda run: run["ms"]["closing"]), None),
        "imports": (start_ms, theirs(lambda run: run["import_ms"])),
        "to first network": (
            ours(lambda run: run["ms"]["until_first_network_run"]) + start_ms,
            theirs(lambda run: run["first_network_ms"]),
        ),
        "to first network, cold": ours(lambda run: run["ms"]["until_first_network_run"], "cold") + start_ms,
        "cpu outside": (
            ours(lambda run: cpu_outside(run["ms"])),
            again(outside_names, "cpu_ms"),
        ),
        "cpu after the last network": ours(lambda run: run["ms"]["cpu_after_last_network"]),
        "cpu beside the networks": ours(lambda run: run["ms"]["cpu_beside_networks"]),
        "cpu": (ours(lambda run: run["process"].cpu_ms), theirs(lambda run: run["process"].cpu_ms)),
        "wall": (ours(lambda run: run["process"].wall_ms), theirs(lambda run: run["process"].wall_ms)),
        "wall, cold": ours(lambda run: run["process"].wall_ms, "cold"),
        "peak rss mb": (ours(lambda run: run["process"].peak_rss_mb), theirs(lambda run: run["process"].peak_rss_mb)),
        "parity": parity,
    }
    table["figures"] = _figures(table)
    return table


def _figures(table: dict) -> list[tuple[str, str, str, bool]]:
    """(what, measured, limit, reached)"""
    own_start = table["to first network"][0] - table["loading the segmenter alone"]
    limit = WALL_FACTOR * table["networks alone"] + START_MS + table["loading"][0] + CPU_OUTSIDE_MS
    dice, probability = table["parity"]["dice"], table["parity"]["probability"]

    def at_most(what, value, limit, unit):
        return what, *most(value, limit, f"{{:.0f}} {unit}")

    return [
        at_most("CPU that is not network time", table["cpu outside"][0], CPU_OUTSIDE_MS, "ms"),
        at_most("CPU after the last network", table["cpu after the last network"], CPU_AFTER_MS, "ms"),
        at_most("start to first network run, less loading", own_start, START_MS, "ms"),
        at_most("peak resident memory", table["peak rss mb"][0], PEAK_RSS_MB, "MB"),
        at_most("wall-clock time", table["wall"][0], limit, "ms"),
        ("Dice of the masks against Python", f"{dice:.5f}", f">= {DICE}", dice >= DICE),
        (
            "study probabilities against Python",
            f"{probability:.1e}",
            f"<= {PROBABILITY:.0e}",
            probability <= PROBABILITY,
        ),
    ]


def _row(words: str, ours: float | None, theirs: float | None, form: str = "{:.0f}") -> str:
    cells = [form.format(value) if value is not None else "" for value in (ours, theirs)]
    ratio = f"{theirs / ours:.1f} x" if ours and theirs else ""
    return f"| {words} | {cells[0]} | {cells[1]} | {ratio} |"


def show(tables: dict, study: Path, rounds: int) -> None:
    """Prints the tables as Markdown."""
    load = os.getloadavg()[1]
    print(f"Study {study.name}, medians of {rounds} interleaved rounds, {os.cpu_count()} processors, load {load:.1f}")
    for threads, table in tables.items():
        asked = ", ".join(f"{name} x {count}" for name, count in table["sections"].items())
        print(f"\n### {threads} thread{'s' if threads > 1 else ''}\n")
        print("| ms | Cordline | Python | ratio |\n|---|---:|---:|---:|")
        for words, (ours, theirs) in table["stages"].items():
            print(_row(words, ours, theirs, "{:.1f}"))
        outside = [sum(column) for column in zip(*table["stages"].values(), strict=True)]
        print(_row("**all that is not network time, wall**", *outside, "{:.1f}"))
        print(_row("**the same, CPU**", *table["cpu outside"], "{:.1f}"))
        print(_row("of it after the last network, CPU", table["cpu after the last network"], None, "{:.1f}"))
        print(_row("of it while classifiers run, CPU", table["cpu beside the networks"], None, "{:.1f}"))
        print(_row("networks", *table["networks"]))
        print(_row(f"the same runs alone ({asked})", table["networks alone"], table["networks alone"]))
        print(_row("start of the program, imports", *table["imports"]))
        print(_row("loading models", *table["loading"]))
        print(_row("closing models", *table["closing"]))
        print(_row("process start to first network run", *table["to first network"]))
        print(_row("the same, files not in memory", table["to first network, cold"], None))
        print(_row("**whole process, wall**", *table["wall"]))
        print(_row("the same, files not in memory", table["wall, cold"], None))
        print(_row("whole process, CPU", *table["cpu"]))
        print(_row("peak resident memory, MB", *table["peak rss mb"]))
        print()
        show_figures({what: figure for what, *figure in table["figures"]})
    print(
        "\nPython's stages are those of a second study in one process, when all is imported; it writes no report, no"
        "\nstructured report and no heat map, and Cordline's times hold them."
    )
