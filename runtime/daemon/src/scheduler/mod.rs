//! The one writer: what becomes of a job is decided on this thread and nowhere else, one command after the other, and nobody else writes the
//! journal. Folders of the spool are filled and emptied by other threads too, each for a job that was given to it.
//!
//! - [`command`]: what it is asked to do; [`command_queue`] is where that waits
//! - [`uploads`]: new jobs and the pieces of their input; [`upload_table`] bounds how many are open
//! - [`commit`]: input that other threads bring into the spool; [`transfer`] is their work
//! - [`admission`]: room on the disk and in the queue; [`space_ledger`] counts what is reserved
//! - [`corrections`], [`reviews`]: what readers hand in
//! - [`event_log`]: events to the journal, then to clients
//! - [`removal`]: what the retention scanner found ([`removal_plan`])
//! - [`audit_batch`]: audit entries, many with one sync
//! - [`worker_slots`]: who waits for a job, and who runs which
//! - [`states`]: which states allow what

mod admission;
mod audit_batch;
mod command;
mod command_queue;
mod commit;
mod corrections;
mod event_log;
mod removal;
mod removal_plan;
mod reviews;
mod space_ledger;
mod states;
#[cfg(test)]
mod tests;
mod transfer;
mod upload_table;
mod uploads;
mod worker_slots;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use cordline_dicom::read::limits::FileLimits;
use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::event::EventKind;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::Answer;

use super::clock::now_ms;
use super::error::{cancelled, journal_fault, no_such_job, wrong_state};
use super::metrics::Metrics;
use super::notices::{Notices, Topic};
use super::origin::RequestOrigin;
use super::replies::{ReplySender, ServerMessage};
use crate::audit::{AuditEntry, AuditEvent, AuditLog};
use crate::journal::{JobRecord, Journal, PendingEvent};
use crate::spool::Spool;
use audit_batch::AuditBatch;
pub(super) use command::{Assignment, SchedulerCommand};
pub(super) use command_queue::CommandQueue;
pub(super) use removal_plan::{IDLE_UPLOAD_MS, RemovalPlan};
use space_ledger::SpaceLedger;
use transfer::{FolderSlots, Transfer};
use upload_table::UploadTable;
use worker_slots::WorkerSlots;

/// How long the scheduler waits for a command.
const POLL_INTERVAL: Duration = Duration::from_secs(60);
/// How soon events and audit entries that the disk refused are tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// When a request that is audited is worth another try, while the audit file cannot be written.
const RETRY_AFTER_MS: u64 = 3_000;

/// Settings that hold as long as the daemon runs.
pub(super) struct SchedulerConfig {
    /// How much may be sent.
    pub limits: Limits,
    /// Free bytes that must stay on the disk of the spool.
    pub reserve_bytes: u64,
    /// Jobs that may wait.
    pub queue: u64,
    /// Folder of the bundle.
    pub bundle: PathBuf,
    /// Folders of this host under which input may lie.
    pub roots: Vec<PathBuf>,
    /// How much may be read of a folder.
    pub files: FileLimits,
}

/// What a scheduler owns and whom it tells.
pub(super) struct SchedulerParts {
    pub journal: Journal,
    pub audit_log: AuditLog,
    pub spool: Arc<Spool>,
    pub metrics: Arc<Metrics>,
    pub notices: Notices,
    pub config: SchedulerConfig,
    pub replies: ReplySender,
    /// Of each worker, by number.
    pub workers: Vec<Sender<Assignment>>,
}

/// Owner of journal and spool.
pub(super) struct Scheduler {
    journal: Journal,
    audit_log: AuditLog,
    spool: Arc<Spool>,
    metrics: Arc<Metrics>,
    notices: Notices,
    config: SchedulerConfig,
    replies: ReplySender,
    workers: WorkerSlots,
    uploads: UploadTable,
    audit_batch: AuditBatch,
    ledger: SpaceLedger,
    transfers: BTreeMap<JobId, Transfer>,
    folder_slots: FolderSlots,
    /// For threads that work on transfers.
    commands: CommandQueue,
    started: Instant,
    /// Events that the journal has not taken. Nothing is assigned while there are any, and of a job that waits here to end nothing else is
    /// decided: one job of each worker, and one end each of others.
    unpersisted: VecDeque<Unpersisted>,
    /// When the journal refused events last; `None` where it has taken some since.
    events_refused: Option<Instant>,
}

/// Events of one job, with their time.
struct Unpersisted {
    job: JobId,
    at_ms: u64,
    events: Vec<PendingEvent>,
}

