//! Connections that carry messages as they are: for gateways, which speak another language on their other side.
//!
//! However many there are, they share one thread of ZeroMQ's, and none has one of its own: nothing here waits. Whoever waits for several
//! things at once looks at [`Link::descriptor`], and after each change of it, and after each message that was sent, at [`Link::take`].

use std::os::fd::RawFd;

use super::{ClientError, Endpoint, open};

/// A message: its header, and at times a raw frame.
pub type Frames = Vec<Vec<u8>>;

/// Messages, of a megabyte each at most, that wait in a connection to be taken. Beyond, the daemon holds them.
const AHEAD: i32 = 2;
/// Messages that wait in a connection to be sent.
const BEHIND: i32 = 64;

/// Where connections to one daemon are made.
#[derive(Clone)]
pub struct Lines {
    context: zmq::Context,
    endpoint: Endpoint,
}

/// A connection of its own to the daemon. Nothing is said on it that its owner does not say: `hello` and `ping` are the owner's.
pub struct Link(zmq::Socket);

impl Lines {
    /// To the daemon at `endpoint`, which is not asked anything yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { context: zmq::Context::new(), endpoint }
    }

    /// Where the daemon listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Opens a connection; whether anybody is there shows with the answer to `hello`.
    ///
    /// # Errors
    /// What the socket says.
    pub fn open(&self) -> Result<Link, ClientError> {
        let set = |socket: &zmq::Socket| {
            socket.set_rcvhwm(AHEAD)?;
            socket.set_sndhwm(BEHIND)
        };
        open(&self.context, &self.endpoint, set).map(Link).map_err(ClientError::socket)
    }
}

impl Link {
    /// Sends a message; never waits. False where too many wait already, and this one was not taken.
    ///
    /// # Errors
    /// What the socket says.
    pub fn send(&mut self, frames: &[Vec<u8>]) -> Result<bool, ClientError> {
        match self.0.send_multipart(frames, zmq::DONTWAIT) {
            Ok(()) => Ok(true),
            Err(zmq::Error::EAGAIN) => Ok(false),
            Err(error) => Err(ClientError::socket(error)),
        }
    }

    /// The next message that is here; `None` where there is none yet.
    ///
    /// # Errors
    /// What the socket says.
    pub fn take(&mut self) -> Result<Option<Frames>, ClientError> {
        loop {
            match self.0.recv_multipart(zmq::DONTWAIT) {
                Ok(frames) => return Ok(Some(frames)),
                Err(zmq::Error::EAGAIN) => return Ok(None),
                Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(ClientError::socket(error)),
            }
        }
    }

    /// Becomes readable when something may have changed. It is the connection's own, and is not to be read or closed.
    ///
    /// # Errors
    /// What the socket says.
    pub fn descriptor(&self) -> Result<RawFd, ClientError> {
        self.0.get_fd().map_err(ClientError::socket)
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lines").field(&self.endpoint.address).finish()
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}
