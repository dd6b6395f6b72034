//! Letters to the thread that owns the sockets, and the bell that wakes it.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use cordline_sdk::wire::reply::Answer;
use rustix::event::{EventfdFlags, eventfd};

use super::client::ClientId;

/// Who asked: a connection, and the number of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asker {
    /// The connection.
    pub client: ClientId,
    /// Whose key, or `box` for the socket of the box.
    pub who: String,
    /// Number of the request.
    pub id: u64,
    /// True for a chunk, whose answer gives its credit back.
    pub is_chunk: bool,
}

/// What is to be passed on to clients.
pub(super) enum Letter {
    /// An answer.
    Answer(Asker, Answer),
    /// Events were put down: who follows them is to be served.
    News,
}

/// Where letters are dropped.
#[derive(Clone)]
pub(super) struct Outgoing {
    letters: Sender<Letter>,
    bell: Arc<OwnedFd>,
}

impl Outgoing {
    /// Drops a letter and rings.
    pub(super) fn send(&self, letter: Letter) {
        // Where nobody reads letters any more the daemon is going down.
        if self.letters.send(letter).is_ok() {
            // Fails only when the counter is full, and then the bell rings already.
            let _ = rustix::io::write(&*self.bell, &1u64.to_ne_bytes());
        }
    }
}

/// Where letters are read.
pub(super) struct Incoming {
    letters: Receiver<Letter>,
    bell: Arc<OwnedFd>,
}

impl Incoming {
    /// To be watched for reading.
    pub(super) fn bell(&self) -> RawFd {
        self.bell.as_raw_fd()
    }

    /// Everything that was dropped so far; the bell is silent again.
    pub(super) fn take(&self) -> Vec<Letter> {
        // Silenced first: a letter that comes in between rings it anew.
        let _ = rustix::io::read(&*self.bell, &mut [0u8; 8]);
        self.letters.try_iter().collect()
    }
}

/// A letter box.
pub(super) fn letter_box() -> std::io::Result<(Outgoing, Incoming)> {
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let (sender, receiver) = mpsc::channel();
    Ok((Outgoing { letters: sender, bell: bell.clone() }, Incoming { letters: receiver, bell }))
}
