//! Execution providers: who computes a network, in which precision, and what each needs.
//!
//! - [`tensorrt`], [`tensorrt_rtx`], [`cuda`]: NVIDIA GPUs; [`openvino`]: processors with AVX-512 or AMX; [`cpu`]: every processor
//! - [`fat_binary`]: for which GPUs a library holds kernels
//! - [`plug_in`]: a provider that comes as a library of its own and is registered by path
//! - [`choice`]: which are tried, in which order

pub mod choice;
mod cpu;
mod cuda;
mod fat_binary;
mod openvino;
mod plug_in;
mod tensorrt;
mod tensorrt_rtx;

use std::fmt;
use std::str::FromStr;

use ort::session::builder::SessionBuilder;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::engine::{self, EngineKey};
use crate::graph::Graph;
use crate::host::Host;
use crate::precision::{Precision, PrecisionPolicy};
use crate::probe::Hardware;
use crate::refusal::Refusal;

/// Who computes a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ExecutionProvider {
    /// NVIDIA TensorRT, for Jetson and data centre GPUs: builds an engine for each network first.
    #[serde(rename = "tensorrt")]
    TensorRt,
    /// NVIDIA TensorRT for RTX, for GPUs of workstations: engines in seconds.
    #[serde(rename = "tensorrt-rtx")]
    TensorRtRtx,
    /// NVIDIA CUDA with cuDNN.
    #[serde(rename = "cuda")]
    Cuda,
    /// Intel OpenVINO on the processor.
    #[serde(rename = "openvino")]
    OpenVino,
    /// ONNX Runtime's own kernels on the processor: always there.
    #[serde(rename = "cpu")]
    Cpu,
}

impl ExecutionProvider {
    /// The order in which they are tried where the operator names none.
    pub const FASTEST_FIRST: [Self; 5] = [Self::TensorRt, Self::TensorRtRtx, Self::Cuda, Self::OpenVino, Self::Cpu];

    /// The name by which ONNX Runtime knows it.
    pub fn onnx_name(self) -> &'static str {
        match self {
            Self::TensorRt => "TensorrtExecutionProvider",
            Self::TensorRtRtx => tensorrt_rtx::ONNX_NAME,
            Self::Cuda => "CUDAExecutionProvider",
            Self::OpenVino => openvino::ONNX_NAME,
            Self::Cpu => cpu::ONNX_NAME,
        }
    }

    /// The word for it in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TensorRt => "tensorrt",
            Self::TensorRtRtx => "tensorrt-rtx",
            Self::Cuda => "cuda",
            Self::OpenVino => "openvino",
            Self::Cpu => "cpu",
        }
    }

    /// True for a provider that compiles a network as a whole: every node must be its own.
    pub(crate) fn is_compiler(self) -> bool {
        matches!(self, Self::TensorRt | Self::TensorRtRtx | Self::OpenVino)
    }

    /// Why this provider cannot work here, as far as files and devices tell; nothing where it may work.
    pub fn obstacle(self, host: &Host) -> Option<Refusal> {
        match self {
            Self::TensorRt => tensorrt::obstacle(host),
            Self::TensorRtRtx => tensorrt_rtx::obstacle(host),
            Self::Cuda => cuda::obstacle(host),
            Self::OpenVino => openvino::obstacle(host),
            Self::Cpu => None,
        }
    }

    /// The precisions to be tried on this host, in order; none where it can do none of those that the policy allows.
    pub fn precisions(self, host: &Host, policy: PrecisionPolicy) -> Vec<Precision> {
        policy.choose(match self {
            Self::TensorRt | Self::TensorRtRtx => tensorrt::precisions(),
            Self::Cuda => &[Precision::Fp16, Precision::Tf32, Precision::Fp32],
            Self::OpenVino => openvino::precisions(host),
            Self::Cpu => &[Precision::Fp32],
        })
    }

    /// True where the graph itself must be in half precision. OpenVINO converts the one in single precision by itself.
    pub fn wants_half_graph(self, precision: Precision) -> bool {
        precision == Precision::Fp16 && self != Self::OpenVino
    }

    /// True for a provider that compiles a network for minutes, and keeps what came of it.
    pub fn keeps_engines(self) -> bool {
        matches!(self, Self::TensorRt | Self::TensorRtRtx)
    }

    /// How many images it is given at once while `networks` are open on it, and no more than `most`. On processors one after the other: more
    /// at once gain nothing there, and the first mask would wait for them.
    ///
    /// # Errors
    /// Its device has not memory enough for one.
    pub fn batch(
        self,
        host: &Host,
        precision: Precision,
        networks: usize,
        most: Option<usize>,
    ) -> Result<Batch, Refusal> {
        match host.gpu() {
            Some(gpu) if self.is_of_gpu() => Batch::for_gpu(gpu, precision, networks, most),
            _ => Ok(most.map_or(Batch::ONE, Batch::up_to)),
        }
    }

    /// True where it computes on a GPU.
    pub fn is_of_gpu(self) -> bool {
        matches!(self, Self::TensorRt | Self::TensorRtRtx | Self::Cuda)
    }

    /// What an engine of a network depends on; `sha256`: of the network's file. Meaningless for a provider that keeps none.
    pub fn engine_key(self, host: &Host, precision: Precision, graph: &Graph<'_>, sha256: &str) -> EngineKey {
        let own = match self {
            Self::TensorRt => tensorrt::engine_parts(host, graph),
            Self::TensorRtRtx => tensorrt_rtx::engine_parts(host, graph),
            Self::Cuda | Self::OpenVino | Self::Cpu => Vec::new(),
        };
        let common = [
            ("network", sha256.to_owned()),
            ("by", self.as_str().to_owned()),
            ("precision", precision.to_string()),
            ("onnxruntime", host.runtime.version().to_owned()),
        ];
        let device = host.gpu().map(engine::device_parts);
        EngineKey::new(common.into_iter().chain(device.into_iter().flatten()).chain(own))
    }

    /// Has a session that is being built compute on this provider alone.
    pub(crate) fn configure(
        self,
        builder: SessionBuilder,
        host: &Host,
        precision: Precision,
        graph: &Graph<'_>,
        threads: usize,
    ) -> Result<SessionBuilder, Refusal> {
        match self {
            Self::TensorRt => tensorrt::configure(builder, host, graph),
            Self::TensorRtRtx => tensorrt_rtx::configure(builder, host, graph),
            Self::Cuda => cuda::configure(builder, host, graph, precision),
            Self::OpenVino => openvino::configure(builder, host, graph, precision, threads),
            Self::Cpu => cpu::configure(builder, host, graph),
        }
    }
}

