"""Half graphs, golden data and manifest: what a bundle holds beside its networks. Needs neither cohort nor run."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .golden import write_golden
from .half import write_half
from .manifest import QUESTIONS, BundleSettings, write_manifest


def complete(folder: Path, settings: BundleSettings, bundle_id: str, version: str, threads: int = 2) -> None:
    """Write all that, from the four NAME.onnx of `folder`, which are left as they are."""
    for name in ("segmenter", *QUESTIONS):
        written = write_half(folder / f"{name}.onnx")
        print(f"{written.name}: {written.stat().st_size / 1e6:.1f} MB")
    for line in write_golden(folder, settings.threshold, threads):
        print(f"golden data of {line}")
    write_manifest(folder, settings, bundle_id, version)


def complete_again(folder: Path, version: str | None = None, threads: int = 2) -> None:
    """The same for a bundle that has a manifest, whose words and operating point are kept."""
    manifest = tomllib.loads((folder / "bundle.toml").read_text())
    complete(folder, BundleSettings.of_bundle(folder), manifest["id"], version or manifest["version"], threads)
