//! What can be looked up at once: jobs, events, files, the box. Looks into the journal with a handle of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, RwLock};
use std::time::Instant;

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, ArtifactPiece, Daemon, DeviceReport, Jobs};
use cordline_sdk::wire::request::{Artifact, List};

use super::clerk::{fault, no_such_job};
use super::clock::now_ms;
use super::tidy::DAY_MS;
use crate::journal::{Journal, JournalError, KeptEvent};
use crate::spool::Spool;

/// Jobs in a list, where the client names no number, and at most.
const LISTED: u32 = 100;
const MOST_LISTED: u32 = 1000;

/// How long before its end a reader's work is announced to go.
const ANNOUNCED_DAYS: u32 = 30;

/// Free bytes below which nothing works, whatever the reserve.
const LOW_BYTES: u64 = 1 << 20;

/// What the worker tells of itself, for whoever asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    /// The models that answer.
    pub bundle: Option<BundleIdentity>,
    /// True once they reproduced their golden output.
    pub ready: bool,
    /// The box, and what runs the networks.
    pub device: Option<DeviceReport>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// Number of its last event.
    pub last: u64,
    /// Where it is.
    pub state: JobState,
}

/// Looks things up.
pub(super) struct Enquiries {
    journal: Journal,
    spool: Arc<Spool>,
    limits: Limits,
    condition: Arc<RwLock<Condition>>,
    reserve_bytes: u64,
    reader_days: u32,
    started: Instant,
}

impl Enquiries {
    /// `journal`: a reader. `reserve_bytes`: free bytes that must stay on the disk of the spool. `reader_days`: how long a reader's work is kept.
    pub(super) fn new(
        journal: Journal,
        spool: Arc<Spool>,
        limits: Limits,
        condition: Arc<RwLock<Condition>>,
        reserve_bytes: u64,
        reader_days: u32,
    ) -> Self {
        Self { journal, spool, limits, condition, reserve_bytes, reader_days, started: Instant::now() }
    }

    /// How much may be sent at once.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The models, and whether they passed their check.
    pub(super) fn bundle(&self) -> (Option<BundleIdentity>, bool) {
        let condition = self.condition();
        (condition.bundle, condition.ready)
    }

    /// The box.
    pub(super) fn device(&self) -> Answer {
        match self.condition().device {
            Some(device) => Answer::Device(Box::new(device)),
            None => Answer::Fault(Fault::new(
                FaultCode::Internal,
                "the models are being loaded",
                "ask again in some seconds",
            )),
        }
    }

    /// Jobs, newest first.
    pub(super) fn list(&self, list: &List) -> Answer {
        let limit = list.limit.unwrap_or(LISTED).clamp(1, MOST_LISTED);
        match self.journal.list(&list.states, list.study_uid.as_deref(), list.before_ms, limit + 1) {
            Ok(mut records) => {
                let more = records.len() > limit as usize;
                records.truncate(limit as usize);
                Answer::Jobs(Jobs { jobs: records.iter().map(|r| r.summary()).collect(), more })
            }
            Err(error) => Answer::Fault(fault(&error)),
        }
    }

    /// One job, or the daemon.
    pub(super) fn status(&self, job: Option<&JobId>) -> Answer {
        let answer = match job {
            Some(job) => match self.journal.job(job) {
                Ok(Some(record)) => Ok(Answer::Job(Box::new(record.summary()))),
                Ok(None) => Ok(Answer::Fault(no_such_job(job))),
                Err(error) => Err(error),
            },
            None => self.daemon().map(|d| Answer::Daemon(Box::new(d))),
        };
        answer.unwrap_or_else(|error| Answer::Fault(fault(&error)))
    }

