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
    /// NVIDIA GPU, where there is one.
    pub gpu: Option<Gpu>,
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
        gpu: gpu(Path::new("/")),
    }
}

/// A serial number of this host: the board's own on a Jetson, else one derived from the machine id, which itself must stay secret.
pub fn serial() -> String {
    let jetson =
        fs::read_to_string("/proc/device-tree/serial-number").map(|s| s.trim_end_matches('\0').trim().to_owned());
    if let Some(serial) = jetson.ok().filter(|s| !s.is_empty()) {
        return serial;
    }
    let machine = fs::read_to_string("/etc/machine-id")
        .or_else(|_| fs::read_to_string("/proc/sys/kernel/hostname"))
        .unwrap_or_default();
    base16ct::lower::encode_string(&Sha256::digest(format!("cordline {}", machine.trim()))[..8])
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

/// Looks for a GPU under a root folder (`/`, or a made one in tests).
fn gpu(root: &Path) -> Option<Gpu> {
    if root.join("etc/nv_tegra_release").exists() {
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
    fn a_jetson_is_known_by_its_release_file() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::create_dir_all(root.path().join("proc/device-tree")).unwrap();
        fs::write(root.path().join("etc/nv_tegra_release"), "# R36").unwrap();
        fs::write(root.path().join("proc/device-tree/model"), "NVIDIA Jetson AGX Orin\0").unwrap();
        assert_eq!(gpu(root.path()).unwrap().model, "NVIDIA Jetson AGX Orin");
    }
}
