//! OpenVINO on the processor: a plug-in that gains where there is AVX-512, and most where there is AMX.

use ort::memory::DeviceType;
use ort::session::builder::SessionBuilder;

use super::{plug_in, refused};
use crate::graph::Graph;
use crate::host::Host;
use crate::precision::Precision;
use crate::refusal::Refusal;

/// Exactly this: the plug-in offers devices of other names, which choose for themselves.
pub(super) const ONNX_NAME: &str = "OpenVINOExecutionProvider";

pub(super) fn obstacle(host: &Host) -> Option<Refusal> {
    let vectors = &host.hardware.vectors;
    if !vectors.avx512 && !vectors.amx_bf16 {
        return Some(Refusal::NoDevice("the processor has neither AVX-512 nor AMX".into()));
    }
    plug_in::obstacle(host.plug_ins.openvino.as_deref())
}

/// bf16 where the processor multiplies it; it is what OpenVINO takes by itself there, so it is always told.
pub(super) fn precisions(host: &Host) -> &'static [Precision] {
    let vectors = &host.hardware.vectors;
    match vectors.amx_bf16 || vectors.avx512_bf16 {
        true => &[Precision::Bf16, Precision::Fp32],
        false => &[Precision::Fp32],
    }
}

pub(super) fn configure(
    builder: SessionBuilder,
    host: &Host,
    graph: &Graph<'_>,
    precision: Precision,
    threads: usize,
) -> Result<SessionBuilder, Refusal> {
    let mut devices = plug_in::devices(host, host.plug_ins.openvino.as_deref(), ONNX_NAME, &[])?;
    devices.retain(|device| device.hardware_device().ty() == DeviceType::CPU);
    if devices.is_empty() {
        return Err(Refusal::NoDevice("OpenVINO lists no processor".into()));
    }
    let hint = match precision {
        Precision::Bf16 => "bf16",
        Precision::Fp16 => "f16",
        Precision::Fp32 | Precision::Tf32 => "f32",
    };
    // No CACHE_DIR: a damaged blob in it was accepted, and changed the answer.
    let settings = format!(
        r#"{{"CPU":{{"INFERENCE_PRECISION_HINT":"{hint}","NUM_STREAMS":"1","INFERENCE_NUM_THREADS":"{threads}"}}}}"#
    );
    let options = [(format!("{ONNX_NAME}.load_config"), settings)];
    builder.with_devices(devices, Some(&options)).map_err(|error| refused(graph, &error))
}
