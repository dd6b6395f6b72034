"""What tests/bench/compare.py calls a difference between two programs' results."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import compare

PAGE = "<dt>Made</dt><dd>{}</dd>\n<dt>Program</dt><dd>Cordline {}</dd>\n<dt>Time, ms</dt><dd>{}</dd>\n<p>{}</p>\n"


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("_", ".")).write_text(text)
    return path


def test_the_page_for_people_is_compared_too(tmp_path):
    old = folder(tmp_path / "old", report_html=PAGE.format("2026-01-01", "0.1", "reading 1", "Tumour: 0.93"))
    same = folder(tmp_path / "same", report_html=PAGE.format("2026-02-02", "0.2", "reading 7", "Tumour: 0.93"))
    other = folder(tmp_path / "other", report_html=PAGE.format("2026-01-01", "0.1", "reading 1", "Tumour: 0.39"))
    assert list(compare.differences(old, same)) == []
    assert list(compare.differences(old, other)) == [
        "report.html: <p>Tumour: 0.39</p>: 'nothing' became '1'",
        "report.html: <p>Tumour: 0.93</p>: '1' became 'nothing'",
    ]


def test_a_kind_of_file_that_nobody_can_compare_is_named(tmp_path):
    old, new = (folder(tmp_path / name, mesh_stl=name) for name in ("old", "new"))
    with pytest.raises(ValueError, match=r"mesh\.stl"):
        list(compare.differences(old, new))
