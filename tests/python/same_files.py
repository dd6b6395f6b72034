"""Whether two folders hold the same results: all bytes, but for when and in what time they were made."""

import json
import re
from pathlib import Path

import pydicom

PIXEL_DATA = 0x7FE00010


def without_moments(path: Path) -> object:
    """What a file holds, but for when it was made and how long that took."""
    if path.suffix == ".dcm":
        ds = pydicom.dcmread(path)

        def forget(parent: pydicom.Dataset, element: pydicom.DataElement) -> None:
            # The capture has the moment in its pixels.
            if element.VR in ("DA", "TM", "DT") or (path.name == "secondary-capture.dcm" and element.tag == PIXEL_DATA):
                del parent[element.tag]

        ds.walk(forget)
        return ds.to_json()
    if path.name == "result.json":
        return json.loads(path.read_text()) | {"timings_ms": {}, "created": ""}
    if path.suffix == ".html":
        return re.sub(r"(<dt>(Made|Time, ms)</dt><dd>)[^<]*", r"\1", path.read_text())
    return path.read_bytes()


def differing(got: Path, wanted: Path) -> list[str]:
    """Names of the files that are not the same."""
    names = {p.relative_to(folder) for folder in (got, wanted) for p in folder.rglob("*") if p.is_file()}

    def same(name: Path) -> bool:
        both = got / name, wanted / name
        return all(p.is_file() for p in both) and without_moments(both[0]) == without_moments(both[1])

    return sorted(str(name) for name in names if not same(name))
