//! How long the stages of an analysis took.

use std::collections::BTreeMap;
use std::time::Instant;

use cordline_device::memory;

/// Time that some work took, by the clock on the wall and on the processors.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CpuTime {
    /// By the clock on the wall, in milliseconds.
    pub wall_ms: f64,
    /// On all processors together, in milliseconds: of the whole process, unless the work stays on one thread.
    pub cpu_ms: f64,
}

impl CpuTime {
    /// Runs `work` and adds its time. What other threads of the process do meanwhile counts too: networks run on several.
    pub(super) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), memory::processor_ms());
        let done = work();
        self.wall_ms += wall.elapsed().as_secs_f64() * 1000.0;
        self.cpu_ms += memory::processor_ms() - cpu;
        done
    }

    /// Runs `work`, which stays on this thread, while other threads work at the same time: their processor time does not count.
    pub(super) fn this_thread<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (wall, cpu) = (Instant::now(), memory::thread_processor_ms());
        let done = work();
        let cpu_ms = memory::thread_processor_ms() - cpu;
        (done, Self { wall_ms: wall.elapsed().as_secs_f64() * 1000.0, cpu_ms })
    }
}

/// Wall-clock time by stage; of work that is not the program's own (networks, hashing) processor time too, so that its own share is known
/// where nothing else runs in the process.
#[derive(Debug)]
pub(super) struct Timings {
    start: Instant,
    /// Processor time of the process at the start: a daemon has spent some on other jobs.
    cpu_start_ms: f64,
    milliseconds: BTreeMap<String, f64>,
}

impl Timings {
    /// Starts now.
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), cpu_start_ms: memory::processor_ms(), milliseconds: BTreeMap::new() }
    }

    /// Milliseconds since the start.
    pub(super) fn elapsed_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }

    /// Runs `work` and adds its wall-clock time under `key` and its processor time under `cpu_key`.
    pub(super) fn time_with_cpu<T>(&mut self, key: &str, work: impl FnOnce() -> T) -> T {
        let mut took = CpuTime::default();
        let done = took.time(work);
        self.add_with_cpu(key, took);
        done
    }

    /// Adds wall-clock time under `key` and processor time under `cpu_key`.
    pub(super) fn add_with_cpu(&mut self, key: &str, took: CpuTime) {
        self.add(key, took.wall_ms);
        self.add(&format!("cpu_{key}"), took.cpu_ms);
    }

    /// Adds milliseconds under `key`.
    pub(super) fn add(&mut self, key: &str, milliseconds: f64) {
        *self.milliseconds.entry(key.to_owned()).or_default() += milliseconds;
    }

    /// All times so far, with `total` and `cpu_total` since the start, rounded to microseconds.
    pub(super) fn report(&self) -> BTreeMap<String, f64> {
        let mut report = self.milliseconds.clone();
        report.insert("total".into(), self.elapsed_ms());
        report.insert("cpu_total".into(), memory::processor_ms() - self.cpu_start_ms);
        report.values_mut().for_each(|v| *v = (*v * 1000.0).round() / 1000.0);
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_counts_from_the_start_of_the_analysis() {
        // What a daemon spent on earlier jobs.
        let before = Instant::now();
        while memory::processor_ms() < 50.0 && before.elapsed().as_secs() < 20 {}
        let report = Timings::start().report();
        assert!(report["cpu_total"] < 50.0, "{report:?}");
    }
}
