//! The one who writes: journal and spool are changed here and nowhere else, one order after the other.

mod mask;
mod review;

use std::collections::VecDeque;
use std::collections::btree_map::{self, BTreeMap};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::result::Problem;
use cordline_sdk::wire::event::Happening;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, Upload};
use cordline_sdk::wire::request::{Chunk, Input, Judgement, Submit};

use super::clock::now_ms;
use super::folder::Listing;
use super::happening::Told;
use super::input;
use super::mail::{Asker, Letter, Outgoing};
use super::metrics::Metrics;
use super::tidy::tidy;
use crate::audit::{Audit, AuditEvent, Entry};
use crate::bundle::MANIFEST_FILE;
use crate::config::Keep;
use crate::dicom::read::limits::Limits as FileLimits;
use crate::digest;
use crate::journal::{JobRecord, Journal, JournalError, NewJob};
use crate::spool::{Intake, Spool};

/// How often old jobs are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// How long news that a full disk refused waits for the next try.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What the clerk is to do.
// An order is moved once, from channel to work.
#[allow(clippy::large_enum_variant)]
pub(super) enum Order {
    /// A new job, or one that is known.
    Submit(Asker, Submit),
    /// A piece of an upload.
    Chunk(Asker, Chunk, Vec<u8>),
    /// The upload is whole.
    Commit(Asker, JobId),
    /// Stop a job.
    Cancel(Asker, JobId),
    /// A person chose the series.
    Choose(Asker, JobId, String),
    /// A reader said something of an answer.
    Review(Asker, Judgement),
    /// The worker has news of its job.
    Happened(JobId, Vec<Told>),
    /// The worker waits for a job.
    Idle,
    /// The worker gives its job back unfinished: the daemon goes down.
    HandBack(JobId),
    /// To be put into the audit file.
    Audit(Entry),
    /// No more orders will come.
    Stop,
}

/// A job for the worker.
pub(super) struct Assignment {
    /// The job.
    pub record: JobRecord,
    /// Set once somebody wants it to stop.
    pub cancel: Arc<AtomicBool>,
}

/// What the clerk is told once.
pub(super) struct Rules {
    /// How much may be sent.
    pub limits: Limits,
    /// Free bytes that must stay on the disk of the spool.
    pub reserve_bytes: u64,
    /// Most jobs that may wait.
    pub queue: u64,
    /// Folder of the bundle that answers.
    pub bundle: PathBuf,
    /// Folders under which input may lie on the box.
    pub roots: Vec<PathBuf>,
    /// What is taken of a folder.
    pub files: FileLimits,
    /// How long jobs that have ended are kept.
    pub keep: Keep,
}

/// Owner of journal and spool.
pub(super) struct Clerk {
    journal: Journal,
    audit: Audit,
    spool: Arc<Spool>,
    metrics: Arc<Metrics>,
    rules: Rules,
    outgoing: Outgoing,
    worker: Sender<Assignment>,
    idle: bool,
    running: Option<(JobId, Arc<AtomicBool>)>,
    uploads: BTreeMap<JobId, Intake>,
    /// News that is not on the disk yet: of one job at most, since none is assigned meanwhile.
    unkept: VecDeque<(JobId, u64, Vec<Told>)>,
}

impl Clerk {
    /// A clerk with open books.
    pub(super) fn new(
        journal: Journal,
        audit: Audit,
        spool: Arc<Spool>,
        metrics: Arc<Metrics>,
        rules: Rules,
        outgoing: Outgoing,
        worker: Sender<Assignment>,
    ) -> Self {
        Self {
            journal,
            audit,
            spool,
            metrics,
            rules,
            outgoing,
            worker,
            idle: false,
            running: None,
            uploads: BTreeMap::new(),
            unkept: VecDeque::new(),
        }
    }

