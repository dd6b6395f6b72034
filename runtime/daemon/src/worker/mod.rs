//! The threads that compute: each with warm models of its own, one job after the other.
//!
//! - [`models`]: those of every worker
//! - [`job_input`]: what a job is about, from journal and spool
//! - [`prefetch`]: the next job's files are read while this one is computed
//! - [`progress_events`]: the steps of an analysis as events
//! - [`output_files`]: results, forced to the disk and digested

mod job_input;
mod models;
mod output_files;
mod prefetch;
mod progress_events;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cordline_analysis::config::Config;
use cordline_analysis::models::WarmModels;
use cordline_analysis::{self as analyze, Models, Progress};
use cordline_device::{Fallback, priority};
use cordline_inference::networks::NetworkError;
use cordline_sdk::AnalysisResult;
use cordline_sdk::job::JobState;
use cordline_sdk::problem::{Code, Diagnose, Problem};
use cordline_sdk::result::State;
use cordline_sdk::wire::event::{EventKind, Files, StateChange, Warning};
use cordline_sdk::wire::reply::DeviceReport;

use super::error::cancelled;
use super::health::{Health, RefusedProvider, WorkerHealth};
use super::metrics::Metrics;
use super::scheduler::{Assignment, CommandQueue, SchedulerCommand};
use crate::journal::{Journal, PendingEvent};
use crate::spool::Spool;
pub(super) use models::WorkerModels;
use prefetch::{JobContext, Prefetcher, PreparedJob};
use progress_events::EventBuilder;

const SHUTDOWN_POLL: Duration = Duration::from_millis(200);

/// What the worker needs.
pub(super) struct Worker {
    pub config: Config,
    /// Its place among the workers, from 0.
    pub number: usize,
    /// Its GPU, from 0, where there are some.
    pub device: usize,
    pub spool: Arc<Spool>,
    /// Read only.
    pub journal: Journal,
    pub health: Arc<RwLock<Health>>,
    pub metrics: Arc<Metrics>,
    pub scheduler: CommandQueue,
    /// Set at shutdown.
    pub stop: Arc<AtomicBool>,
    /// Grows when a provider that was waited for has its engines.
    pub engine_changes: Arc<AtomicUsize>,
    /// When the daemon started, in ms since 1970.
    pub started_ms: u64,
}

