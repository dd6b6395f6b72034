//! What is in the host: processor, memory, GPU, driver.

use std::fs;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::memory;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hardware {
    /// Model of the processor as it names itself.
    pub processor: String,
    /// Logical processors that this process may use.
    pub cores: usize,
    pub memory_bytes: u64,
    /// Available memory in bytes.
    pub memory_available_bytes: u64,
    /// What the processor can multiply at once.
    pub vectors: VectorUnits,
    /// NVIDIA GPU, where there is one.
    pub gpu: Option<Gpu>,
}

/// Vector and matrix units of an x86-64 processor; all false elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VectorUnits {
    pub avx512: bool,
    pub avx512_bf16: bool,
    pub amx_bf16: bool,
}

/// An NVIDIA GPU, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gpu {
    /// Model, or the name of the Jetson board.
    pub model: String,
    /// Driver version line; absent on a Jetson, where it is part of the system.
    pub driver: Option<String>,
}

/// Looks at the host this program runs on.
pub fn hardware() -> Hardware {
    let (memory_bytes, memory_available_bytes) = memory::of_host().unwrap_or_default();
    Hardware {
        processor: processor(),
        cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
        memory_bytes,
        memory_available_bytes,
        vectors: vectors(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        gpu: gpu(Path::new("/")),
    }
}

/// A serial number of this host: the board's own on a Jetson, else one derived from the machine id, which itself must stay secret, or from
/// the host's name where it has none.
pub fn serial() -> String {
    let jetson =
        fs::read_to_string("/proc/device-tree/serial-number").map(|s| s.trim_end_matches('\0').trim().to_owned());
    if let Some(serial) = jetson.ok().filter(|s| !s.is_empty()) {
        return serial;
    }
    // Images of systems come with an empty file, which every copy of them has.
    let id = fs::read_to_string("/etc/machine-id").ok().filter(|id| is_machine_id(id));
    let machine = id.or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok()).unwrap_or_default();
    base16ct::lower::encode_string(&Sha256::digest(format!("cordline {}", machine.trim()))[..8])
}

fn is_machine_id(text: &str) -> bool {
    !matches!(text.trim(), "" | "uninitialized")
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    ["model name", "Model", "Hardware"]
        .iter()
        .find_map(|key| {
            info.lines().find_map(|l| l.strip_prefix(key)?.split_once(':').map(|(_, v)| v.trim().to_owned()))
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// What the kernel lists of the first processor in the text of `/proc/cpuinfo`.
fn vectors(cpuinfo: &str) -> VectorUnits {
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")).unwrap_or_default();
    let has = |flag: &str| flags.split_ascii_whitespace().any(|one| one == flag);
    VectorUnits { avx512: has("avx512f"), avx512_bf16: has("avx512_bf16"), amx_bf16: has("amx_bf16") }
}

/// Looks for a GPU under a root folder (`/`, or a made one in tests).
fn gpu(root: &Path) -> Option<Gpu> {
    if is_jetson(root) {
        let model = fs::read_to_string(root.join("proc/device-tree/model")).unwrap_or_else(|_| "NVIDIA Jetson".into());
        return Some(Gpu { model: model.trim_end_matches('\0').trim().to_owned(), driver: None });
    }
    let driver = fs::read_to_string(root.join("proc/driver/nvidia/version")).ok()?;
    let model = fs::read_dir(root.join("proc/driver/nvidia/gpus"))
        .ok()?
        .filter_map(|e| fs::read_to_string(e.ok()?.path().join("information")).ok())
        .find_map(|text| text.lines().find_map(|l| l.strip_prefix("Model:").map(|m| m.trim().to_owned())))?;
    Some(Gpu { model, driver: driver.lines().next().map(|l| l.trim().to_owned()) })
}

/// A container has no release file unless it was mounted by hand; the device tree is always there.
fn is_jetson(root: &Path) -> bool {
    let compatible = fs::read(root.join("proc/device-tree/compatible")).unwrap_or_default();
    root.join("etc/nv_tegra_release").exists()
        || compatible.split(|byte| *byte == 0).any(|board| board.starts_with(b"nvidia,tegra"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_a_processor_and_memory() {
        let hardware = hardware();
        assert_eq!(serial(), serial());
        assert!(!serial().is_empty());
        assert!(hardware.cores >= 1 && hardware.memory_bytes > 0 && !hardware.processor.is_empty());
    }

    #[test]
    fn a_gpu_is_found_where_its_driver_is() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(gpu(root.path()), None);
        let folder = root.path().join("proc/driver/nvidia/gpus/0000:01:00.0");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("information"), "Model: \t\t NVIDIA RTX A2000\nIRQ: 1\n").unwrap();
        fs::write(
            root.path().join("proc/driver/nvidia/version"),
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1\nGCC\n",
        )
        .unwrap();
        let found = gpu(root.path()).unwrap();
        assert_eq!(found.model, "NVIDIA RTX A2000");
        assert!(found.driver.unwrap().contains("570.1"));
    }

    #[test]
    fn an_image_of_a_system_has_no_machine_id() {
        assert!(["", "\n", "uninitialized\n"].iter().all(|text| !is_machine_id(text)));
        assert!(is_machine_id("0123456789abcdef0123456789abcdef\n"));
    }

    #[test]
    fn a_processor_has_the_units_that_the_kernel_lists() {
        let units =
            vectors("processor\t: 0\nflags\t\t: fpu avx2 avx512f amx_bf16\nbugs\t\t:\nflags\t\t: avx512_bf16\n");
        assert_eq!(units, VectorUnits { avx512: true, avx512_bf16: false, amx_bf16: true });
        assert_eq!(vectors("Features\t: fp asimd bf16\n"), VectorUnits::default());
    }

    #[test]
    fn a_jetson_in_a_container_is_known_by_its_device_tree() {
        let root = tempfile::tempdir().unwrap();
        let tree = root.path().join("proc/device-tree");
        fs::create_dir_all(&tree).unwrap();
        fs::write(tree.join("model"), "NVIDIA Jetson Orin Nano Developer Kit\0").unwrap();
        fs::write(tree.join("compatible"), "raspberrypi,4-model-b\0brcm,bcm2711\0").unwrap();
        assert_eq!(gpu(root.path()), None);
        fs::write(tree.join("compatible"), "nvidia,p3768-0000+p3767-0003\0nvidia,tegra234\0").unwrap();
        assert_eq!(gpu(root.path()).unwrap().model, "NVIDIA Jetson Orin Nano Developer Kit");
    }

    #[test]
    fn a_jetson_is_known_by_its_release_file() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::create_dir_all(root.path().join("proc/device-tree")).unwrap();
        fs::write(root.path().join("etc/nv_tegra_release"), "# R36").unwrap();
        fs::write(root.path().join("proc/device-tree/model"), "NVIDIA Jetson AGX Orin\0").unwrap();
        assert_eq!(gpu(root.path()).unwrap().model, "NVIDIA Jetson AGX Orin");
    }
}
