//! The thread that has engines built while jobs are computed by the next provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cordline_analysis::engine_builder::{BuildEnd, EngineBuilder, EngineProgress};
use cordline_device::engine::{EngineState, EngineStore};
use cordline_inference::engines::WantedEngine;

use super::clock;
use super::metrics::Metrics;
use super::notices::{Notices, Topic};

/// What the thread needs.
pub(super) struct EngineThread {
    pub builder: EngineBuilder,
    pub store: EngineStore,
    pub wanted: Vec<WantedEngine>,
    /// Bytes of all engines together.
    pub most_bytes: u64,
    pub metrics: Arc<Metrics>,
    pub notices: Notices,
    /// Grows when there are more engines than before: a worker opens its networks anew before its next job.
    pub changes: Arc<AtomicUsize>,
    /// Set at shutdown.
    pub stop: Arc<AtomicBool>,
}

impl EngineThread {
    /// True where something is to be built.
    pub(super) fn has_work(&self) -> bool {
        self.wanted.iter().any(|engine| matches!(engine.state, EngineState::Absent | EngineState::Damaged))
    }

    /// Builds until everything is built or refused, or the daemon stops. Jobs go on meanwhile.
    pub(super) fn run(self) {
        let Self { builder, store, wanted, most_bytes, metrics, notices, changes, stop } = self;
        let ends = builder.build(&store, &wanted, &clock::now_rfc3339, &mut |progress| {
            metrics.engine_build(&progress.network, progress.seconds);
            notices.set(Topic::Engines, Some(told(progress)));
            !stop.load(Ordering::Relaxed)
        });
        notices.set(Topic::Engines, None);
        for (engine, end) in &ends {
            let (network, provider) = (&engine.network, engine.provider);
            match end {
                BuildEnd::Trusted => tracing::info!(%provider, network, "its engine is built and trusted"),
                BuildEnd::Refused(reason) => tracing::warn!(%provider, network, reason, "its engine is refused"),
                BuildEnd::NotTried(reason) => {
                    tracing::warn!(%provider, network, reason, "its engine could not be built")
                }
                BuildEnd::Elsewhere | BuildEnd::Stopped => {}
            }
        }
        if ends.iter().any(|(_, end)| *end == BuildEnd::Trusted) {
            changes.fetch_add(1, Ordering::Relaxed);
            let keys: Vec<_> = wanted.into_iter().map(|engine| engine.key).collect();
            if let Err(error) = store.clean(&keys, most_bytes) {
                tracing::warn!(%error, "engines that nobody wants any more could not be removed");
            }
        }
    }
}

fn told(progress: &EngineProgress) -> String {
    let EngineProgress { network, provider, n, of, usual_seconds, .. } = progress;
    let usual = usual_seconds.map(|usual| format!("; the last time it took {usual:.0} s")).unwrap_or_default();
    format!(
        "{provider} compiles the network {network}, {n} of {of}{usual}. Jobs are computed by the next provider meanwhile"
    )
}
