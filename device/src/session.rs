//! A network ready to run, on a provider that is named; every fall-back is reported.

use ndarray::{ArrayD, ArrayView4};
use ort::session::Session as OrtSession;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use thiserror::Error;

use crate::execution_provider::ExecutionProvider;
use crate::library::OnnxRuntime;
use crate::placement::{self, Placement};
use crate::probe::Hardware;

/// How a network is to be run.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Providers in order of preference. The first that works is used.
    pub providers: Vec<ExecutionProvider>,
    /// Threads inside one operator; at least 1. They sleep while they wait: on a busy host spinning costs 60 % more processor time.
    pub threads: usize,
}

/// A provider that was wanted and could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The provider that was wanted.
    pub wanted: ExecutionProvider,
    /// Why it could not be used.
    pub reason: String,
}

/// Why a network cannot be run.
#[derive(Debug, Error)]
pub enum SessionError {
    /// No provider took the network; the reasons in order.
    #[error("the network {network} runs on none of the configured providers: {reasons}")]
    NoProvider {
        /// Name of the network.
        network: String,
        /// Provider and reason, one after the other.
        reasons: String,
    },
    /// The network lacks an input or output that the manifest names.
    #[error("the network {network} has no {direction} called {name}; it has {present}")]
    NoSuchTensor {
        /// Name of the network.
        network: String,
        /// `input` or `output`.
        direction: &'static str,
        /// The wanted name.
        name: String,
        /// The names that are there.
        present: String,
    },
    /// Running it failed.
    #[error("the network {network} failed while running: {reason}")]
    Run {
        /// Name of the network.
        network: String,
        /// What ONNX Runtime said.
        reason: String,
    },
}

/// A loaded network with one float32 input (n, channel, row, column).
pub struct Session {
    network: String,
    inner: OrtSession,
    input: String,
    outputs: Vec<String>,
    provider: ExecutionProvider,
    placement: Placement,
    fallbacks: Vec<Fallback>,
}

impl Session {
    /// Loads a network from the bytes of an ONNX file, on the first provider of `options` that works.
    ///
    /// `network` names it in errors; `input` and `outputs` must exist in the graph.
    ///
    /// # Errors
    /// No provider takes the network, or it lacks an input or output of that name.
    pub fn open(
        runtime: &OnnxRuntime,
        hardware: &Hardware,
        network: &str,
        onnx: &[u8],
        input: &str,
        outputs: &[&str],
        options: &SessionOptions,
    ) -> Result<Self, SessionError> {
        let mut fallbacks = Vec::new();
        for &provider in &options.providers {
            let attempt = match provider.obstacle(runtime.path(), hardware.gpu.is_some()) {
                Some(reason) => Err(reason),
                None => commit(runtime, provider, onnx, options.threads).map_err(|e| e.to_string()),
            };
            match attempt {
                Ok(inner) => {
                    let placement = placement::of(&inner);
                    let session = Self {
                        network: network.into(),
                        inner,
                        input: input.into(),
                        outputs: outputs.iter().map(|o| (*o).to_owned()).collect(),
                        provider,
                        placement,
                        fallbacks,
                    };
                    session.check_names()?;
                    return Ok(session);
                }
                Err(reason) => {
                    tracing::debug!(%provider, network, reason, "provider not used");
                    fallbacks.push(Fallback { wanted: provider, reason });
                }
            }
        }
        let reasons = fallbacks.iter().map(|f| format!("{}: {}", f.wanted, f.reason)).collect::<Vec<_>>().join("; ");
        Err(SessionError::NoProvider { network: network.into(), reasons })
    }

    fn check_names(&self) -> Result<(), SessionError> {
        let inputs: Vec<&str> = self.inner.inputs().iter().map(|i| i.name()).collect();
        let outputs: Vec<&str> = self.inner.outputs().iter().map(|o| o.name()).collect();
        let missing = |direction, name: &str, present: &[&str]| SessionError::NoSuchTensor {
            network: self.network.clone(),
            direction,
            name: name.into(),
            present: present.join(", "),
        };
        if !inputs.contains(&self.input.as_str()) {
            return Err(missing("input", &self.input, &inputs));
        }
        match self.outputs.iter().find(|o| !outputs.contains(&o.as_str())) {
            Some(name) => Err(missing("output", name, &outputs)),
            None => Ok(()),
        }
    }

    /// Runs the network on `input` (n, channel, row, column) and returns the outputs in the order in which they were named when opening.
    ///
    /// # Errors
    /// ONNX Runtime cannot run it on this input.
    pub fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, SessionError> {
        let network = self.network.clone();
        let failed = |e: ort::Error| SessionError::Run { network: network.clone(), reason: e.to_string() };
        let input = input.as_standard_layout();
        let tensor = TensorRef::from_array_view(input.view()).map_err(failed)?;
        let results = self.inner.run(ort::inputs![self.input.as_str() => tensor]).map_err(failed)?;
        self.outputs
            .iter()
            .map(|name| Ok(results[name.as_str()].try_extract_array::<f32>().map_err(failed)?.to_owned()))
            .collect()
    }

    /// The provider that runs this network.
    pub fn provider(&self) -> ExecutionProvider {
        self.provider
    }

    /// Number of nodes by the ONNX name of the provider that took them.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Providers that were wanted more and could not be used.
    pub fn fallbacks(&self) -> &[Fallback] {
        &self.fallbacks
    }
}

/// Keeps the chain of builder calls in one place: their errors carry the builder and cannot be sent to another thread.
fn commit(runtime: &OnnxRuntime, provider: ExecutionProvider, onnx: &[u8], threads: usize) -> ort::Result<OrtSession> {
    let mut builder = OrtSession::builder(runtime.environment())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads.max(1))?
        .with_intra_op_spinning(false)?
        .with_config_entry(placement::RECORD.0, placement::RECORD.1)?;
    if let Some(dispatch) = provider.dispatch() {
        builder = builder.with_execution_providers([dispatch])?;
    }
    builder.commit_from_memory(onnx)
}
