//! What is counted while the daemon works; every thread may count.

use std::sync::atomic::AtomicU64;

use cordline_sdk::result::AnalysisResult;
use cordline_sdk::wire::event::EventKind;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::gpus::GpuWatch;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StateLabel {
    pub state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NetworkLabel {
    network: String,
}

/// Of what there was too much.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BusyLabel {
    what: &'static str,
}

/// All counters.
pub(crate) struct Metrics {
    received_bytes: Counter,
    sent_bytes: Counter,
    refused: Counter,
    expelled: Counter,
    busy: Family<BusyLabel, Counter>,
    ended: Family<StateLabel, Counter>,
    stages: Family<StageLabel, Histogram, fn() -> Histogram>,
    engines: Family<NetworkLabel, Gauge<f64, AtomicU64>>,
    gpus: GpuWatch,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
            refused: Counter::default(),
            expelled: Counter::default(),
            busy: Family::default(),
            ended: Family::default(),
            stages: Family::new_with_constructor(stage_buckets),
            engines: Family::default(),
            gpus: GpuWatch::default(),
        }
    }

    /// Bytes that came from clients.
    pub(crate) fn received(&self, bytes: usize) {
        self.received_bytes.inc_by(bytes as u64);
    }

    /// Bytes that went to clients.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent_bytes.inc_by(bytes as u64);
    }

    /// A key was refused at the handshake.
    pub(crate) fn refused(&self) {
        self.refused.inc();
    }

    /// A session was ended: its key is not valid any more, or has a lower role.
    pub(crate) fn expelled(&self) {
        self.expelled.inc();
    }

    /// A request was refused because there was too much of `what`.
    pub(crate) fn busy(&self, what: &'static str) {
        self.busy.get_or_create(&BusyLabel { what }).inc();
    }

    /// Counts an event that ends its job.
    pub(crate) fn count_end(&self, event: &EventKind) {
        if let EventKind::State(change) = event
            && change.state.has_ended()
        {
            self.ended.get_or_create(&StateLabel { state: change.state.as_str() }).inc();
        }
    }

    /// The durations of a job's stages.
    pub(crate) fn observe_stages(&self, result: &AnalysisResult) {
        for (stage, ms) in &result.timings_ms {
            // Processor times are sums over threads, and no stages.
            if !stage.starts_with("cpu_") {
                self.stages.get_or_create(&StageLabel { stage: stage.clone() }).observe(ms / 1000.0);
            }
        }
    }

    /// How long the engine of a network is being built, or was.
    pub(crate) fn engine_build(&self, network: &str, seconds: f64) {
        self.engines.get_or_create(&NetworkLabel { network: network.into() }).set(seconds);
    }

    /// The worker computes: whether a GPU is slowed down now is counted, once a second at most.
    pub(crate) fn look_at_gpus(&self) {
        self.gpus.count_throttled();
    }

    /// Adds all counters to a page, and the GPUs as they are.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("received_bytes", "Bytes that came from clients", self.received_bytes.clone());
        registry.register("sent_bytes", "Bytes that went to clients", self.sent_bytes.clone());
        registry.register("refused_clients", "Clients whose key was not accepted", self.refused.clone());
        registry.register(
            "expelled_clients",
            "Clients that were sent away while they were here",
            self.expelled.clone(),
        );
        registry.register(
            "busy",
            "Requests that were refused because there was too much of something",
            self.busy.clone(),
        );
        registry.register("jobs_ended", "Jobs that have ended since the start", self.ended.clone());
        registry.register("stage_seconds", "How long each stage of a job took", self.stages.clone());
        registry.register(
            "engine_build_seconds",
            "How long the engine of a network is being built, or was since the start",
            self.engines.clone(),
        );
        self.gpus.register(registry);
    }
}

/// From 1 ms to 65 s.
fn stage_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 17))
}
