//! The networks of a bundle as sessions, each opened when it is first needed.
//!
//! - [`golden`]: a provider must reproduce the stored output, or it is not used
//! - [`attempts`]: provider after provider, precision after precision, until one is trusted
//! - [`running`]: one network, or several side by side; and what is done where one fails on its device
//! - [`error`]: why a network cannot be opened or run
//!
//! Most studies need the segmenter and two of three classifiers, a study without lesion the segmenter alone: what is not needed is not loaded.

pub(crate) mod attempts;
mod error;
pub mod golden;
mod running;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cordline_device::{Fallback, Host, OnnxRuntime, PlugIns, PrecisionPolicy, ProviderChoice, Session, library, probe};

use crate::bundle::Bundle;
pub use crate::bundle::SEGMENTER;
use attempts::{Attempts, Blueprint};
pub use error::NetworkError;
use golden::{Extent, GoldenDifference};

/// How networks are to be run.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions {
    /// Who may compute them.
    pub providers: ProviderChoice,
    /// How exactly.
    pub precision: PrecisionPolicy,
    /// Threads inside one operator; at least 1.
    pub threads: usize,
    /// OpenVINO's plug-in: its library, or the folder that holds it. Looked for in the usual places where absent.
    pub openvino: Option<PathBuf>,
    /// The plug-in of TensorRT-RTX, likewise.
    pub tensorrt_rtx: Option<PathBuf>,
    /// Folder of the engines that providers compile.
    pub engines: PathBuf,
    /// Which GPU computes, from 0.
    pub device: usize,
    /// Images that a network is given at once, at most; by provider and memory where absent.
    pub batch: Option<usize>,
    /// Whether classifiers run side by side; where absent, on a GPU that has room for it.
    pub side_by_side: Option<bool>,
}

/// Lazily opened sessions of one bundle.
pub struct Networks {
    bundle: Bundle,
    attempts: Attempts,
    open: BTreeMap<String, Session>,
    /// What ran a network so far, by its name: provider and precision, in words.
    used: Vec<[String; 2]>,
    keep_open: bool,
    /// True where the GPU had memory left once all networks were open and warm.
    has_room_side_by_side: bool,
}

impl Networks {
    /// Loads ONNX Runtime from `library` or the usual places; no network is opened yet.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn load(library: Option<&Path>, bundle: Bundle, options: NetworkOptions) -> Result<Self, NetworkError> {
        let path = library::find(library)?;
        Ok(Self::new(OnnxRuntime::load(&path)?, bundle, options))
    }

    /// Nothing is opened yet.
    pub fn new(runtime: OnnxRuntime, bundle: Bundle, options: NetworkOptions) -> Self {
        let plug_ins = PlugIns::find(options.openvino.as_deref(), options.tensorrt_rtx.as_deref());
        let host = Host { runtime, hardware: probe::hardware(), plug_ins, device: options.device };
        Self {
            bundle,
            attempts: Attempts::new(host, options),
            open: BTreeMap::new(),
            used: Vec::new(),
            keep_open: false,
            has_room_side_by_side: false,
        }
    }

    /// From now on what was opened stays open: for a process that analyses many studies.
    pub fn keep_open(&mut self) {
        self.keep_open = true;
        self.attempts.stay_open();
    }

    /// Opens a network where it is not open yet: [`SEGMENTER`] or the id of a classifier.
    ///
    /// # Errors
    /// No provider can run it as its maker did, or its file was altered.
    ///
    /// # Panics
    /// If the manifest has no classifier with this id.
    pub fn prepare(&mut self, name: &str) -> Result<(), NetworkError> {
        self.session(name).map(drop)
    }

    fn session(&mut self, name: &str) -> Result<&mut Session, NetworkError> {
        if !self.open.contains_key(name) {
            self.open(name, Extent::FirstImage)?;
        }
        Ok(self.open.get_mut(name).expect("inserted above"))
    }

    /// Opens a network; what it was seen to stray, where that was looked at.
    fn open(&mut self, name: &str, extent: Extent) -> Result<Option<GoldenDifference>, NetworkError> {
        let (session, found) = self.attempts.open(&self.bundle, &Blueprint::of(&self.bundle, name), extent)?;
        let used = [session.provider().to_string(), session.precision().to_string()];
        if !self.used.contains(&used) {
            self.used.push(used);
        }
        self.open.insert(name.to_owned(), session);
        Ok(found)
    }

    /// Opens every network and runs each on its whole golden input. What one provider cannot run goes to the next, and then all networks
    /// do, so that a study is computed in one place.
    ///
    /// # Errors
    /// The first network that no provider reproduces, or that cannot run at all.
    pub fn golden_check(&mut self) -> Result<Vec<GoldenDifference>, NetworkError> {
        // As a process that keeps them open has them.
        self.attempts.stay_open();
        let bundle = self.bundle.clone();
        let names: Vec<&str> = bundle.network_names().collect();
        loop {
            self.used.clear();
            self.open.clear();
            let mut differences = Vec::new();
            for name in &names {
                let found = match self.open(name, Extent::Whole)? {
                    Some(found) => found,
                    None => {
                        let session = self.session(name)?;
                        let precision = session.precision();
                        let mut run = |image: ndarray::ArrayView4<'_, f32>| session.run(image);
                        golden::check_network(&bundle, name, precision, Extent::Whole, &mut run)?
                    }
                };
                differences.push(found);
            }
            // Each round but the last found one more place where a network cannot run.
            if self.used.len() == 1 {
                self.has_room_side_by_side = self.open.values().all(|session| self.attempts.has_room_left(session));
                return Ok(differences);
            }
        }
    }

    /// The segmenter's work on this study is done: it is closed, since the classifiers want its memory, unless it is to stay open.
    pub fn close_segmenter(&mut self) {
        if !self.keep_open {
            self.open.remove(SEGMENTER);
        }
    }

    /// Who ran a network so far, in words; empty where none ran.
    pub fn provider_names(&self) -> String {
        self.used_words(0)
    }

    /// In which precision, in words; empty where none ran.
    pub fn precision_names(&self) -> String {
        self.used_words(1)
    }

    fn used_words(&self, which: usize) -> String {
        let mut words: Vec<&str> = self.used.iter().map(|used| used[which].as_str()).collect();
        words.dedup();
        words.join(" and ")
    }

    /// The networks that are open, with who runs them.
    pub fn sessions(&self) -> impl Iterator<Item = (&str, &Session)> {
        self.open.iter().map(|(name, session)| (name.as_str(), session))
    }

    /// Providers that were wanted more and could not be used, each once.
    pub fn fallbacks(&self) -> impl Iterator<Item = &Fallback> {
        self.attempts.fallbacks()
    }

    /// Of those, what somebody should hear of: not the devices that this host simply does not have, unless the operator named them.
    pub fn noteworthy_fallbacks(&self) -> impl Iterator<Item = &Fallback> {
        let is_auto = self.attempts.options().providers == ProviderChoice::Auto;
        self.fallbacks().filter(move |fallback| !(is_auto && fallback.is_expected()))
    }

    /// The bundle that they are of.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// How they are run.
    pub fn options(&self) -> &NetworkOptions {
        self.attempts.options()
    }

    /// The host that runs them.
    pub fn host(&self) -> &Host {
        self.attempts.host()
    }
}
