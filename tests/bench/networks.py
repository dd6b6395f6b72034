"""The pure time of the networks: the very runs that a study needs, and nothing else.

    networks.py record INPUT... --bundle DIR --to FILE.npz       once: what each network is asked in this study
    networks.py time FILE.npz --bundle DIR [--threads N]         load, run, and say how long it took

Sessions are opened when first needed, the segmenter's is closed before the classifiers' are opened, and sections run
one by one with the same options as in the program.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).parents[1] / "baseline"))


def record(inputs: list[Path], bundle: Path, file: Path) -> None:
    """Runs the Python pipeline and keeps the input of every network, in the order of the runs."""
    import tempfile

    import pipeline

    asked: dict[str, np.ndarray] = {}

    class Recording(pipeline.Networks):
        def run(self, name, outputs, sections):
            asked[name] = sections
            return super().run(name, outputs, sections)

    with tempfile.TemporaryDirectory() as out:
        pipeline.analyse(inputs, Recording(bundle, threads=2), Path(out))
    np.savez(file, **asked)


def options(threads: int) -> onnxruntime.SessionOptions:
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = threads
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return chosen


def timed(file: Path, bundle: Path, threads: int) -> dict:
    import tomllib

    manifest = tomllib.loads((bundle / "bundle.toml").read_text())
    files = {"segmenter": manifest["segmenter"]["file"]} | {c["id"]: c["file"] for c in manifest["classifier"]}
    found = {"load_ms": {}, "run_ms": {}, "cpu_ms": 0.0, "sections": {}}
    for name, sections in np.load(file).items():
        began = time.perf_counter()
        session = onnxruntime.InferenceSession(
            bundle / files[name], sess_options=options(threads), providers=["CPUExecutionProvider"]
        )
        found["load_ms"][name] = 1e3 * (time.perf_counter() - began)
        began, cpu = time.perf_counter(), time.process_time()
        feed = session.get_inputs()[0].name
        for k in range(len(sections)):
            session.run(None, {feed: sections[k : k + 1]})
        found["run_ms"][name] = 1e3 * (time.perf_counter() - began)
        found["cpu_ms"] += 1e3 * (time.process_time() - cpu)
        found["sections"][name] = len(sections)
        if name == "segmenter":
            del session
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="The pure time of the networks.")
    parser.add_argument("door", choices=["record", "time"])
    parser.add_argument("inputs", nargs="+", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--to", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.door == "record":
        record(arguments.inputs, arguments.bundle, arguments.to)
    else:
        json.dump(timed(arguments.inputs[0], arguments.bundle, arguments.threads), sys.stdout)


if __name__ == "__main__":
    main()
