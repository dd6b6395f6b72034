//! Figures for Prometheus, and whether the daemon is alive and ready, by HTTP on the box itself. No patient data.
//!
//! `/metrics`, `/live` (200 while the process serves), `/ready` (200 once the models reproduced their stored example).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cordline_device::memory;
use cordline_sdk::result::AnalysisResult;
use cordline_sdk::wire::event::Happening;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tiny_http::{Header, Response, Server};

use super::enquiries::Condition;
use crate::journal::Journal;
use crate::spool::Spool;

/// How often the thread looks whether the daemon goes down.
const LOOK_UP: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Provider {
    provider: String,
}

/// What is counted while the daemon works; each count may be raised from any thread.
pub(super) struct Metrics {
    received_bytes: Counter,
    sent_bytes: Counter,
    refused: Counter,
    ended: Family<State, Counter>,
    stages: Family<Stage, Histogram, fn() -> Histogram>,
}

impl Metrics {
    /// Nothing was counted yet.
    pub(super) fn new() -> Self {
        Self {
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
            refused: Counter::default(),
            ended: Family::default(),
            stages: Family::new_with_constructor(buckets),
        }
    }

    /// Bytes that came from clients.
    pub(super) fn received(&self, bytes: usize) {
        self.received_bytes.inc_by(bytes as u64);
    }

    /// Bytes that went to clients.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent_bytes.inc_by(bytes as u64);
    }

    /// A client was refused at the gate.
    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    /// Counts a job that ends with this.
    pub(super) fn happened(&self, what: &Happening) {
        if let Happening::State(change) = what
            && change.state.has_ended()
        {
            self.ended.get_or_create(&State { state: change.state.key() }).inc();
        }
    }

    /// How long the stages of a job took.
    pub(super) fn took(&self, result: &AnalysisResult) {
        for (stage, ms) in &result.timings_ms {
            // Processor times are sums over threads, and no stages.
            if !stage.starts_with("cpu_") {
                self.stages.get_or_create(&Stage { stage: stage.clone() }).observe(ms / 1000.0);
            }
        }
    }

    /// All figures as Prometheus reads them.
    fn page(&self, journal: &Journal, spool: &Spool, condition: &Condition) -> String {
        let mut registry = Registry::with_prefix("cordline");
        registry.register("received_bytes", "Bytes that came from clients", self.received_bytes.clone());
        registry.register("sent_bytes", "Bytes that went to clients", self.sent_bytes.clone());
        registry.register("refused_clients", "Clients whose key was not accepted", self.refused.clone());
        registry.register("jobs_ended", "Jobs that have ended since the start", self.ended.clone());
        registry.register("stage_seconds", "How long each stage of a job took", self.stages.clone());

        let jobs = Family::<State, Gauge>::default();
        for (state, count) in journal.counts().unwrap_or_default() {
            jobs.get_or_create(&State { state: state.key() }).set(count as i64);
        }
        registry.register("jobs", "Jobs that are kept, by state", jobs);
        let gauge = |value: i64| {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            gauge
        };
        registry.register("ready", "1 once the models reproduced their stored example", gauge(condition.ready.into()));
        let free = spool.free_bytes().unwrap_or(0);
        registry.register("spool_free_bytes", "Free bytes on the disk of the spool", gauge(free as i64));
        let device = condition.device.as_ref();
        let fallbacks = device.map_or(0, |d| d.fallbacks.len());
        registry.register("fallbacks", "Providers that were wanted more and are not used", gauge(fallbacks as i64));
        let provider = Family::<Provider, Gauge>::default();
        if let Some(device) = device {
            provider.get_or_create(&Provider { provider: device.provider.clone() }).set(1);
        }
        registry.register("provider", "1 for the execution provider in use", provider);
        let resident = memory::resident_bytes().unwrap_or(0);
        registry.register("resident_bytes", "Memory of the daemon", gauge(resident as i64));

        let mut page = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut page, &registry);
        page
    }
}

fn buckets() -> Histogram {
    // From 1 ms to 65 s.
    Histogram::new(exponential_buckets(0.001, 2.0, 17))
}

/// What the page is made from.
pub(super) struct Sources {
    pub metrics: Arc<Metrics>,
    /// For looking only.
    pub journal: Journal,
    pub spool: Arc<Spool>,
    pub condition: Arc<RwLock<Condition>>,
}

/// Answers on `address` until `stop` is set.
pub(super) fn serve(address: &str, sources: Sources, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    let server = Server::http(address).map_err(std::io::Error::other)?;
    let work = move || {
        while !stop.load(Ordering::Relaxed) {
            if let Ok(Some(request)) = server.recv_timeout(LOOK_UP) {
                let (status, body) = answer(request.url(), &sources);
                let text = Header::from_bytes("Content-Type", "text/plain; version=1.0.0; charset=utf-8");
                let response = Response::from_string(body).with_status_code(status);
                // Whoever asked may be gone by now.
                let _ = match text {
                    Ok(text) => request.respond(response.with_header(text)),
                    Err(()) => request.respond(response),
                };
            }
        }
    };
    std::thread::Builder::new().name("metrics".into()).spawn(work).map(drop)
}

fn answer(url: &str, sources: &Sources) -> (u16, String) {
    let condition = sources.condition.read().map(|c| c.clone()).unwrap_or_default();
    match url {
        "/metrics" => (200, sources.metrics.page(&sources.journal, &sources.spool, &condition)),
        "/live" => (200, "alive\n".into()),
        "/ready" if condition.ready => (200, "ready\n".into()),
        "/ready" => (503, "the models are not ready\n".into()),
        _ => (404, "there are /metrics, /live and /ready\n".into()),
    }
}