    /// Works until told to stop.
    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        self.note(Entry { event: AuditEvent::Started, who: "box".into(), about: String::new() });
        let mut tidied: Option<Instant> = None;
        loop {
            if tidied.is_none_or(|at| at.elapsed() > TIDY_EVERY) {
                self.tidy();
                tidied = Some(Instant::now());
            }
            let patience = if self.unkept.is_empty() { TIDY_EVERY } else { TRY_AGAIN };
            let order = match orders.recv_timeout(patience) {
                Ok(order) => order,
                Err(RecvTimeoutError::Timeout) => {
                    self.keep();
                    self.assign();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            match order {
                Order::Stop => {
                    self.note(Entry { event: AuditEvent::Stopped, who: "box".into(), about: String::new() });
                    return;
                }
                Order::Submit(asker, submit) => self.answer(asker, |clerk| clerk.submit(submit)),
                Order::Chunk(asker, chunk, bytes) => self.answer(asker, |clerk| clerk.chunk(&chunk, &bytes)),
                Order::Commit(asker, job) => {
                    self.answer_and_note(asker, AuditEvent::Accepted, &job, |clerk| clerk.commit(&job));
                }
                Order::Cancel(asker, job) => {
                    self.answer_and_note(asker, AuditEvent::Changed, &job, |clerk| clerk.cancel(&job));
                }
                Order::Choose(asker, job, series) => {
                    self.answer_and_note(asker, AuditEvent::Changed, &job, |clerk| clerk.choose(&job, &series));
                }
                Order::Review(asker, said) => {
                    let job = said.job.clone();
                    self.answer_and_note(asker, AuditEvent::Changed, &job, |clerk| clerk.review(said));
                }
                Order::Happened(job, told) => self.happened(&job, told),
                Order::Idle => {
                    self.idle = true;
                    self.running = None;
                }
                Order::Audit(entry) => self.note(entry),
                Order::HandBack(job) => {
                    if let Err(error) = self.journal.hand_back(&job, now_ms()) {
                        tracing::error!(%job, %error, "the job could not be given back");
                    }
                }
            }
            self.assign();
        }
    }

    fn note(&mut self, entry: Entry) {
        if let Err(error) = self.audit.write(entry) {
            tracing::error!(%error, "the audit file cannot be written");
        }
    }

    fn tidy(&mut self) {
        match tidy(&mut self.journal, &self.spool, &self.rules.keep) {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "old jobs were removed"),
            Err(error) => tracing::error!(%error, "old jobs could not be removed"),
        }
    }

    fn answer(&mut self, asker: Asker, work: impl FnOnce(&mut Self) -> Result<Answer, Fault>) {
        let answer = work(self).unwrap_or_else(Answer::Fault);
        self.outgoing.send(Letter::Answer(asker, answer));
    }

    /// As `answer`, and into the audit file what was not refused.
    fn answer_and_note(
        &mut self,
        asker: Asker,
        event: AuditEvent,
        job: &JobId,
        work: impl FnOnce(&mut Self) -> Result<Answer, Fault>,
    ) {
        let entry = Entry { event, who: asker.who.clone(), about: job.to_string() };
        self.answer(asker, |clerk| {
            let answer = work(clerk)?;
            clerk.note(entry);
            Ok(answer)
        });
    }

    fn submit(&mut self, submit: Submit) -> Result<Answer, Fault> {
        input::check(&submit, &self.rules.limits)?;
        self.check_mask(&submit.input)?;
        let listing = self.listing(&submit.input)?;
        let fingerprint = listing.as_ref().map(Listing::fingerprint);
        // Read anew each time: a bundle that was changed on disk answers the next job, and another bundle is another job.
        let manifest = std::fs::read(self.rules.bundle.join(MANIFEST_FILE)).unwrap_or_default();
        let job = input::name(&submit, fingerprint.as_deref(), &digest::sha256(&manifest), self.spool.key());
        let items = input::items(&submit.input);
        let bytes = listing.map_or_else(|| items.iter().map(|i| i.bytes).sum(), |l| l.bytes());
        if let Some(known) = self.job(&job)? {
            if !takes_input(known.state) {
                return Ok(self.upload(&job, known.state, Vec::new()));
            }
        } else {
            self.admit(bytes)?;
            let new = NewJob {
                job: job.clone(),
                kind: input::kind(&submit.input),
                priority: submit.priority,
                submitted_ms: now_ms(),
                input: submit.input,
                series: submit.series,
                predecessors: submit.predecessors,
            };
            self.journal.begin(&new).map_err(|e| fault(&e))?;
        }
        let received = self.spool.received(&job, &items);
        self.uploads.insert(job.clone(), Intake::new(items));
        Ok(self.upload(&job, JobState::Receiving, received))
    }

