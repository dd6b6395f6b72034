//! What this host has, what was chosen and why, what is wrong and what to do.

use std::path::PathBuf;

use cordline_device::{ExecutionProvider, OnnxRuntime, library, probe};
use cordline_inference::bundle::{Bundle, verify};
use cordline_inference::networks::golden::GoldenDifference;
use cordline_inference::networks::{NetworkError, Networks};
use cordline_sdk::problem::Problem;
use cordline_sdk::result::BundleIdentity;
use serde::Serialize;

use crate::config::Config;
use crate::reader::ReaderProcess;

/// Everything that `cordline doctor` says.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    /// "Research use only; not a medical device".
    pub notice: &'static str,
    /// This host.
    pub hardware: probe::Hardware,
    /// ONNX Runtime, where it was loaded.
    pub onnxruntime: Option<Library>,
    /// Each configured provider, in order, with what stands in its way.
    pub providers: Vec<ProviderState>,
    /// The provider that ran the golden check.
    pub chosen: Option<ExecutionProvider>,
    /// The bundle, where it is whole.
    pub bundle: Option<BundleState>,
    /// What stands in the way of an analysis.
    pub problems: Vec<Problem>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// The loaded ONNX Runtime.
#[derive(Debug, Serialize)]
pub struct Library {
    /// The file.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

/// A provider and what stands in its way.
#[derive(Debug, Serialize)]
pub struct ProviderState {
    /// The provider.
    pub provider: ExecutionProvider,
    /// Why it cannot be used; absent where it can.
    pub obstacle: Option<String>,
}

/// A bundle that was verified.
#[derive(Debug, Serialize)]
pub struct BundleState {
    /// The folder.
    pub folder: PathBuf,
    /// How it is named in results.
    pub identity: BundleIdentity,
    /// How far each network strays from its golden output.
    pub golden: Vec<GoldenDifference>,
}

/// Looks at everything; never stops at the first problem.
pub fn examine(config: &Config) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        notice: cordline_sdk::RESEARCH_USE,
        hardware: probe::hardware(),
        onnxruntime: None,
        providers: Vec::new(),
        chosen: None,
        bundle: None,
        problems: Vec::new(),
        notes: Vec::new(),
    };
    match ReaderProcess::probe(&config.daemon.reader) {
        Ok(walls) => diagnosis.notes.extend(
            walls
                .missing()
                .into_iter()
                .map(|what| format!("`cordline serve` reads files behind fewer walls than it could: {what}")),
        ),
        Err(problem) => diagnosis.problems.push(problem),
    }
    let runtime = onnxruntime(config, &mut diagnosis);
    let bundle = bundle(config, &mut diagnosis);
    if let (Some(runtime), Some(bundle)) = (runtime, bundle) {
        golden_check(config, runtime, bundle, &mut diagnosis);
    }
    diagnosis
}

fn onnxruntime(config: &Config, diagnosis: &mut Diagnosis) -> Option<OnnxRuntime> {
    let loaded = library::find(config.onnxruntime.as_deref()).and_then(|path| OnnxRuntime::load(&path));
    let gpu = diagnosis.hardware.gpu.is_some();
    let path = loaded.as_ref().map(|r| r.path().to_path_buf()).unwrap_or_default();
    let obstacle = |p: ExecutionProvider| {
        p.obstacle(&path, gpu).or_else(|| loaded.is_err().then(|| "ONNX Runtime is missing".into()))
    };
    diagnosis.providers =
        config.providers.iter().map(|&provider| ProviderState { provider, obstacle: obstacle(provider) }).collect();
    match loaded {
        Ok(runtime) => {
            diagnosis.onnxruntime = Some(Library { path: runtime.path().into(), version: runtime.version().into() });
            Some(runtime)
        }
        Err(error) => {
            diagnosis.problems.push(NetworkError::from(error).into());
            None
        }
    }
}

fn bundle(config: &Config, diagnosis: &mut Diagnosis) -> Option<Bundle> {
    match Bundle::open_or_default(config.bundle.as_deref()).and_then(|bundle| verify::all(&bundle).map(|()| bundle)) {
        Ok(bundle) => Some(bundle),
        Err(error) => {
            diagnosis.problems.push(error.into());
            None
        }
    }
}

fn golden_check(config: &Config, runtime: OnnxRuntime, bundle: Bundle, diagnosis: &mut Diagnosis) {
    let mut networks = Networks::new(runtime, bundle.clone(), config.session_options());
    match networks.golden_check() {
        Ok(golden) => {
            diagnosis.bundle =
                Some(BundleState { folder: bundle.folder().into(), identity: bundle.identity(), golden });
        }
        Err(error) => diagnosis.problems.push(error.into()),
    }
    diagnosis.chosen = networks.providers().first().copied();
    for fallback in networks.fallbacks() {
        // A provider can look usable and still refuse: what it said when it was asked is the better reason.
        if let Some(state) = diagnosis.providers.iter_mut().find(|s| s.provider == fallback.wanted) {
            state.obstacle = Some(fallback.reason.clone());
        }
    }
    if diagnosis.chosen == Some(ExecutionProvider::Cpu) && diagnosis.hardware.gpu.is_some() {
        diagnosis.notes.push("the GPU is not used: see the execution providers above; install the GPU build of ONNX Runtime and its CUDA libraries".into());
    }
}
