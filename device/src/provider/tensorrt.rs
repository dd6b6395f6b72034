//! TensorRT, for Jetson and data centre GPUs.

use std::path::Path;
use std::time::SystemTime;

use ort::ep;
use ort::session::builder::SessionBuilder;

use super::{cuda, refused};
use crate::batch;
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

pub(super) fn configure(builder: SessionBuilder, host: &Host, graph: &Graph<'_>) -> Result<SessionBuilder, Refusal> {
    let profile = Profile::of(host, graph);
    let mut provider = ep::TensorRT::default().with_device_id(cuda::device_id(host));
    if let Some(folders) = &graph.engine {
        provider = provider
            .with_engine_cache(true)
            .with_engine_cache_path(folders.engine.display())
            .with_engine_cache_prefix(graph.name)
            .with_timing_cache(true)
            .with_timing_cache_path(folders.timing.display())
            .with_detailed_build_log(true);
    }
    let provider = provider
        .with_builder_optimization_level(OPTIMISATION_LEVEL)
        .with_profile_min_shapes(profile.least)
        .with_profile_opt_shapes(profile.usual)
        .with_profile_max_shapes(profile.most);
    builder.with_execution_providers([provider.build().error_on_failure()]).map_err(|error| refused(graph, &error))
}

/// What an engine depends on beside its network.
pub(super) fn engine_parts(host: &Host, graph: &Graph<'_>) -> Vec<(&'static str, String)> {
    let Profile { least, usual, most } = Profile::of(host, graph);
    vec![
        ("builder", library_version(c"libnvinfer.so.10")),
        ("provider", stamp(&host.runtime.path().with_file_name(LIBRARY))),
        ("level", OPTIMISATION_LEVEL.to_string()),
        ("profile", format!("{least} {usual} {most}")),
    ]
}

/// TensorRT's own number; empty where the library cannot be loaded, and then no engine is built or read either.
#[allow(unsafe_code)] // The version can only be had through the C interface.
fn library_version(library: &std::ffi::CStr) -> String {
    let name = library.to_string_lossy();
    // SAFETY: this is the library that the provider itself loads; `getInferLibVersion` takes nothing and returns an int in every version.
    unsafe {
        let Ok(library) = libloading::Library::new(&*name) else { return String::new() };
        let version = library.get::<unsafe extern "C" fn() -> i32>(b"getInferLibVersion").map(|version| version());
        version.map(|version| version.to_string()).unwrap_or_default()
    }
}

/// Size and time of a library: another one has others.
pub(super) fn stamp(file: &Path) -> String {
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    match file.metadata() {
        Ok(found) => format!("{} bytes of {}", found.len(), found.modified().map(seconds).unwrap_or_default()),
        Err(_) => String::new(),
    }
}

/// The shapes that an engine is built for: without them the first study builds it, and each larger batch builds it again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub least: String,
    pub usual: String,
    pub most: String,
}

impl Profile {
    pub(super) fn of(host: &Host, graph: &Graph<'_>) -> Self {
        let [channels, rows, columns] = graph.shape;
        let [usual, most] = batch::profile(host.gpu());
        let shapes = |batch: usize| format!("{}:{batch}x{channels}x{rows}x{columns}", graph.input);
        Self { least: shapes(1), usual: shapes(usual), most: shapes(most) }
    }
}