    /// Room on the disk and in the queue, or a refusal.
    fn admit(&self, bytes: u64) -> Result<(), Fault> {
        let free = self.spool.free_bytes().map_err(|e| e.fault())?;
        // Twice: results and pictures take about as much as the input.
        let wanted = bytes.saturating_mul(2).saturating_add(self.rules.reserve_bytes);
        if free < wanted {
            return Err(Fault::new(
                FaultCode::DiskReserve,
                format!("{free} bytes are free where this job and the reserve want {wanted}"),
                "wait until older jobs are removed, or ask the operator for space",
            ));
        }
        let waiting = self.journal.waiting().map_err(|e| fault(&e))?.len() as u64;
        if waiting >= self.rules.queue {
            return Err(Fault::new(
                FaultCode::QueueFull,
                format!("{waiting} jobs wait already"),
                "try again in some minutes",
            ));
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk, bytes: &[u8]) -> Result<Answer, Fault> {
        let known = self.known(&chunk.job)?;
        if !takes_input(known.state) {
            return Err(wrong_state(&known, "takes no more of its input"));
        }
        let spool = self.spool.clone();
        let after = spool
            .add(&chunk.job, self.intake(&known)?, chunk.item as usize, chunk.offset, bytes)
            .map_err(|e| e.fault())?;
        let credit = self.rules.limits.chunks_in_flight;
        let upload = Upload {
            job: chunk.job.clone(),
            state: JobState::Receiving,
            received: vec![],
            offset: Some(after),
            credit,
        };
        Ok(Answer::Upload(upload))
    }

    fn commit(&mut self, job: &JobId) -> Result<Answer, Fault> {
        let known = self.known(job)?;
        if takes_input(known.state) {
            match known.input.as_ref().map(|input| self.listing(input)).transpose()?.flatten() {
                Some(listing) => self.copy(job, &listing)?,
                None => self.spool.clone().seal(job, self.intake(&known)?.items()).map_err(|e| e.fault())?,
            }
            self.journal.accept(job, now_ms(), None).map_err(|e| fault(&e))?;
            self.uploads.remove(job);
            self.outgoing.send(Letter::News);
        }
        self.summary(job)
    }

    /// The files of a folder of the box; `None` where the input is uploaded.
    fn listing(&self, input: &Input) -> Result<Option<Listing>, Fault> {
        match input {
            Input::Folder { path, .. } => Listing::of(path, &self.rules.roots, &self.rules.files).map(Some),
            _ => Ok(None),
        }
    }

    fn copy(&self, job: &JobId, listing: &Listing) -> Result<(), Fault> {
        // What an earlier try left is not to be mixed in.
        self.spool.remove(job).map_err(|e| e.fault())?;
        listing.copy(&self.spool.input(job)).map_err(|error| {
            tracing::error!(%job, %error, "a folder could not be copied");
            match error.kind() {
                ErrorKind::StorageFull => {
                    Fault::new(FaultCode::DiskReserve, "the disk of the spool is full", "ask the operator for space")
                }
                kind => Fault::new(
                    FaultCode::Folder,
                    format!("the folder could not be copied: {kind}"),
                    "check that the daemon's user may read every file in it, then commit again",
                ),
            }
        })
    }

    fn cancel(&mut self, job: &JobId) -> Result<Answer, Fault> {
        let known = self.known(job)?;
        if let Some((_, cancel)) = self.running.as_ref().filter(|(running, _)| running == job) {
            // The worker heeds it between sections, and tells when it did.
            cancel.store(true, Ordering::Relaxed);
        } else if !known.state.has_ended() {
            self.happened(job, vec![(Happening::ended(JobState::Cancelled, cancelled()), None)]);
        }
        self.summary(job)
    }

    fn choose(&mut self, job: &JobId, series: &str) -> Result<Answer, Fault> {
        let known = self.known(job)?;
        if known.state != JobState::NeedsSelection {
            return Err(wrong_state(&known, "needs no choice"));
        }
        let candidate = self.journal.candidate(job, series).map_err(|e| fault(&e))?.ok_or_else(|| {
            Fault::new(
                FaultCode::Manifest,
                "the series is none of those among which the job asks to choose",
                "take the `selector` of one of `candidates` in its event `series`, or submit the study anew with another `series`",
            )
        })?;
        self.journal.accept(job, now_ms(), Some(&candidate)).map_err(|e| fault(&e))?;
        self.outgoing.send(Letter::News);
        self.summary(job)
    }

    /// Puts news down, then passes them on: nobody hears of what might be forgotten.
    fn happened(&mut self, job: &JobId, told: Vec<Told>) {
        self.unkept.push_back((job.clone(), now_ms(), told));
        self.keep();
    }

    /// Puts news down, in its order. What a full disk refuses waits here: nobody may hear of it, and no end of a job may be lost.
    fn keep(&mut self) {
        while let Some((job, at_ms, told)) = self.unkept.front() {
            match self.journal.append(job, *at_ms, told.clone()) {
                Ok(kept) => {
                    kept.iter().for_each(|kept| self.metrics.happened(&kept.event.what));
                    self.outgoing.send(Letter::News);
                }
                Err(error) if error.is_disk_full() => {
                    tracing::error!(%job, "the disk of the spool is full: jobs wait until there is room");
                    return;
                }
                Err(error) => tracing::error!(%job, %error, "events could not be kept"),
            }
            self.unkept.pop_front();
        }
    }

    /// Gives the worker the next job, if it waits for one.
    fn assign(&mut self) {
        if !self.idle || !self.unkept.is_empty() {
            return;
        }
        let record = match self.journal.next() {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "the next job could not be read"),
        };
        let job = record.job.clone();
        self.happened(&job, vec![super::happening::state(JobState::Decoding)]);
        let cancel = Arc::new(AtomicBool::new(false));
        self.running = Some((job, cancel.clone()));
        self.idle = false;
        // A worker that is gone leaves its job to the next start.
        let _ = self.worker.send(Assignment { record, cancel });
    }

