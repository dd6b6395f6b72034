//! Providers that come as a library of their own, registered by path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::device::Device;

use crate::host::Host;
use crate::library::keep_loaded;
use crate::refusal::Refusal;
use crate::trial;

/// Nothing where the library is there.
pub(super) fn obstacle(library: Option<&Path>) -> Option<Refusal> {
    match library {
        None => Some(Refusal::NotInstalled),
        Some(path) if !path.is_file() => Some(Refusal::FileMissing(path.to_path_buf())),
        Some(_) => None,
    }
}

/// What came of each library: registered once for the process, and refused ones are not asked again.
static REGISTERED: Mutex<BTreeMap<PathBuf, Result<(), Refusal>>> = Mutex::new(BTreeMap::new());

/// Registers the library where that was not done, and returns the devices of exactly this name; never none.
///
/// `first`: libraries that lie beside it and must be there before.
pub(super) fn devices<'h>(
    host: &'h Host,
    library: Option<&Path>,
    onnx_name: &str,
    first: &[&str],
) -> Result<Vec<Device<'h>>, Refusal> {
    let library = library.ok_or(Refusal::NotInstalled)?;
    // A poisoned lock only means that another thread panicked beside it: what was noted is whole.
    let mut registered = REGISTERED.lock().unwrap_or_else(|e| e.into_inner());
    registered.entry(library.to_path_buf()).or_insert_with(|| register(host, library, onnx_name, first)).clone()?;
    let devices = host.runtime.devices(onnx_name);
    // ONNX Runtime takes an empty list for none in particular, and computes on the processor.
    match devices.is_empty() {
        true => Err(Refusal::NoDevice(format!("{} lists no device of this host", library.display()))),
        false => Ok(devices),
    }
}

fn register(host: &Host, library: &Path, name: &str, first: &[&str]) -> Result<(), Refusal> {
    let first: Vec<PathBuf> =
        first.iter().map(|file| library.with_file_name(file)).filter(|path| path.is_file()).collect();
    trial::load(&host.runtime, name, library, &first)?;
    for beside in &first {
        keep_loaded(beside).map_err(Refusal::DoesNotLoad)?;
    }
    host.runtime.register(name, library).map_err(|error| Refusal::DoesNotLoad(error.to_string()))
}
