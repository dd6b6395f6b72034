//! A GPU, and what it tells of itself: each line only where something tells it.

use std::fmt;

use serde::Serialize;

use super::board::Jetson;

/// An NVIDIA GPU, or a slice of one (MIG) that a process sees as a GPU of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gpu {
    /// Model, or the name of the Jetson board.
    pub model: String,
    /// By which it is told from others of its model: `GPU-…`, or `MIG-…` for a slice.
    pub uuid: Option<String>,
    /// For which it takes kernels.
    pub compute: Option<ComputeCapability>,
    /// Its own; on a Jetson that of the host, which both share.
    pub memory: Option<GpuMemory>,
    /// Version of the driver; absent on a Jetson without NVIDIA's library, where it is part of the system.
    pub driver: Option<String>,
    pub temperature_c: Option<f64>,
    /// What it draws; on a Jetson what its rail does, which other units may share.
    pub power_w: Option<f64>,
    /// Share of the last moments in which it computed, 0 to 1.
    pub utilisation: Option<f64>,
    /// Why it computes slower than it could, in words: none where it does not, absent where nothing tells.
    pub throttled: Option<Vec<&'static str>>,
    /// The board that it is part of.
    pub jetson: Option<Jetson>,
}

/// Compute capability, which NVIDIA calls SM: `8.9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComputeCapability {
    pub major: u32,
    pub minor: u32,
}

/// Memory of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GpuMemory {
    pub total_bytes: u64,
    pub free_bytes: u64,
}

impl Gpu {
    /// What is not known of it, from another one's view of the same GPU.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            model: if self.model.is_empty() { other.model } else { self.model },
            uuid: self.uuid.or(other.uuid),
            compute: self.compute.or(other.compute),
            memory: self.memory.or(other.memory),
            driver: self.driver.or(other.driver),
            temperature_c: self.temperature_c.or(other.temperature_c),
            power_w: self.power_w.or(other.power_w),
            utilisation: self.utilisation.or(other.utilisation),
            throttled: self.throttled.or(other.throttled),
            jetson: self.jetson.or(other.jetson),
        }
    }

    /// True where it is slowed down now.
    pub fn is_throttled(&self) -> bool {
        self.throttled.as_ref().is_some_and(|reasons| !reasons.is_empty())
    }
}

impl GpuMemory {
    /// What is taken, by whomever.
    pub fn used_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.free_bytes)
    }
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for ComputeCapability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
