//! One connection: who is behind it, what it subscribes to, and what waits to be sent to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use cordline_sdk::job::JobId;

use crate::origin::Peer;

/// Messages that may wait for a client. Events beyond that wait in the journal.
const MAX_QUEUED: usize = 64;
/// Bytes that may wait for a client before it is sent more events or large answers.
const MAX_QUEUED_BYTES: usize = 4 << 20;
/// Messages and bytes unread beyond which a client that goes on asking is dropped.
const MAX_UNREAD: usize = 1024;
const MAX_UNREAD_BYTES: usize = 32 << 20;

/// A header, and for some messages a raw frame.
#[derive(Debug)]
pub(super) struct OutgoingMessage {
    /// MessagePack.
    pub header: Vec<u8>,
    /// Bytes of a mask, a heat map or a file.
    pub raw: Option<Vec<u8>>,
}

impl OutgoingMessage {
    /// Bytes of both frames.
    pub(super) fn bytes(&self) -> usize {
        self.header.len() + self.raw.as_ref().map_or(0, Vec::len)
    }
}

/// A message that waits; one for many connections is kept once.
pub(super) type SharedMessage = Arc<OutgoingMessage>;

/// A connection that said `hello`.
#[derive(Debug)]
pub(super) struct Connection {
    pub peer: Peer,
    pub last_heard: Instant,
    pub subscriptions: BTreeMap<JobId, Subscription>,
    /// Chunks whose answers are due.
    pub chunks: u32,
    /// True where the journal may have events for it.
    pub needs_events: bool,
    queue: VecDeque<SharedMessage>,
    queued_bytes: usize,
}

/// How far a client was sent the events of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subscription {
    /// Number of the request, under which the client is told where the daemon ends the subscription.
    pub request: u64,
    /// Number of the last event that was sent.
    pub last_sent: u64,
    /// Number of the last event that is wanted; `None` up to the end of the job.
    pub until: Option<u64>,
}

impl Connection {
    pub(super) fn new(peer: Peer, now: Instant) -> Self {
        let (subscriptions, queue) = (BTreeMap::new(), VecDeque::new());
        Self { peer, last_heard: now, subscriptions, chunks: 0, needs_events: false, queue, queued_bytes: 0 }
    }

    /// Room for events and large answers. Small answers are always queued: the client asked for each.
    pub(super) fn free_slots(&self) -> usize {
        match self.queued_bytes < MAX_QUEUED_BYTES {
            true => MAX_QUEUED.saturating_sub(self.queue.len()),
            false => 0,
        }
    }

    /// True once the unread backlog is so large that the connection is to be dropped.
    pub(super) fn is_overloaded(&self) -> bool {
        self.queue.len() > MAX_UNREAD || self.queued_bytes > MAX_UNREAD_BYTES
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    pub(super) fn push(&mut self, message: SharedMessage) {
        self.queued_bytes += message.bytes();
        self.queue.push_back(message);
    }

    /// Sends what waits for as long as `send` takes it, and returns how many messages were sent.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub(super) fn flush(&mut self, mut send: impl FnMut(&OutgoingMessage) -> SendOutcome) -> Result<usize, ()> {
        let mut sent = 0;
        while let Some(message) = self.queue.front() {
            let bytes = message.bytes();
            match send(message) {
                SendOutcome::Sent => self.queue.pop_front(),
                SendOutcome::Full => break,
                SendOutcome::Gone => return Err(()),
            };
            self.queued_bytes -= bytes;
            sent += 1;
        }
        Ok(sent)
    }

    pub(super) fn has_backlog(&self) -> bool {
        !self.queue.is_empty()
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendOutcome {
    Sent,
    /// The client reads too slowly: to be tried again.
    Full,
    /// The client has disconnected.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::test_peer;

    fn message(n: u8) -> SharedMessage {
        Arc::new(OutgoingMessage { header: vec![n], raw: None })
    }

    #[test]
    fn what_is_not_taken_stays_in_order() {
        let mut connection = Connection::new(test_peer(), Instant::now());
        for n in 0..5u8 {
            connection.push(message(n));
        }
        assert_eq!(connection.free_slots(), MAX_QUEUED - 5);
        let mut taken = Vec::new();
        let sent = connection.flush(|OutgoingMessage { header, .. }| {
            taken.push(header[0]);
            if taken.len() == 3 { SendOutcome::Full } else { SendOutcome::Sent }
        });
        assert_eq!(sent, Ok(2));
        assert_eq!(taken, [0, 1, 2]);
        assert!(connection.has_backlog());
        taken.clear();
        connection
            .flush(|OutgoingMessage { header, .. }| {
                taken.push(header[0]);
                SendOutcome::Sent
            })
            .unwrap();
        assert_eq!(taken, [2, 3, 4]);
        connection.push(message(9));
        assert_eq!(connection.flush(|_| SendOutcome::Gone), Err(()));
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_counted_back() {
        let mut connection = Connection::new(test_peer(), Instant::now());
        let large = Arc::new(OutgoingMessage { header: vec![0; 10], raw: Some(vec![0; 1 << 20]) });
        for _ in 0..4 {
            assert!(connection.free_slots() > 0);
            connection.push(large.clone());
        }
        assert_eq!((connection.free_slots(), connection.is_overloaded()), (0, false));
        for _ in 0..40 {
            connection.push(large.clone());
        }
        assert!(connection.is_overloaded());
        connection.flush(|_| SendOutcome::Sent).unwrap();
        assert_eq!((connection.queued_bytes(), connection.free_slots()), (0, MAX_QUEUED));
    }
}
