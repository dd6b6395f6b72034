//! All figures in the text format of Prometheus.

use cordline_device::memory;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::counters::{Metrics, StateLabel};
use crate::descriptors;
use crate::health::Health;
use crate::journal::Journal;
use crate::spool::Spool;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    provider: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FallbackLabel {
    provider: String,
    reason: &'static str,
}

/// The counters, and what can be measured now.
pub(super) fn page(metrics: &Metrics, journal: &Journal, spool: &Spool, health: &Health) -> String {
    let mut registry = Registry::with_prefix("cordline");
    metrics.register(&mut registry);
    let jobs = Family::<StateLabel, Gauge>::default();
    for (state, count) in journal.counts().unwrap_or_default() {
        jobs.get_or_create(&StateLabel { state: state.as_str() }).set(count as i64);
    }
    registry.register("jobs", "Jobs that are kept, by state", jobs);
    let gauge = |value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        gauge
    };
    registry.register("ready", "1 once the models reproduced their stored example", gauge(health.ready.into()));
    let free = spool.free_bytes().unwrap_or(0);
    registry.register("spool_free_bytes", "Free bytes on the disk of the spool", gauge(free as i64));
    let fallbacks = health.device().map_or(0, |device| device.fallbacks.len());
    registry.register("fallbacks", "Providers that were wanted more and are not used", gauge(fallbacks as i64));
    let refusals = Family::<FallbackLabel, Gauge>::default();
    for refused in health.refusals() {
        refusals.get_or_create(&FallbackLabel { provider: refused.provider.clone(), reason: refused.reason }).set(1);
    }
    registry.register(
        "provider_fallback",
        "1 for each provider that was wanted more, and why it is not used",
        refusals,
    );
    let refused = i64::try_from(descriptors::refused()).unwrap_or(i64::MAX);
    registry.register(
        "refused_connections",
        "Connections for which there was no descriptor, or no place among those of their kind",
        gauge(refused),
    );
    let provider = Family::<ProviderLabel, Gauge>::default();
    for used in health.providers() {
        provider.get_or_create(&ProviderLabel { provider: used.into() }).inc();
    }
    registry.register("provider", "Workers that compute on this execution provider", provider);
    let resident = memory::resident_bytes().unwrap_or(0);
    registry.register("resident_bytes", "Memory of the daemon", gauge(resident as i64));

    let mut page = String::new();
    // Writing into a string does not fail.
    let _ = encode(&mut page, &registry);
    page
}
