//! Audit entries that go to the disk with one sync, and the answers that wait for them.

use std::time::{Duration, Instant};

use cordline_sdk::wire::reply::Answer;

use crate::audit::{AuditEntry, AuditLog};
use crate::origin::RequestOrigin;
use crate::replies::{ReplySender, ServerMessage};

/// How long the first entry may wait for others.
const MAX_DELAY: Duration = Duration::from_millis(5);
/// Entries that do not wait for more.
const FULL: usize = 512;

/// Entries and answers since the last commit.
#[derive(Debug, Default)]
pub(super) struct AuditBatch {
    entries: Vec<AuditEntry>,
    answers: Vec<(RequestOrigin, Answer)>,
    since: Option<Instant>,
}

impl AuditBatch {
    pub(super) fn add(&mut self, entry: AuditEntry) {
        self.since.get_or_insert_with(Instant::now);
        self.entries.push(entry);
    }

    /// Adds an answer that is given once all entries so far are on the disk.
    pub(super) fn hold(&mut self, origin: RequestOrigin, answer: Answer) {
        self.answers.push((origin, answer));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True where the entries should wait no longer.
    pub(super) fn is_due(&self) -> bool {
        self.entries.len() >= FULL || self.since.is_some_and(|since| since.elapsed() >= MAX_DELAY)
    }

    /// Writes the entries and syncs, then gives the answers.
    pub(super) fn commit(&mut self, log: &mut AuditLog, replies: &ReplySender) {
        if !self.entries.is_empty()
            && let Err(error) = log.write_all(self.entries.drain(..))
        {
            tracing::error!(%error, "the audit file cannot be written");
        }
        self.since = None;
        for (origin, answer) in self.answers.drain(..) {
            replies.send(ServerMessage::Answer(origin, answer));
        }
    }
}
