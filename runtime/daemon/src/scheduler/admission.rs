//! Disk space: reserved when a job is submitted, consumed by its upload, released at its end. The length of the queue is looked at when a job is
//! submitted; nothing is reserved there, so uploads that were begun may make it longer.

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::request::{Chunk, Input};

use super::Scheduler;
use super::space_ledger::INPUT_MULTIPLE;
use crate::error::journal_fault;
use crate::spool::SpoolError;
use crate::submission;

impl Scheduler {
    /// Checks that there is room for a new job on the disk and in the queue.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn admit(&self, bytes: u64) -> Result<(), Fault> {
        let free = self.spool.free_bytes().map_err(|e| e.fault())?;
        let promised = self.ledger.total();
        let wanted = bytes.saturating_add(self.config.reserve_bytes);
        if free.saturating_sub(promised) < wanted {
            return Err(no_room(format!(
                "{free} bytes are free, of which {promised} are promised to other jobs, where this job and the reserve want {wanted}"
            )));
        }
        let waiting = self.journal.waiting().map_err(|e| journal_fault(&e))?.len() as u64;
        if waiting >= self.config.queue {
            return Err(Fault::new(
                Code::QueueFull,
                format!("{waiting} jobs wait already"),
                "try again in some minutes",
            ));
        }
        Ok(())
    }

    /// Checks that there is room for a chunk: other programs may have used the reserved space.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn check_free_space(&self, bytes: usize) -> Result<(), Fault> {
        let free = self.spool.free_bytes().map_err(|e| e.fault())?;
        match free < self.config.reserve_bytes.saturating_add(bytes as u64) {
            true => Err(no_room(format!("{free} bytes are free, and the reserve must stay"))),
            false => Ok(()),
        }
    }

    /// Adjusts the reservation of a job to what became of a chunk.
    pub(super) fn account_for_chunk(&mut self, chunk: &Chunk, bytes: usize, added: &Result<u64, SpoolError>) {
        match added {
            Ok(_) => self.ledger.consume(&chunk.job, bytes as u64),
            // The item was discarded, and is sent once more.
            Err(SpoolError::Digest { item }) => {
                let receiver = self.uploads.receiver(&chunk.job);
                let announced = receiver.and_then(|receiver| receiver.items().get(*item).map(|item| item.bytes));
                let left = self.ledger.reserved_for(&chunk.job).unwrap_or(0);
                self.ledger.reserve(&chunk.job, left.saturating_add(announced.unwrap_or(0)));
            }
            Err(_) => {}
        }
    }

    /// After a start: the reservations of all jobs that have not ended.
    pub(super) fn restore_reservations(&mut self) {
        let open: Vec<JobState> = JobState::ALL.into_iter().filter(|state| !state.has_ended()).collect();
        let jobs = match self.journal.list(&open, None, None, u32::MAX) {
            Ok(jobs) => jobs,
            Err(error) => return tracing::error!(%error, "what jobs were promised could not be read"),
        };
        for record in jobs {
            let items = record.input.as_ref().map(submission::items).unwrap_or_default();
            let announced: u64 = items.iter().map(|item| item.bytes).sum();
            let reserved = match (record.state, &record.input) {
                // Listed again when it is submitted or committed.
                (JobState::Receiving, Some(Input::Folder { .. }) | None) => continue,
                (JobState::Receiving, _) => {
                    let here: u64 = self.spool.received(&record.job, &items).iter().sum();
                    announced.saturating_mul(INPUT_MULTIPLE).saturating_sub(here)
                }
                (_, Some(Input::Folder { .. })) => self.spool.size(&record.job),
                _ => announced,
            };
            self.ledger.reserve(&record.job, reserved);
        }
    }

    /// New input of a job that has ended is not wanted after all: what it was promised is free again. What was received goes with the next
    /// scan of the retention.
    pub(super) fn give_up_input(&mut self, job: &JobId) {
        // A transfer ends with its next piece, and then comes here.
        if !self.transfers.contains_key(job) {
            self.uploads.end(job);
            self.ledger.release(job);
        }
    }

    /// A job has ended and needs no more space. One that was cancelled gives back what it has at once.
    pub(super) fn release(&mut self, job: &JobId, state: JobState) {
        self.ledger.release(job);
        self.uploads.end(job);
        if state != JobState::Cancelled || self.transfers.contains_key(job) {
            return;
        }
        let discarded = match self.journal.lists_files(job) {
            Ok(true) => self.spool.discard_input(job),
            Ok(false) => self.spool.discard(job),
            Err(error) => return tracing::error!(%job, %error, "a cancelled job keeps its input"),
        };
        if let Err(error) = discarded {
            tracing::error!(%job, %error, "the input of a cancelled job could not be taken away");
        }
    }
}

fn no_room(what: String) -> Fault {
    Fault::new(Code::DiskReserve, what, "wait until older jobs are removed, or ask the operator for space")
}
