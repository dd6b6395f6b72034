//! The stages of an analysis, and the time that each took.

use std::collections::BTreeMap;
use std::time::Instant;

/// A stage of the road, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Headers are read.
    Reading,
    /// The series is chosen.
    Selecting,
    /// Pixels are decoded and put in order.
    Decoding,
    /// Intensities are normalised.
    Normalising,
    /// Networks are loaded.
    Loading,
    /// Lesions are segmented.
    Segmenting,
    /// Lesions are measured.
    Measuring,
    /// Questions are asked.
    Classifying,
    /// Results are written.
    Writing,
}

impl Stage {
    /// Key in `timings_ms`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Selecting => "selecting",
            Self::Decoding => "decoding",
            Self::Normalising => "normalising",
            Self::Loading => "loading",
            Self::Segmenting => "segmenting",
            Self::Measuring => "measuring",
            Self::Classifying => "classifying",
            Self::Writing => "writing",
        }
    }

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

/// Wall-clock time by stage.
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

    /// Adds milliseconds under `key`.
    pub fn add(&mut self, key: &str, milliseconds: f64) {
        *self.milliseconds.entry(key.to_owned()).or_default() += milliseconds;
    }

    /// All times so far, with `total` since the start, rounded to microseconds.
    pub fn report(&self) -> BTreeMap<String, f64> {
        let mut report = self.milliseconds.clone();
        report.insert("total".into(), self.elapsed_ms());
        report.values_mut().for_each(|v| *v = (*v * 1000.0).round() / 1000.0);
        report
    }
}
