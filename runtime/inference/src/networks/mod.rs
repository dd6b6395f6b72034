//! The networks of a bundle as sessions, each opened when it is first needed.
//!
//! - [`golden`]: a provider must reproduce the stored output, or it is not used
//! - [`error`]: why a network cannot be opened or run
//!
//! Most studies need the segmenter and two of three classifiers, a study without lesion the segmenter alone: what is not needed is not loaded.

mod error;
pub mod golden;

use std::collections::BTreeMap;
use std::path::Path;

use cordline_device::{ExecutionProvider, Fallback, OnnxRuntime, Session, SessionOptions, library, probe};

use crate::bundle::{Bundle, BundleError};
pub use error::NetworkError;
use golden::GoldenDifference;

/// Name of the segmenter among the networks; the others go by the id of their classifier.
pub const SEGMENTER: &str = "segmenter";

/// Lazily opened sessions of one bundle.
pub struct Networks {
    runtime: OnnxRuntime,
    hardware: probe::Hardware,
    bundle: Bundle,
    options: SessionOptions,
    open: BTreeMap<String, Session>,
    used: Vec<ExecutionProvider>,
    fallbacks: Vec<Fallback>,
    keep_open: bool,
}

impl Networks {
    /// Loads ONNX Runtime from `library` or the usual places; no network is opened yet.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn load(library: Option<&Path>, bundle: Bundle, options: SessionOptions) -> Result<Self, NetworkError> {
        let path = library::find(library)?;
        Ok(Self::new(OnnxRuntime::load(&path)?, bundle, options))
    }

    /// Nothing is opened yet.
    pub fn new(runtime: OnnxRuntime, bundle: Bundle, options: SessionOptions) -> Self {
        Self {
            runtime,
            hardware: probe::hardware(),
            bundle,
            options,
            open: BTreeMap::new(),
            used: Vec::new(),
            fallbacks: Vec::new(),
            keep_open: false,
        }
    }

    /// From now on what was opened stays open: for a process that analyses many studies.
    pub fn keep_open(&mut self) {
        self.keep_open = true;
    }

    /// The session that finds lesions.
    pub fn segmenter(&mut self) -> Result<&mut Session, NetworkError> {
        let segmenter = self.bundle.manifest.segmenter.clone();
        self.session(SEGMENTER, &segmenter.file, &segmenter.input, &[&segmenter.output])
    }

    /// The session of a classifier of the manifest; outputs are probabilities and heat map.
    ///
    /// # Panics
    /// If the manifest has no classifier with this id.
    pub fn classifier(&mut self, id: &str) -> Result<&mut Session, NetworkError> {
        let found = self.bundle.manifest.classifiers.iter().find(|c| c.id == id);
        let classifier = found.expect("ids come from the manifest").clone();
        self.session(id, &classifier.file, &classifier.input, &[&classifier.probabilities, &classifier.heat_map])
    }

    fn session(&mut self, name: &str, file: &str, input: &str, outputs: &[&str]) -> Result<&mut Session, NetworkError> {
        if !self.open.contains_key(name) {
            let onnx = self.bundle.read(file)?;
            let mut options = self.options.clone();
            let session = loop {
                let mut session = Session::open(&self.runtime, &self.hardware, name, &onnx, input, outputs, &options)?;
                self.note(session.fallbacks());
                // The golden output was made on a processor; any other provider must reproduce it before it is trusted.
                if session.provider() == ExecutionProvider::Cpu {
                    break session;
                }
                match golden::check_network(&self.bundle, name, |input| session.run(input)) {
                    Ok(_) => break session,
                    Err(NetworkError::Bundle(error @ BundleError::Golden { .. })) => {
                        self.note(&[Fallback { wanted: session.provider(), reason: error.to_string() }]);
                        options.providers.retain(|p| *p != session.provider());
                    }
                    Err(error) => return Err(error),
                }
            };
            if !self.used.contains(&session.provider()) {
                self.used.push(session.provider());
            }
            self.open.insert(name.to_owned(), session);
        }
        Ok(self.open.get_mut(name).expect("inserted above"))
    }

    /// Runs every network on its golden input.
    ///
    /// # Errors
    /// The first network that strays too far, or cannot run at all.
    pub fn golden_check(&mut self) -> Result<Vec<GoldenDifference>, NetworkError> {
        let bundle = self.bundle.clone();
        let segmenter = self.segmenter()?;
        let mut differences = vec![golden::check_network(&bundle, SEGMENTER, |input| segmenter.run(input))?];
        for classifier in &bundle.manifest.classifiers {
            let session = self.classifier(&classifier.id)?;
            differences.push(golden::check_network(&bundle, &classifier.id, |input| session.run(input))?);
        }
        Ok(differences)
    }

    /// Keeps each fall-back once.
    fn note(&mut self, fallbacks: &[Fallback]) {
        for fallback in fallbacks {
            if !self.fallbacks.contains(fallback) {
                self.fallbacks.push(fallback.clone());
            }
        }
    }

    /// The segmenter's work on this study is done: it is closed, since the classifiers want its memory, unless it is to stay open.
    pub fn close_segmenter(&mut self) {
        if !self.keep_open {
            self.open.remove(SEGMENTER);
        }
    }

    /// The providers that ran a network so far, in the order of their first use.
    pub fn providers(&self) -> &[ExecutionProvider] {
        &self.used
    }

    /// The same in words; empty where no network ran.
    pub fn provider_names(&self) -> String {
        self.used.iter().map(ExecutionProvider::to_string).collect::<Vec<_>>().join(" and ")
    }

    /// Providers that were wanted more and could not be used, each once.
    pub fn fallbacks(&self) -> &[Fallback] {
        &self.fallbacks
    }

    /// The host that runs them.
    pub fn hardware(&self) -> &probe::Hardware {
        &self.hardware
    }
}
