//! ONNX Runtime, found and loaded by path.
//!
//! The library is not linked but loaded: each host has its own build (the CPU wheel, the GPU wheel, NVIDIA's own on a Jetson).
//! Its provider libraries are looked up beside it, so its folder must stay whole.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::device::Device;
use ort::environment::Environment;
use thiserror::Error;

/// The oldest ONNX Runtime that is accepted: 1.24 can say which execution provider took which node.
pub const OLDEST_MINOR: u32 = ort::MINOR_VERSION;

/// Environment variable that names the library file or its folder.
pub const ENVIRONMENT_VARIABLE: &str = "CORDLINE_ONNXRUNTIME";

/// A loaded ONNX Runtime. One for each process; clones share it.
#[derive(Clone)]
pub struct OnnxRuntime {
    path: PathBuf,
    version: String,
    environment: Environment,
}

/// Why ONNX Runtime cannot be used.
#[derive(Debug, Error)]
pub enum LibraryError {
    /// Nothing was found in any of the usual places.
    #[error("ONNX Runtime was not found; looked in {}", list(.looked_in))]
    NotFound {
        /// Every place that was tried.
        looked_in: Vec<PathBuf>,
    },
    /// The configured path does not exist.
    #[error("there is no ONNX Runtime at {}", .0.display())]
    NoSuchPath(PathBuf),
    /// The file is there, but is no ONNX Runtime that can be loaded.
    #[error("{} cannot be loaded as ONNX Runtime: {reason}", .path.display())]
    Unloadable {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The version is too old, or one that came after this program.
    #[error("ONNX Runtime {version} at {} cannot be used; 1.{OLDEST_MINOR} or a later 1.x is needed", .path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        version: String,
    },
    /// The library was loaded, but refused to start.
    #[error("ONNX Runtime at {} did not start: {reason}", .path.display())]
    Start {
        /// The file.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
}

impl LibraryError {
    /// What to do about it.
    pub fn action(&self) -> String {
        format!(
            "run `make setup`, or install ONNX Runtime 1.{OLDEST_MINOR} or later and name its library with {ENVIRONMENT_VARIABLE} or in the configuration"
        )
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The library file to load: the configured path (a file or a folder), or the first of the usual places.
///
/// The usual places, in order: `.onnxruntime/*/` in each folder above the program, the folder of the program,
/// `/usr/lib/cordline`, `/usr/local/lib` and the system's library folder.
///
/// # Errors
/// Nothing lies at the configured path, or in any of the usual places.
pub fn find(configured: Option<&Path>) -> Result<PathBuf, LibraryError> {
    // An empty line in a file of environment variables names nothing.
    if let Some(path) = configured.filter(|path| !path.as_os_str().is_empty()) {
        if path.is_file() {
            return Ok(path.to_path_buf());
        }
        return library_in(path).ok_or_else(|| LibraryError::NoSuchPath(path.to_path_buf()));
    }
    let mut places: Vec<PathBuf> = folders_above().map(|folder| folder.join(".onnxruntime")).collect();
    if let Some(folder) = program().as_deref().and_then(Path::parent) {
        places.push(folder.to_path_buf());
    }
    places.push("/usr/lib/cordline".into());
    places.push("/usr/local/lib".into());
    places.push(format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH).into());
    for place in &places {
        if let Some(found) = library_in(place).or_else(|| newest_folder(place).and_then(|f| library_in(&f))) {
            return Ok(found);
        }
    }
    places.dedup();
    Err(LibraryError::NotFound { looked_in: places })
}

/// The program that runs.
fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()?.canonicalize().ok()
}

/// Each folder above the program. Not the current folder: that may be the study's, and code and weights are believed.
pub(crate) fn folders_above() -> impl Iterator<Item = PathBuf> {
    let program = program().unwrap_or_default();
    program.ancestors().skip(1).map(Path::to_path_buf).collect::<Vec<_>>().into_iter()
}

/// `libonnxruntime.so` or `libonnxruntime.so.<version>` in a folder; the highest version where there are several.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            p.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n == "libonnxruntime.so" || n.starts_with("libonnxruntime.so."))
        })
        .collect();
    found.sort_by_key(|p| version_numbers(p));
    found.pop()
}

/// The sub-folder with the highest version in its name.
fn newest_folder(folder: &Path) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.is_dir() && library_in(p).is_some())
        .collect();
    folders.sort_by_key(|p| version_numbers(p));
    folders.pop()
}

pub(crate) fn version_numbers(path: &Path) -> Vec<u32> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

/// ONNX Runtime allows one environment for each process; a second load returns the first.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

