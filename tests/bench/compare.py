"""Two programs on the same study: what one writes otherwise than the other.

    packaging/scripts/bench.sh --results-of COMMIT    or    .venv/bin/python tests/bench/compare.py OLD NEW [STUDY]

Both analyse the study with the same bundle. Pixels of every object and picture must be equal, and so must every
attribute but the program's version and the time of the run; of result.json and the page all but these and what the run
cost.
Prints each difference; its exit code is 1 where there is one.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bench
import numpy as np
import pydicom
from PIL import Image

OF_THE_RUN = frozenset({"timings_ms", "created", "cordline_version", "schema_version"})
"""Of result.json: when it was, by which program, and what it cost."""
TIMES_AND_VERSION = frozenset(
    {
        "ContentDate",
        "ContentTime",
        "DateTime",
        "ImplementationVersionName",
        "InstanceCreationDate",
        "InstanceCreationTime",
        "ObservationDateTime",
        "SeriesDate",
        "SeriesTime",
        "SoftwareVersions",
    }
)
"""Attributes by their keyword, on every level."""
ON_THE_PAGE = re.compile("<dt>(Made|Program|Time, ms)</dt>")
"""Lines with the same on the page for people."""


def told(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a JSON document with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if path or key not in OF_THE_RUN:
                yield from told(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from told(inner, f"{path}/{number}")
    else:
        yield path, value


def attributes(dataset: pydicom.Dataset, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each attribute of an object with its path, pixels included; values as bytes or text."""
    for element in dataset:
        here = f"{path}/{element.keyword or element.tag}"
        if element.keyword in TIMES_AND_VERSION:
            continue
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from attributes(item, f"{here}/{number}")
        else:
            yield here, element.value


def content(file: Path) -> dict[str, Any]:
    """What a file says."""
    if file.suffix == ".dcm":
        read = pydicom.dcmread(file)
        return dict(attributes(read.file_meta)) | dict(attributes(read))
    if file.suffix == ".json":
        return dict(told(json.loads(file.read_text())))
    if file.suffix == ".png":
        return {"pixels": np.asarray(Image.open(file)).tobytes()}
    if file.suffix == ".html":
        lines = (line for line in file.read_text().splitlines() if not ON_THE_PAGE.search(line))
        return {f": {line}": count for line, count in Counter(lines).items()}
    raise ValueError(f"how to compare {file.name} is not known")


def differences(old: Path, new: Path) -> Iterator[str]:
    """What two folders of results do not have in common."""
    before, after = ({str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()} for out in (old, new))
    yield from (f"{name}: is not written any more" for name in sorted(before - after))
    yield from (f"{name}: is new" for name in sorted(after - before))
    for name in sorted(before & after):
        was, now = content(old / name), content(new / name)
        for path in sorted(was.keys() | now.keys()):
            one, other = (side.get(path, "nothing") for side in (was, now))
            if one != other:
                yield f"{name}{path[:200]}: {shown(one)} became {shown(other)}"


def shown(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else repr(str(value)[:160])


def main() -> None:
    parser = argparse.ArgumentParser(description="What one program writes otherwise than another.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("study", nargs="?", type=Path, default=bench.TREE / "tests/data/phantom-ependymoma.zip")
    parser.add_argument("--bundle", type=Path, default=bench.TREE / "models/bundles/spinal-lesion-phantom")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        outs = [Path(made) / "old", Path(made) / "new"]
        for program, out in zip((asked.old, asked.new), outs, strict=True):
            if out != outs[0]:
                # A second run into a folder keeps the dates of the first: the secondary capture shows one.
                shutil.copytree(outs[0], out)
            bench.compute_alike(program)
            flags = ("--out", out, "--bundle", asked.bundle, "--threads", os.cpu_count(), "--quiet")
            bench.run(program, "analyze", asked.study, *flags)
        found = list(differences(*outs))
        files = sum(1 for file in outs[1].rglob("*") if file.is_file())
    print("\n".join(found) or f"{files} files say the same.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
