//! What every stage of an analysis needs beside its input.

use std::ops::ControlFlow;

use cordline_core::stage::Stage;

use super::error::AnalysisError;
use super::progress::{Observer, Progress};
use super::timings::Timings;
use crate::config::Config;
use crate::output_folder::OutputFolder;

/// The settings of an analysis, where its results go, who watches it, and how long its stages took.
pub(super) struct AnalysisContext<'a> {
    pub config: &'a Config,
    pub folder: &'a OutputFolder,
    pub timings: Timings,
    observer: &'a mut Observer<'a>,
}

impl<'a> AnalysisContext<'a> {
    /// Of an analysis that began with `timings`.
    pub(super) fn new(
        config: &'a Config,
        folder: &'a OutputFolder,
        timings: Timings,
        observer: &'a mut Observer<'a>,
    ) -> Self {
        Self { config, folder, timings, observer }
    }

    /// Tells the observer that a stage begins.
    ///
    /// # Errors
    /// The observer wants the analysis to end.
    pub(super) fn stage(&mut self, stage: Stage) -> Result<(), AnalysisError> {
        self.notify(Progress::Stage(stage))
    }

    /// Tells the observer what happened.
    ///
    /// # Errors
    /// The observer wants the analysis to end.
    pub(super) fn notify(&mut self, progress: Progress<'_>) -> Result<(), AnalysisError> {
        match (self.observer)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AnalysisError::Cancelled),
        }
    }

    /// Does some work of a stage, and adds its time to that of the stage.
    pub(super) fn time<T>(&mut self, stage: Stage, work: impl FnOnce(&mut Self) -> T) -> T {
        let start = std::time::Instant::now();
        let done = work(self);
        self.timings.add(stage.as_str(), start.elapsed().as_secs_f64() * 1000.0);
        done
    }
}
