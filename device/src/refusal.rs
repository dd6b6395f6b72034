//! Why a provider cannot be used.

use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

use crate::probe::ComputeCapability;

/// Why a provider cannot be used, in the order in which it is found out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The host has no device that it computes on.
    #[error("{0}")]
    NoDevice(String),
    /// The device that was chosen for this process is not there.
    #[error("{0}")]
    NoSuchDevice(String),
    /// It comes as a library of its own, which was neither configured nor found in the usual places.
    #[error("its plug-in is not installed")]
    NotInstalled,
    /// A file of the provider is not there.
    #[error("{} is missing", .0.display())]
    FileMissing(PathBuf),
    /// Its library was not built for the GPU.
    #[error("{library} holds kernels for {held}, not for this GPU's {gpu}")]
    NoKernels {
        /// Name of the library.
        library: &'static str,
        /// For which GPUs it holds some: `SM 8.0, 9.0`.
        held: String,
        /// What the GPU takes.
        gpu: ComputeCapability,
    },
    /// Its library cannot be loaded; what the loader said.
    #[error("its library does not load: {0}")]
    DoesNotLoad(String),
    /// It does not compute in the precision that is wanted, or not on this host.
    #[error("{0}")]
    Precision(String),
    /// The bundle holds no graph, or no tolerance, for this precision.
    #[error("{0}")]
    NotTolerated(String),
    /// It compiles networks first, and there is no engine of this one that could be trusted.
    #[error("{0}")]
    Engine(String),
    /// The provider refused the network.
    #[error("the network {network} could not be opened: {reason}")]
    Opening {
        /// Name of the network.
        network: String,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// It left nodes of the network to another provider.
    #[error("{outside} of {all} nodes of the network {network} stayed outside of it")]
    NodesOutside {
        /// Name of the network.
        network: String,
        /// Nodes that another provider took.
        outside: usize,
        /// All nodes.
        all: usize,
    },
    /// A run failed.
    #[error("the network {network} could not be run: {reason}")]
    WarmUp {
        /// Name of the network.
        network: String,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// It answered with what no network of the bundle can answer.
    #[error("{0}")]
    Answer(String),
    /// It did not reproduce the stored output.
    #[error("{0}")]
    Golden(String),
    /// There was not memory enough.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
}

impl Refusal {
    /// The word for it in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoDevice(_) => "no_device",
            Self::NoSuchDevice(_) => "no_such_device",
            Self::NotInstalled => "not_installed",
            Self::FileMissing(_) => "file_missing",
            Self::NoKernels { .. } => "no_kernels",
            Self::DoesNotLoad(_) => "does_not_load",
            Self::Precision(_) => "precision",
            Self::NotTolerated(_) => "not_tolerated",
            Self::Engine(_) => "engine",
            Self::Opening { .. } => "opening",
            Self::NodesOutside { .. } => "nodes_outside",
            Self::WarmUp { .. } => "warm_up",
            Self::Answer(_) => "answer",
            Self::Golden(_) => "golden",
            Self::OutOfMemory(_) => "out_of_memory",
        }
    }
}

impl Serialize for Refusal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
