//! A connection to the daemon that tokio waits for, without a thread of its own.

use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use cordline_sdk::client::ClientError;
use cordline_sdk::client::link::{Frames, Lines, Link};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Name of the gateway in the daemon's log.
pub(super) const CLIENT_NAME: &str = concat!("gateway ", env!("CARGO_PKG_VERSION"));

/// How often a connection sends something: the daemon forgets one that is silent.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(8);

/// A connection to the daemon, and the descriptor that becomes readable when its state changes.
#[derive(Debug)]
pub(crate) struct Socket {
    // Dropped first: the descriptor belongs to the link.
    changes: AsyncFd<Borrowed>,
    link: Link,
}

#[derive(Debug)]
struct Borrowed(RawFd);

impl AsRawFd for Borrowed {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

impl Socket {
    /// Opens a connection; nothing is sent on it yet.
    pub(crate) fn open(lines: &Lines) -> Result<Self, ClientError> {
        let link = lines.open()?;
        let descriptor = Borrowed(link.descriptor()?);
        #[expect(
            deprecated,
            reason = "the one that took its place is unsafe; the descriptor outlives this, see the fields"
        )]
        let changes = AsyncFd::with_interest(descriptor, Interest::READABLE).map_err(|_| ClientError::Closed)?;
        Ok(Self { changes, link })
    }

    /// Sends a message; never waits. False where its queue is full.
    pub(crate) fn send(&mut self, frames: &[Vec<u8>]) -> Result<bool, ClientError> {
        self.link.send(frames)
    }

    /// The next message. Cancel-safe: a message that was not returned is received later.
    pub(crate) async fn receive(&mut self) -> Result<Frames, ClientError> {
        loop {
            // Checked before each wait: sending clears the readiness that an incoming message has set.
            if let Some(frames) = self.link.take()? {
                return Ok(frames);
            }
            let mut changed = self.changes.readable().await.map_err(|_| ClientError::Closed)?;
            if let Some(frames) = self.link.take()? {
                return Ok(frames);
            }
            changed.clear_ready();
        }
    }
}
