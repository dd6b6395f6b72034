//! Provider after provider, precision after precision, until one opens the network, runs it, and reproduces its stored output.

use std::collections::BTreeMap;

use cordline_device::engine::{EngineKey, EngineRecord, EngineState, EngineStore};
use cordline_device::{
    Batch, EngineFolder, ExecutionProvider, Fallback, Graph, Host, OpenError, Precision, PrecisionPolicy,
    ProviderChoice, Refusal, Session, probe,
};
use ndarray::{Array4, ArrayView4};

use super::golden::{self, Extent, GoldenDifference};
use super::{NetworkError, NetworkOptions, SEGMENTER};
use crate::bundle::{Bundle, BundleError};

/// What the manifest says of a network.
pub(crate) struct Blueprint<'a> {
    name: &'a str,
    file: &'a str,
    half: Option<&'a str>,
    input: &'a str,
    outputs: Vec<&'a str>,
    shape: [usize; 3],
}

impl<'a> Blueprint<'a> {
    /// Of the segmenter, or of a classifier of the manifest by its id.
    pub(crate) fn of(bundle: &'a Bundle, name: &'a str) -> Self {
        let manifest = &bundle.manifest;
        let [rows, columns] = manifest.preprocessing.size;
        if name == SEGMENTER {
            let one = &manifest.segmenter;
            let (half, outputs) = (one.half.as_deref(), vec![one.output.as_str()]);
            return Self { name, file: &one.file, half, input: &one.input, outputs, shape: [1, rows, columns] };
        }
        let one = manifest.classifiers.iter().find(|c| c.id == name).expect("ids come from the manifest");
        let outputs = vec![one.probabilities.as_str(), one.heat_map.as_str()];
        let shape = [one.channels.len(), rows, columns];
        Self { name, file: &one.file, half: one.half.as_deref(), input: &one.input, outputs, shape }
    }

    /// The file that a provider wants for a precision.
    pub(crate) fn file(&self, provider: ExecutionProvider, precision: Precision) -> Result<&'a str, Refusal> {
        match provider.wants_half_graph(precision) {
            true => self.half.ok_or_else(|| not_judged("graph", precision)),
            false => Ok(self.file),
        }
    }

    /// The network that the bytes of its file describe.
    pub(crate) fn graph<'g>(&'g self, onnx: &'g [u8], engine: Option<EngineFolder<'g>>) -> Graph<'g> {
        let &Self { name, input, ref outputs, shape, .. } = self;
        Graph { name, onnx, input, outputs, shape, engine }
    }
}

fn not_judged(what: &str, precision: Precision) -> Refusal {
    Refusal::NotTolerated(format!("the bundle has no {what} for {precision}"))
}

/// Opens networks, and remembers who could not: what failed for one network is not tried with the next.
pub(super) struct Attempts {
    host: Host,
    options: NetworkOptions,
    fallbacks: Vec<Fallback>,
    /// Providers that failed while they ran, for the rest of a study.
    set_aside: Vec<Fallback>,
    /// How many images at once, decided before the first network was open: it takes memory of what is free for the others.
    batches: BTreeMap<(ExecutionProvider, Precision), Batch>,
    /// True where networks stay open for many studies.
    stays_open: bool,
}

impl Attempts {
    pub(super) fn new(host: Host, options: NetworkOptions) -> Self {
        Self {
            host,
            options,
            fallbacks: Vec::new(),
            set_aside: Vec::new(),
            batches: BTreeMap::new(),
            stays_open: false,
        }
    }

