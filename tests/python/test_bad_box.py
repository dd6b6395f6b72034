"""Things wrong with the box or the bundle, not with the study."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import tiny_bundle
from landmark import draw
from mr_series import classic, save
from test_bad_input import FAILED, GRID, OUT_OF_SCOPE, refused


@pytest.fixture
def study(tmp_path) -> Path:
    save(classic(draw(GRID), GRID), tmp_path / "in")
    return tmp_path / "in"


@pytest.fixture
def own_bundle(bundle, tmp_path) -> Path:
    """A copy of the tiny bundle, to be spoilt."""
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def test_no_onnx_runtime(analyse, study, tmp_path):
    run = analyse(study, env={"CORDLINE_ONNXRUNTIME": str(tmp_path / "libonnxruntime.so")})
    refused(run, FAILED, "ONNX Runtime", "libonnxruntime.so")


def test_library_that_is_not_onnx_runtime(analyse, study, tmp_path):
    library = tmp_path / "libonnxruntime.so"
    library.write_bytes(b"\x7fELF but nothing else")
    refused(analyse(study, env={"CORDLINE_ONNXRUNTIME": str(library)}), FAILED, "ONNX Runtime")


OLD_RUNTIME = """
#include <stddef.h>
#include <stdint.h>
/* What every ONNX Runtime exports; this one knows the interface up to version 10 only. */
typedef struct { const void *(*api)(uint32_t); const char *(*version)(void); } Base;
static const void *api(uint32_t version) { (void)version; return NULL; }
static const char *version(void) { return "1.10.0"; }
static const Base base = { api, version };
const Base *OrtGetApiBase(void) { return &base; }
"""


def test_too_old_onnx_runtime(analyse, study, tmp_path):
    source, library = tmp_path / "old.c", tmp_path / "libonnxruntime.so.1.10.0"
    source.write_text(OLD_RUNTIME)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    problem = refused(analyse(study, env={"CORDLINE_ONNXRUNTIME": str(library)}), FAILED, "1.10.0")
    assert "1.24" in problem["message"] + problem["action"], "the version that is needed is named"


@pytest.mark.parametrize("file", ["segmenter.onnx", "ms-nmosd.onnx", "golden.safetensors"])
def test_bundle_altered_by_one_byte(analyse, study, own_bundle, file):
    data = bytearray((own_bundle / file).read_bytes())
    data[len(data) // 2] ^= 1
    (own_bundle / file).write_bytes(data)
    refused(analyse(study, bundle=own_bundle), FAILED, file)


def test_bundle_with_a_file_too_few(analyse, study, own_bundle):
    (own_bundle / "segmenter.onnx").unlink()
    refused(analyse(study, bundle=own_bundle), FAILED, "segmenter.onnx")


def test_bundle_whose_manifest_is_no_toml(analyse, study, own_bundle):
    (own_bundle / "bundle.toml").write_text("format = = 1")
    refused(analyse(study, bundle=own_bundle), FAILED, "bundle.toml")


def test_bundle_that_is_not_there(analyse, study, tmp_path):
    refused(analyse(study, bundle=tmp_path / "nowhere"), FAILED, "nowhere")


def test_bundle_that_wants_t1c(analyse, study, tmp_path):
    wanting = tiny_bundle.write(tmp_path / "wanting", t1c="required")
    refused(analyse(study, bundle=wanting), OUT_OF_SCOPE, "T1")


def test_a_provider_that_was_asked_for_and_cannot_be_used_is_said_in_the_result(analyse, study):
    run = analyse(study, env={"CORDLINE_DEVICE__PROVIDERS": "cuda,cpu"}).expect(0)
    assert run.result["provider"] == "CPU"
    said = [warning for warning in run.result["warnings"] if "CUDA could not be used" in warning]
    assert len(said) == 1
    assert "ran on CPU" in said[0]


def test_bundle_verify_says_yes_and_no(cordline, own_bundle):
    cordline("bundle", "verify", own_bundle).expect(0)
    model = own_bundle / "segmenter.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    run = cordline("bundle", "verify", own_bundle).expect(FAILED)
    assert "segmenter.onnx" in run.said


def test_doctor_names_library_and_version(cordline, library):
    run = cordline("doctor")
    assert "panicked" not in run.stderr
    assert library in run.stdout
    assert re.search(rf"ONNX Runtime\n  \d+\.\d+\.\d+ \({re.escape(library)}\)", run.stdout), run.stdout


def test_doctor_without_a_library_says_what_to_do(cordline, tmp_path):
    run = cordline("doctor", env={"CORDLINE_ONNXRUNTIME": str(tmp_path / "none.so")})
    assert run.code != 0
    assert "panicked" not in run.stderr
    assert "none.so" in run.said


@pytest.mark.parametrize("out", ["file/out", "/proc/cordline"], ids=["under-a-file", "proc"])
def test_out_is_not_writable(analyse, study, tmp_path, out):
    (tmp_path / "file").write_text("in the way")
    run = analyse(study, out=tmp_path / out)
    run.expect(FAILED)
    assert str(tmp_path / out) in run.stderr
    assert len(run.stderr.split()) > 6


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_disk_full(analyse, study, small_disk):
    """The disk fills while results are written: said so, and nothing that is cut off stays behind."""
    run = analyse(study, out=small_disk / "out")
    run.expect(FAILED)
    assert "space" in run.stderr.lower() or "full" in run.stderr.lower()
    assert not list((small_disk / "out").glob("*.dcm"))
    assert not (small_disk / "out" / "report.html").exists()


def test_no_half_of_a_result_stays_where_its_last_file_cannot_be_written(analyse, study, tmp_path):
    (tmp_path / "out/result.json").mkdir(parents=True)
    run = analyse(study, out=tmp_path / "out").expect(FAILED)
    assert "result.json" in run.stderr
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not left, left


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze",),
        ("analyze", "in"),
        ("analyze", "in", "--out"),
        ("frobnicate",),
        ("analyze", "in", "--out", "o", "--threads", "x"),
    ],
    ids=" ".join,
)
def test_usage(cordline, arguments):
    run = cordline(*arguments).expect(2)
    assert "--help" in run.stderr


def test_zero_threads_is_a_usage_error(cordline, study, tmp_path):
    cordline("analyze", study, "--out", tmp_path / "out", "--threads", "0").expect(2)


def test_version_and_help_carry_the_notice(cordline):
    for arguments in (("--version",), ("--help",)):
        run = cordline(*arguments).expect(0)
        assert "research use only" in run.stdout.lower(), arguments
