//! CUDA with cuDNN: any NVIDIA GPU for which ONNX Runtime's library holds kernels.

use std::path::Path;

use ort::ep;
use ort::ep::cuda::ConvAlgorithmSearch;
use ort::session::builder::SessionBuilder;

use super::fat_binary::Kernels;
use super::{no_gpu, refused};
use crate::graph::Graph;
use crate::host::Host;
use crate::precision::Precision;
use crate::probe::ComputeCapability;
use crate::refusal::Refusal;

const LIBRARY: &str = "libonnxruntime_providers_cuda.so";

pub(super) fn obstacle(host: &Host) -> Option<Refusal> {
    built_in(host, LIBRARY).or_else(|| {
        let compute = host.gpu()?.compute?;
        without_kernels(&host.runtime.path().with_file_name(LIBRARY), compute)
    })
}

/// A library without kernels for a GPU opens a network, and fails at the first run. TensorRT's holds none at all: it compiles on the GPU.
fn without_kernels(library: &Path, gpu: ComputeCapability) -> Option<Refusal> {
    let kernels = Kernels::unfit(library, gpu)?;
    Some(Refusal::NoKernels { library: LIBRARY, held: kernels.to_string(), gpu })
}

/// What keeps a provider that comes with ONNX Runtime from working: no GPU, or a build without it.
pub(super) fn built_in(host: &Host, library: &str) -> Option<Refusal> {
    no_gpu(&host.hardware).or_else(|| {
        let beside = host.runtime.path().with_file_name(library);
        (!beside.exists()).then_some(Refusal::FileMissing(beside))
    })
}

/// CUDA's number of the GPU that computes.
pub(super) fn device_id(host: &Host) -> i32 {
    // No host has so many GPUs that its number were another one.
    host.device as i32
}

pub(super) fn configure(
    builder: SessionBuilder,
    host: &Host,
    graph: &Graph<'_>,
    precision: Precision,
) -> Result<SessionBuilder, Refusal> {
    let provider = ep::CUDA::default()
        .with_device_id(device_id(host))
        // On every GPU since Ampere it is on unless it is switched off.
        .with_tf32(precision == Precision::Tf32)
        // To try every algorithm takes more than half a second for each new shape, and gigabytes.
        .with_conv_algorithm_search(ConvAlgorithmSearch::Heuristic)
        .with_arena_extend_strategy(ep::ArenaExtendStrategy::SameAsRequested);
    // A provider that cannot be used is an error, never skipped in silence.
    builder.with_execution_providers([provider.build().error_on_failure()]).map_err(|error| refused(graph, &error))
}

#[cfg(test)]
mod tests {
    use super::super::fat_binary::tests::{MACHINE_CODE, library};
    use super::*;

    #[test]
    fn a_library_without_kernels_for_the_gpu_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LIBRARY);
        std::fs::write(&path, library(&[&[(MACHINE_CODE, 75), (MACHINE_CODE, 80), (MACHINE_CODE, 120)]])).unwrap();
        let refused = |major, minor| without_kernels(&path, ComputeCapability { major, minor });
        let orin = refused(8, 7).unwrap();
        assert_eq!(
            orin.to_string(),
            "libonnxruntime_providers_cuda.so holds kernels for SM 7.5, 8.0, 12.0, not for this GPU's 8.7"
        );
        assert_eq!((orin.as_str(), refused(8, 9)), ("no_kernels", None));
        std::fs::write(&path, b"another format").unwrap();
        assert_eq!(refused(8, 7), None, "what is not understood is not refused");
    }
}
