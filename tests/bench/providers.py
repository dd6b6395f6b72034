"""What each execution provider of this host makes of a study, beside ONNX Runtime alone.

    make bench    or    .venv/bin/python tests/bench/providers.py [STUDY] [--bundle DIR] [--rounds N] [--threads N]

In every round the very network runs that the study needs are timed alone, with stock ONNX Runtime on the processor, and
then `cordline analyze` with each provider and precision, one after the other. Prints medians, their ratios, and what
was wanted of a processor that multiplies bfloat16 (AMX, AVX512-BF16). A study that is analysed by itself opens its
networks; a daemon has them open.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from bench import TREE, Bench
from table import most, show, told

WAYS = {
    "CPU fp32": {"PROVIDERS": "cpu"},
    "OpenVINO fp32": {"PROVIDERS": "openvino", "PRECISION": "exact"},
    "OpenVINO bf16": {"PROVIDERS": "openvino", "PRECISION": "bf16"},
}
"""By provider and precision, the settings."""
NETWORKS = {"OpenVINO fp32": 0.75, "OpenVINO bf16": 0.30}
"""Time of the networks over that of stock ONNX Runtime, at most."""
FIRST_NETWORK_MS = {"CPU fp32": 350, "OpenVINO fp32": 600, "OpenVINO bf16": 600}
PEAK_MB = 350


def possible() -> list[str]:
    """The ways that this host can go."""
    flags = Path("/proc/cpuinfo").read_text()
    ways = ["CPU fp32"]
    if (TREE / ".openvino").is_dir() and re.search(r"^flags.* (avx512f|amx_bf16)( |$)", flags, re.MULTILINE):
        ways.append("OpenVINO fp32")
        if re.search(r"^flags.* (avx512_bf16|amx_bf16)( |$)", flags, re.MULTILINE):
            ways.append("OpenVINO bf16")
    return ways


def choose(way: str) -> None:
    """Has the program go one way."""
    for key in ("PROVIDERS", "PRECISION"):
        os.environ.pop(f"CORDLINE_DEVICE__{key}", None)
    os.environ.update({f"CORDLINE_DEVICE__{key}": value for key, value in WAYS[way].items()})


def main() -> None:
    parser = argparse.ArgumentParser(description="What each execution provider makes of a study.")
    parser.add_argument("study", nargs="?", type=Path, default=TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=TREE / "models/bundles/spinal-lesion-phantom")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    alone: list[float] = []
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(arguments, Path(work))
        bench.record()
        start_ms = bench.start_ms()
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
            alone.append(sum(bench.networks(arguments.threads)["run_ms"].values()))
            for way in possible():
                choose(way)
                one = bench.cordline(arguments.threads)
                ran = f"{one['result']['provider']} {one['result']['precision']}"
                if ran != way:
                    sys.exit(f"{way} was wanted, {ran} ran: {one['result']['warnings']}")
                ms = one["ms"]
                found[way]["networks"].append(ms["networks"])
                found[way]["first"].append(ms["until_first_network_run"] + start_ms)
                found[way]["opening"].append(ms["loading"])
                found[way]["wall"].append(one["process"].wall_ms)
                found[way]["peak"].append(one["process"].peak_rss_mb)
    stock = statistics.median(alone)
    rows = {"networks alone, stock ONNX Runtime, ms": told(stock, "{:.0f}")}
    for way, measured in found.items():
        middle = {what: statistics.median(values) for what, values in measured.items()}
        ratio = middle["networks"] / stock
        limit = NETWORKS.get(way)
        what = f"{way}: networks ({middle['networks']:.0f} ms) over stock ONNX Runtime"
        rows[what] = most(ratio, limit, "{:.2f} x") if limit else told(ratio, "{:.2f} x")
        rows[f"{way}: start to first network"] = most(middle["first"], FIRST_NETWORK_MS[way], "{:.0f} ms")
        rows[f"{way}: opening the networks"] = told(middle["opening"], "{:.0f} ms")
        rows[f"{way}: whole analysis"] = told(middle["wall"], "{:.0f} ms")
        rows[f"{way}: peak memory"] = most(middle["peak"], PEAK_MB, "{:.0f} MB")
    note = f"{arguments.study.name}, {arguments.threads} threads, medians of {arguments.rounds}"
    show("Execution providers", rows, note)


if __name__ == "__main__":
    main()