    fn daemon(&self) -> Result<Daemon, JournalError> {
        let counts = self.journal.counts()?;
        let queued: u64 = counts.iter().filter(|(s, _)| *s == JobState::Queued).map(|(_, n)| n).sum();
        let condition = self.condition();
        let free = self.spool.free_bytes().unwrap_or(0);
        let mut warnings = condition.warnings;
        if free < self.reserve_bytes.max(LOW_BYTES) {
            warnings.push(format!(
                "the disk of the spool has only {} MB left: no job is taken until there is room",
                free >> 20
            ));
        }
        let announced = u64::from(self.reader_days.saturating_sub(ANNOUNCED_DAYS)) * DAY_MS;
        match self.journal.readers_work_before(now_ms().saturating_sub(announced))? {
            0 => {}
            jobs => warnings.push(format!(
                "{jobs} jobs with corrected masks or reviews go within {ANNOUNCED_DAYS} days: store their results in the archive, or raise \
                 daemon.keep.reader_days"
            )),
        }
        Ok(Daemon {
            uptime_s: self.started.elapsed().as_secs_f64(),
            ready: condition.ready,
            jobs: counts.into_iter().map(|(s, n)| (s.key().to_owned(), n)).collect::<BTreeMap<_, _>>(),
            seconds_left: self.seconds_each()?.map(|each| self.rest(each) + each * queued as f64),
            disk_free_bytes: free,
            warnings,
        })
    }

    /// Adds to an answer about a job where it stands in the queue.
    pub(super) fn complete(&self, answer: Answer) -> Answer {
        let Answer::Job(mut summary) = answer else { return answer };
        let each = self.seconds_each().ok().flatten();
        if summary.state == JobState::Queued {
            let waiting = self.journal.waiting().unwrap_or_default();
            let before = waiting.iter().position(|job| *job == summary.job);
            summary.position = before.map(|n| n as u32);
            summary.seconds_left = before.zip(each).map(|(n, each)| self.rest(each) + each * (n + 1) as f64);
        } else if summary.state.is_running() {
            summary.seconds_left = each.map(|each| self.rest(each));
        }
        Answer::Job(summary)
    }

    /// Seconds that the job that runs will still take, if it takes `each` in all.
    fn rest(&self, each: f64) -> f64 {
        let since = self.journal.running_since_ms().ok().flatten();
        since.map_or(0.0, |ms| (each - now_ms().saturating_sub(ms) as f64 / 1000.0).max(0.0))
    }

    /// The middle one of the last jobs' durations.
    fn seconds_each(&self) -> Result<Option<f64>, JournalError> {
        let mut durations = self.journal.durations_ms()?;
        durations.sort_unstable();
        Ok(durations.get(durations.len() / 2).map(|ms| *ms as f64 / 1000.0))
    }

    /// How far a job has come; `None` where there is no such job.
    pub(super) fn reached(&self, job: &JobId) -> Option<Reached> {
        let record = self.journal.job(job).ok().flatten()?;
        Some(Reached { last: record.last_event, state: record.state })
    }

    /// Events of a job after a number.
    pub(super) fn events(&self, job: &JobId, since: u64, limit: u32) -> Vec<KeptEvent> {
        self.journal.events(job, since, limit).unwrap_or_else(|error| {
            tracing::error!(%job, %error, "events could not be read");
            Vec::new()
        })
    }

    /// A piece of a file. Only what the job lists is opened, whatever the path says.
    pub(super) fn artifact(&self, wanted: &Artifact) -> (Answer, Option<Vec<u8>>) {
        let refused = |fault| (Answer::Fault(fault), None);
        let bytes = match self.journal.file(&wanted.job, &wanted.path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) if self.reached(&wanted.job).is_none() => return refused(no_such_job(&wanted.job)),
            Ok(None) => {
                return refused(Fault::new(
                    FaultCode::NoSuchArtifact,
                    format!("the job {} lists no such file", wanted.job),
                    "take a path from its event `files`",
                ));
            }
            Err(error) => return refused(fault(&error)),
        };
        let length = self.limits.frame_bytes.min(bytes.saturating_sub(wanted.offset));
        let mut piece = vec![0; length as usize];
        let path = self.spool.results(&wanted.job).join(&wanted.path);
        match File::open(&path).and_then(|file| file.read_exact_at(&mut piece, wanted.offset)) {
            Ok(()) => (Answer::Artifact(ArtifactPiece { offset: wanted.offset, bytes }), Some(piece)),
            Err(error) => {
                tracing::error!(job = %wanted.job, path = %path.display(), %error, "a result cannot be read");
                refused(Fault::new(
                    FaultCode::Internal,
                    "the file cannot be read any more",
                    "submit the same again, or ask the operator to look at the daemon's log",
                ))
            }
        }
    }

    fn condition(&self) -> Condition {
        self.condition.read().map(|c| c.clone()).unwrap_or_default()
    }
}
