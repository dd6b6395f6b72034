//! Everything that an engine depends on.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::probe::Gpu;

/// Changes where this program would write or read engines otherwise.
const FORMAT: &str = "1";

/// The parts of an engine's key, by name. Two engines are the same one where all parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineKey {
    parts: BTreeMap<String, String>,
}

impl EngineKey {
    /// A key of these parts: network, provider and its version, ONNX Runtime, driver, device, precision, shapes and settings of the builder.
    pub fn new(parts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let own = [("format", FORMAT.to_owned())];
        Self { parts: own.into_iter().chain(parts).map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// From a record.
    pub(crate) fn of_parts(parts: BTreeMap<String, String>) -> Self {
        Self { parts }
    }

    /// Each part by its name.
    pub fn parts(&self) -> &BTreeMap<String, String> {
        &self.parts
    }

    /// 16 hexadecimal digits: the name of the engine's folder.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        for (name, value) in &self.parts {
            // Lengths, so that no two lists of parts are one text.
            sha.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
        }
        base16ct::lower::encode_string(&sha.finalize()[..8])
    }
}

/// What an engine depends on of the GPU that it is built on. Slices of one card differ in nothing but their memory.
pub(crate) fn device_parts(gpu: &Gpu) -> [(&'static str, String); 4] {
    // What the kernel of a board leaves of its memory changes from start to start; what was soldered on does not.
    let memory = gpu.memory.map(|memory| match gpu.jetson {
        Some(_) => memory.total_bytes.checked_next_power_of_two().unwrap_or(u64::MAX),
        None => memory.total_bytes,
    });
    [
        ("device", gpu.model.clone()),
        ("driver", gpu.driver.clone().unwrap_or_default()),
        ("sm", gpu.compute.map(|compute| compute.to_string()).unwrap_or_default()),
        ("memory", memory.map(|bytes| bytes.to_string()).unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{ComputeCapability, GpuMemory, Jetson};

    fn parts() -> Vec<(&'static str, String)> {
        ["network", "provider", "precision", "profile"].into_iter().map(|name| (name, format!("{name} 1"))).collect()
    }

    #[test]
    fn every_part_makes_another_key() {
        let first = EngineKey::new(parts()).digest();
        assert_eq!(first, EngineKey::new(parts()).digest());
        assert!(first.len() == 16 && first.bytes().all(|b| b.is_ascii_hexdigit()));
        for changed in 0..parts().len() {
            let mut other = parts();
            other[changed].1.push('0');
            assert_ne!(EngineKey::new(other).digest(), first);
        }
        let split = |a: &str, b: &str| EngineKey::new([("a", a.to_owned()), ("b", b.to_owned())]).digest();
        assert_ne!(split("1", "2"), split("12", ""));
    }

    fn gpu(total_bytes: u64) -> Gpu {
        let compute = Some(ComputeCapability { major: 9, minor: 0 });
        let memory = Some(GpuMemory { total_bytes, free_bytes: total_bytes / 2 });
        Gpu { model: "NVIDIA H200".into(), driver: Some("580.95".into()), compute, memory, ..Gpu::default() }
    }

    fn digest(gpu: &Gpu) -> String {
        EngineKey::new(device_parts(gpu)).digest()
    }

    #[test]
    fn an_engine_is_for_one_kind_of_gpu_and_one_size_of_slice() {
        let whole = gpu(141 << 30);
        let busy = Gpu { memory: Some(GpuMemory { total_bytes: 141 << 30, free_bytes: 0 }), ..whole.clone() };
        let warm = Gpu { temperature_c: Some(80.0), power_w: Some(600.0), utilisation: Some(1.0), ..busy };
        assert_eq!(digest(&whole), digest(&warm), "what it does now is no part of it");
        let older = Gpu { compute: Some(ComputeCapability { major: 8, minor: 9 }), ..whole.clone() };
        let digests = [digest(&gpu(16 << 30)), digest(&gpu(33 << 30)), digest(&older), digest(&whole)];
        assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn a_board_keeps_its_engines_when_its_kernel_leaves_it_less_memory() {
        let board = |bytes| digest(&Gpu { jetson: Some(Jetson::default()), ..gpu(bytes) });
        assert_eq!(board(7_989_444_608), board(7_902_412_800));
        assert_ne!(board(7_989_444_608), board(3_900_000_000));
    }
}
