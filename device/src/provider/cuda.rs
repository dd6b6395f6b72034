//! CUDA with cuDNN: any NVIDIA GPU for which ONNX Runtime's library holds kernels.

use ort::ep;
use ort::ep::cuda::ConvAlgorithmSearch;
use ort::session::builder::SessionBuilder;

use super::refused;
use crate::graph::Graph;
use crate::host::Host;
use crate::precision::Precision;
use crate::refusal::Refusal;

const LIBRARY: &str = "libonnxruntime_providers_cuda.so";

pub(super) fn obstacle(host: &Host) -> Option<Refusal> {
    built_in(host, LIBRARY)
}

/// What keeps a provider that comes with ONNX Runtime from working: no GPU, or a build without it.
pub(super) fn built_in(host: &Host, library: &str) -> Option<Refusal> {
    if host.hardware.gpus.is_empty() {
        return Some(Refusal::NoDevice("no NVIDIA GPU was found".into()));
    }
    let beside = host.runtime.path().with_file_name(library);
    (!beside.exists()).then_some(Refusal::FileMissing(beside))
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
