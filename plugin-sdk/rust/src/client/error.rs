//! What can go wrong between a client and the daemon.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::problem::Code;
use crate::wire::MAJOR;
use crate::wire::fault::Fault;
use crate::wire::reply::{Answer, AnswerName};

/// How long a busy daemon is left alone where it does not say for how long.
pub(super) const BUSY_PAUSE_MS: u64 = 250;

/// A request that came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No answer to `hello`: the daemon is not running, or it dropped the key. Both look alike from here.
    #[error("the key was not accepted, or nobody listens at {endpoint}")]
    ConnectError {
        /// Where was asked.
        endpoint: String,
    },
    /// No answer to a request after `hello`.
    #[error("the daemon at {endpoint} does not answer any more")]
    Timeout {
        /// Where was asked.
        endpoint: String,
    },
    /// The daemon refused.
    #[error("{0}")]
    Rejected(Fault),
    /// The daemon speaks another major version of the protocol.
    #[error("the daemon speaks version {theirs} of the protocol, this client version {MAJOR}")]
    VersionMismatch {
        /// The version of its messages, as it stands there.
        theirs: String,
    },
    /// The daemon answered something else than was asked.
    #[error("the daemon answered {answer} where something else was expected; it may be of another version")]
    Unexpected {
        /// The kind of answer.
        answer: AnswerName,
    },
    /// A downloaded file is shorter than announced, or has another SHA-256.
    #[error("{path} did not arrive whole")]
    ChecksumMismatch {
        /// The file.
        path: String,
    },
    /// A file to be sent cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A ZIP archive among what is to be sent: its files would be left out in silence.
    #[error("{} is a ZIP archive, which is not sent to a daemon", .path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
    },
    /// A DICOM file that cannot be listed: the UID of its file meta information breaks the rule for UIDs.
    #[error("the UID in the file meta information of {} is no UID", .path.display())]
    InvalidUid {
        /// The file.
        path: PathBuf,
    },
    /// A file that is not a key file.
    #[error("{} is no key file", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to be sent.
    #[error("no DICOM file was found in what was named")]
    NoDicom,
    /// The connection was closed, here or by the other side. Jobs go on.
    #[error("the connection was closed")]
    Closed,
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(SocketError),
}

/// What the transport said of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SocketError(zmq::Error);

impl ClientError {
    /// An answer of another kind than was asked for.
    pub fn unexpected(answer: &Answer) -> Self {
        Self::Unexpected { answer: answer.name() }
    }

    /// A failure of the transport. No `From`: that would make its type a part of this interface.
    pub(super) fn socket(error: zmq::Error) -> Self {
        Self::Socket(SocketError(error))
    }

    /// True where the daemon does not know this client, or not any more, and its subscriptions are gone.
    pub fn wants_hello(&self) -> bool {
        matches!(self, Self::Rejected(fault) if fault.problem.code == Code::HelloRequired)
    }

    /// How long to wait before the same is asked again, where the daemon is busy.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Rejected(fault) if fault.problem.code == Code::Busy => {
                Some(Duration::from_millis(fault.retry_after_ms.unwrap_or(BUSY_PAUSE_MS)))
            }
            _ => None,
        }
    }

    /// True where trying again may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::ConnectError { .. } | Self::Socket(_) => true,
            Self::Rejected(fault) => fault.retry,
            _ => false,
        }
    }
}
