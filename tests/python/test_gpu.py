"""What a GPU tells of itself, by a stand-in for NVIDIA's library: two cards, one of them divided into slices."""

import re
import shutil
import struct
import subprocess
import urllib.request
from pathlib import Path

import pytest
from daemon_process import PROVIDERS, end_of, free_port

STAND_IN = r"""
#include <stdint.h>
#include <stdio.h>
typedef uintptr_t Gpu; /* 1: a card, 2: a card with slices, 3 and 4: its slices */
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
#define GIB (1ULL << 30)
int nvmlInit_v2(void) { return OK; }
int nvmlShutdown(void) { return OK; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "580.95.05"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return OK; }
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
