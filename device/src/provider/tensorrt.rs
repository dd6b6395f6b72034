//! TensorRT, for Jetson and data centre GPUs.

use ort::ep;
use ort::session::builder::SessionBuilder;

use super::{cuda, refused};
use crate::graph::Graph;
use crate::host::Host;
use crate::precision::Precision;
use crate::refusal::Refusal;

const LIBRARY: &str = "libonnxruntime_providers_tensorrt.so";

/// Of the builder: 5 took an hour and a half for one network.
const OPTIMISATION_LEVEL: u8 = 3;

/// Environment variable that keeps TensorRT from computing single precision in TF32; read once by the driver's libraries.
const TF32_OVERRIDE: &str = "NVIDIA_TF32_OVERRIDE";

pub(super) fn obstacle(host: &Host) -> Option<Refusal> {
    cuda::built_in(host, LIBRARY)
}

/// TensorRT obeys the graph, but for products of single precision: those are TF32's unless the process began without it.
pub(super) fn precisions() -> &'static [Precision] {
    match std::env::var(TF32_OVERRIDE).as_deref() {
        Ok("0") => &[Precision::Fp16, Precision::Fp32],
        _ => &[Precision::Fp16, Precision::Tf32],
    }
}

pub(super) fn configure(builder: SessionBuilder, graph: &Graph<'_>) -> Result<SessionBuilder, Refusal> {
    let profile = Profile::of(graph);
    let provider = ep::TensorRT::default()
        .with_builder_optimization_level(OPTIMISATION_LEVEL)
        .with_profile_min_shapes(profile.least)
        .with_profile_opt_shapes(profile.usual)
        .with_profile_max_shapes(profile.most);
    builder.with_execution_providers([provider.build().error_on_failure()]).map_err(|error| refused(graph, &error))
}

/// The shapes that an engine is built for: without them the first study builds it, and each larger batch builds it again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub least: String,
    pub usual: String,
    pub most: String,
}

impl Profile {
    pub(super) fn of(graph: &Graph<'_>) -> Self {
        let [channels, rows, columns] = graph.shape;
        let shapes = |batch: usize| format!("{}:{batch}x{channels}x{rows}x{columns}", graph.input);
        Self { least: shapes(1), usual: shapes(graph.usual_batch), most: shapes(graph.largest_batch) }
    }
}
