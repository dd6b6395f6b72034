//! TensorRT, CUDA, CPU: the order of preference, and what each needs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ort::ep::{self, ExecutionProviderDispatch};
use serde::{Deserialize, Serialize};

/// Who computes a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionProvider {
    /// NVIDIA TensorRT: fastest; builds an engine for each network first.
    TensorRt,
    /// NVIDIA CUDA.
    Cuda,
    /// The processor: always there.
    Cpu,
}

impl ExecutionProvider {
    /// The order in which providers are tried where the configuration names none.
    pub const PREFERENCE: [Self; 3] = [Self::TensorRt, Self::Cuda, Self::Cpu];

    /// The name by which ONNX Runtime knows it.
    pub fn onnx_name(self) -> &'static str {
        match self {
            Self::TensorRt => "TensorrtExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
            Self::Cpu => "CPUExecutionProvider",
        }
    }

    /// The library file that must lie beside ONNX Runtime; none for the processor.
    pub fn library_file(self) -> Option<&'static str> {
        match self {
            Self::TensorRt => Some("libonnxruntime_providers_tensorrt.so"),
            Self::Cuda => Some("libonnxruntime_providers_cuda.so"),
            Self::Cpu => None,
        }
    }

    /// Why this provider cannot work here, as far as files tell; nothing where it may work.
    pub fn obstacle(self, onnxruntime: &Path, gpu: bool) -> Option<String> {
        let file = self.library_file()?;
        if !gpu {
            return Some("no NVIDIA GPU was found".into());
        }
        let beside = onnxruntime.parent()?.join(file);
        (!beside.exists())
            .then(|| format!("{} is missing: this ONNX Runtime was built without {self}", beside.display()))
    }

    /// What ONNX Runtime is told; a provider that cannot be used is an error there, never skipped in silence.
    /// The processor needs no entry: ONNX Runtime gives it every node that no other provider took.
    pub(crate) fn dispatch(self) -> Option<ExecutionProviderDispatch> {
        match self {
            Self::TensorRt => Some(ep::TensorRT::default().build().error_on_failure()),
            Self::Cuda => Some(ep::CUDA::default().build().error_on_failure()),
            Self::Cpu => None,
        }
    }
}

impl fmt::Display for ExecutionProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TensorRt => "TensorRT",
            Self::Cuda => "CUDA",
            Self::Cpu => "CPU",
        })
    }
}

impl FromStr for ExecutionProvider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "tensorrt" => Ok(Self::TensorRt),
            "cuda" => Ok(Self::Cuda),
            "cpu" => Ok(Self::Cpu),
            _ => Err(format!("{text} is not an execution provider; use tensorrt, cuda or cpu")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_its_library_or_gpu_says_so() {
        let onnxruntime = Path::new("/nowhere/libonnxruntime.so");
        assert!(ExecutionProvider::Cuda.obstacle(onnxruntime, false).unwrap().contains("GPU"));
        assert!(
            ExecutionProvider::Cuda.obstacle(onnxruntime, true).unwrap().contains("libonnxruntime_providers_cuda.so")
        );
        assert_eq!(ExecutionProvider::Cpu.obstacle(onnxruntime, false), None);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for provider in ExecutionProvider::PREFERENCE {
            assert_eq!(provider.to_string().parse(), Ok(provider));
        }
        assert!("gpu".parse::<ExecutionProvider>().is_err());
    }
}
