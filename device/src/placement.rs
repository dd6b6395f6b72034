//! Which execution provider really took the nodes of a network.
//!
//! ONNX Runtime registers a provider and may still leave nodes to the processor. Only the assignment that it reports is the truth.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};

use ort::AsPointer;
use ort::session::Session;

/// Session setting that makes ONNX Runtime keep the assignment.
pub(crate) const RECORD: (&str, &str) = ("session.record_ep_graph_assignment_info", "1");

/// Number of nodes by the ONNX name of the provider that took them.
pub type Placement = BTreeMap<String, usize>;

/// The placement of a session that was opened with [`RECORD`]; empty where ONNX Runtime does not tell.
#[allow(unsafe_code)] // The assignment can only be had through the C interface.
pub(crate) fn of(session: &Session) -> Placement {
    let api = ort::api();
    let mut placement = Placement::new();
    // SAFETY: the session is alive; the arrays and strings belong to it and live as long; each out-pointer is read only where the call
    // returned no status, and a status that was returned is released.
    unsafe {
        let ok = |status: ort::sys::OrtStatusPtr| {
            let failed = !status.0.is_null();
            if failed {
                (api.ReleaseStatus)(status.0);
            }
            !failed
        };
        let (mut graphs, mut count) = (std::ptr::null(), 0usize);
        if !ok((api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &mut graphs, &mut count)) || graphs.is_null() {
            return placement;
        }
        for &graph in std::slice::from_raw_parts(graphs, count) {
            let mut name: *const c_char = std::ptr::null();
            let (mut nodes, mut node_count) = (std::ptr::null(), 0usize);
            if ok((api.EpAssignedSubgraph_GetEpName)(graph, &mut name))
                && ok((api.EpAssignedSubgraph_GetNodes)(graph, &mut nodes, &mut node_count))
                && !name.is_null()
            {
                *placement.entry(CStr::from_ptr(name).to_string_lossy().into_owned()).or_default() += node_count;
            }
        }
    }
    placement
}