impl Scheduler {
    pub(super) fn new(parts: SchedulerParts) -> Self {
        let SchedulerParts { journal, audit_log, spool, metrics, notices, config, replies, workers } = parts;
        Self {
            journal,
            audit_log,
            spool,
            metrics,
            notices,
            config,
            replies,
            workers: WorkerSlots::new(workers),
            uploads: UploadTable::default(),
            audit_batch: AuditBatch::default(),
            ledger: SpaceLedger::default(),
            transfers: BTreeMap::new(),
            folder_slots: FolderSlots::default(),
            commands: CommandQueue::default(),
            started: Instant::now(),
            unpersisted: VecDeque::new(),
            events_refused: None,
        }
    }

    /// Works until [`SchedulerCommand::Stop`].
    pub(super) fn run(mut self, commands: &CommandQueue) {
        self.commands = commands.clone();
        self.audit_batch.add(of_daemon(AuditEvent::Started));
        match self.journal.receiving() {
            Ok(begun) => self.uploads = UploadTable::restored(begun),
            Err(error) => tracing::error!(%error, "the uploads of the last start could not be counted"),
        }
        self.restore_reservations();
        while self.step(commands) {}
    }

    /// Does what there is to do, or waits for it; false after [`SchedulerCommand::Stop`].
    fn step(&mut self, commands: &CommandQueue) -> bool {
        let timeout = match () {
            // Answers that wait for the disk do not wait for commands that may never come.
            () if self.audit_batch.waits_for_more() => Duration::ZERO,
            () if self.events_refused.is_some() || self.audit_batch.is_refused() => RETRY_INTERVAL,
            () => POLL_INTERVAL,
        };
        let batch = commands.pop(timeout, self.audit_batch.room());
        let nothing_came = batch.command.is_none() && batch.entries.is_empty();
        batch.entries.into_iter().for_each(|entry| self.audit_batch.add(entry));
        match batch.command {
            None => {}
            Some(SchedulerCommand::Stop) => {
                commands.close();
                self.audit_batch.add(of_daemon(AuditEvent::Stopped));
                self.write_audit();
                return false;
            }
            Some(command) => self.execute(command),
        }
        // Before the next job is assigned, for which the answers would have to wait too.
        let waits = self.audit_batch.waits_for_more();
        if self.audit_batch.is_due(RETRY_INTERVAL) || (waits && (nothing_came || commands.is_empty())) {
            self.write_audit();
        }
        self.retry_events();
        self.assign();
        true
    }

    fn execute(&mut self, command: SchedulerCommand) {
        match command {
            SchedulerCommand::Submit(origin, submit, _counted) => self.submit(origin, submit),
            SchedulerCommand::FolderListed(listed) => self.folder_listed(*listed),
            SchedulerCommand::Chunk(origin, chunk, bytes) => {
                let who = origin.peer.name.clone();
                self.respond(origin, |scheduler| scheduler.chunk(&chunk, &bytes, &who));
            }
            SchedulerCommand::Commit(origin, job) => self.commit(origin, &job),
            SchedulerCommand::InputStored(stored) => self.input_stored(*stored),
            SchedulerCommand::Remove(plan) => self.remove_planned(&plan),
            SchedulerCommand::Cancel(origin, job) => {
                self.respond_audited(origin, AuditEvent::Changed, &job, |scheduler| scheduler.cancel(&job));
            }
            SchedulerCommand::Forget(origin, job) => {
                self.respond_audited(origin, AuditEvent::Removed, &job, |scheduler| scheduler.forget(&job));
            }
            SchedulerCommand::Choose(origin, job, series) => {
                self.respond_audited(origin, AuditEvent::Changed, &job, |scheduler| scheduler.choose(&job, &series));
            }
            SchedulerCommand::Review(origin, said) => {
                let job = said.job.clone();
                self.respond_audited(origin, AuditEvent::Changed, &job, |scheduler| scheduler.review(said));
            }
            SchedulerCommand::Progress(job, events) => self.record_events(&job, events),
            SchedulerCommand::WorkerIdle(worker) => self.workers.set_idle(worker),
            SchedulerCommand::Requeue(job) => self.requeue(&job),
            // Ends the loop before it comes here.
            SchedulerCommand::Stop => {}
        }
    }

    fn respond(&mut self, origin: RequestOrigin, work: impl FnOnce(&mut Self) -> Result<Answer, Fault>) {
        let answer = self.authorized(&origin, work).unwrap_or_else(Answer::Fault);
        self.replies.send(ServerMessage::Answer(origin, answer));
    }

    /// Writes the audit entries that wait, and gives the answers that wait for them.
    fn write_audit(&mut self) {
        let written = self.audit_batch.commit(&mut self.audit_log, &self.replies);
        let notice = |error: io::Error| {
            format!(
                "the audit file cannot be written ({error}): what clients do waits for it; look at the disk of the spool"
            )
        };
        self.notices.set(Topic::Audit, written.err().map(notice));
    }

