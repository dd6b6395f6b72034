//! ONNX Runtime's own kernels on the processor.

use ort::session::builder::SessionBuilder;

use super::refused;
use crate::graph::Graph;
use crate::host::Host;
use crate::refusal::Refusal;

pub(super) const ONNX_NAME: &str = "CPUExecutionProvider";

/// Named like any other: as soon as a plug-in is registered, a session that names none is given to whichever promises to need least power.
pub(super) fn configure(builder: SessionBuilder, host: &Host, graph: &Graph<'_>) -> Result<SessionBuilder, Refusal> {
    let devices = host.runtime.devices(ONNX_NAME);
    if devices.is_empty() {
        return Err(Refusal::NoDevice("ONNX Runtime lists no processor".into()));
    }
    builder.with_devices(devices, None).map_err(|error| refused(graph, &error))
}
