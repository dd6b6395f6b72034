//! Events to the journal, then to their subscribers: a client never learns of what a power cut could take back.

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::wire::event::EventKind;

use super::{Scheduler, Unpersisted};
use crate::clock::now_ms;
use crate::journal::PendingEvent;
use crate::replies::ServerMessage;

impl Scheduler {
    /// Appends events of a job.
    pub(super) fn record_events(&mut self, job: &JobId, events: Vec<PendingEvent>) {
        self.unpersisted.push_back(Unpersisted { job: job.clone(), at_ms: now_ms(), events });
        self.persist_events();
    }

    /// Writes what waits, in its order. What a full disk refuses stays: nobody may learn of it, and no end of a job may be lost.
    pub(super) fn persist_events(&mut self) {
        while let Some(Unpersisted { job, at_ms, events }) = self.unpersisted.front() {
            match self.journal.append(job, *at_ms, events) {
                Ok(_) => {
                    events.iter().for_each(|event| self.metrics.count_end(&event.kind));
                    self.replies.send(ServerMessage::EventsAppended);
                    let (job, end) = (job.clone(), events.iter().find_map(end));
                    end.inspect(|state| self.release(&job, *state));
                }
                Err(error) if error.is_disk_full() => {
                    tracing::error!(%job, "the disk of the spool is full: jobs wait until there is room");
                    return;
                }
                Err(error) => tracing::error!(%job, %error, "events could not be kept"),
            }
            self.unpersisted.pop_front();
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
