//! Events to the journal, then to their subscribers: a client never learns of what a power cut could take back.

use std::time::Instant;

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::event::EventKind;
use cordline_sdk::wire::fault::Fault;

use super::{RETRY_INTERVAL, Scheduler, Unpersisted};
use crate::clock::now_ms;
use crate::journal::PendingEvent;
use crate::notices::Topic;
use crate::replies::ServerMessage;

impl Scheduler {
    /// Appends events of a job.
    pub(super) fn record_events(&mut self, job: &JobId, events: Vec<PendingEvent>) {
        self.unpersisted.push_back(Unpersisted { job: job.clone(), at_ms: now_ms(), events });
        self.persist_events();
    }

    /// Writes what waits, in its order. What the disk refuses stays: nobody may learn of it, and no end of a job may be lost.
    pub(super) fn persist_events(&mut self) {
        while let Some(Unpersisted { job, at_ms, events }) = self.unpersisted.front() {
            match self.journal.append(job, *at_ms, events) {
                Ok(_) => {
                    self.events_refused = None;
                    self.notices.set(Topic::Events, None);
                    events.iter().for_each(|event| self.metrics.count_end(&event.kind));
                    self.replies.send(ServerMessage::EventsAppended);
                    let (job, end) = (job.clone(), events.iter().find_map(end));
                    end.inspect(|state| self.release(&job, *state));
                }
                Err(error) if error.may_pass() => {
                    self.events_refused = Some(Instant::now());
                    let notice = match error.is_disk_full() {
                        true => "the disk of the spool is full: jobs wait until there is room".into(),
                        false => format!("{error}: jobs wait until it can be written; look at the disk of the spool"),
                    };
                    return self.notices.set(Topic::Events, Some(notice));
                }
                Err(error) => tracing::error!(%job, %error, "events could not be kept"),
            }
            self.unpersisted.pop_front();
        }
    }

    /// Tries again what the disk refused a while ago, whatever else there is to do.
    pub(super) fn retry_events(&mut self) {
        if self.events_refused.is_some_and(|refused| refused.elapsed() >= RETRY_INTERVAL) {
            self.persist_events();
        }
    }

    /// Checks that nothing was decided on a job that is not in the journal yet: it may have ended.
    ///
    /// # Errors
    ///
    /// `disk_reserve`, while events of the job wait.
    pub(super) fn check_persisted(&self, job: &JobId) -> Result<(), Fault> {
        match self.unpersisted.iter().any(|waiting| waiting.job == *job) {
            true => Err(Fault::new(
                Code::DiskReserve,
                "what became of this job waits for room on the disk of the spool",
                "ask the operator for space",
            )),
            false => Ok(()),
        }
    }
}

/// The state in which an event ends its job.
fn end(event: &PendingEvent) -> Option<JobState> {
    match &event.kind {
        EventKind::State(change) if change.state.has_ended() => Some(change.state),
        _ => None,
    }
}
