//! How long the stages of an analysis took.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
        let start = Moment::now();
        let done = work();
        *self += start.elapsed();
        done
    }

    /// The same less what a thread of ours takes meanwhile.
    pub(super) fn time_less<T>(&mut self, beside: &TimeBeside, work: impl FnOnce() -> T) -> T {
        let before_ms = beside.so_far().cpu_ms;
        let done = self.time(work);
        self.cpu_ms -= beside.so_far().cpu_ms - before_ms;
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

impl AddAssign for CpuTime {
    fn add_assign(&mut self, more: Self) {
        self.wall_ms += more.wall_ms;
        self.cpu_ms += more.cpu_ms;
    }
}

/// A moment by the clock on the wall and by the processor time of the process: a daemon has spent some on other jobs.
#[derive(Debug, Clone, Copy)]
struct Moment {
    wall: Instant,
    cpu_ms: f64,
}

impl Moment {
    fn now() -> Self {
        Self { wall: Instant::now(), cpu_ms: memory::processor_ms() }
    }

    fn elapsed(self) -> CpuTime {
        CpuTime { wall_ms: self.wall.elapsed().as_secs_f64() * 1000.0, cpu_ms: memory::processor_ms() - self.cpu_ms }
    }
}

/// What a thread of ours takes while networks run, which it tells after each piece of work: it is no part of their time.
#[derive(Debug, Default)]
pub(super) struct TimeBeside(Mutex<CpuTime>);

impl TimeBeside {
    /// Runs a piece of work on that thread, and adds its time.
    pub(super) fn add<T>(&self, work: impl FnOnce() -> T) -> T {
        let (done, took) = CpuTime::this_thread(work);
        // Two numbers that are whole at any moment, whoever panicked.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += took;
        done
    }

    /// All of it so far.
    pub(super) fn so_far(&self) -> CpuTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the runs of networks take, and when the last of them ended.
#[derive(Debug, Default)]
pub(super) struct NetworkTime {
    took: CpuTime,
    ended: Option<Moment>,
}

impl NetworkTime {
    /// Runs a network and adds its time, less what a thread of ours takes meanwhile.
    pub(super) fn time_less<T>(&mut self, beside: &TimeBeside, run: impl FnOnce() -> T) -> T {
        let done = self.took.time_less(beside, run);
        self.ended = Some(Moment::now());
        done
    }
}

/// Wall-clock time by stage; of work that is not the program's own (networks, hashing) processor time too, so that its own share is known
/// where nothing else runs in the process.
#[derive(Debug)]
pub(super) struct Timings {
    start: Moment,
    /// When the last network had run, where one did.
    last_network: Option<Moment>,
    milliseconds: BTreeMap<String, f64>,
}

impl Timings {
    /// Starts now.
    pub(super) fn start() -> Self {
        Self { start: Moment::now(), last_network: None, milliseconds: BTreeMap::new() }
    }

    /// Milliseconds since the start.
    pub(super) fn elapsed_ms(&self) -> f64 {
        self.start.elapsed().wall_ms
    }

    /// Adds what the networks took, the last of which ran just now.
    pub(super) fn add_networks(&mut self, networks: NetworkTime) {
        self.add_with_cpu("networks", networks.took);
        self.last_network = networks.ended;
    }

    /// Closes networks. Where the last of them has run, that does not count as time after it: a process that analyses many studies closes
    /// them once.
    pub(super) fn close<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mut took = CpuTime::default();
        let done = took.time(work);
        self.add_with_cpu("closing", took);
        if let Some(last) = &mut self.last_network {
            last.wall += Duration::from_secs_f64(took.wall_ms / 1000.0);
            last.cpu_ms += took.cpu_ms;
        }
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

    /// All times so far, with `total` since the start and `after_last_network`, each with its processor time, rounded to microseconds.
    pub(super) fn report(&self) -> BTreeMap<String, f64> {
        let mut all = Self { milliseconds: self.milliseconds.clone(), ..*self };
        all.add_with_cpu("total", self.start.elapsed());
        if let Some(ended) = self.last_network {
            all.add_with_cpu("after_last_network", ended.elapsed());
        }
        let mut report = all.milliseconds;
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
