"""What a GPU tells of itself, by a stand-in for NVIDIA's library: two cards, one of them divided into slices."""

import re
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


def test_the_doctor_tells_what_nvidias_library_knows(cordline, bundle, nvml):
    run = cordline("doctor", "--bundle", bundle, env={PROVIDERS: "cuda,cpu", "LD_LIBRARY_PATH": str(nvml)}).expect(0)
    gpus = re.findall(r"^ +GPU +(.*)$", run.stdout, re.MULTILINE)
    assert gpus == [
        "NVIDIA RTX 4000 Ada, SM 8.9, 20.0 GiB (19.0 free), driver 580.95.05, 41 C, throttled (power cap)",
        "NVIDIA H200 MIG 1g.18gb, SM 9.0, 16.0 GiB (15.0 free), driver 580.95.05, 41 C, not throttled",
        "NVIDIA H200 MIG 2g.35gb, SM 9.0, 33.0 GiB (32.0 free), driver 580.95.05, 41 C, not throttled",
    ]
    assert "note   NVIDIA RTX 4000 Ada is throttled now: power cap" in run.stdout
    assert re.search(r"CUDA +no +.*libonnxruntime_providers_cuda.so is missing", run.stdout)


def test_a_library_that_is_none_is_no_gpu(cordline, bundle, tmp_path):
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"\x7fELF but nothing else")
    run = cordline("doctor", "--bundle", bundle, env={"LD_LIBRARY_PATH": str(tmp_path)}).expect(0)
    if not Path("/proc/driver/nvidia/version").exists():
        assert re.findall(r"^ +GPU +(.*)$", run.stdout, re.MULTILINE) == ["no NVIDIA GPU found"]


def test_the_daemon_counts_what_nvidias_library_knows(daemon, study, nvml):
    address = f"127.0.0.1:{free_port()}"
    daemon.environment |= {"CORDLINE_DAEMON__METRICS": address, "LD_LIBRARY_PATH": str(nvml)}
    daemon.start()
    with daemon.client() as client:
        end_of(client, client.submit_study([study]))
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        page = answer.read().decode().splitlines()
    for line in (
        'cordline_gpu_memory_used_bytes{gpu="1"} 1073741824.0',
        'cordline_gpu_utilisation_ratio{gpu="0"} 0.25',
        'cordline_gpu_temperature_celsius{gpu="2"} 41.0',
        'cordline_gpu_power_watts{gpu="0"} 38.4',
        'cordline_gpu_throttled_total{gpu="1"} 0',
        'cordline_provider_fallback{provider="CUDA",reason="file_missing"} 1',
    ):
        assert line in page, line
    [throttled] = [line for line in page if line.startswith('cordline_gpu_throttled_total{gpu="0"}')]
    assert int(throttled.split()[1]) >= 1, "the worker looked while it computed"
    assert not any(line.startswith('cordline_gpu_utilisation_ratio{gpu="1"}') for line in page), "no slice has its own"
