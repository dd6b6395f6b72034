"""What the card says of a quicker precision."""

import csv
import re

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("cv2")

from cordline_models.bundle.evaluate import Row, write_table  # noqa: E402
from cordline_models.bundle.manifest import QUESTIONS, BundleSettings  # noqa: E402
from cordline_models.bundle.openvino import OpenVino  # noqa: E402
from cordline_models.bundle.precision import put_into, section, write_measured  # noqa: E402

NONE = float("nan")


def row(case, finding, overlap, *answers):
    return Row(case, case.split("-")[0], finding, overlap, dict(zip(QUESTIONS, answers, strict=True)))


EXACT = [
    row("ms-1", "demyelinating/ms", 0.7, 0.9, 0.39, 0.2),
    row("ms-2", "demyelinating/undecided", 0.6, 0.9, 0.39, 0.4),
    row("nmosd-3", "no_lesion", 0.0, NONE, NONE, NONE),
    row("healthy-4", "no_lesion", NONE, NONE, NONE, NONE),
]
FAST = [
    row("ms-1", "demyelinating/ms", 0.7, 0.9, 0.42, 0.2),
    row("ms-2", "demyelinating/ms", 0.61, 0.9, 0.41, 0.375),  # off its branch another answer too
    row("nmosd-3", "demyelinating/nmosd", 0.1, 0.7, 0.5, 0.8),
    row("healthy-4", "no_lesion", NONE, NONE, NONE, NONE),
]


def test_changes_are_told_with_the_probabilities_that_made_them(tmp_path):
    settings = BundleSettings()
    assert section(tmp_path, settings) == ""
    write_table(tmp_path / "test.csv", EXACT)
    write_table(tmp_path / "test.bf16.csv", FAST)
    lines = section(tmp_path, settings).splitlines()
    assert lines[2].startswith("The first 4 of the 187 held-out cases with")
    assert "| Dice, ms | 0.6500 | 0.6550 | +0.0050 |" in lines
    assert "| lesion cases in which a lesion was found | 0.6667 | 1.0000 | +0.3333 |" in lines
    assert (
        "Largest change of a case's Dice: 0.1000 (nmosd-3); of a study's probability: 0.0300 "
        "(astrocytoma-ependymoma, ms-1)." in lines
    )
    assert "Findings that changed: 2 of 4." in lines
    start = "| ms-2 | demyelinating/undecided | demyelinating/ms |"
    assert [line for line in lines if re.match(r"\| (ms|nmosd|healthy)-\d", line)] == [
        f"{start} ms-nmosd | 0.4000 and 0.3750 | 0.5, 0.4 to 0.6 |",
        "| nmosd-3 | no_lesion | demyelinating/nmosd | tumour-demyelinating | none and 0.7000 | 0.5, 0.4 to 0.6 |",
        "| nmosd-3 | no_lesion | demyelinating/nmosd | ms-nmosd | none and 0.8000 | 0.5, 0.4 to 0.6 |",
    ]


def test_nothing_that_changed_is_said_too_and_other_cases_are_refused(tmp_path):
    write_table(tmp_path / "test.csv", EXACT)
    write_table(tmp_path / "test.bf16.csv", EXACT)
    assert "No finding changed." in section(tmp_path, BundleSettings())
    write_table(tmp_path / "test.bf16.csv", EXACT[:3])
    with pytest.raises(ValueError, match="same cases"):
        section(tmp_path, BundleSettings())


def test_the_worst_network_stands_beside_the_limit(tmp_path):
    names = ("provider", "precision", "network", "measure", "strays", "limit")
    rows = [
        ("one", "fp16", "segmenter", "segmenter", 4e-3, 0.015),
        ("one", "fp16", "segmenter", "flipped", 0.0, 0.003),
        *[("one", "fp16", "ms-nmosd", "probability", p, 0.01) for p in (2e-3, 3e-3, 1e-3)],
        *[("one", "fp16", "ms-nmosd", "heat_map", p, 0.04) for p in (0.02, np.float32(0.01))],
    ]
    write_measured(tmp_path / "golden.csv", [dict(zip(names, one, strict=True)) for one in rows])
    with (tmp_path / "golden.csv").open() as lines:
        assert len(list(csv.DictReader(lines))) == len(rows)
    wanted = "| one | 4.0e-03 (0.015) | 0.0e+00 (0.003) | 3.0e-03 (0.01) | 2.0e-02 (0.04) |"
    assert wanted in section(tmp_path, BundleSettings()).splitlines()


def test_a_card_gets_its_section_once_and_keeps_the_rest():
    card = "first\n\n## Measured\n\na table\n\n## Declared\n\nmuch\n"
    once = put_into(card, "## Precision\n\nold\n")
    assert once == "first\n\n## Measured\n\na table\n\n## Precision\n\nold\n\n## Declared\n\nmuch\n"
    assert put_into(once, "## Precision\n\nnew\n\n") == once.replace("old", "new")


def test_a_folder_without_the_plug_in_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="--openvino takes the folder"):
        OpenVino(tmp_path, "bf16").open(tmp_path, "segmenter", 1)
