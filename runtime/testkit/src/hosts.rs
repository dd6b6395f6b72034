//! Made-up hosts: the files by which kernel and system tell of their GPU, below a folder that stands for `/`.

use std::fs;
use std::path::Path;

/// Paths below the root, and what the files hold.
pub type Files = &'static [(&'static str, &'static str)];

/// Writes the files of a host below a folder.
pub fn write(root: &Path, files: Files) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("room for a test folder");
        fs::write(path, text).expect("room for a test file");
    }
}

/// A card, by the kernel's driver alone.
pub const RTX: Files = &[
    (
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\nGCC\n",
    ),
    (
        "proc/driver/nvidia/gpus/0000:01:00.0/information",
        "Model: \t\t NVIDIA RTX 4000 Ada\nIRQ: 1\nGPU UUID: \t GPU-8f6d2c1a-0000-1111-2222-333344445555\nBus Type: \t PCIe\n",
    ),
];

/// An Orin Nano with JetPack 6, in a mode that is not its fastest.
pub const ORIN: Files = &[
    ("proc/device-tree/model", "NVIDIA Jetson Orin Nano Developer Kit\0"),
    ("proc/device-tree/compatible", "nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0005\0nvidia,tegra234\0"),
    ("proc/meminfo", "MemTotal:        7802192 kB\nMemFree:          812340 kB\nMemAvailable:    5452596 kB\n"),
    ("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n"),
    ("var/lib/nvpmodel/status", "pmode:0000\n"),
    (
        "etc/nvpmodel.conf",
        "< PARAM TYPE=CLOCK NAME=GPU >\nMAX_FREQ /sys/devices/platform/17000000.gpu/devfreq_dev/max_freq\n\
         < POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\nCPU_ONLINE CORE_1 1\nGPU MIN_FREQ 0\nGPU MAX_FREQ 612000000\n\
         < POWER_MODEL ID=2 NAME=MAXN_SUPER >\nCPU_ONLINE CORE_0 1\nCPU_ONLINE CORE_1 1\nGPU MIN_FREQ 0\nGPU MAX_FREQ -1\n\
         < POWER_MODEL ID=3 NAME=7W >\nCPU_ONLINE CORE_0 1\nCPU_ONLINE CORE_1 0\nGPU MIN_FREQ 0\nGPU MAX_FREQ 408000000\n\
         < PM_CONFIG DEFAULT=0 >\n",
    ),
    ("sys/devices/platform/bus@0/17000000.gpu/load", "372\n"),
    ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
    ("sys/class/thermal/thermal_zone0/temp", "49312\n"),
    ("sys/class/thermal/thermal_zone1/type", "gpu-thermal\n"),
    ("sys/class/thermal/thermal_zone1/temp", "48500\n"),
    ("sys/class/thermal/thermal_zone2/type", "tj-thermal\n"),
    ("sys/class/thermal/thermal_zone2/temp", "50000\n"),
    ("sys/class/hwmon/hwmon0/name", "soctherm_oc\n"),
    ("sys/class/hwmon/hwmon0/oc1_event_cnt", "1\n"),
    ("sys/class/hwmon/hwmon0/oc3_event_cnt", "2\n"),
    ("sys/class/hwmon/hwmon1/name", "ina3221\n"),
    ("sys/class/hwmon/hwmon1/in1_label", "VDD_IN\n"),
    ("sys/class/hwmon/hwmon1/in1_input", "5000\n"),
    ("sys/class/hwmon/hwmon1/curr1_input", "920\n"),
    ("sys/class/hwmon/hwmon1/in2_label", "VDD_CPU_GPU_CV\n"),
    ("sys/class/hwmon/hwmon1/in2_input", "5000\n"),
    ("sys/class/hwmon/hwmon1/curr2_input", "200\n"),
];

/// A Thor with JetPack 7, which has no file for its load, and no table of power modes.
pub const THOR: Files = &[
    ("proc/device-tree/model", "NVIDIA Jetson AGX Thor\0"),
    ("proc/device-tree/compatible", "nvidia,p4071-0000+p3834-0008\0nvidia,p3834-0008\0nvidia,tegra264\0"),
    ("proc/meminfo", "MemTotal:       128831488 kB\nMemAvailable:   120000512 kB\n"),
    ("etc/nv_tegra_release", "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64\n"),
    ("var/lib/nvpmodel/status", "pmode:0001\n"),
    ("sys/class/thermal/thermal_zone0/type", "tj-thermal\n"),
    ("sys/class/thermal/thermal_zone0/temp", "52000\n"),
    ("sys/class/thermal/thermal_zone3/type", "gpu-thermal\n"),
    ("sys/class/thermal/thermal_zone3/temp", "51250\n"),
    ("sys/class/hwmon/hwmon2/name", "ina3221\n"),
    ("sys/class/hwmon/hwmon2/in1_label", "VDD_GPU\n"),
    ("sys/class/hwmon/hwmon2/in1_input", "20000\n"),
    ("sys/class/hwmon/hwmon2/curr1_input", "500\n"),
];

/// An Orin as a container sees it: the kernel's device tree, and nothing of NVIDIA's system.
pub const CONTAINER: Files = &[
    ("proc/device-tree/model", "NVIDIA Jetson AGX Orin\0"),
    ("proc/device-tree/compatible", "nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0"),
    ("proc/meminfo", "MemTotal:       64349212 kB\nMemAvailable:   60154908 kB\n"),
];

/// A board whose files hold what they should not.
pub const GARBAGE: Files = &[
    ("proc/device-tree/model", "NVIDIA \u{1b}[31mJetson\0\u{7}"),
    ("proc/device-tree/compatible", "\0\0nvidia,tegra\u{1f4a9}\0nvidia,tegra234234\0"),
    ("proc/meminfo", "MemTotal: 18446744073709551615 kB\nMemAvailable: -1 kB\n"),
    ("etc/nv_tegra_release", "# R99999999999999999999 (release), REVISION: , GCID\n"),
    ("var/lib/nvpmodel/status", "pmode:99999999999999999999\n"),
    ("etc/nvpmodel.conf", "< POWER_MODEL ID= NAME= >\nGPU MAX_FREQ -999\n<<<>>>\n< POWER_MODEL"),
    ("sys/devices/platform/gpu.0/load", "4294967295\n"),
    ("sys/class/thermal/thermal_zone0/type", "gpu-thermal\n"),
    ("sys/class/thermal/thermal_zone0/temp", "-999999999\n"),
    ("sys/class/hwmon/hwmon0/oc1_event_cnt", "many\n"),
    ("sys/class/hwmon/hwmon0/oc_event_cnt", "1\n"),
    ("sys/class/hwmon/hwmon1/name", "ina3221\n"),
    ("sys/class/hwmon/hwmon1/in1_label", "VDD_GPU\n"),
    ("sys/class/hwmon/hwmon1/in1_input", "9223372036854775807\n"),
    ("sys/class/hwmon/hwmon1/curr1_input", "9223372036854775807\n"),
];
