//! Audit entries that go to the disk with one sync, and the answers that wait for them. What a full disk refuses stays, and so do its answers.

use std::io;
use std::time::{Duration, Instant};

use cordline_sdk::wire::reply::Answer;

use crate::audit::{AuditEntry, AuditLog};
use crate::origin::RequestOrigin;
use crate::replies::{ReplySender, ServerMessage};

/// How long the first entry may wait for others.
const MAX_DELAY: Duration = Duration::from_millis(5);
/// Entries that do not wait for more.
const FULL: usize = 512;
/// Entries that may wait for a disk that refuses them.
const MAX_REFUSED: usize = 4096;

/// Entries and answers since the last commit.
#[derive(Debug, Default)]
pub(super) struct AuditBatch {
    entries: Vec<AuditEntry>,
    answers: Vec<(RequestOrigin, Answer)>,
    since: Option<Instant>,
    /// When the disk refused the entries last; `None` where it did not.
    refused: Option<Instant>,
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

    /// Entries that may be added: without a bound while the disk takes them.
    pub(super) fn room(&self) -> usize {
        self.refused.map_or(usize::MAX, |_| MAX_REFUSED.saturating_sub(self.entries.len()))
    }

    /// True while the disk refuses the entries.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// True where entries wait for others, and not for the disk.
    pub(super) fn waits_for_more(&self) -> bool {
        !self.entries.is_empty() && !self.is_refused()
    }

    /// True where the entries should wait no longer; refused ones wait for `retry`.
    pub(super) fn is_due(&self, retry: Duration) -> bool {
        match self.refused {
            Some(refused) => refused.elapsed() >= retry,
            None => self.entries.len() >= FULL || self.since.is_some_and(|since| since.elapsed() >= MAX_DELAY),
        }
    }

    /// Writes the entries and syncs, then gives the answers.
    ///
    /// # Errors
    ///
    /// The file cannot be written; entries and answers stay.
    pub(super) fn commit(&mut self, log: &mut AuditLog, replies: &ReplySender) -> io::Result<()> {
        if !self.entries.is_empty() {
            log.write_all(&self.entries).inspect_err(|_| self.refused = Some(Instant::now()))?;
        }
        self.entries.clear();
        (self.since, self.refused) = (None, None);
        for (origin, answer) in self.answers.drain(..) {
            replies.send(ServerMessage::Answer(origin, answer));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use cordline_sdk::wire::reply::Role;
    use cordline_sdk::wire::request::Nothing;

    use super::*;
    use crate::audit::{AuditEvent, verify};
    use crate::origin::{ConnectionId, test_peer};
    use crate::replies::reply_channel;

    #[test]
    fn what_a_full_disk_refuses_is_written_later_and_answered_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let mut log = AuditLog::open(&path).unwrap();
        let (sender, replies) = reply_channel().unwrap();
        let whole = log.replace_file(File::options().write(true).open("/dev/full").unwrap());
        let mut batch = AuditBatch::default();
        let entry = || AuditEntry { event: AuditEvent::Changed, who: "viewer".into(), about: "job".into() };
        let connection = ConnectionId { listener: 0, identity: vec![1] };
        let origin = RequestOrigin { connection, peer: test_peer(), id: 1, chunk_bytes: None, required: Role::Viewer };
        batch.add(entry());
        batch.hold(origin, Answer::Pong(Nothing {}));
        assert!(batch.waits_for_more() && batch.room() == usize::MAX);
        assert!(batch.commit(&mut log, &sender).is_err() && replies.take().is_empty());
        assert!(batch.is_refused() && !batch.waits_for_more());
        assert!(!batch.is_due(Duration::from_secs(3600)) && batch.is_due(Duration::ZERO));
        (1..MAX_REFUSED).for_each(|_| batch.add(entry()));
        assert_eq!(batch.room(), 0);
        log.replace_file(whole);
        batch.commit(&mut log, &sender).unwrap();
        assert_eq!((replies.take().len(), batch.room()), (1, usize::MAX));
        assert_eq!(verify(&path).unwrap().0, MAX_REFUSED);
    }
}
