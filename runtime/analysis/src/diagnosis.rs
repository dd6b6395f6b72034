//! What this host has, what was chosen and why, what is wrong and what to do.
//!
//! - [`gpu`]: what slows the GPUs down, and whether their memory is enough

pub mod gpu;

use std::path::PathBuf;

use cordline_device::probe::GpuMemory;
use cordline_device::{ExecutionProvider, Host, OnnxRuntime, PlugIns, Precision, ProviderChoice, library, probe};
use cordline_inference::bundle::{Bundle, verify};
use cordline_inference::networks::golden::GoldenDifference;
use cordline_inference::networks::{NetworkError, Networks};
use cordline_sdk::problem::Problem;
use cordline_sdk::result::BundleIdentity;
use serde::Serialize;

use crate::config::Config;
use crate::reader::ReaderProcess;
use gpu::MemoryNeed;

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
    /// Each network that passed the golden check, and where.
    pub networks: Vec<NetworkState>,
    /// What they take of the GPU, where one runs on it and its memory is known.
    pub gpu_memory: Option<MemoryNeed>,
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
    /// True where a network runs on it.
    pub used: bool,
    /// Why it cannot be used, or not in every precision that was wanted.
    pub obstacles: Vec<String>,
}

/// A network that a provider runs as its maker did.
#[derive(Debug, Serialize)]
pub struct NetworkState {
    /// Who runs it.
    pub provider: ExecutionProvider,
    /// In which precision.
    pub precision: Precision,
    /// Its nodes that the provider took, and all.
    pub nodes: [usize; 2],
    /// Images that it is given at once, at most.
    pub batch: usize,
    /// How far it strays from its golden output.
    pub golden: GoldenDifference,
}

/// A bundle that was verified.
#[derive(Debug, Serialize)]
pub struct BundleState {
    /// The folder.
    pub folder: PathBuf,
    /// How it is named in results.
    pub identity: BundleIdentity,
}

/// Looks at everything; never stops at the first problem.
pub fn examine(config: &Config) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        notice: cordline_sdk::RESEARCH_USE,
        hardware: probe::hardware(),
        onnxruntime: None,
        providers: Vec::new(),
        networks: Vec::new(),
        gpu_memory: None,
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
    diagnosis.notes.extend(diagnosis.hardware.gpu_warning.clone());
    diagnosis.notes.extend(diagnosis.hardware.gpus.iter().flat_map(gpu::notes));
    diagnosis
}

fn onnxruntime(config: &Config, diagnosis: &mut Diagnosis) -> Option<OnnxRuntime> {
    let loaded = library::find(config.onnxruntime.as_deref()).and_then(|path| OnnxRuntime::load(&path));
    let host = loaded.as_ref().ok().map(|runtime| {
        let plug_ins = PlugIns::find(config.device.openvino.as_deref(), config.device.tensorrt_rtx.as_deref());
        Host { runtime: runtime.clone(), hardware: diagnosis.hardware.clone(), plug_ins, device: 0 }
    });
    let obstacle = |provider: ExecutionProvider| match &host {
        Some(host) => provider.obstacle(host).map(|reason| reason.to_string()),
        None => Some("ONNX Runtime is missing".into()),
    };
    let providers = config.device.providers.providers().iter();
    diagnosis.providers = providers
        .map(|&provider| ProviderState { provider, used: false, obstacles: obstacle(provider).into_iter().collect() })
        .collect();
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
        Ok(bundle) => {
            diagnosis.bundle = Some(BundleState { folder: bundle.folder().into(), identity: bundle.identity() });
            Some(bundle)
        }
        Err(error) => {
            diagnosis.problems.push(error.into());
            None
        }
    }
}

fn golden_check(config: &Config, runtime: OnnxRuntime, bundle: Bundle, diagnosis: &mut Diagnosis) {
    let mut networks = Networks::new(runtime, bundle, config.network_options(0));
    let before = memory_of_gpu(&diagnosis.hardware.gpus);
    match networks.golden_check() {
        Ok(golden) => diagnosis.networks = states(&networks, golden),
        Err(error) => diagnosis.problems.push(error.into()),
    }
    let is_processor = |provider| matches!(provider, ExecutionProvider::OpenVino | ExecutionProvider::Cpu);
    let without_gpu = diagnosis.networks.iter().all(|network| is_processor(network.provider));
    if !without_gpu && let (Some(before), Some(after)) = (before, memory_of_gpu(&probe::gpus())) {
        diagnosis.gpu_memory = MemoryNeed::between(before, after);
    }
    for state in &mut diagnosis.providers {
        state.used = diagnosis.networks.iter().any(|network| network.provider == state.provider);
        for fallback in networks.fallbacks().filter(|fallback| fallback.wanted == state.provider) {
            let words = match fallback.precision {
                Some(precision) => format!("{precision}: {}", fallback.reason),
                None => fallback.reason.to_string(),
            };
            if !state.obstacles.contains(&words) {
                state.obstacles.push(words);
            }
        }
    }
    // Whoever named the providers knows.
    let is_auto = config.device.providers == ProviderChoice::Auto;
    if is_auto && without_gpu && !diagnosis.networks.is_empty() && !diagnosis.hardware.gpus.is_empty() {
        diagnosis.notes.push("the GPU is not used: see the execution providers above; install the GPU build of ONNX Runtime and its CUDA libraries".into());
    }
}

/// Of the GPU that computes.
fn memory_of_gpu(gpus: &[probe::Gpu]) -> Option<GpuMemory> {
    gpus.first()?.memory
}

fn states(networks: &Networks, golden: Vec<GoldenDifference>) -> Vec<NetworkState> {
    let state = |golden: GoldenDifference| {
        let (_, session) = networks.sessions().find(|(name, _)| *name == golden.network)?;
        let (provider, nodes) = (session.provider(), session.placement());
        let own = nodes.get(provider.onnx_name()).copied().unwrap_or_default();
        let (precision, batch) = (session.precision(), networks.batch(&golden.network).largest());
        Some(NetworkState { provider, precision, nodes: [own, nodes.values().sum()], batch, golden })
    };
    golden.into_iter().filter_map(state).collect()
}
