//! One connection: who it is, what it follows, and what waits to be sent to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use cordline_sdk::job::JobId;

/// Messages that may wait for a client. Events beyond that wait in the journal.
const MOST_WAITING: usize = 64;
/// Messages unread after which a client that goes on asking is dropped.
const MOST_UNREAD: usize = 4096;

/// A header, and at times a raw frame.
#[derive(Debug)]
pub(super) struct Message {
    /// As the codec writes it: MessagePack.
    pub header: Vec<u8>,
    /// Bytes of a mask, a heat map or a file.
    pub raw: Option<Vec<u8>>,
}

/// A message that waits; one that goes to many is kept once.
pub(super) type Parcel = Arc<Message>;

/// A connection by name: the socket through which it came, and what ZeroMQ calls it there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientId {
    /// Number of the socket.
    pub door: usize,
    /// ZeroMQ's name.
    pub identity: Vec<u8>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    /// True once it said hello.
    pub greeted: bool,
    /// When it was last heard.
    pub heard: Instant,
    /// What it follows.
    pub following: BTreeMap<JobId, Following>,
    /// Chunks whose answers are due.
    pub chunks: u32,
    waiting: VecDeque<Parcel>,
}

/// How far a client was sent the events of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Following {
    /// Number of the last event that was sent.
    pub sent: u64,
    /// Number after which nothing is sent; `None` to the end of the job.
    pub until: Option<u64>,
}

impl Client {
    /// A connection that was heard for the first time.
    pub(super) fn new(now: Instant) -> Self {
        Self { greeted: false, heard: now, following: BTreeMap::new(), chunks: 0, waiting: VecDeque::new() }
    }

    /// Room for events. Answers always find a place: each was asked for.
    pub(super) fn room(&self) -> usize {
        MOST_WAITING.saturating_sub(self.waiting.len())
    }

    /// True for a client that asks and asks, and reads nothing.
    pub(super) fn is_hopeless(&self) -> bool {
        self.waiting.len() > MOST_UNREAD
    }

    /// Puts a message at the end.
    pub(super) fn push(&mut self, parcel: Parcel) {
        self.waiting.push_back(parcel);
    }

    /// Sends what waits for as long as `send` takes it, and returns how many messages it took; `Err` once the client is gone.
    pub(super) fn flush(&mut self, mut send: impl FnMut(&Message) -> Sent) -> Result<usize, ()> {
        let mut taken = 0;
        while let Some(parcel) = self.waiting.front() {
            match send(parcel) {
                Sent::Yes => self.waiting.pop_front(),
                Sent::Full => break,
                Sent::Gone => return Err(()),
            };
            taken += 1;
        }
        Ok(taken)
    }

    /// True where something waits.
    pub(super) fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The socket took it.
    Yes,
    /// The client reads too slowly: try again.
    Full,
    /// The client is no longer there.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: u8) -> Parcel {
        Arc::new(Message { header: vec![n], raw: None })
    }

    #[test]
    fn what_is_not_taken_stays_in_order() {
        let mut client = Client::new(Instant::now());
        for n in 0..5u8 {
            client.push(message(n));
        }
        assert_eq!(client.room(), MOST_WAITING - 5);
        let mut taken = Vec::new();
        let sent = client.flush(|Message { header, .. }| {
            taken.push(header[0]);
            if taken.len() == 3 { Sent::Full } else { Sent::Yes }
        });
        assert_eq!(sent, Ok(2));
        assert_eq!(taken, [0, 1, 2]);
        assert!(client.is_behind());
        taken.clear();
        client
            .flush(|Message { header, .. }| {
                taken.push(header[0]);
                Sent::Yes
            })
            .unwrap();
        assert_eq!(taken, [2, 3, 4]);
        client.push(message(9));
        assert_eq!(client.flush(|_| Sent::Gone), Err(()));
    }
}
