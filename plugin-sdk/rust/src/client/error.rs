//! What can go wrong between a client and the daemon.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::wire::fault::{Fault, FaultCode};
use crate::wire::reply::Answer;

/// A request that came to nothing.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No answer to `hello`.
    #[error("the key was not accepted, or nobody listens at {endpoint}")]
    Nobody {
        /// Where was asked.
        endpoint: String,
    },
    /// No answer to another request.
    #[error("the daemon at {endpoint} does not answer any more")]
    Silence {
        /// Where was asked.
        endpoint: String,
    },
    /// The daemon refused.
    #[error("{0}")]
    Refused(Fault),
    /// The daemon answered something else than was asked.
    #[error("the daemon answered {answer} where something else was expected; it may be of another version")]
    Unexpected {
        /// The kind of answer.
        answer: String,
    },
    /// A file did not arrive as it was announced.
    #[error("{path} did not arrive whole")]
    Damaged {
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
    /// A key file that is none.
    #[error("{} is no key file", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to be sent.
    #[error("no DICOM file was found in what was named")]
    NoDicom,
    /// The thread of an async client has ended.
    #[error("the connection was closed")]
    Gone,
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] zmq::Error),
}

impl ClientError {
    pub(super) fn unexpected(answer: &Answer) -> Self {
        let value = serde_json::to_value(answer).unwrap_or_default();
        Self::Unexpected { answer: value["reply"].as_str().unwrap_or("something").to_owned() }
    }

    /// True where the daemon does not know this client, or not any more, and what it followed is forgotten.
    pub fn wants_hello(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.code == FaultCode::HelloRequired)
    }

    /// True where trying again may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Silence { .. } | Self::Nobody { .. } | Self::Socket(_) => true,
            Self::Refused(fault) => fault.retry,
            _ => false,
        }
    }
}
