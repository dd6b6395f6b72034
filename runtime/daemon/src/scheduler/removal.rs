//! Carries out a removal plan: here no job changes meanwhile, so each is looked at once more.

use std::time::Duration;

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::Answer;

use super::Scheduler;
use super::removal_plan::{IDLE_UPLOAD_MS, RemovalPlan};
use super::states::takes_input;
use crate::clock::now_ms;
use crate::error::{journal_fault, wrong_state};
use crate::journal::JournalError;

impl Scheduler {
    /// Removes what was planned, as far as the reasons still hold.
    pub(super) fn remove_planned(&mut self, plan: &RemovalPlan) {
        if let Err(error) = self.journal.store_uptime(&plan.uptime) {
            tracing::error!(%error, "the counted time could not be kept");
        }
        match self.carry_out(plan) {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "old jobs were removed"),
            Err(error) => tracing::error!(%error, "old jobs could not be removed"),
        }
        let journal = &self.journal;
        let takes_input = |job: &JobId| matches!(journal.progress(job), Ok(Some((state, _))) if takes_input(state));
        for job in self.uploads.forget(takes_input) {
            // An upload for a job that has ended: no further end gives its room back.
            if self.is_in(&job, JobState::has_ended).unwrap_or(false) {
                self.give_up_input(&job);
            }
        }
    }

    /// Removes a job because somebody wants it gone. A correction of it that still waits loses its images with it, and ends with that reason.
    pub(super) fn forget(&mut self, job: &JobId) -> Result<Answer, Fault> {
        let record = self.record(job)?;
        if !record.state.has_ended() || self.takes_in(job) {
            return Err(wrong_state(&record, "has to end first: `cancel` ends it"));
        }
        self.check_persisted(job)?;
        let answer = self.summary(job)?;
        match self.remove(job).map_err(|error| journal_fault(&error))? {
            0 => Err(Fault::new(
                Code::NotWritable,
                format!("the folder of the job {job} could not be removed"),
                "look at the log and at the disk of the spool, then ask again",
            )),
            _ => {
                if let Err(error) = self.journal.empty_log() {
                    tracing::warn!(%job, %error, "the journal's log could not be emptied: it may hold words of a removed job for a while");
                }
                Ok(answer)
            }
        }
    }

    fn carry_out(&mut self, plan: &RemovalPlan) -> Result<usize, JournalError> {
        let mut removed = 0;
        for job in &plan.idle_uploads {
            let idle = self.uploads.idle(job).unwrap_or_else(|| self.started.elapsed());
            let is_left = idle > Duration::from_millis(IDLE_UPLOAD_MS) && !self.transfers.contains_key(job);
            if is_left && self.is_in(job, |state| state == JobState::Receiving)? {
                removed += self.remove(job)?;
            }
        }
        for job in &plan.expired {
            // It may have been reviewed, corrected or sent again since the scan.
            let is_old = self.is_in(job, JobState::has_ended)? && !self.takes_in(job);
            if is_old && !self.journal.has_reader_work(job)? {
                removed += self.remove(job)?;
            }
        }
        let mut of_readers = 0;
        for job in &plan.expired_reader_work {
            if self.is_in(job, JobState::has_ended)? && !self.takes_in(job) {
                of_readers += self.remove(job)?;
            }
        }
        if of_readers > 0 {
            tracing::warn!(jobs = of_readers, "jobs with a reader's work have come to their age and are removed");
        }
        for job in &plan.unanswered {
            let is_unanswered = |state| matches!(state, JobState::Failed | JobState::Cancelled);
            if self.is_in(job, is_unanswered)? && !self.takes_in(job) {
                let discarded = match self.journal.lists_files(job)? {
                    true => self.spool.discard_input(job),
                    false => self.spool.discard(job),
                };
                if let Err(error) = discarded {
                    tracing::warn!(%job, %error, "the input of a job without answer could not be removed");
                }
            }
        }
        self.set_aside(&plan.unknown_folders)?;
        Ok(removed + of_readers)
    }

    /// Folders that no row names may be all that is left of an accepted job: they are moved, and a person decides.
    fn set_aside(&mut self, unknown: &[JobId]) -> Result<(), JournalError> {
        let mut moved = 0;
        for job in unknown {
            if self.journal.job(job)?.is_none() {
                match self.spool.set_aside(job, now_ms()) {
                    Ok(()) => moved += 1,
                    Err(error) => {
                        tracing::error!(%job, %error, "a folder that the journal does not know could not be set aside")
                    }
                }
            }
        }
        if moved > 0 {
            tracing::error!(
                folders = moved,
                known = self.journal.count()?,
                "folders of jobs that the journal does not know were set aside, and nothing was removed: `cordline spool lost` lists and \
                 restores them"
            );
        }
        Ok(())
    }

    /// True where input of a job comes in: one that has ended stays what it is until its new input is whole.
    fn takes_in(&self, job: &JobId) -> bool {
        let is_alive = |idle: Duration| idle < Duration::from_millis(IDLE_UPLOAD_MS);
        self.transfers.contains_key(job) || self.uploads.idle(job).is_some_and(is_alive)
    }

    fn is_in(&self, job: &JobId, state: impl Fn(JobState) -> bool) -> Result<bool, JournalError> {
        Ok(self.journal.job(job)?.is_some_and(|record| state(record.state)))
    }

    /// The folder first: a job without one is an error that says so, a folder without a job would be set aside.
    fn remove(&mut self, job: &JobId) -> Result<usize, JournalError> {
        self.uploads.end(job);
        self.ledger.release(job);
        if let Err(error) = self.spool.discard(job) {
            tracing::warn!(%job, %error, "an old job could not be removed");
            return Ok(0);
        }
        self.journal.remove(job)?;
        Ok(1)
    }
}
