//! What other threads have sent to clients: a channel to the server, and an eventfd that ends its `poll`.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use cordline_sdk::wire::reply::Answer;
use rustix::event::{EventfdFlags, eventfd};

use super::origin::RequestOrigin;

/// A message to the server.
// It is moved twice, and nearly all are answers.
#[allow(clippy::large_enum_variant)]
pub(super) enum ServerMessage {
    Answer(RequestOrigin, Answer),
    /// The journal has more events: subscribers are to be served.
    EventsAppended,
}

/// The sending end; every thread has its own copy.
#[derive(Clone)]
pub(super) struct ReplySender {
    messages: Sender<ServerMessage>,
    wakeup: Arc<OwnedFd>,
}

impl ReplySender {
    /// Sends a message and wakes the server. Without a receiver the daemon is shutting down, and nothing is sent.
    pub(super) fn send(&self, message: ServerMessage) {
        if self.messages.send(message).is_ok() {
            // Fails only while the counter is full, and then the server is being woken already.
            let _ = rustix::io::write(&*self.wakeup, &1u64.to_ne_bytes());
        }
    }
}

/// The receiving end, of the server.
pub(super) struct ReplyReceiver {
    messages: Receiver<ServerMessage>,
    wakeup: Arc<OwnedFd>,
}

impl ReplyReceiver {
    /// The descriptor to be polled for reading.
    pub(super) fn wakeup(&self) -> RawFd {
        self.wakeup.as_raw_fd()
    }

    /// Everything that was sent so far. Resets the wakeup.
    pub(super) fn take(&self) -> Vec<ServerMessage> {
        // Reset first: a message that is sent in between wakes the server once more.
        let _ = rustix::io::read(&*self.wakeup, &mut [0u8; 8]);
        self.messages.try_iter().collect()
    }
}

/// Both ends.
///
/// # Errors
///
/// The system has no descriptor left.
pub(super) fn reply_channel() -> std::io::Result<(ReplySender, ReplyReceiver)> {
    let wakeup = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let (sender, receiver) = mpsc::channel();
    Ok((ReplySender { messages: sender, wakeup: wakeup.clone() }, ReplyReceiver { messages: receiver, wakeup }))
}
