//! `submit` of a folder and `commit`: both wait for a thread that lists, copies or syncs, and are answered when it has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::event::EventKind;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::{Input, Submit};

use super::Scheduler;
use super::command::SchedulerCommand;
use super::states::takes_input;
use super::transfer::{FolderCopy, FolderListed, FolderSlot, InputStored, Transfer, TransferError, catch_panic};
use crate::audit::AuditEvent;
use crate::clock::now_ms;
use crate::error::{internal, journal_fault, wrong_state};
use crate::journal::JobRecord;
use crate::origin::RequestOrigin;
use crate::replies::ServerMessage;
use crate::submission;
use crate::submission::folder::Listing;

/// Uploads that are synced at once.
const MAX_SYNCS: usize = 64;
/// Clients that may wait for one transfer.
const MAX_ORIGINS: usize = 16;
/// When a refused request is worth another try.
const RETRY_AFTER_MS: u64 = 3_000;
const CHANGED_ACTION: &str = "submit the folder again once nothing writes to it any more";

impl Scheduler {
    /// A new job, or one that is known. A folder is listed first.
    pub(super) fn submit(&mut self, origin: RequestOrigin, submit: Submit) {
        let Input::Folder { path, .. } = &submit.input else {
            let who = origin.peer.name.clone();
            return self.respond(origin, |scheduler| scheduler.begin_upload(submit, None, &who));
        };
        let path = path.clone();
        let slot = (origin.peer.role.check(origin.required))
            .and_then(|()| submission::check(&submit, &self.config.limits))
            .and_then(|()| self.take_folder_slot(&origin, &path));
        let slot = match slot {
            Ok(slot) => slot,
            Err(fault) => return self.replies.send(ServerMessage::Answer(origin, Answer::Fault(fault))),
        };
        let (roots, files, client) = (self.config.roots.clone(), self.config.files.clone(), origin.clone());
        let taken = slot.clone();
        let started = self.spawn_task("folder", move || {
            let list = || Listing::of(&path, &roots, &files).map(|found| (found.fingerprint(), found.bytes()));
            SchedulerCommand::FolderListed(Box::new(FolderListed { found: catch_panic(list), origin, submit, slot }))
        });
        if let Err(fault) = started {
            self.folder_slots.release(&taken);
            self.replies.send(ServerMessage::Answer(client, Answer::Fault(fault)));
        }
    }

    /// Goes on with a folder that was listed.
    pub(super) fn folder_listed(&mut self, FolderListed { origin, submit, slot, found }: FolderListed) {
        self.folder_slots.release(&slot);
        let who = origin.peer.name.clone();
        self.respond(origin, |scheduler| scheduler.begin_upload(submit, Some(found?), &who));
    }

    /// The upload is whole, or the folder is to be copied. Answered once the input is on the disk.
    pub(super) fn commit(&mut self, origin: RequestOrigin, job: &JobId) {
        match origin.peer.role.check(origin.required).and_then(|()| self.start_transfer(&origin, job)) {
            Ok(true) => {}
            Ok(false) => self.respond_audited(origin, AuditEvent::Accepted, job, |scheduler| scheduler.summary(job)),
            Err(fault) => self.replies.send(ServerMessage::Answer(origin, Answer::Fault(fault))),
        }
    }

    /// False where there is nothing to transfer: the job is further on.
    fn start_transfer(&mut self, origin: &RequestOrigin, job: &JobId) -> Result<bool, Fault> {
        let record = self.record(job)?;
        if !takes_input(record.state) {
            return Ok(false);
        }
        self.check_persisted(job)?;
        if let Some(running) = self.transfers.get_mut(job) {
            if !running.wanted.load(Ordering::Relaxed) || running.origins.len() >= MAX_ORIGINS {
                return Err(busy("the input of this job is being copied for somebody else, or was a moment ago"));
            }
            running.origins.push(origin.clone());
            return Ok(true);
        }
        let wanted = Arc::new(AtomicBool::new(true));
        let slot = match &record.input {
            Some(Input::Folder { path, .. }) => Some(self.start_copy(origin, &record, path.clone(), wanted.clone())?),
            _ => {
                self.start_sync(&record)?;
                None
            }
        };
        self.transfers.insert(job.clone(), Transfer { origins: vec![origin.clone()], wanted, slot });
        Ok(true)
    }

    fn start_copy(
        &mut self,
        origin: &RequestOrigin,
        record: &JobRecord,
        path: String,
        wanted: Arc<AtomicBool>,
    ) -> Result<FolderSlot, Fault> {
        let fingerprint = self.uploads.fingerprint(&record.job);
        let slot = self.take_folder_slot(origin, &path)?;
        let copy = FolderCopy {
            path,
            roots: self.config.roots.clone(),
            files: self.config.files.clone(),
            reserve_bytes: self.config.reserve_bytes,
            wanted,
        };
        // Submitted before this start: only the name of the job tells what the folder was.
        let again = Submit {
            series: record.series.clone(),
            ..Submit::new(record.input.clone().expect("the caller matched it"))
        };
        let (bundle, key) = (self.bundle_sha256(), self.spool.key().to_vec());
        let is_same = move |job: &JobId, found: &str| match &fingerprint {
            Some(then) => then == found,
            None => submission::name(&again, Some(found), &bundle, &key) == *job,
        };
        let (spool, job) = (self.spool.clone(), record.job.clone());
        let started = self.spawn_task("folder", move || {
            let result = catch_panic(|| copy.run(&spool, &job, &is_same));
            SchedulerCommand::InputStored(Box::new(InputStored { job, result }))
        });
        match started {
            Ok(()) => Ok(slot),
            Err(fault) => {
                self.folder_slots.release(&slot);
                Err(fault)
            }
        }
    }