/// Why there is no GPU to compute on, where there is none.
fn no_gpu(hardware: &Hardware) -> Option<Refusal> {
    if !hardware.gpus.is_empty() {
        return None;
    }
    Some(match &hardware.gpu_warning {
        Some(warning) => Refusal::NoSuchDevice(warning.clone()),
        None if hardware.hidden_gpus.is_empty() => Refusal::NoDevice("no NVIDIA GPU was found".into()),
        None => Refusal::NoDevice("CUDA_VISIBLE_DEVICES hides every NVIDIA GPU".into()),
    })
}

/// A provider's refusal in ONNX Runtime's words. Errors of a builder carry the builder, which cannot be sent to another thread.
fn refused<T>(graph: &Graph<'_>, error: &ort::Error<T>) -> Refusal {
    Refusal::Opening { network: graph.name.into(), reason: error.to_string() }
}

impl fmt::Display for ExecutionProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TensorRt => "TensorRT",
            Self::TensorRtRtx => "TensorRT-RTX",
            Self::Cuda => "CUDA",
            Self::OpenVino => "OpenVINO",
            Self::Cpu => "CPU",
        })
    }
}

impl FromStr for ExecutionProvider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.to_ascii_lowercase();
        Self::FASTEST_FIRST.into_iter().find(|one| one.as_str() == word).ok_or_else(|| {
            let words = Self::FASTEST_FIRST.map(Self::as_str).join(", ");
            format!("{text} is not an execution provider; use auto, or some of {words}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{self, Gpu};

    #[test]
    fn names_are_read_as_they_are_written() {
        for provider in ExecutionProvider::FASTEST_FIRST {
            assert_eq!(provider.as_str().parse(), Ok(provider));
            assert_eq!(provider.to_string().parse(), Ok(provider));
        }
        assert!("gpu".parse::<ExecutionProvider>().is_err());
    }

    #[test]
    fn why_there_is_no_gpu_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut hardware = probe::hardware_below(folder.path());
        let none = |reason: &str| Some(Refusal::NoDevice(reason.into()));
        assert_eq!(no_gpu(&hardware), none("no NVIDIA GPU was found"));
        hardware.hidden_gpus = vec![Gpu::default()];
        assert_eq!(no_gpu(&hardware), none("CUDA_VISIBLE_DEVICES hides every NVIDIA GPU"));
        hardware.gpu_warning = Some("it names GPU-7".into());
        assert_eq!(no_gpu(&hardware), Some(Refusal::NoSuchDevice("it names GPU-7".into())));
        hardware.gpus = vec![Gpu::default()];
        assert_eq!(no_gpu(&hardware), None, "one is left in spite of it");
    }

    #[test]
    fn the_half_graph_is_for_those_that_obey_the_graph() {
        let wants = |provider: ExecutionProvider| provider.wants_half_graph(Precision::Fp16);
        assert_eq!(ExecutionProvider::FASTEST_FIRST.map(wants), [true, true, true, false, true]);
        assert!(!ExecutionProvider::Cuda.wants_half_graph(Precision::Tf32));
    }
}
