//! ONNX Runtime, the hardware under it, and the plug-ins beside it: what decides on which providers can work.

use std::path::{Path, PathBuf};

use crate::library::{self, OnnxRuntime};
use crate::probe::{self, Gpu, Hardware};

/// What a network is opened with.
#[derive(Clone)]
pub struct Host {
    /// The library.
    pub runtime: OnnxRuntime,
    /// Processor and GPU.
    pub hardware: Hardware,
    /// Providers that come as libraries of their own.
    pub plug_ins: PlugIns,
    /// Which of its GPUs computes, from 0: CUDA's number of it too.
    pub device: usize,
}

impl Host {
    /// The GPU that computes, where there is one.
    pub fn gpu(&self) -> Option<&Gpu> {
        self.hardware.gpus.get(self.device)
    }

    /// True where a GPU came or went since the host was looked at.
    pub fn has_other_gpus(&self) -> bool {
        let identity = |gpu: &Gpu| (gpu.model.clone(), gpu.uuid.clone());
        !probe::gpus().iter().map(identity).eq(self.hardware.gpus.iter().map(identity))
    }
}

/// Libraries of providers; `None` where none was configured or found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlugIns {
    /// OpenVINO's.
    pub openvino: Option<PathBuf>,
    /// TensorRT-RTX's.
    pub tensorrt_rtx: Option<PathBuf>,
}

/// File names of the libraries, as their makers publish them.
const OPENVINO: &str = "libonnxruntime_providers_openvino_plugin.so";
const TENSORRT_RTX: &str = "libonnxruntime_providers_nv_tensorrt_rtx.so";

impl PlugIns {
    /// Those that were configured (a file, or the folder that holds it), else those that lie in the usual places: `.openvino/*/` and
    /// `.tensorrt-rtx/*/` where ONNX Runtime would be looked for in `.onnxruntime/*/`, then folders of `/usr/lib/cordline`.
    pub fn find(openvino: Option<&Path>, tensorrt_rtx: Option<&Path>) -> Self {
        Self {
            openvino: find(openvino, "openvino", OPENVINO),
            tensorrt_rtx: find(tensorrt_rtx, "tensorrt-rtx", TENSORRT_RTX),
        }
    }
}

fn find(configured: Option<&Path>, folder: &str, file: &str) -> Option<PathBuf> {
    if let Some(path) = configured.filter(|path| !path.as_os_str().is_empty()) {
        // Kept where it is not there too, so that it is named as missing.
        return Some(if path.is_dir() { path.join(file) } else { path.to_path_buf() });
    }
    let hidden = library::folders_above().map(|place| place.join(format!(".{folder}")));
    let installed = Path::new("/usr/lib/cordline").join(folder);
    hidden.chain([installed]).find_map(|place| {
        let direct = place.join(file);
        if direct.is_file() {
            return Some(direct);
        }
        let mut versions: Vec<PathBuf> = std::fs::read_dir(place).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
        versions.sort_by_key(|path| library::version_numbers(path));
        versions.into_iter().rev().map(|version| version.join(file)).find(|path| path.is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_plug_in_is_kept_even_where_it_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let found = PlugIns::find(Some(folder.path()), Some(Path::new("/nowhere/rtx.so")));
        assert_eq!(found.openvino, Some(folder.path().join(OPENVINO)));
        assert_eq!(found.tensorrt_rtx, Some("/nowhere/rtx.so".into()));
    }
}