impl OnnxRuntime {
    /// Loads the library from a file found by [`find`]. A second call returns what was loaded first, whatever its path.
    ///
    /// # Errors
    /// The file is missing, is no ONNX Runtime, is too old, or does not start.
    pub fn load(path: &Path) -> Result<Self, LibraryError> {
        // A poisoned lock only means that another thread panicked between two assignments: the value is whole.
        let mut loaded = LOADED.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(runtime) = loaded.as_ref() {
            return Ok(runtime.clone());
        }
        let path = path.canonicalize().map_err(|_| LibraryError::NoSuchPath(path.to_path_buf()))?;
        let version = version_of(&path)?;
        if minor(&version).is_none_or(|m| m < OLDEST_MINOR) {
            return Err(LibraryError::OtherVersion { path, version });
        }
        let environment = ort::init_from(&path)
            .map_err(|e| LibraryError::Unloadable { path: path.clone(), reason: e.to_string() })?
            .with_name("cordline")
            .with_telemetry(false)
            .build()
            .map_err(|e| LibraryError::Start { path: path.clone(), reason: e.to_string() })?;
        let runtime = Self { path, version, environment };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// The file that was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Version of the library, for example `1.32.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The devices that a provider of exactly this name offers.
    pub(crate) fn devices(&self, provider: &str) -> Vec<Device<'_>> {
        self.environment.devices().filter(|device| device.ep().is_ok_and(|name| name == provider)).collect()
    }

    /// Registers a provider's library under a name, for the rest of the process.
    pub(crate) fn register(&self, name: &str, library: &Path) -> ort::Result<()> {
        self.environment.register_ep_library(name, library)
    }
}

/// The minor number of a `1.x.y` version; a major version other than 1 is unknown to us.
fn minor(version: &str) -> Option<u32> {
    let mut numbers = version.split('.');
    (numbers.next()? == "1").then_some(())?;
    numbers.next()?.parse().ok()
}

/// Asks a library for its version before anything else is done with it, so that a too old one is an error and not a crash.
#[allow(unsafe_code)] // The version can only be had through the C interface.
fn version_of(path: &Path) -> Result<String, LibraryError> {
    let unloadable = |reason: String| LibraryError::Unloadable { path: path.to_path_buf(), reason };
    // SAFETY: the operator configured this path as ONNX Runtime; its initialisers run as they would when linked.
    let library = unsafe { libloading::Library::new(path) }.map_err(|e| unloadable(e.to_string()))?;
    // SAFETY: OrtGetApiBase has had this signature since ONNX Runtime 1.0; the pointers that it returns live as long as the library.
    let version = unsafe {
        let base = library
            .get::<unsafe extern "C" fn() -> *const ort::sys::OrtApiBase>(b"OrtGetApiBase")
            .map_err(|_| unloadable("it does not export OrtGetApiBase".into()))?();
        if base.is_null() {
            return Err(unloadable("OrtGetApiBase returned nothing".into()));
        }
        let text = ((*base).GetVersionString)();
        if text.is_null() {
            return Err(unloadable("it has no version".into()));
        }
        CStr::from_ptr(text).to_string_lossy().into_owned()
    };
    Ok(version)
}

/// Loads a library for the rest of the process, with its symbols for all that are loaded after it; the loader's sentence where it cannot.
#[allow(unsafe_code)] // The dynamic linker can only be had through the C interface.
pub(crate) fn keep_loaded(path: &Path) -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // SAFETY: the operator configured this folder as a provider's; its initialisers run as they would when the provider loads it.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }.map_err(|e| e.to_string())?;
    std::mem::forget(library);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(minor("1.32.0"), Some(32));
        assert_eq!(minor("2.0.0"), None);
        assert_eq!(minor("nonsense"), None);
        assert!(
            version_numbers(Path::new("libonnxruntime.so.1.32.0"))
                > version_numbers(Path::new("libonnxruntime.so.1.9.9"))
        );
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = find(Some(Path::new("/nowhere/libonnxruntime.so"))).unwrap_err();
        assert!(error.to_string().contains("/nowhere/libonnxruntime.so"));
    }

    #[test]
    fn an_empty_path_is_none() {
        let same = |found: Result<PathBuf, LibraryError>| found.map_err(|error| error.to_string());
        assert_eq!(same(find(Some(Path::new("")))), same(find(None)));
    }

    #[test]
    fn a_library_that_is_not_onnx_runtime_is_named() {
        let Some(libc) = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6"]
            .iter()
            .find(|p| Path::new(p).exists())
        else {
            panic!("no libm to try with");
        };
        assert!(version_of(Path::new(libc)).unwrap_err().to_string().contains("OrtGetApiBase"));
    }
}
