//! The engines that a bundle needs on this host, and the building of one.
//!
//! A provider that compiles networks takes minutes for it on a small device. So an engine is built ahead, by a process of its own that may
//! crash, and is used once it has reproduced the golden output.

use std::time::Instant;

use cordline_device::engine::{EngineBuild, EngineKey, EngineRecord, EngineState, EngineStore};
use cordline_device::{EngineFolder, ExecutionProvider, OpenError, Precision, Session};
use ndarray::ArrayView4;

use crate::bundle::BundleError;
use crate::networks::attempts::Blueprint;
use crate::networks::golden::{self, Extent};
use crate::networks::{NetworkError, Networks};

/// An engine that would be used if it were there.
#[derive(Debug, Clone)]
pub struct WantedEngine {
    /// [`SEGMENTER`](crate::networks::SEGMENTER) or the id of a classifier.
    pub network: String,
    pub provider: ExecutionProvider,
    pub precision: Precision,
    pub key: EngineKey,
    /// What is there of it.
    pub state: EngineState,
}

/// The engines of all networks, for each provider that keeps some and has no obstacle here, in its first precision.
pub fn wanted(networks: &Networks, store: &EngineStore) -> Vec<WantedEngine> {
    let (bundle, host, options) = (networks.bundle(), networks.host(), networks.options());
    let mut all = Vec::new();
    for &provider in options.providers.providers() {
        if !provider.keeps_engines() || provider.obstacle(host).is_some() {
            continue;
        }
        let Some(&precision) = provider.precisions(host, options.precision).first() else { continue };
        for network in bundle.network_names() {
            let blueprint = Blueprint::of(bundle, network);
            let Ok(file) = blueprint.file(provider, precision) else { continue };
            let key = provider.engine_key(host, precision, &blueprint.graph(&[], None), bundle.sha256_of(file));
            all.push(WantedEngine { network: network.into(), provider, precision, state: store.state(&key), key });
        }
    }
    all
}

/// Builds an engine in this process, and lets it reproduce the golden output. `built`: the time of day, RFC 3339.
///
/// # Errors
/// The provider cannot build it or strays; the sentence says which.
pub fn build(
    networks: &Networks,
    store: &EngineStore,
    engine: &WantedEngine,
    room: &EngineBuild,
    built: String,
) -> Result<EngineRecord, NetworkError> {
    let (bundle, host) = (networks.bundle(), networks.host());
    let began = Instant::now();
    let blueprint = Blueprint::of(bundle, &engine.network);
    let file = blueprint.file(engine.provider, engine.precision).map_err(OpenError::from)?;
    let onnx = bundle.read(file)?;
    let folders = EngineFolder { engine: room.folder(), timing: &store.timing_folder() };
    let graph = blueprint.graph(&onnx, Some(folders));
    let mut session = Session::open(host, engine.provider, engine.precision, &graph, networks.options().threads)?;
    let mut run = |image: ArrayView4<'_, f32>| session.run(image);
    let golden = golden::check_network(bundle, &engine.network, engine.precision, Extent::Whole, &mut run);
    let (refused, golden) = match golden {
        Ok(found) => (None, Some(found.describe())),
        // It would stray again.
        Err(NetworkError::Bundle(error @ BundleError::Golden { .. })) => (Some(error.to_string()), None),
        Err(error) => return Err(error),
    };
    let (key, files) = Default::default();
    let seconds = began.elapsed().as_secs_f64();
    Ok(EngineRecord { network: engine.network.clone(), seconds, built, refused, golden, key, files })
}
