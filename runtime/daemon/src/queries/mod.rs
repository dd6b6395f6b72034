//! The read side: jobs, events, files, the state of the daemon. Reads the journal through a connection of its own, which never waits for the
//! writer.
//!
//! - [`artifact`]: pieces of result files
//! - [`estimate`]: the place in the queue, and when a job will have ended

mod artifact;
mod estimate;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::Code;
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, Daemon, Jobs};
use cordline_sdk::wire::request::List;

use super::auth::KeyStore;
use super::clock::{DAY_MS, now_ms};
use super::error::{journal_fault, no_such_job};
use super::health::Health;
use super::notices::Notices;
use crate::journal::{Journal, JournalError, StoredEvent};
use crate::spool::Spool;

/// Jobs in a list, where the client names no number, and at most.
const DEFAULT_LIST: u32 = 100;
const MAX_LIST: u32 = 1000;
/// How long before its end a reader's work is announced to be removed.
const ANNOUNCED_DAYS: u32 = 30;
const ATTENTION_INTERVAL: Duration = Duration::from_secs(1);
/// Free bytes below which nothing works, whatever the reserve.
const LOW_BYTES: u64 = 1 << 20;

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JobProgress {
    /// Number of its last event.
    pub last: u64,
    pub state: JobState,
}

/// From what queries are answered.
pub(super) struct QuerySources {
    /// Read only.
    pub journal: Journal,
    pub spool: Arc<Spool>,
    pub limits: Limits,
    pub health: Arc<RwLock<Health>>,
    /// Free bytes that must stay on the disk of the spool.
    pub reserve_bytes: u64,
    /// Days for which jobs with a reader's work are kept.
    pub reader_days: u32,
    pub notices: Notices,
    /// Where clients from other hosts are accepted.
    pub keys: Option<Arc<KeyStore>>,
}

#[cfg(test)]
impl QuerySources {
    /// Of a spool alone: default limits, nothing reserved, no other hosts.
    pub(super) fn of_spool(spool: Spool) -> Self {
        Self {
            journal: Journal::reader(&spool.journal()).expect("the test opened it for writing"),
            spool: Arc::new(spool),
            limits: Limits::default(),
            health: Arc::default(),
            reserve_bytes: 0,
            reader_days: 365,
            notices: Notices::default(),
            keys: None,
        }
    }
}

/// Answers queries.
pub(super) struct Queries {
    sources: QuerySources,
    started: Instant,
    /// Counted at that moment.
    attention: Cell<Option<(Instant, Attention)>>,
}

/// What waits for the operator.
#[derive(Clone, Copy)]
struct Attention {
    /// Folders that were set aside.
    orphans: usize,
    /// Jobs with a reader's work that are about to be removed.
    expiring: u64,
}

impl Queries {
    pub(super) fn new(sources: QuerySources) -> Self {
        Self { sources, started: Instant::now(), attention: Cell::new(None) }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.sources.limits
    }

    /// The models, and whether they passed their check.
    pub(super) fn bundle(&self) -> (Option<BundleIdentity>, bool) {
        let health = self.health();
        (health.bundle, health.ready)
    }

    /// The hardware, and what runs the networks.
    pub(super) fn device(&self) -> Answer {
        match self.health().device() {
            Some(device) => Answer::Device(Box::new(device)),
            None => {
                Answer::Fault(Fault::new(Code::Internal, "the models are being loaded", "ask again in some seconds"))
            }
        }
    }

    /// Jobs, newest first.
    pub(super) fn list(&self, list: &List) -> Answer {
        let limit = list.limit.unwrap_or(DEFAULT_LIST).clamp(1, MAX_LIST);
        let journal = &self.sources.journal;
        match journal.list(&list.states, list.study_uid.as_deref(), list.before_ms, limit + 1) {
            Ok(mut records) => {
                let more = records.len() > limit as usize;
                records.truncate(limit as usize);
                Answer::Jobs(Jobs { jobs: records.iter().map(|r| r.summary()).collect(), more })
            }
            Err(error) => Answer::Fault(journal_fault(&error)),
        }
    }

