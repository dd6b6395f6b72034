//! What the GPUs tell of themselves: read when somebody asks for the figures, and while the worker computes; once a second at most each.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use cordline_device::probe::{self, Gpu};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

const INTERVAL: Duration = Duration::from_secs(1);

/// Place in the list of GPUs, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GpuLabel {
    gpu: usize,
}

type Figures = Family<GpuLabel, Gauge<f64, AtomicU64>>;

/// The GPUs as they were last seen, and how often one was slowed down.
#[derive(Default)]
pub(super) struct GpuWatch {
    for_page: Mutex<Option<Look>>,
    of_worker: Mutex<Option<Look>>,
    throttled: Family<GpuLabel, Counter>,
}

struct Look {
    at: Instant,
    gpus: Vec<Gpu>,
}

impl Look {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < INTERVAL
    }
}

impl GpuWatch {
    /// A look of the worker: counts the GPUs that are slowed down.
    pub(super) fn count_throttled(&self) {
        self.count_throttled_of(Instant::now(), probe::gpus);
    }

    fn count_throttled_of(&self, now: Instant, look: impl FnOnce() -> Vec<Gpu>) {
        // A poisoned lock only means that another thread panicked beside it: what was noted is whole.
        let mut last = self.of_worker.lock().unwrap_or_else(|e| e.into_inner());
        if last.as_ref().is_some_and(|last| last.is_fresh(now)) {
            return;
        }
        let gpus = look();
        for (gpu, seen) in gpus.iter().enumerate() {
            let earlier = last.as_ref().and_then(|last| last.gpus.get(gpu));
            if seen.is_throttled() || earlier.is_some_and(|earlier| over_currents(seen) > over_currents(earlier)) {
                self.throttled.get_or_create(&GpuLabel { gpu }).inc();
            }
        }
        *last = Some(Look { at: now, gpus });
    }

    /// Adds the GPUs as they are now to a page.
    pub(super) fn register(&self, registry: &mut Registry) {
        self.register_of(registry, Instant::now(), probe::gpus);
    }

    fn register_of(&self, registry: &mut Registry, now: Instant, look: impl FnOnce() -> Vec<Gpu>) {
        let mut last = self.for_page.lock().unwrap_or_else(|e| e.into_inner());
        let seen = last.take().filter(|last| last.is_fresh(now)).unwrap_or_else(|| Look { at: now, gpus: look() });
        let figures = |value: &dyn Fn(&Gpu) -> Option<f64>| {
            let family = Figures::default();
            for (gpu, seen) in seen.gpus.iter().enumerate() {
                if let Some(value) = value(seen) {
                    family.get_or_create(&GpuLabel { gpu }).set(value);
                }
            }
            family
        };
        let used = figures(&|gpu| gpu.memory.map(|memory| memory.used_bytes() as f64));
        registry.register("gpu_memory_used_bytes", "Memory of the GPU that is taken, by whomever", used);
        let busy = figures(&|gpu| gpu.utilisation);
        registry.register("gpu_utilisation_ratio", "Share of the time in which the GPU computed", busy);
        registry.register("gpu_temperature_celsius", "Temperature of the GPU", figures(&|gpu| gpu.temperature_c));
        registry.register("gpu_power_watts", "What the GPU, or its rail, draws", figures(&|gpu| gpu.power_w));
        for gpu in 0..seen.gpus.len() {
            // Counted from 0, not from its first time.
            drop(self.throttled.get_or_create(&GpuLabel { gpu }));
        }
        registry.register("gpu_throttled", "Looks of the worker at a GPU that was slowed down", self.throttled.clone());
        *last = Some(seen);
    }
}

/// A board tells how often it slowed down, not whether it does.
fn over_currents(gpu: &Gpu) -> u64 {
    gpu.jetson.as_ref().and_then(|board| board.over_currents).unwrap_or_default()
}

#[cfg(test)]
mod tests;
