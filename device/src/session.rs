//! A network ready to run, on one provider and in one precision that are named.

use ndarray::{ArrayD, ArrayView4};
use ort::session::Session as OrtSession;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;
use thiserror::Error;

use crate::graph::Graph;
use crate::host::Host;
use crate::placement::{self, Placement};
use crate::precision::Precision;
use crate::provider::ExecutionProvider;
use crate::refusal::Refusal;

/// Why a network cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// This provider cannot be used; another may.
    #[error(transparent)]
    Provider(#[from] Refusal),
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
}

/// A network failed while it ran.
#[derive(Debug, Error)]
#[error("the network {network} failed while running: {reason}")]
pub struct RunError {
    /// Name of the network.
    pub network: String,
    /// What ONNX Runtime said.
    pub reason: String,
}

impl RunError {
    /// Why its provider is not used further: the device has no kernel for the network, no memory, or is gone.
    pub fn refusal(&self) -> Refusal {
        match self.is_out_of_memory() {
            true => Refusal::OutOfMemory(self.reason.clone()),
            false => Refusal::WarmUp { network: self.network.clone(), reason: self.reason.clone() },
        }
    }

    /// ONNX Runtime has no code for it; these are the words of its allocators and of CUDA's.
    pub fn is_out_of_memory(&self) -> bool {
        let reason = self.reason.to_ascii_lowercase();
        ["out of memory", "failed to allocate", "bad allocation", "bad_alloc"]
            .iter()
            .any(|words| reason.contains(words))
    }
}

/// A loaded network with one float32 input (n, channel, row, column).
pub struct Session {
    network: String,
    inner: OrtSession,
    input: String,
    outputs: Vec<String>,
    provider: ExecutionProvider,
    precision: Precision,
    placement: Placement,
}

impl Session {
    /// Loads a network on a provider. `threads`: inside one operator, at least 1.
    ///
    /// # Errors
    /// The provider cannot be used for it, or the network lacks an input or output of that name.
    pub fn open(
        host: &Host,
        provider: ExecutionProvider,
        precision: Precision,
        graph: &Graph<'_>,
        threads: usize,
    ) -> Result<Self, OpenError> {
        let threads = threads.max(1);
        let opening = |error: ort::Error| Refusal::Opening { network: graph.name.into(), reason: error.to_string() };
        let builder = builder(host, provider, threads).map_err(opening)?;
        let mut builder = provider.configure(builder, host, precision, graph, threads)?;
        let inner = builder.commit_from_memory(graph.onnx).map_err(opening)?;
        let session = Self {
            network: graph.name.into(),
            placement: placement::of(&inner),
            inner,
            input: graph.input.into(),
            outputs: graph.outputs.iter().map(|o| (*o).to_owned()).collect(),
            provider,
            precision,
        };
        session.check_names()?;
        session.check_placement()?;
        Ok(session)
    }

    fn check_names(&self) -> Result<(), OpenError> {
        let inputs: Vec<&str> = self.inner.inputs().iter().map(|i| i.name()).collect();
        let outputs: Vec<&str> = self.inner.outputs().iter().map(|o| o.name()).collect();
        let missing = |direction, name: &str, present: &[&str]| OpenError::NoSuchTensor {
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

    /// What a provider leaves over is computed by another one, slowly and in another precision: nobody who reads the result would know.
    /// Providers that compile take all or are not used; CUDA leaves the arithmetic of shapes to the processor on purpose.
    fn check_placement(&self) -> Result<(), Refusal> {
        let all: usize = self.placement.values().sum();
        let outside = all - self.placement.get(self.provider.onnx_name()).copied().unwrap_or_default();
        let is_right = match self.provider.is_compiler() || self.provider == ExecutionProvider::Cpu {
            true => outside == 0,
            false => outside < all,
        };
        match is_right || all == 0 {
            true => Ok(()),
            false => Err(Refusal::NodesOutside { network: self.network.clone(), outside, all }),
        }
    }

    /// Runs the network on `input` (n, channel, row, column) and returns the outputs in the order in which they were named when opening.
    ///
    /// # Errors
    /// ONNX Runtime cannot run it on this input.
    pub fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, RunError> {
        let network = self.network.clone();
        let failed = |e: ort::Error| RunError { network: network.clone(), reason: e.to_string() };
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

    /// In which precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of nodes by the ONNX name of the provider that took them.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }
}

/// What all providers have in common. Threads sleep while they wait: on a busy host spinning costs 60 % more processor time.
fn builder(host: &Host, provider: ExecutionProvider, threads: usize) -> ort::Result<SessionBuilder> {
    // OpenVINO has threads of its own.
    let threads = if provider == ExecutionProvider::OpenVino { 1 } else { threads };
    Ok(OrtSession::builder(host.runtime.environment())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_intra_op_spinning(false)?
        .with_config_entry(placement::RECORD.0, placement::RECORD.1)?)
}
