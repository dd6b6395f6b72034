"""What a GPU tells of itself, by a stand-in for NVIDIA's library: two cards, one of them divided into slices."""

import json
import os
import re
import shutil
import struct
import subprocess
import urllib.request
from pathlib import Path

import pytest
from daemon_process import PROVIDERS, TREE, end_of, free_port

STAND_IN = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
typedef uintptr_t Gpu; /* 1: a card, 2: a card with slices, 3 and 4: its slices */
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
#define GIB (1ULL << 30)
int nvmlInit_v2(void) { return OK; }
int nvmlShutdown(void) { return OK; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "580.95.05"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) {
    const char *path = getenv("STAND_IN_COUNT");
    FILE *file = path ? fopen(path, "r") : NULL;
    *count = 2;
    if (file) {
        if (fscanf(file, "%u", count) != 1) *count = 0;
        fclose(file);
    }
    return OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Gpu *gpu) { *gpu = index + 1; return OK; }
int nvmlDeviceGetName(Gpu gpu, char *text, unsigned size) {
    const char *names[] = {"NVIDIA RTX 4000 Ada", "NVIDIA H200", "NVIDIA H200 MIG 1g.18gb", "NVIDIA H200 MIG 2g.35gb"};
    snprintf(text, size, "%s", names[gpu - 1]);
    return OK;
}
int nvmlDeviceGetUUID(Gpu gpu, char *text, unsigned size) {
    snprintf(text, size, "%s-%lu", gpu < 3 ? "GPU" : "MIG", (unsigned long)gpu);
    return OK;
}
int nvmlDeviceGetCudaComputeCapability(Gpu gpu, int *major, int *minor) {
    if (gpu > 2) return NOT_SUPPORTED;
    *major = gpu == 1 ? 8 : 9;
    *minor = gpu == 1 ? 9 : 0;
    return OK;
}
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory;
int nvmlDeviceGetMemoryInfo_v2(Gpu gpu, Memory *memory) {
    const unsigned long long total[] = {20, 141, 16, 33};
    memory->total = total[gpu - 1] * GIB;
    memory->free = memory->total - GIB;
    return OK;
}
int nvmlDeviceGetTemperature(Gpu gpu, int sensor, unsigned *c) { *c = 41; return gpu > 2 ? NOT_SUPPORTED : OK; }
int nvmlDeviceGetPowerUsage(Gpu gpu, unsigned *mw) { *mw = 38400; return gpu > 2 ? NOT_SUPPORTED : OK; }
typedef struct { unsigned gpu, memory; } Use;
int nvmlDeviceGetUtilizationRates(Gpu gpu, Use *use) { use->gpu = 25; return gpu == 1 ? OK : NOT_SUPPORTED; }
int nvmlDeviceGetCurrentClocksThrottleReasons(Gpu gpu, unsigned long long *reasons) {
    *reasons = gpu == 1 ? 4 | 1 : 1; /* power cap, idle */
    return gpu > 2 ? NOT_SUPPORTED : OK;
}
int nvmlDeviceGetMigMode(Gpu gpu, unsigned *now, unsigned *later) { *now = *later = gpu == 2; return OK; }
int nvmlDeviceGetMaxMigDeviceCount(Gpu gpu, unsigned *count) { *count = 7; return OK; }
int nvmlDeviceGetMigDeviceHandleByIndex(Gpu gpu, unsigned index, Gpu *slice) {
    *slice = index == 0 ? 3 : 4;
    return index == 0 || index == 2 ? OK : NOT_FOUND;
}
"""


@pytest.fixture(scope="module")
def nvml(tmp_path_factory) -> Path:
    """The folder of the stand-in."""
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "nvml.c").write_text(STAND_IN)
    command = ["gcc", "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", folder / "nvml.c"]
    subprocess.run(command, check=True, timeout=60)
    return folder


CARD = "NVIDIA RTX 4000 Ada, SM 8.9, 20.0 GiB (19.0 free), driver 580.95.05, 41 C, throttled (power cap)"
FIRST_SLICE = "NVIDIA H200 MIG 1g.18gb, SM 9.0, 16.0 GiB (15.0 free), driver 580.95.05, 41 C, not throttled"
SECOND_SLICE = "NVIDIA H200 MIG 2g.35gb, SM 9.0, 33.0 GiB (32.0 free), driver 580.95.05, 41 C, not throttled"


@pytest.fixture
def doctor(cordline, bundle, nvml):
    """What the doctor says beside the stand-in; more of the environment by name."""

    def doctor(**env: str) -> str:
        env = {PROVIDERS: "cuda,cpu", "LD_LIBRARY_PATH": str(nvml)} | env
        return cordline("doctor", "--bundle", bundle, env=env).expect(0).stdout

    return doctor


def gpus(said: str) -> list[str]:
    return re.findall(r"^ +GPU +(.*)$", said, re.MULTILINE)


def test_the_doctor_tells_what_nvidias_library_knows(doctor):
    said = doctor(CUDA_VISIBLE_DEVICES="0")
    assert gpus(said) == [CARD]
    assert "note   NVIDIA RTX 4000 Ada is throttled now: power cap" in said
    assert re.search(r"CUDA +no +.*libonnxruntime_providers_cuda.so is missing", said)


@pytest.mark.parametrize(
    ("chosen", "seen"), [(None, FIRST_SLICE), ("MIG-4", SECOND_SLICE), ("GPU-1", CARD), ("0,1", FIRST_SLICE)]
)
def test_a_process_sees_the_gpus_that_cuda_shows_it(doctor, chosen, seen):
    said = doctor(**({"CUDA_VISIBLE_DEVICES": chosen} if chosen else {}))
    assert gpus(said) == [seen]
    hidden = re.findall(r"^ +hidden GPU +(.*), CUDA_VISIBLE_DEVICES=(.*)$", said, re.MULTILINE)
    names = {"GPU-1": CARD, "MIG-3": FIRST_SLICE, "MIG-4": SECOND_SLICE}
    assert hidden == [(whole.split(", ")[0], uuid) for uuid, whole in names.items() if whole != seen]


def test_a_gpu_that_is_not_there_is_named(doctor):
    said = doctor(CUDA_VISIBLE_DEVICES="MIG-5")
    assert gpus(said) == ["none that this process may use"]
    named = "CUDA_VISIBLE_DEVICES names MIG-5, which this host does not have"
    assert re.search(rf"CUDA +no +{named}", said)
    assert f"note   {named}" in said
    assert re.search("CUDA +no +CUDA_VISIBLE_DEVICES hides every NVIDIA GPU", doctor(CUDA_VISIBLE_DEVICES="-1"))


def test_another_order_of_gpus_than_that_of_the_bus_is_said(doctor):
    assert "CUDA_DEVICE_ORDER" not in doctor(), "the program chose it"
    assert "note   CUDA_DEVICE_ORDER is FASTEST_FIRST" in doctor(CUDA_DEVICE_ORDER="FASTEST_FIRST")


def test_a_library_that_is_none_is_no_gpu(cordline, bundle, tmp_path):
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"\x7fELF but nothing else")
    run = cordline("doctor", "--bundle", bundle, env={"LD_LIBRARY_PATH": str(tmp_path)}).expect(0)
    if not Path("/proc/driver/nvidia/version").exists():
        assert re.findall(r"^ +GPU +(.*)$", run.stdout, re.MULTILINE) == ["no NVIDIA GPU found"]


@pytest.fixture
def counted(daemon, study, nvml):
    """The lines of metrics of a daemon that analysed a study on a GPU that was chosen."""

    def counted(chosen: str) -> list[str]:
        address = f"127.0.0.1:{free_port()}"
        daemon.environment |= {"CORDLINE_DAEMON__METRICS": address, PROVIDERS: "cuda,cpu"}
        daemon.environment |= {"LD_LIBRARY_PATH": str(nvml), "CUDA_VISIBLE_DEVICES": chosen}
        daemon.start()
        with daemon.client() as client:
            end_of(client, client.submit_study([study]))
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            return answer.read().decode().splitlines()

    return counted


def test_the_daemon_counts_what_nvidias_library_knows(counted):
    page = counted("0")
    for line in (
        'cordline_gpu_memory_used_bytes{gpu="0"} 1073741824.0',
        'cordline_gpu_utilisation_ratio{gpu="0"} 0.25',
        'cordline_gpu_temperature_celsius{gpu="0"} 41.0',
        'cordline_gpu_power_watts{gpu="0"} 38.4',
        'cordline_provider_fallback{provider="CUDA",reason="file_missing"} 1',
    ):
        assert line in page, line
    [throttled] = [line for line in page if line.startswith('cordline_gpu_throttled_total{gpu="0"}')]
    assert int(throttled.split()[1]) >= 1, "the worker looked while it computed"
    assert not any('gpu="1"' in line for line in page), "others are not this daemon's"


def test_the_daemon_counts_its_slice(counted):
    page = counted("MIG-4")
    assert 'cordline_gpu_temperature_celsius{gpu="0"} 41.0' in page
    assert 'cordline_gpu_throttled_total{gpu="0"} 0' in page
    assert not any(line.startswith("cordline_gpu_utilisation_ratio{") for line in page), "no slice has its own"


def made_up_library(arch: int) -> bytes:
    """An ELF file whose fat binary holds machine code for one kind of GPU, and nothing else."""
    entry = struct.pack("<HHIQ12xI32x", 2, 0x101, 64, 8, arch) + bytes(8)
    content = struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entry)) + entry
    names = b"\0.nv_fatbin\0"
    sections = [(0, 0, 0), (0, 64, len(names)), (1, 64 + len(names), len(content))]
    table = b"".join(struct.pack("<I20xQQ24x", *section) for section in sections)
    header = struct.pack("<4sBB34xQ10xHHH", b"\x7fELF", 2, 1, 64 + len(names) + len(content), 64, 3, 1)
    return header + names + content + table


@pytest.mark.parametrize(("arch", "is_said"), [(87, True), (75, True), (89, False), (80, False)])
def test_a_library_without_kernels_for_the_gpu_is_not_tried(doctor, library, tmp_path, arch, is_said):
    shutil.copy(library, tmp_path)
    (tmp_path / "libonnxruntime_providers_cuda.so").write_bytes(made_up_library(arch))
    said = doctor(CORDLINE_ONNXRUNTIME=str(tmp_path), CUDA_VISIBLE_DEVICES="0")
    sentence = f"libonnxruntime_providers_cuda.so holds kernels for SM {arch // 10}.{arch % 10}, not for this GPU's 8.9"
    assert bool(re.search(rf"CUDA +no +{sentence}", said)) == is_said
    assert re.search("CPU +used", said)


@pytest.fixture
def gpu_check(program, library, bundle, tmp_path):
    """Runs gpu_check on the tiny bundle; returns its lines of JSON, and all that it said."""
    example = program.parent / "examples/gpu_check"
    assert example.exists(), "it is not built: run `cargo build --workspace --examples --bins`"

    def gpu_check(*words: str, code: int = 0, **env: str) -> tuple[list[dict], str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CORDLINE_ONNXRUNTIME": library} | env
        command = [example, bundle, *words]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, cwd=tmp_path)
        assert run.returncode == code, run.stderr
        lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        return lines, run.stdout + run.stderr

    return gpu_check


def of(lines: list[dict], measured: str, provider: str) -> list[dict]:
    return [line for line in lines if line["measured"] == measured and line.get("provider") == provider]


def test_gpu_check_measures_the_providers_that_are_there(gpu_check):
    plug_in = TREE / ".openvino"
    found = sorted(plug_in.glob("*/libonnxruntime_providers_openvino_plugin.so"))
    words = ["--openvino", str(found[-1])] if found else []
    batches = ["--batch", "1", "--batch", "4", "--rounds", "2"]
    lines, said = gpu_check("--provider", "cpu", "--provider", "openvino", "--precision", "fp32", *batches, *words)
    assert lines[0]["measured"] == "host"
    if not lines[0]["hardware"]["gpus"]:
        assert "no NVIDIA GPU" in said
    obstacles = of(lines, "obstacle", "openvino")
    assert len(obstacles) <= 1
    for provider in ["cpu"] + ["openvino"] * (not obstacles):
        opened, runs = of(lines, "open", provider), of(lines, "run", provider)
        assert [line["nodes"][0] == line["nodes"][1] > 0 for line in opened] == [True] * 4
        assert [line["batch"] for line in runs] == [1, 4] * 4
        for line in runs:
            assert 0 < line["least_ms_an_image"] <= line["median_ms_an_image"]
            assert 0 <= line["largest_difference"] < 1e-5
        [side_by_side] = of(lines, "classifiers", provider)
        assert side_by_side["in_turn_ms"] > 0 < side_by_side["at_once_ms"]
    rows = [line for line in said.splitlines() if re.match(r"\| [a-z-]+ \| (CPU|OpenVINO) fp32 \| [14] \|", line)]
    assert len(rows) == sum(line["measured"] == "run" for line in lines)


def test_gpu_check_says_what_it_cannot_measure_and_goes_on(gpu_check, nvml):
    own = {"LD_LIBRARY_PATH": str(nvml), "CUDA_VISIBLE_DEVICES": "0"}
    lines, said = gpu_check("--provider", "cuda", "--provider", "cpu", "--batch", "2", "--rounds", "1", **own)
    [obstacle] = of(lines, "obstacle", "cuda")
    assert "libonnxruntime_providers_cuda.so is missing" in obstacle["sentence"]
    assert [line["gpu_used_bytes_after"] for line in of(lines, "run", "cpu")] == [1 << 30] * 4
    [out_of_range] = of(lines, "out_of_range", "cuda")
    assert out_of_range["is_refused"]
    assert "CUDA_VISIBLE_DEVICES names 99, which this host does not have" in out_of_range["sentence"]
    assert f"- cuda device 99: {out_of_range['sentence']}" in said


def test_gpu_check_names_a_word_that_it_does_not_know(gpu_check):
    assert "gpu is not an execution provider" in gpu_check("--provider", "gpu", code=1)[1]
    assert "--speed is not known" in gpu_check("--speed", "9", code=1)[1]


def test_a_gpu_that_comes_or_goes_between_two_jobs_is_noticed(daemon, study, nvml, tmp_path):
    count = tmp_path / "count"
    daemon.environment |= {PROVIDERS: "cuda,cpu", "LD_LIBRARY_PATH": str(nvml), "STAND_IN_COUNT": str(count)}
    count.write_text("0")
    daemon.start()
    with daemon.client() as client:

        def device_of_the_next_job(gpus: str) -> dict:
            count.write_text(gpus)
            assert end_of(client, client.submit_study([study], again=int(gpus)))["state"] == "completed"
            return client.device()

        assert "no NVIDIA GPU was found" in client.device()["fallbacks"][0]
        there = device_of_the_next_job("1")
        assert there["gpu"] == "NVIDIA RTX 4000 Ada"
        assert "libonnxruntime_providers_cuda.so is missing" in there["fallbacks"][0]
        assert "gpu" not in device_of_the_next_job("0")