    /// As `respond`, and audited where it was not refused: the answer waits until its entry is on the disk.
    fn respond_audited(
        &mut self,
        origin: RequestOrigin,
        event: AuditEvent,
        job: &JobId,
        work: impl FnOnce(&mut Self) -> Result<Answer, Fault>,
    ) {
        let room = match self.audit_batch.room() {
            0 => Err(Fault::busy("the audit file cannot be written just now", RETRY_AFTER_MS)),
            _ => Ok(()),
        };
        match room.and_then(|()| self.authorized(&origin, work)) {
            Ok(answer) => {
                self.audit_batch.add(AuditEntry { event, who: origin.peer.name.to_string(), about: job.to_string() });
                self.audit_batch.hold(origin, answer);
            }
            Err(fault) => self.replies.send(ServerMessage::Answer(origin, Answer::Fault(fault))),
        }
    }

    /// A client may have lost its rights while its command waited.
    fn authorized(
        &mut self,
        origin: &RequestOrigin,
        work: impl FnOnce(&mut Self) -> Result<Answer, Fault>,
    ) -> Result<Answer, Fault> {
        origin.peer.role.check(origin.required)?;
        work(self)
    }

    fn cancel(&mut self, job: &JobId) -> Result<Answer, Fault> {
        let state = self.state(job)?.ok_or_else(|| no_such_job(job))?;
        if self.workers.cancel(job) {
            // Its worker looks between sections, and reports the end.
            return self.summary(job);
        }
        self.check_persisted(job)?;
        self.cancel_transfer(job);
        match state.has_ended() {
            false => self.record_events(job, vec![EventKind::ended(JobState::Cancelled, cancelled()).into()]),
            true => self.give_up_input(job),
        }
        self.summary(job)
    }

    fn choose(&mut self, job: &JobId, series: &str) -> Result<Answer, Fault> {
        let record = self.record(job)?;
        if record.state != JobState::NeedsSelection {
            return Err(wrong_state(&record, "needs no choice"));
        }
        let candidate = self.journal.candidate(job, series).map_err(|e| journal_fault(&e))?.ok_or_else(|| {
            Fault::new(
                Code::ManifestInvalid,
                "the series is none of those among which the job asks to choose",
                "take the `selector` of one of `candidates` in its event `series`, or submit the study anew with another `series`",
            )
        })?;
        self.journal.accept(job, now_ms(), Some(&candidate)).map_err(|e| journal_fault(&e))?;
        self.replies.send(ServerMessage::EventsAppended);
        self.summary(job)
    }

    /// Hands the next jobs to idle workers.
    fn assign(&mut self) {
        while self.assign_next() {}
    }

    /// False where nobody waits for a job, no job waits, or none may be handed over now.
    fn assign_next(&mut self) -> bool {
        let is_refused = self.events_refused.is_some_and(|refused| refused.elapsed() < RETRY_INTERVAL);
        if !self.workers.any_idle() || !self.unpersisted.is_empty() || is_refused {
            return false;
        }
        let record = match self.journal.next() {
            Ok(Some(record)) if self.workers.may_take(&record) => record,
            Ok(_) => return false,
            Err(error) => {
                tracing::error!(%error, "the next job could not be read");
                return false;
            }
        };
        let job = record.job.clone();
        self.record_events(&job, vec![EventKind::state(JobState::Decoding).into()]);
        // Refused by the disk: the job stays queued. One that is worked on has an attempt in the journal, or it could take the daemon down
        // for ever.
        if self.unpersisted.pop_back().is_some() {
            return false;
        }
        let is_taken = self.workers.assign(record);
        if !is_taken {
            // The worker has ended, since the daemon shuts down: nothing was attempted.
            self.requeue(&job);
        }
        is_taken
    }

    fn requeue(&mut self, job: &JobId) {
        if let Err(error) = self.journal.requeue(job, now_ms()) {
            tracing::error!(%job, %error, "the job could not be given back");
        }
    }

    fn state(&self, job: &JobId) -> Result<Option<JobState>, Fault> {
        Ok(self.journal.progress(job).map_err(|e| journal_fault(&e))?.map(|(state, _)| state))
    }

    fn record(&self, job: &JobId) -> Result<JobRecord, Fault> {
        self.journal.job(job).map_err(|e| journal_fault(&e))?.ok_or_else(|| no_such_job(job))
    }

    fn summary(&self, job: &JobId) -> Result<Answer, Fault> {
        let record = self.journal.brief(job).map_err(|e| journal_fault(&e))?.ok_or_else(|| no_such_job(job))?;
        Ok(Answer::Job(Box::new(record.summary())))
    }
}

/// An entry about the daemon itself.
fn of_daemon(event: AuditEvent) -> AuditEntry {
    AuditEntry { event, who: "box".into(), about: String::new() }
}
