//! The one who computes: a thread with warm models that takes one job after the other.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cordline_device::{priority, probe};
use cordline_sdk::job::JobState;
use cordline_sdk::result::{Problem, State};
use cordline_sdk::wire::event::{FileInfo, Files, Happening, StateChange, Warning};
use cordline_sdk::wire::reply::DeviceReport;
use cordline_sdk::{AnalysisResult, FileKind};

use super::ahead::{Ahead, Begun, Desk};
use super::clerk::{Assignment, Order, cancelled};
use super::enquiries::Condition;
use super::happening::{Narrator, Told};
use super::metrics::Metrics;
use crate::analyze::models::WarmModels;
use crate::analyze::{self, Models, Progress};
use crate::config::Config;
use crate::digest;
use crate::journal::Journal;
use crate::network::NetworkError;
use crate::outbox::RESULT_FILE;
use crate::spool::Spool;

/// How often an idle worker looks whether the daemon goes down.
const LOOK_UP: Duration = Duration::from_millis(200);

/// What the worker needs.
pub(super) struct Worker {
    pub config: Config,
    pub spool: Arc<Spool>,
    /// For looking only.
    pub journal: Journal,
    pub condition: Arc<RwLock<Condition>>,
    pub metrics: Arc<Metrics>,
    pub clerk: Sender<Order>,
    /// Set once the daemon goes down.
    pub stop: Arc<AtomicBool>,
}

