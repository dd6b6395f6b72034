"""Execution providers on a real ONNX Runtime: who computes, in which precision, and what is said of fall-backs."""

import re
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
import tiny_bundle
from daemon_process import PROVIDERS, TREE
from landmark import draw, sagittal_grid
from mr_series import classic, save

PRECISION = "CORDLINE_DEVICE__PRECISION"
PLUG_IN = "CORDLINE_DEVICE__OPENVINO"
FLAGS = Path("/proc/cpuinfo").read_text()


@pytest.fixture(scope="module")
def openvino() -> Path:
    if not re.search(r"^flags.* (avx512f|amx_bf16)( |$)", FLAGS, re.MULTILINE):
        pytest.skip("OpenVINO is not used on a processor without AVX-512 and AMX")
    found = sorted((TREE / ".openvino").glob("*/libonnxruntime_providers_openvino_plugin.so"))
    assert found, "OpenVINO is not there: run `make setup`"
    return found[-1]


@pytest.fixture
def bf16(openvino) -> None:
    if not re.search(r"^flags.* (avx512_bf16|amx_bf16)( |$)", FLAGS, re.MULTILINE):
        pytest.skip("this processor does not multiply bf16")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    grid = sagittal_grid()
    folder = tmp_path_factory.mktemp("study")
    save(classic(draw(grid), grid), folder)
    return folder


@pytest.fixture
def run(analyse, study, openvino, tmp_path):
    """Analyses the study with settings of the device, and returns the run."""

    def run(name: str, providers: str = "auto", **settings):
        settings = {"openvino": openvino, "precision": "fast"} | settings
        flags = {"bundle": settings.pop("bundle")} if "bundle" in settings else {}
        env = {PROVIDERS: providers} | {
            f"CORDLINE_DEVICE__{key.upper()}": str(value) for key, value in settings.items()
        }
        return analyse(study, out=tmp_path / name, env=env, **flags).expect(0)

    return run


