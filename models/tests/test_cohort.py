"""Cohorts on disk: what a site writes by hand is checked, what it wrote is kept."""

import os

import nibabel as nib
import numpy as np
import pytest

from cordline_models.cli import main
from cordline_models.phantom.cohort import COUNTS, Case, planned, read_case, read_cases, write_cases
from cordline_models.phantom.nifti_to_dicom import sagittal_image
from cordline_models.phantom.whole_file import replacing

HEAD = "case,label,split\n"


def table(folder, text, encoding="utf-8"):
    (folder / "labels.csv").write_text(text, encoding=encoding)
    return folder


def volume(path, voxels):
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, np.diag([3.0, 1.0, 1.0, 1.0])), path)


def test_a_table_of_a_spreadsheet_is_read(tmp_path):
    table(tmp_path, HEAD + " 0001 , MS , train \r\n\r\n", "utf-8-sig")
    assert read_cases(tmp_path) == [Case("0001", "ms", "train")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("case;label;split\n1;ms;train\n", "no column case, label, split; the first line is case,label,split"),
        ("name,label,split\n1,ms,train\n", "no column case;"),
        ("", "no column"),
        (HEAD + "1,ms\n", "case 1 has split ''"),
        (HEAD + "1\n", "case 1 has label ''"),
        (HEAD + " ,ms,train\n", "a row has no case"),
        (HEAD + "1,ms,train\n2,ms,train\n1,ms,test\n", "case 1 stands there more than once"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path, text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_cases(table(tmp_path, text))


def test_a_split_without_cases_is_refused(tmp_path):
    table(tmp_path, HEAD + "1,ms,train\n")
    assert len(read_cases(tmp_path)) == 1
    for split in ("test", "tset"):
        with pytest.raises(ValueError, match=f"has no case of split '{split}'"):
            read_cases(tmp_path, split)


def test_label_and_mask_say_the_same(tmp_path):
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    lesion = (voxels == 7).astype(np.uint8)
    for case, mask in (("none", None), ("empty", 0 * lesion), ("lesion", lesion)):
        volume(tmp_path / "images" / f"{case}.nii.gz", voxels)
        if mask is not None:
            volume(tmp_path / "masks" / f"{case}.nii.gz", mask)
    assert read_case(tmp_path, "lesion", "ms")[1].sum() == 1
    for case in ("none", "empty"):
        assert not read_case(tmp_path, case, "healthy")[1].any()
    for case, label, found in (
        ("none", "ms", "is missing"),
        ("empty", "nmosd", "shows no lesion"),
        ("lesion", "healthy", "shows a lesion"),
    ):
        with pytest.raises(ValueError, match=f"label '{label}', but its mask .*masks/{case}.nii.gz {found}"):
            read_case(tmp_path, case, label)


def drawn(folder, **counts):
    """As if all masks of such a cohort were there, so that nothing is drawn."""
    (folder / "masks").mkdir(exist_ok=True)
    for case in planned({split: dict.fromkeys(COUNTS[split], count) for split, count in counts.items()}):
        (folder / "masks" / f"{case.case}.nii.gz").touch()
    return folder


def test_drawing_a_split_keeps_the_others(tmp_path):
    cohort = drawn(tmp_path, test=2, validation=1)
    for split, cases in (("validation", 1), ("test", 1), ("test", 2)):
        assert main(["phantoms", "--out", str(cohort), "--splits", split, "--cases", str(cases)]) == 0
    assert [row.split for row in read_cases(cohort)] == ["validation"] * 5 + ["test"] * 10


def test_drawing_does_not_replace_a_table_of_a_site(tmp_path, capsys):
    cohort = drawn(tmp_path, test=1)
    write_cases(cohort, [Case("0001", "ms", "train")])
    before = (cohort / "labels.csv").read_bytes()
    assert main(["phantoms", "--out", str(cohort), "--splits", "test", "--cases", "1"]) == 1
    assert "holds case 0001, which is no phantom" in capsys.readouterr().err
    assert (cohort / "labels.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--splits", "tset"], "--splits: 'tset' is none of"),
        (["--cases", "0"], "--cases is 1 to 1000, not 0"),
        (["--cases", "1001"], "--cases is 1 to 1000, not 1001"),
    ],
)
def test_a_cohort_that_cannot_be_drawn_is_refused(tmp_path, capsys, words, complaint):
    assert main(["phantoms", "--out", str(tmp_path / "new"), *words]) == 1
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "kept.npz"
    with replacing(path) as part:
        np.savez(part, a=1)
        assert not path.exists()
        assert part.name.endswith("kept.npz") and str(os.getpid()) in part.name
    whole = path.read_bytes()
    with pytest.raises(OSError, match="full"), replacing(path) as part:
        part.write_bytes(whole[:9])
        raise OSError("the disk is full")
    assert [file.name for file in path.parent.iterdir()] == ["kept.npz"] and path.read_bytes() == whole


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.1, 0.4, 0.6, 0.9], [455, 1820, 2730, 4095]),  # rounded as they are these would be black and white
        ([0.5, 5.0, 10.0, 20.0], [102, 1024, 2048, 4095]),
        ([0.0, 10.0, 20.0, 20.0], [0, 10, 20, 20]),  # whole already
        ([0.4, 100.0, 500.0, 1000.0], [0, 100, 500, 1000]),
        ([0.0, 4095.0, 8190.0, 8190.0], [0, 2048, 4095, 4095]),
        ([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0]),
    ],
)
def test_numbers_keep_their_steps(tmp_path, values, wanted):
    volume(tmp_path / "v" / "v.nii.gz", np.array(values, np.float32).reshape(1, 2, 2))
    found = sagittal_image(tmp_path / "v" / "v.nii.gz").voxels
    assert sorted(found.ravel().tolist()) == wanted
