//! What is in the host: processor, memory, GPUs, driver. Files of the kernel and NVIDIA's library are asked; no program is started.
//!
//! - [`processor`]: its name and its vector units
//! - [`gpu`]: a GPU, and what it tells of itself
//! - [`nvml`]: NVIDIA's library for GPUs; [`driver`]: the kernel's driver, without that library
//! - [`visible`]: which of them this process may use
//! - [`jetson`]: NVIDIA's boards, by files of the kernel; [`board`]: what they tell beside their GPU
//! - [`serial`](mod@serial): a number that stays with the host
//! - [`file`](mod@file): reading within bounds

mod board;
mod driver;
mod file;
mod gpu;
mod jetson;
mod nvml;
mod processor;
mod serial;
mod visible;

use std::path::Path;

use serde::Serialize;

use crate::memory;
pub use board::{Jetson, PowerMode, Release};
pub use gpu::{ComputeCapability, Gpu, GpuMemory};

pub use processor::VectorUnits;
pub use serial::serial;
pub use visible::order_gpus_by_bus;
use visible::{Card, Visible, Wishes};

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
    /// NVIDIA GPUs that this process may use, in the order in which CUDA numbers them, as they were when this was looked at.
    pub gpus: Vec<Gpu>,
    /// The host's other ones, whole or slices.
    pub hidden_gpus: Vec<Gpu>,
    /// What is wrong with the choice of GPUs in this process's environment.
    pub gpu_warning: Option<String>,
}

/// Looks at the host this program runs on.
pub fn hardware() -> Hardware {
    examine(Path::new("/"), nvml::cards(), &Wishes::of_this_process())
}

/// Looks at the files below a root folder alone: what NVIDIA's library and the environment would tell is left out.
pub fn hardware_below(root: &Path) -> Hardware {
    examine(root, Vec::new(), &Wishes::default())
}

/// The GPUs that this process may use, as they are now.
pub fn gpus() -> Vec<Gpu> {
    Visible::of(cards(Path::new("/"), nvml::cards()), &Wishes::of_this_process()).gpus
}

fn examine(root: &Path, told: Vec<Card>, wishes: &Wishes) -> Hardware {
    let text = |path| file::text(&root.join(path)).unwrap_or_default();
    let (memory_bytes, memory_available_bytes) = memory::of_meminfo(&text("proc/meminfo")).unwrap_or_default();
    let cpuinfo = text("proc/cpuinfo");
    let visible = Visible::of(cards(root, told), wishes);
    Hardware {
        processor: processor::name(&cpuinfo),
        cores: std::thread::available_parallelism().map_or(1, |n| n.get()),
        memory_bytes,
        memory_available_bytes,
        vectors: processor::vectors(&cpuinfo),
        gpus: visible.gpus,
        hidden_gpus: visible.hidden,
        gpu_warning: visible.warning,
    }
}

/// What NVIDIA's library told, and what files tell: each knows what the other one does not.
fn cards(root: &Path, told: Vec<Card>) -> Vec<Card> {
    if let Some(board) = jetson::gpu(root) {
        // A board may hold a card beside its own GPU; only their kernels tell them apart.
        let is_own = |card: &Card| {
            let compute = card.whole.compute;
            compute.is_none() || board.compute.is_none() || compute == board.compute
        };
        let (own, cards): (Vec<Card>, Vec<Card>) = told.into_iter().partition(is_own);
        let own = own.into_iter().next().unwrap_or_default();
        return std::iter::once(Card { whole: board.or(own.whole), ..own }).chain(cards).collect();
    }
    let known = driver::gpus(root);
    if told.is_empty() {
        return known.into_iter().map(|whole| Card { whole, slices: None }).collect();
    }
    let by_files = |gpu: &Gpu| known.iter().find(|one| one.uuid.is_some() && one.uuid == gpu.uuid).cloned();
    let with_files = |gpu: Gpu| gpu.clone().or(by_files(&gpu).unwrap_or_default());
    told.into_iter().map(|card| Card { whole: with_files(card.whole), ..card }).collect()
}

#[cfg(test)]
mod tests;