@pytest.fixture
def own_bundle(bundle, tmp_path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def change(bundle: Path, table: str, key: str, value: str) -> None:
    """Another value for a tolerance."""
    manifest = bundle / "bundle.toml"
    before, head, after = manifest.read_text().partition(f"[golden.tolerance.{table}]\n")
    manifest.write_text(
        before + head + re.sub(rf"^{key} = .*$", f"{key} = {value}", after, count=1, flags=re.MULTILINE)
    )


def answers(result: dict) -> list[float]:
    return [s["probability"] for answer in result["classifications"] for s in answer["sections"]]


def mask(run) -> bytes:
    return pydicom.dcmread(run.out / "segmentation.dcm").PixelData


def fallbacks(run) -> list[str]:
    return [warning for warning in run.result["warnings"] if "could not be used" in warning]


def test_the_fastest_that_is_trusted_is_taken_and_named(run, openvino, bf16):
    fast, exact, cpu = run("fast"), run("exact", "openvino", precision="exact"), run("cpu", "cpu")
    named = [(one.result["provider"], one.result["precision"]) for one in (fast, exact, cpu)]
    assert named == [("OpenVINO", "bf16"), ("OpenVINO", "fp32"), ("CPU", "fp32")]
    assert fallbacks(fast) == fallbacks(exact) == fallbacks(cpu) == []
    assert "bf16" in (fast.out / "report.html").read_text()
    assert mask(exact) == mask(cpu)
    assert answers(exact.result) == pytest.approx(answers(cpu.result), abs=1e-5)
    assert answers(fast.result) == pytest.approx(answers(cpu.result), abs=5e-2)
    assert answers(fast.result) != answers(cpu.result), "bf16 is not single precision"
    uids = {pydicom.dcmread(one.out / "structured-report.dcm").SOPInstanceUID for one in (fast, exact, cpu)}
    assert len(uids) == 3, "what was computed otherwise is another object"


def test_the_same_precision_gives_the_same_numbers_again(run, openvino, bf16):
    first, second = run("first"), run("second")
    assert answers(first.result) == answers(second.result)
    assert mask(first) == mask(second)


def test_a_precision_without_a_tolerance_was_not_judged_and_is_not_used(run, own_bundle, openvino, bf16):
    manifest = own_bundle / "bundle.toml"
    text = manifest.read_text()
    manifest.write_text(re.sub(r"\[golden.tolerance.bf16\]\n(\w+ = .*\n)+", "", text))
    fast = run("fast", "openvino,cpu", bundle=own_bundle)
    assert (fast.result["provider"], fast.result["precision"]) == ("OpenVINO", "fp32")
    assert "no tolerance for bf16" in fallbacks(fast)[0]


def test_a_provider_that_strays_from_the_golden_output_is_not_used(run, own_bundle, openvino, bf16):
    change(own_bundle, "bf16", "segmenter", "1e-9")
    fast = run("fast", "openvino,cpu", bundle=own_bundle)
    assert fast.result["precision"] == "fp32"
    assert "OpenVINO bf16 could not be used" in fallbacks(fast)[0]
    assert "golden output" in fallbacks(fast)[0]


def test_the_processor_stays_the_processor_beside_a_plug_in(run, own_bundle, openvino):
    change(own_bundle, "fp32", "segmenter", "0.0")
    beside = run("beside", "openvino,cpu", precision="exact", bundle=own_bundle)
    alone = run("alone", "cpu", bundle=own_bundle)
    assert (beside.result["provider"], beside.result["precision"]) == ("CPU", "fp32")
    assert "OpenVINO fp32 could not be used" in fallbacks(beside)[0]
    assert answers(beside.result) == answers(alone.result)
    assert mask(beside) == mask(alone)


def test_a_plug_in_that_is_configured_and_missing_is_said(run, openvino, tmp_path):
    missing = run("missing", "openvino,cpu", openvino=tmp_path / "nowhere.so")
    assert missing.result["provider"] == "CPU"
    assert "nowhere.so" in fallbacks(missing)[0]


def test_a_plug_in_that_does_not_load_is_said(run, openvino, tmp_path):
    broken = tmp_path / openvino.name
    broken.write_bytes(openvino.read_bytes()[:200_000])
    result = run("broken", "openvino,cpu", openvino=broken)
    assert result.result["provider"] == "CPU"
    assert "does not load" in fallbacks(result)[0]


def test_a_provider_that_is_named_alone_and_cannot_be_used_is_an_error(analyse, study, tmp_path):
    env = {PROVIDERS: "openvino", PLUG_IN: str(tmp_path / "nowhere.so")}
    run = analyse(study, env=env)
    problem = run.expect(5).result["problem"]
    assert problem["code"] == "network"
    assert "OpenVINO" in problem["message"]


def test_a_precision_that_a_provider_lacks_is_an_error_where_no_other_is_allowed(analyse, study):
    problem = analyse(study, env={PRECISION: "fp16"}).expect(5).result["problem"]
    assert "CPU: it does not compute in fp16" in problem["message"]


def test_the_doctor_names_each_provider_and_each_network(cordline, bundle, openvino, bf16):
    said = cordline(
        "doctor", "--bundle", bundle, env={PROVIDERS: "auto", PRECISION: "fast", PLUG_IN: str(openvino)}
    ).stdout
    assert re.search(r"OpenVINO +used", said)
    assert re.search(r"CPU +idle", said)
    assert re.search(r"CUDA +no +no NVIDIA GPU was found", said)
    assert re.search(r"segmenter: OpenVINO bf16, (\d+) of \1 nodes; strays by", said)


def test_a_provider_that_answers_no_number_in_the_middle_is_left_for_this_study(run, openvino, tmp_path):
    dazzled = tiny_bundle.write(tmp_path / "dazzled", segmenter=tiny_bundle.dazzled_segmenter)
    left = run("left", "openvino,cpu", precision="exact", bundle=dazzled)
    assert (left.result["provider"], left.result["precision"]) == ("CPU", "fp32")
    assert "OpenVINO fp32 could not be used" in fallbacks(left)[0]
    assert "NaN" in fallbacks(left)[0]
    alone = run("alone", "cpu", bundle=dazzled)
    assert (mask(left), answers(left.result)) == (mask(alone), answers(alone.result))


def test_a_daemon_takes_the_provider_again_for_the_next_study(daemon, study, openvino, tmp_path):
    daemon.bundle = tiny_bundle.write(tmp_path / "dazzled", segmenter=tiny_bundle.dazzled_segmenter)
    daemon.environment |= {PROVIDERS: "openvino,cpu", PLUG_IN: str(openvino)}
    daemon.start()
    with daemon.client() as client:
        assert client.device()["provider"] == "OpenVINO"
        for _ in range(2):
            job = client.submit_study([study])
            events = list(client.follow(job))
            warnings = [event.body["message"] for event in events if event.name == "warning"]
            assert events[-1].body["state"] == "completed"
            assert any("OpenVINO fp32 could not be used, the networks ran on CPU fp32" in told for told in warnings)
            assert any("OpenVINO" in told for told in client.status()["warnings"])


ABORTS = """
#include <stdlib.h>
__attribute__((constructor)) static void end(void) { abort(); }
"""


def test_a_plug_in_that_takes_its_process_down_takes_down_no_other(run, openvino, tmp_path):
    source, library = tmp_path / "aborts.c", tmp_path / "aborts.so"
    source.write_text(ABORTS)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    result = run("aborts", "openvino,cpu", openvino=library)
    assert result.result["provider"] == "CPU"
    assert "takes its process down (signal 6)" in fallbacks(result)[0]


def test_a_single_study_in_single_precision_is_not_worth_the_start_of_openvino(run, cordline, bundle, openvino):
    one = run("one", precision="exact")
    assert (one.result["provider"], one.result["precision"]) == ("CPU", "fp32")
    assert fallbacks(one) == []
    # A daemon starts once; this is what it will have.
    said = cordline("doctor", "--bundle", bundle, env={PROVIDERS: "auto", PLUG_IN: str(openvino)}).stdout
    assert "segmenter: OpenVINO fp32" in said