    /// One job, or the daemon.
    pub(super) fn status(&self, job: Option<&JobId>) -> Answer {
        let answer = match job {
            Some(job) => match self.sources.journal.brief(job) {
                Ok(Some(record)) => Ok(Answer::Job(Box::new(record.summary()))),
                Ok(None) => Ok(Answer::Fault(no_such_job(job))),
                Err(error) => Err(error),
            },
            None => self.daemon().map(|d| Answer::Daemon(Box::new(d))),
        };
        answer.unwrap_or_else(|error| Answer::Fault(journal_fault(&error)))
    }

    fn daemon(&self) -> Result<Daemon, JournalError> {
        let counts = self.sources.journal.counts()?;
        let queued: u64 = counts.iter().filter(|(s, _)| *s == JobState::Queued).map(|(_, n)| n).sum();
        let health = self.health();
        let free = self.sources.spool.free_bytes().unwrap_or(0);
        let mut warnings = health.warnings();
        self.warn(free, &mut warnings)?;
        Ok(Daemon {
            uptime_s: self.started.elapsed().as_secs_f64(),
            ready: health.ready,
            jobs: counts.into_iter().map(|(s, n)| (s.as_str().to_owned(), n)).collect::<BTreeMap<_, _>>(),
            seconds_left: estimate::seconds_left(&self.sources.journal, queued, health.worker_count())?,
            disk_free_bytes: free,
            warnings,
        })
    }

    /// What an operator should know now.
    fn warn(&self, free: u64, warnings: &mut Vec<String>) -> Result<(), JournalError> {
        let QuerySources { reserve_bytes, notices, keys, .. } = &self.sources;
        if free < (*reserve_bytes).max(LOW_BYTES) {
            warnings.push(format!(
                "the disk of the spool has only {} MB left: no job is taken until there is room",
                free >> 20
            ));
        }
        warnings.extend(keys.as_ref().and_then(|keys| keys.problem()));
        warnings.extend(notices.all());
        let Attention { orphans, expiring } = self.attention()?;
        match orphans {
            0 => {}
            folders => warnings.push(format!(
                "{folders} folders of jobs that the journal does not know were set aside: `cordline spool lost` lists and restores them"
            )),
        }
        match expiring {
            0 => {}
            jobs => warnings.push(format!(
                "{jobs} jobs with corrected masks or reviews go within {ANNOUNCED_DAYS} days: store their results in the archive, or raise \
                 daemon.keep.reader_days"
            )),
        }
        Ok(())
    }

    /// Counted once a second at most: it takes a folder and a whole table, and changes within hours.
    fn attention(&self) -> Result<Attention, JournalError> {
        if let Some((at, counted)) = self.attention.get()
            && at.elapsed() < ATTENTION_INTERVAL
        {
            return Ok(counted);
        }
        let QuerySources { journal, spool, reader_days, .. } = &self.sources;
        let announced = u64::from(reader_days.saturating_sub(ANNOUNCED_DAYS)) * DAY_MS;
        let expiring = journal.readers_work_before(now_ms().saturating_sub(announced))?;
        let counted = Attention { orphans: spool.orphan_count(), expiring };
        self.attention.set(Some((Instant::now(), counted)));
        Ok(counted)
    }

    /// Adds the place in the queue to an answer about a job.
    pub(super) fn with_queue_position(&self, answer: Answer) -> Answer {
        estimate::with_queue_position(&self.sources.journal, self.health().worker_count(), answer)
    }

    /// How far a job has come; `None` where there is no such job.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub(super) fn job_progress(&self, job: &JobId) -> Result<Option<JobProgress>, Fault> {
        let found = self.sources.journal.progress(job).map_err(|error| journal_fault(&error))?;
        Ok(found.map(|(state, last)| JobProgress { last, state }))
    }

    /// Events of a job after a number; none where the journal cannot be read.
    pub(super) fn events(&self, job: &JobId, since: u64, limit: u32) -> Vec<StoredEvent> {
        self.sources.journal.events(job, since, limit).unwrap_or_else(|error| {
            tracing::error!(%job, %error, "events could not be read");
            Vec::new()
        })
    }

    fn health(&self) -> Health {
        self.sources.health.read().map(|health| health.clone()).unwrap_or_default()
    }
}