    fn upload(&self, job: &JobId, state: JobState, received: Vec<u64>) -> Answer {
        let credit = self.rules.limits.chunks_in_flight;
        Answer::Upload(Upload { job: job.clone(), state, received, offset: None, credit })
    }

    /// What the job takes in; after a restart as the journal has it.
    fn intake(&mut self, known: &JobRecord) -> Result<&mut Intake, Fault> {
        match self.uploads.entry(known.job.clone()) {
            btree_map::Entry::Occupied(found) => Ok(found.into_mut()),
            btree_map::Entry::Vacant(empty) => {
                let input = known.input.as_ref().ok_or_else(|| internal("the journal lost what this job works on"))?;
                Ok(empty.insert(Intake::new(input::items(input))))
            }
        }
    }

    fn job(&self, job: &JobId) -> Result<Option<JobRecord>, Fault> {
        self.journal.job(job).map_err(|e| fault(&e))
    }

    fn known(&self, job: &JobId) -> Result<JobRecord, Fault> {
        self.job(job)?.ok_or_else(|| no_such_job(job))
    }

    fn summary(&self, job: &JobId) -> Result<Answer, Fault> {
        Ok(Answer::Job(Box::new(self.known(job)?.summary())))
    }
}

/// A job that is receiving, or that a person may take up again.
fn takes_input(state: JobState) -> bool {
    matches!(state, JobState::Receiving | JobState::Failed | JobState::Cancelled)
}

/// Nobody knows the job.
pub(super) fn no_such_job(job: &JobId) -> Fault {
    Fault::new(FaultCode::NoSuchJob, format!("there is no job {job}"), "ask `list` for the jobs that are kept")
}

/// The journal's trouble, as a client is told; the log has the rest.
pub(super) fn fault(error: &JournalError) -> Fault {
    tracing::error!(%error, "journal");
    if error.is_disk_full() {
        return Fault::new(FaultCode::DiskReserve, "the disk of the spool is full", "ask the operator for space");
    }
    internal("the journal cannot be read or written")
}

fn internal(what: &str) -> Fault {
    Fault::new(FaultCode::Internal, what, "ask the operator to look at the daemon's log")
}

fn wrong_state(known: &JobRecord, what: &str) -> Fault {
    let message = format!("the job {} is {} and {what}", known.job, known.state);
    Fault::new(FaultCode::WrongState, message, "ask `status` for where the job is")
}

/// Why a cancelled job has no answer.
pub(super) fn cancelled() -> Problem {
    Problem {
        code: "cancelled".into(),
        message: "somebody cancelled this job".into(),
        action: "submit the same again if it is wanted after all".into(),
    }
}
