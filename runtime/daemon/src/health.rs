//! Whether the models answer, and on what they run; written by the workers, read by queries and metrics.

use cordline_device::Fallback;
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::wire::reply::{DeviceReport, WorkerReport};

/// The state of the models.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    pub bundle: Option<BundleIdentity>,
    /// True once the models reproduced their golden output.
    pub ready: bool,
    /// For the operator, where the models cannot be used any more.
    pub trouble: Option<String>,
    workers: Vec<WorkerHealth>,
}

/// On what the models of one worker run.
#[derive(Debug, Clone)]
pub(super) struct WorkerHealth {
    pub device: DeviceReport,
    /// The fall-backs of the device, in words of metrics.
    pub refusals: Vec<RefusedProvider>,
    /// For the operator.
    pub warnings: Vec<String>,
}

/// A provider that was wanted and is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefusedProvider {
    pub provider: String,
    /// One of few words: sentences name files and networks.
    pub reason: &'static str,
}

impl RefusedProvider {
    pub(super) fn of(fallback: &Fallback) -> Self {
        Self { provider: fallback.wanted.to_string(), reason: fallback.reason.as_str() }
    }
}

impl Health {
    /// What became of the models of a worker. Workers tell of theirs in the order of their numbers, once at least.
    pub(super) fn set_worker(&mut self, worker: usize, health: WorkerHealth) {
        match self.workers.get_mut(worker) {
            Some(known) => *known = health,
            None => self.workers.push(health),
        }
    }

    /// Jobs that are computed at the same time.
    pub(super) fn worker_count(&self) -> usize {
        self.workers.len().max(1)
    }

    /// The device of the first worker, with what the others have, and all that was wanted more.
    pub(super) fn device(&self) -> Option<DeviceReport> {
        let mut device = self.workers.first()?.device.clone();
        for other in &self.workers[1..] {
            device.fallbacks.extend(other.device.fallbacks.iter().cloned());
        }
        device.fallbacks = each_once(device.fallbacks);
        device.workers = self.workers.iter().map(WorkerHealth::report).collect();
        Some(device)
    }

    /// The execution providers in use.
    pub(super) fn providers(&self) -> impl Iterator<Item = &str> {
        self.workers.iter().map(|worker| worker.device.provider.as_str())
    }

    /// Providers that were wanted more, in words of metrics.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &RefusedProvider> {
        self.workers.iter().flat_map(|worker| &worker.refusals)
    }

    /// For the operator.
    pub(super) fn warnings(&self) -> Vec<String> {
        let of_workers = self.workers.iter().flat_map(|worker| worker.warnings.iter().cloned());
        each_once(self.trouble.iter().cloned().chain(of_workers).collect())
    }
}

impl WorkerHealth {
    fn report(&self) -> WorkerReport {
        let DeviceReport { gpu, provider, precision, .. } = self.device.clone();
        WorkerReport { gpu, provider, precision }
    }
}

fn each_once(words: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(gpu: &str, fallback: &str) -> WorkerHealth {
        let device = DeviceReport {
            processor: "a processor".into(),
            gpu: Some(gpu.into()),
            provider: "CUDA".into(),
            precision: "fp32".into(),
            fallbacks: vec![fallback.into()],
            workers: Vec::new(),
        };
        WorkerHealth { device, refusals: Vec::new(), warnings: vec![fallback.into()] }
    }

    #[test]
    fn every_worker_is_told_and_what_they_have_in_common_once() {
        let mut health = Health::default();
        assert_eq!((health.device(), health.worker_count()), (None, 1));
        health.set_worker(0, on("first", "no TensorRT"));
        health.set_worker(1, on("second", "no TensorRT"));
        let device = health.device().unwrap();
        let gpus: Vec<_> = device.workers.iter().filter_map(|worker| worker.gpu.as_deref()).collect();
        assert_eq!((gpus, &device.fallbacks[..]), (vec!["first", "second"], &["no TensorRT".to_owned()][..]));
        health.set_worker(1, on("second", "out of memory"));
        assert_eq!((health.warnings().len(), health.worker_count()), (2, 2));
    }
}