impl Worker {
    /// Works until the daemon goes down.
    pub(super) fn work(self, mut models: WarmModels, jobs: &Receiver<Assignment>) {
        priority::step_back();
        self.tell_condition(&models);
        let mut ahead = Ahead::default();
        while !self.stops() {
            let _ = self.clerk.send(Order::Idle);
            let Some(assignment) = self.wait(jobs) else { return };
            if !models.are_current() {
                match WarmModels::open(&self.config) {
                    Ok(fresh) => models = fresh,
                    Err(error) => {
                        self.refuse(&assignment, &error);
                        continue;
                    }
                }
                // What was read ahead followed the rules of the bundle before.
                ahead = Ahead::default();
                self.tell_condition(&models);
            }
            self.run(&assignment, &mut models, &mut ahead);
        }
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The next job; `None` once the daemon goes down.
    fn wait(&self, jobs: &Receiver<Assignment>) -> Option<Assignment> {
        loop {
            match jobs.recv_timeout(LOOK_UP) {
                Ok(assignment) => return Some(assignment),
                Err(RecvTimeoutError::Timeout) if !self.stops() => {}
                Err(_) => return None,
            }
        }
    }

    fn run(&self, assignment: &Assignment, models: &mut WarmModels, ahead: &mut Ahead) {
        let job = &assignment.record.job;
        let mut narrator = Narrator::new(&models.networks().provider_names());
        let out = self.spool.results(job);
        let desk =
            Desk { config: &self.config, journal: &self.journal, spool: &self.spool, bundle: models.bundle().clone() };
        let begun = match ahead.take(&assignment.record) {
            Some(begun) => Ok(begun),
            None => desk.begin(&assignment.record),
        };
        let Begun { task, reader } = match begun {
            Ok(begun) => begun,
            Err(problem) => return self.tell(assignment, vec![end(JobState::Failed, problem)]),
        };
        let request = task.request(reader, &out);
        let outcome = analyze::analyze(request, &self.config, Models::Warm(models), &mut |progress| {
            if matches!(progress, Progress::Segmented { .. }) {
                ahead.look(&desk);
            }
            let told = narrator.tell(progress);
            if !told.is_empty() {
                self.tell(assignment, told);
            }
            match assignment.cancel.load(Ordering::Relaxed) || self.stops() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if self.stops() {
            // Whatever was reached: the next start begins it anew, with the same result.
            let _ = self.clerk.send(Order::HandBack(job.clone()));
            return;
        }
        match outcome {
            Ok(result) => self.conclude(assignment, &result, &out),
            Err(problem) => self.tell(assignment, vec![end(JobState::Failed, problem)]),
        }
    }

    /// Warnings, files and the end of a job.
    fn conclude(&self, assignment: &Assignment, result: &AnalysisResult, out: &Path) {
        let mut told: Vec<Told> = result
            .warnings
            .iter()
            .map(|message| (Happening::Warning(Warning { message: message.clone() }), None))
            .collect();
        if assignment.cancel.load(Ordering::Relaxed) && result.problem.as_ref().is_some_and(|p| p.code == "cancelled") {
            told.push(end(JobState::Cancelled, cancelled()));
            return self.tell(assignment, told);
        }
        match list(result, out) {
            Ok(files) => {
                told.push((Happening::Files(Files { files }), None));
                let state = match result.state {
                    State::Completed => JobState::Completed,
                    State::NeedsSelection => JobState::NeedsSelection,
                    State::OutOfScope => JobState::OutOfScope,
                    State::Failed => JobState::Failed,
                };
                self.metrics.took(result);
                let change = StateChange { state, finding: result.finding.clone(), problem: result.problem.clone() };
                told.push((Happening::State(change), None));
            }
            Err(error) => told.push(end(
                JobState::Failed,
                Problem {
                    code: "not_writable".into(),
                    message: format!("the results could not be forced to the disk: {error}"),
                    action: "look at the disk of the spool, and submit the study again".into(),
                },
            )),
        }
        self.tell(assignment, told);
    }

    /// The bundle on disk is another one than was loaded, and cannot be used.
    fn refuse(&self, assignment: &Assignment, error: &NetworkError) {
        if let Ok(mut condition) = self.condition.write() {
            condition.ready = false;
            condition.warnings = vec![format!("the bundle was changed on disk and cannot be used: {error}")];
        }
        self.tell(assignment, vec![end(JobState::Failed, error.problem())]);
    }

    fn tell(&self, assignment: &Assignment, told: Vec<Told>) {
        // Without a clerk the daemon is going down, and the job begins anew with the next start.
        let _ = self.clerk.send(Order::Happened(assignment.record.job.clone(), told));
    }

    /// Lets everybody know which models answer, and what runs them.
    fn tell_condition(&self, models: &WarmModels) {
        let hardware = probe::hardware();
        let networks = models.networks();
        let fallbacks: Vec<String> =
            networks.fallbacks().iter().map(|f| format!("{}: {}", f.wanted, f.reason)).collect();
        let report = DeviceReport {
            processor: hardware.processor.clone(),
            gpu: hardware.gpu.as_ref().map(|gpu| gpu.model.clone()),
            provider: networks.provider_names(),
            precision: "fp32".into(),
            fallbacks: fallbacks.clone(),
        };
        if let Ok(mut condition) = self.condition.write() {
            let warnings = if hardware.gpu.is_some() { fallbacks } else { Vec::new() };
            *condition =
                Condition { bundle: Some(models.bundle().identity()), ready: true, device: Some(report), warnings };
        }
    }
}

fn end(state: JobState, problem: Problem) -> Told {
    (Happening::ended(state, problem), None)
}

/// The files of a result with their digests, each forced to the disk.
fn list(result: &AnalysisResult, out: &Path) -> std::io::Result<Vec<FileInfo>> {
    let named = result.files.iter().map(|f| (f.path.clone(), f.kind.clone()));
    let mut files = Vec::new();
    for (path, kind) in named.chain([(RESULT_FILE.to_owned(), FileKind::Result.to_string())]) {
        let file: PathBuf = out.join(&path);
        let bytes = fs::read(&file)?;
        fs::File::open(&file)?.sync_all()?;
        let media_type = media_type(&path).into();
        files.push(FileInfo { path, kind, media_type, bytes: bytes.len() as u64, sha256: digest::sha256(&bytes) });
    }
    fs::File::open(out)?.sync_all()?;
    Ok(files)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("dcm") => "application/dicom",
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
