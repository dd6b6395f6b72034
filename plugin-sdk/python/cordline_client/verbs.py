"""The verbs of PROTOCOL.md, each as an operation; nothing is sent before a client starts it.

`Client` has a method of the same name for each, which waits for the result. Options are further keys of the request's
body, for example `priority`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import files
from .errors import ClientError
from .operations import Call, Download, Operation, Upload
from .schema import FileInfo, Instance


def call(verb: str, /, **body: Any) -> Operation:
    """Any verb of one request and one reply; the result is the reply's body."""
    return Call(verb, body)


def status(job: str | None = None) -> Operation:
    return Call("status", {"job": job} if job else {})


def list_jobs(**filters: Any) -> Operation:
    """The verb `list`; that name would hide Python's own."""
    return Call("list", filters)


def cancel(job: str) -> Operation:
    return Call("cancel", {"job": job})


def forget(job: str) -> Operation:
    return Call("forget", {"job": job})


def select_series(job: str, selector: str) -> Operation:
    return Call("choose", {"job": job, "series": selector})


def review(job: str, verdict: str, reader: str, reason: str = "") -> Operation:
    return Call("review", {"job": job, "verdict": verdict, "reason": reason, "reader": reader})


def device() -> Operation:
    return Call("device", {})


def follow(job: str, since: int = 0, until_end: bool = True) -> Operation:
    """Subscribes to the events of a job after number `since`; done once the daemon has begun to send them."""
    return Call("events", {"job": job, "since": since, "follow": until_end})


def download(job: str, file: FileInfo) -> Operation:
    return Download(job, file)


def submit_study(inputs: Iterable[str | os.PathLike[str]], **options: Any) -> Operation:
    return submit_instances(files.manifest(inputs), **options)


def submit_instances(instances: Iterable[tuple[Path, Instance]], **options: Any) -> Operation:
    """A study whose files were hashed before: paths with the entries of `files.manifest_entry`."""
    found = sorted(instances, key=lambda each: each[1]["sop_uid"])
    if not found:
        raise ClientError("no DICOM file was found in what was named")
    body = {"kind": "study", "instances": [entry for _, entry in found], **options}
    return Upload(body, [path.read_bytes for path, _ in found])


def submit_folder(path: str, **options: Any) -> Operation:
    return Upload({"kind": "folder", "path": path, **options}, [])


def submit_volume(
    t2w: dict[str, Any], voxels: bytes, t1c: tuple[dict[str, Any], bytes] | None = None, **options: Any
) -> Operation:
    """t2w: `tensor` (shape in the order section, row, column; element) and `matrix` (16 numbers, from (column, row,
    section, 1) to LPS, mm) as in PROTOCOL.md. voxels: its bytes in the order (section, row, column), little-endian.
    t1c: the same for the T1-weighted volume with contrast agent.

    A description that has a `sha256` already is not hashed again.
    """
    volumes = {"t2w": (t2w, voxels), **({"t1c": t1c} if t1c else {})}
    body = {
        name: about if "sha256" in about else {"sha256": hashlib.sha256(data).hexdigest(), **about}
        for name, (about, data) in volumes.items()
    }
    return Upload({"kind": "volume", **body, **options}, [lambda data=data: data for _, data in volumes.values()])


def submit_mask(job: str, shape: Iterable[int], bits: bytes, **options: Any) -> Operation:
    """A corrected mask of an earlier job. shape: (section, row, column). bits: `pack_bits` of the mask."""
    tensor = {"shape": [int(n) for n in shape], "element": "bit"}
    body = {"kind": "mask", "job": job, "mask": tensor, "sha256": hashlib.sha256(bits).hexdigest(), **options}
    return Upload(body, [lambda: bits])