    /// From now on what takes long to open may be opened.
    pub(super) fn stay_open(&mut self) {
        self.stays_open = true;
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn options(&self) -> &NetworkOptions {
        &self.options
    }

    /// Providers that were wanted more and could not be used, each once.
    pub(super) fn fallbacks(&self) -> impl Iterator<Item = &Fallback> {
        self.fallbacks.iter().chain(&self.set_aside)
    }

    /// How many images a session on this provider is given at once, at most.
    pub(super) fn batch(&self, session: &Session) -> Batch {
        self.batches.get(&(session.provider(), session.precision())).copied().unwrap_or(Batch::ONE)
    }

    /// From now on half as many as these; false where there are fewer already, or it is one alone.
    pub(super) fn halve(&mut self, session: &Session, of: Batch) -> bool {
        let key = (session.provider(), session.precision());
        match self.batch(session).halved().filter(|_| self.batch(session) == of) {
            Some(half) => self.batches.insert(key, half).is_some(),
            None => false,
        }
    }

    /// True where another network could run beside this one: it is on a GPU that has memory left.
    pub(super) fn has_room_left(&self, session: &Session) -> bool {
        let (provider, batch) = (session.provider(), self.batch(session));
        let gpus = if provider.is_of_gpu() { probe::gpus() } else { Vec::new() };
        let gpu = gpus.get(self.host.device);
        gpu.is_some_and(|gpu| Batch::for_gpu(gpu, session.precision(), 2, Some(batch.largest())) == Ok(batch))
    }

    /// Leaves a provider for the rest of a study.
    pub(super) fn set_aside(&mut self, wanted: ExecutionProvider, precision: Precision, reason: Refusal) {
        tracing::warn!(provider = %wanted, %precision, %reason, "provider failed while it ran");
        self.set_aside.push(Fallback { wanted, precision: Some(precision), reason });
    }

    /// True where one was left for the rest of a study.
    pub(super) fn has_set_aside(&self) -> bool {
        !self.set_aside.is_empty()
    }

    /// A session on the first provider, and in the first precision, that is trusted with the network; with what it was seen to stray, where
    /// that was looked at.
    ///
    /// # Errors
    /// There is none, or the bundle itself is at fault.
    pub(super) fn open(
        &mut self,
        bundle: &Bundle,
        blueprint: &Blueprint<'_>,
        extent: Extent,
    ) -> Result<(Session, Option<GoldenDifference>), NetworkError> {
        for provider in self.options.providers.providers().to_vec() {
            for precision in self.candidates(provider) {
                match self.attempt(bundle, blueprint, provider, precision, extent) {
                    Ok(opened) => return Ok(opened),
                    Err(Failed::Bundle(error)) => return Err(error),
                    Err(Failed::Provider(reason)) => self.note(provider, Some(precision), reason),
                }
            }
        }
        let reasons: Vec<String> = self.fallbacks().map(|f| format!("{}: {}", f.subject(), f.reason)).collect();
        Err(NetworkError::NoProvider { network: blueprint.name.into(), reasons: reasons.join("; ") })
    }

    /// The precisions in which a provider is worth trying.
    fn candidates(&mut self, provider: ExecutionProvider) -> Vec<Precision> {
        if self.is_refused(provider, None) {
            return Vec::new();
        }
        if let Some(reason) = provider.obstacle(&self.host) {
            self.note(provider, None, reason);
            return Vec::new();
        }
        let policy = self.options.precision;
        let mut precisions = provider.precisions(&self.host, policy);
        if precisions.is_empty() {
            let reason = format!("it does not compute in {} here", wanted(policy));
            self.note(provider, None, Refusal::Precision(reason));
        }
        if self.options.providers == ProviderChoice::Auto && !self.stays_open {
            // It is opened in a second and a half, and saves less than one of a single study.
            precisions.retain(|precision| (provider, *precision) != (ExecutionProvider::OpenVino, Precision::Fp32));
        }
        precisions.retain(|precision| !self.is_refused(provider, Some(*precision)));
        precisions
    }

    fn is_refused(&self, provider: ExecutionProvider, precision: Option<Precision>) -> bool {
        self.fallbacks().any(|f| f.wanted == provider && f.precision == precision)
    }

    fn attempt(
        &mut self,
        bundle: &Bundle,
        blueprint: &Blueprint<'_>,
        provider: ExecutionProvider,
        precision: Precision,
        extent: Extent,
    ) -> Result<(Session, Option<GoldenDifference>), Failed> {
        let name = blueprint.name;
        if bundle.manifest.golden.tolerance.of(precision.as_str()).is_none() {
            return Err(not_judged("tolerance", precision).into());
        }
        let networks = bundle.network_names().count();
        let batch = match self.batches.get(&(provider, precision)) {
            Some(batch) => *batch,
            None => provider.batch(&self.host, precision, networks, self.options.batch)?,
        };
        let file = blueprint.file(provider, precision)?;
        let onnx = bundle.read(file)?;
        let store = EngineStore::new(&self.options.engines);
        let timing = store.timing_folder();
        let engine = match provider.keeps_engines() {
            true => {
                let graph = blueprint.graph(&onnx, None);
                let key = provider.engine_key(&self.host, precision, &graph, bundle.sha256_of(file));
                Some((trusted(&store, &key)?, store.folder(&key), key))
            }
            false => None,
        };
        let folders = engine.as_ref().map(|(_, engine, _)| EngineFolder { engine, timing: &timing });
        let graph = blueprint.graph(&onnx, folders);
        let mut session = match Session::open(&self.host, provider, precision, &graph, self.options.threads) {
            Ok(session) => session,
            Err(OpenError::Provider(reason)) => return Err(reason.into()),
            Err(error @ OpenError::NoSuchTensor { .. }) => return Err(Failed::Bundle(error.into())),
        };
        // A provider that finds its engine unfit builds another one in its place, which nobody has looked at.
        if let Some((record, _, key)) = &engine
            && trusted(&store, key)? != *record
        {
            return Err(Refusal::Engine("the engine was not read as it was built".into()).into());
        }
        self.batches.insert((provider, precision), batch);
        // The stored output was made by these kernels; whoever starts the daemon, or asks for it, has it compared all the same.
        if provider == ExecutionProvider::Cpu {
            return Ok((session, None));
        }
        warm_up(&mut session, blueprint.shape, batch)?;
        let mut run = |image: ArrayView4<'_, f32>| session.run(image);
        let mut check = |extent| match golden::check_network(bundle, name, precision, extent, &mut run) {
            Ok(found) => Ok(found),
            Err(NetworkError::Bundle(error @ BundleError::Golden { .. })) => {
                Err(Refusal::Golden(error.to_string()).into())
            }
            Err(NetworkError::Run(error)) => Err(error.refusal().into()),
            Err(error) => Err(Failed::Bundle(error)),
        };
        if batch > Batch::ONE {
            check(Extent::AtOnce)?;
        }
        let found = check(extent)?;
        Ok((session, Some(found)))
    }

    /// Keeps each fall-back once.
    fn note(&mut self, wanted: ExecutionProvider, precision: Option<Precision>, reason: Refusal) {
        tracing::debug!(provider = %wanted, ?precision, %reason, "provider not used");
        let fallback = Fallback { wanted, precision, reason };
        if !self.fallbacks.contains(&fallback) {
            self.fallbacks.push(fallback);
        }
    }
}

/// The record of an engine that may be used.
fn trusted(store: &EngineStore, key: &EngineKey) -> Result<EngineRecord, Refusal> {
    match store.state(key) {
        EngineState::Trusted(record) => Ok(record),
        EngineState::Refused(reason) => Err(Refusal::Engine(format!("its engine was refused: {reason}"))),
        EngineState::Damaged => Err(Refusal::Engine("its engine is not what was built; it will be built again".into())),
        EngineState::Absent => Err(Refusal::Engine("its engine is not built yet: `cordline engines build`".into())),
    }
}

/// Why an attempt came to nothing.
enum Failed {
    /// Another provider may do.
    Provider(Refusal),
    /// None will.
    Bundle(NetworkError),
}

impl From<Refusal> for Failed {
    fn from(reason: Refusal) -> Self {
        Self::Provider(reason)
    }
}

impl From<BundleError> for Failed {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error.into())
    }
}

/// Runs every size that may come, where there are several: what a provider plans for each is planned now, and the memory for it taken.
fn warm_up(session: &mut Session, [channels, rows, columns]: [usize; 3], batch: Batch) -> Result<(), Refusal> {
    for images in batch.sizes().filter(|_| batch > Batch::ONE) {
        let empty = Array4::zeros((images, channels, rows, columns));
        session.run(empty.view()).map_err(|error| error.refusal())?;
    }
    Ok(())
}

fn wanted(policy: PrecisionPolicy) -> String {
    match policy {
        PrecisionPolicy::Exact => Precision::Fp32.to_string(),
        other => other.to_string(),
    }
}