    fn start_sync(&self, record: &JobRecord) -> Result<(), Fault> {
        if self.transfers.values().filter(|other| other.slot.is_none()).count() >= MAX_SYNCS {
            return Err(busy("many uploads are being forced to the disk"));
        }
        let input = record.input.as_ref().ok_or_else(|| internal("the journal lost what this job works on"))?;
        let items = submission::items(input);
        let (spool, job) = (self.spool.clone(), record.job.clone());
        self.spawn_task("seal", move || {
            let bytes = items.iter().map(|item| item.bytes).sum();
            let seal = || spool.seal(&job, &items).map(|()| bytes).map_err(|e| TransferError::from(e.fault()));
            let result = catch_panic(seal);
            SchedulerCommand::InputStored(Box::new(InputStored { job, result }))
        })
    }

    /// Accepts a job whose input is on the disk, and answers everybody who committed it.
    pub(super) fn input_stored(&mut self, InputStored { job, result }: InputStored) {
        let Some(Transfer { origins, wanted, slot }) = self.transfers.remove(&job) else { return };
        if let Some(slot) = &slot {
            self.folder_slots.release(slot);
        }
        let is_wanted = wanted.load(Ordering::Relaxed);
        let result = if is_wanted { result } else { Err(self.cancelled_meanwhile(&job)) };
        let refused = match result {
            Ok(bytes) => match self.journal.accept(&job, now_ms(), None) {
                Ok(()) => {
                    self.uploads.end(&job);
                    // The results are still to be written.
                    self.ledger.reserve(&job, bytes);
                    self.replies.send(ServerMessage::EventsAppended);
                    None
                }
                Err(error) => Some(journal_fault(&error)),
            },
            Err(TransferError::Refused(fault)) => {
                // An upload that was refused goes on where it is.
                if slot.is_some() || !is_wanted {
                    self.discard_input(&job);
                }
                if !is_wanted {
                    self.give_up_input(&job);
                }
                Some(fault)
            }
            Err(TransferError::Changed(what)) => {
                let (message, action) = (format!("the folder cannot be taken: {what}"), CHANGED_ACTION);
                let problem = Problem { code: Code::FolderChanged, message: message.clone(), action: action.into() };
                self.discard_input(&job);
                match self.state(&job) {
                    // One that had ended has its end.
                    Ok(Some(state)) if state.has_ended() => self.give_up_input(&job),
                    _ => self.record_events(&job, vec![EventKind::ended(JobState::Failed, problem).into()]),
                }
                Some(Fault::new(Code::FolderNotAllowed, message, action))
            }
        };
        for origin in origins {
            let refused = refused.clone();
            self.respond_audited(origin, AuditEvent::Accepted, &job, |scheduler| {
                refused.map_or_else(|| scheduler.summary(&job), Err)
            });
        }
    }

    /// A job was cancelled: its transfer ends with the next piece.
    pub(super) fn cancel_transfer(&self, job: &JobId) {
        if let Some(transfer) = self.transfers.get(job) {
            transfer.wanted.store(false, Ordering::Relaxed);
        }
    }

    fn cancelled_meanwhile(&self, job: &JobId) -> TransferError {
        match self.record(job) {
            Ok(record) => wrong_state(&record, "takes no more of its input").into(),
            Err(fault) => fault.into(),
        }
    }

    fn discard_input(&self, job: &JobId) {
        if let Err(error) = self.spool.discard_input(job) {
            tracing::error!(%job, %error, "what was copied could not be taken away");
        }
    }

    fn take_folder_slot(&mut self, origin: &RequestOrigin, path: &str) -> Result<FolderSlot, Fault> {
        let slot = self.folder_slots.take(&origin.peer.lane, path, &self.config.roots);
        slot.ok_or_else(|| busy("other folders are being looked at"))
    }

    /// Does work on a thread of its own, which ends with a command to the scheduler.
    fn spawn_task(&self, name: &str, work: impl FnOnce() -> SchedulerCommand + Send + 'static) -> Result<(), Fault> {
        let commands = self.commands.clone();
        // During a shutdown the command is never read, and nobody waits for this thread.
        let run = move || commands.push_internal(work());
        let started = std::thread::Builder::new().name(name.into()).spawn(run);
        started.map(drop).map_err(|error| {
            tracing::error!(%error, "no thread could be started");
            busy("the box can start no more threads")
        })
    }
}

fn busy(what: &str) -> Fault {
    Fault::busy(format!("{what} just now"), RETRY_AFTER_MS)
}