impl Worker {
    /// Works until the daemon shuts down.
    pub(super) fn run(self, mut models: WarmModels, jobs: &Receiver<Assignment>) {
        priority::lower_priority();
        let mut seen_changes = self.engine_changes.load(Ordering::Relaxed);
        let mut prefetcher = Prefetcher::default();
        while !self.is_stopping() {
            self.scheduler.push_internal(SchedulerCommand::WorkerIdle(self.number));
            let Some(assignment) = self.next_job(jobs) else { break };
            // Between two jobs: a study is computed in one place from its first section to its last.
            let changes = self.engine_changes.load(Ordering::Relaxed);
            let networks = models.networks();
            let has_other_device = networks.has_left_provider() || networks.host().has_other_gpus();
            if changes != seen_changes || has_other_device || !models.are_current() {
                match WarmModels::open(&self.config, self.device) {
                    Ok(reopened) => models = reopened,
                    Err(error) => {
                        self.fail_without_bundle(&assignment, &error);
                        continue;
                    }
                }
                seen_changes = changes;
                // What was prefetched followed the rules of the earlier bundle.
                prefetcher = Prefetcher::default();
                self.publish_health(&models);
            }
            self.run_job(&assignment, &mut models, &mut prefetcher);
            if models.networks().has_left_provider() {
                self.publish_health(&models);
            }
        }
        // Handed over during the shutdown and not begun: no attempt.
        jobs.try_iter().for_each(|left| self.scheduler.push_internal(SchedulerCommand::Requeue(left.record.job)));
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The next job; `None` at shutdown.
    fn next_job(&self, jobs: &Receiver<Assignment>) -> Option<Assignment> {
        loop {
            match jobs.recv_timeout(SHUTDOWN_POLL) {
                Ok(assignment) => return Some(assignment),
                Err(RecvTimeoutError::Timeout) if !self.is_stopping() => {}
                Err(_) => return None,
            }
        }
    }

    fn run_job(&self, assignment: &Assignment, models: &mut WarmModels, prefetcher: &mut Prefetcher) {
        let job = &assignment.record.job;
        let mut builder = EventBuilder::new(&models.networks().provider_names());
        let out = self.spool.results(job);
        let context = JobContext {
            config: &self.config,
            journal: &self.journal,
            spool: &self.spool,
            bundle: models.bundle().clone(),
            started_ms: self.started_ms,
        };
        let prepared = match prefetcher.take(&assignment.record) {
            Some(prepared) => Ok(prepared),
            None => context.prepare(&assignment.record),
        };
        let PreparedJob { input, reader } = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return self.report(assignment, vec![end(JobState::Failed, problem)]),
        };
        let request = input.request(reader, &out);
        let outcome = analyze::analyze(request, &self.config, Models::Warm(models), &mut |progress| {
            if matches!(progress, Progress::Segmented { .. }) {
                prefetcher.prefetch(&context);
                // While it computes, a GPU is as hot as it gets.
                self.metrics.look_at_gpus();
            }
            let events = builder.on_progress(progress);
            if !events.is_empty() {
                self.report(assignment, events);
            }
            match assignment.cancel.load(Ordering::Relaxed) || self.is_stopping() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if self.is_stopping() {
            // Wherever it was: the next start runs the job from its beginning, with the same result.
            self.scheduler.push_internal(SchedulerCommand::Requeue(job.clone()));
            return;
        }
        match outcome {
            Ok(result) => self.finish(assignment, &result, &out),
            Err(problem) => self.report(assignment, vec![end(JobState::Failed, problem)]),
        }
    }

    /// Warnings, files and the end of a job.
    fn finish(&self, assignment: &Assignment, result: &AnalysisResult, out: &Path) {
        let warning = |message: &String| EventKind::Warning(Warning { message: message.clone() }).into();
        let mut events: Vec<PendingEvent> = result.warnings.iter().map(warning).collect();
        if assignment.cancel.load(Ordering::Relaxed)
            && result.problem.as_ref().is_some_and(|p| p.code == Code::Cancelled)
        {
            events.push(end(JobState::Cancelled, cancelled()));
            return self.report(assignment, events);
        }
        match output_files::sync_and_list(result, out) {
            Ok(files) => {
                events.push(EventKind::Files(Files { files }).into());
                let state = match result.state {
                    State::Completed => JobState::Completed,
                    State::NeedsSelection => JobState::NeedsSelection,
                    State::OutOfScope => JobState::OutOfScope,
                    State::Failed => JobState::Failed,
                };
                self.metrics.observe_stages(result);
                let change = StateChange { state, finding: result.finding.clone(), problem: result.problem.clone() };
                events.push(EventKind::State(change).into());
            }
            Err(error) => events.push(end(
                JobState::Failed,
                Problem {
                    code: Code::NotWritable,
                    message: format!("the results could not be forced to the disk: {error}"),
                    action: "look at the disk of the spool, and submit the study again".into(),
                },
            )),
        }
        self.report(assignment, events);
    }

    /// The bundle on the disk is not the one that was loaded, and cannot be used.
    fn fail_without_bundle(&self, assignment: &Assignment, error: &NetworkError) {
        if let Ok(mut health) = self.health.write() {
            health.ready = false;
            health.trouble = Some(format!("the bundle was changed on disk and cannot be used: {error}"));
        }
        self.report(assignment, vec![end(JobState::Failed, error.problem())]);
    }

    fn report(&self, assignment: &Assignment, events: Vec<PendingEvent>) {
        self.scheduler.push_internal(SchedulerCommand::Progress(assignment.record.job.clone(), events));
    }

    /// Publishes which models answer, and what runs them.
    pub(super) fn publish_health(&self, models: &WarmModels) {
        let networks = models.networks();
        let hardware = &networks.host().hardware;
        let in_words = |fallback: &Fallback| format!("{}: {}", fallback.subject(), fallback.reason);
        let fallbacks = networks.fallbacks().map(in_words).collect();
        let warnings = networks.noteworthy_fallbacks().map(in_words).collect();
        let refusals = networks.fallbacks().map(RefusedProvider::of).collect();
        let report = DeviceReport {
            processor: hardware.processor.clone(),
            gpu: networks.host().gpu().map(|gpu| gpu.model.clone()),
            provider: networks.provider_names(),
            precision: networks.precision_names(),
            fallbacks,
            workers: Vec::new(),
        };
        if let Ok(mut health) = self.health.write() {
            (health.bundle, health.ready, health.trouble) = (Some(models.bundle().identity()), true, None);
            health.set_worker(self.number, WorkerHealth { device: report, refusals, warnings });
        }
    }
}

fn end(state: JobState, problem: Problem) -> PendingEvent {
    EventKind::ended(state, problem).into()
}
