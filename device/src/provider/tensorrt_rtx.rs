//! TensorRT for RTX: a plug-in for the GPUs of workstations (SM 8.6, 8.9 and 12.0).

use ort::session::builder::SessionBuilder;

use super::tensorrt::{self, Profile};
use super::{no_gpu, plug_in, refused};
use crate::graph::Graph;
use crate::host::Host;
use crate::refusal::Refusal;

pub(super) const ONNX_NAME: &str = "NvTensorRTRTXExecutionProvider";

/// What it needs and does not find by itself, as it has no search path of its own.
const FIRST: [&str; 3] = ["libcudart.so.12", "libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1"];

pub(super) fn obstacle(host: &Host) -> Option<Refusal> {
    no_gpu(&host.hardware).or_else(|| plug_in::obstacle(host.plug_ins.tensorrt_rtx.as_deref()))
}

/// What an engine depends on beside its network.
pub(super) fn engine_parts(host: &Host, graph: &Graph<'_>) -> Vec<(&'static str, String)> {
    let Profile { least, usual, most } = Profile::of(host, graph);
    let library = host.plug_ins.tensorrt_rtx.clone().unwrap_or_default();
    vec![
        ("builder", tensorrt::stamp(&library.with_file_name(FIRST[1]))),
        ("provider", tensorrt::stamp(&library)),
        ("profile", format!("{least} {usual} {most}")),
    ]
}

pub(super) fn configure(builder: SessionBuilder, host: &Host, graph: &Graph<'_>) -> Result<SessionBuilder, Refusal> {
    let listed = plug_in::devices(host, host.plug_ins.tensorrt_rtx.as_deref(), ONNX_NAME, &FIRST)?;
    let count = listed.len();
    let Some(device) = listed.into_iter().nth(host.device) else {
        return Err(Refusal::NoDevice(format!("GPU {} is wanted, and it takes {count} of this host", host.device)));
    };
    let profile = Profile::of(host, graph);
    let cache = graph.engine.iter().map(|folders| ("nv_runtime_cache_path", folders.engine.display().to_string()));
    let shapes = [
        ("nv_profile_min_shapes", profile.least),
        ("nv_profile_opt_shapes", profile.usual),
        ("nv_profile_max_shapes", profile.most),
    ];
    let options: Vec<(String, String)> =
        shapes.into_iter().chain(cache).map(|(key, value)| (format!("{ONNX_NAME}.{key}"), value)).collect();
    builder.with_devices([device], Some(&options)).map_err(|error| refused(graph, &error))
}
