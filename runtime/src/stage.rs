//! The stages of an analysis, and the time that each took.

use std::collections::BTreeMap;
use std::time::Instant;

use cordline_device::memory;
use cordline_sdk::words::words;

words! {
    /// A stage of the road, in order; its word is the key in `timings_ms`.
    #[derive(PartialOrd, Ord)]
    pub enum Stage {
        /// Headers are read.
        Reading = "reading",
        /// The series is chosen.
        Selecting = "selecting",
        /// Pixels are decoded and put in order.
        Decoding = "decoding",
        /// Intensities are normalised.
        Normalising = "normalising",
        /// Networks are loaded.
        Loading = "loading",
        /// Lesions are segmented.
        Segmenting = "segmenting",
        /// Lesions are measured.
        Measuring = "measuring",
        /// Questions are asked.
        Classifying = "classifying",
        /// Results are written.
        Writing = "writing",
    }
}

impl Stage {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reading => "Reading files",
            Self::Selecting => "Choosing the series",
            Self::Decoding => "Decoding pixels",
            Self::Normalising => "Normalising intensities",
            Self::Loading => "Loading networks",
            Self::Segmenting => "Segmenting lesions",
            Self::Measuring => "Measuring lesions",
            Self::Classifying => "Asking the questions",
            Self::Writing => "Writing results",
        }
    }
}

/// Time that some work took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// By the clock on the wall, in milliseconds.
    pub wall_ms: f64,
    /// On all processors together, in milliseconds.
    pub cpu_ms: f64,
}

impl Spent {
    /// Runs `work` and adds its time.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), memory::processor_ms());
        let done = work();
        self.wall_ms += wall.elapsed().as_secs_f64() * 1000.0;
        self.cpu_ms += memory::processor_ms() - cpu;
        done
    }

    /// Runs `work`, which stays on this thread, while other threads work at the same time: their processor time does not count.
    pub fn of_this_thread<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (wall, cpu) = (Instant::now(), memory::thread_processor_ms());
        let done = work();
        let cpu_ms = memory::thread_processor_ms() - cpu;
        (done, Self { wall_ms: wall.elapsed().as_secs_f64() * 1000.0, cpu_ms })
    }
}

/// Wall-clock time by stage; processor time too of what is not the program's own work, so that the rest can be told.
#[derive(Debug)]
pub struct Stopwatch {
    start: Instant,
    milliseconds: BTreeMap<String, f64>,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self { start: Instant::now(), milliseconds: BTreeMap::new() }
    }

    /// Milliseconds since the start.
    pub fn elapsed_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }

    /// Runs `work` and adds its time under `key`.
    pub fn time<T>(&mut self, key: &str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.add(key, start.elapsed().as_secs_f64() * 1000.0);
        done
    }

    /// Runs `work` and adds its wall-clock time under `key` and its processor time under `cpu_key`.
    pub fn time_spent<T>(&mut self, key: &str, work: impl FnOnce() -> T) -> T {
        let mut spent = Spent::default();
        let done = spent.time(work);
        self.add_spent(key, spent);
        done
    }

    /// Adds wall-clock time under `key` and processor time under `cpu_key`.
    pub fn add_spent(&mut self, key: &str, spent: Spent) {
        self.add(key, spent.wall_ms);
        self.add(&format!("cpu_{key}"), spent.cpu_ms);
    }

    /// Adds milliseconds under `key`.
    pub fn add(&mut self, key: &str, milliseconds: f64) {
        *self.milliseconds.entry(key.to_owned()).or_default() += milliseconds;
    }

    /// All times so far, with `total` since the start and `cpu_total` of the process, rounded to microseconds.
    pub fn report(&self) -> BTreeMap<String, f64> {
        let mut report = self.milliseconds.clone();
        report.insert("total".into(), self.elapsed_ms());
        report.insert("cpu_total".into(), memory::processor_ms());
        report.values_mut().for_each(|v| *v = (*v * 1000.0).round() / 1000.0);
        report
    }
}
