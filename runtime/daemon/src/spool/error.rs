//! Errors of the spool.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::wire::fault::Fault;
use thiserror::Error;

/// A spool that cannot be used, or a piece of an upload that is refused.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// Another daemon works in it.
    #[error("another daemon (process {by}) works in {}", .folder.display())]
    Taken {
        folder: PathBuf,
        /// Process id of the other.
        by: String,
    },
    /// It cannot be written to.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A piece of an item that the manifest has not.
    #[error("the manifest has {count} items, and the chunk names number {item}")]
    Unknown {
        /// Place in the manifest.
        item: usize,
        /// Items of the manifest.
        count: usize,
    },
    /// A piece does not begin where its item ends.
    #[error("the piece of item {item} begins at {offset}, but {here} bytes of it are here")]
    Order {
        /// Place in the manifest.
        item: usize,
        /// Where the piece begins.
        offset: u64,
        /// Bytes that are here.
        here: u64,
    },
    /// An item is longer than announced.
    #[error("item {item} was announced with {announced} bytes, and {bytes} came")]
    TooLong {
        /// Place in the manifest.
        item: usize,
        /// Bytes with this piece.
        bytes: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// An item has another digest than announced.
    #[error("item {item} has another SHA-256 than was announced; it is empty again")]
    Digest {
        /// Place in the manifest.
        item: usize,
    },
    /// An item is not whole.
    #[error("item {item} is not whole: {here} of {announced} bytes are here")]
    Incomplete {
        /// Place in the manifest.
        item: usize,
        /// Bytes that are here.
        here: u64,
        /// Bytes that were announced.
        announced: u64,
    },
}

impl SpoolError {
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.into(), source }
    }

    /// The error as a client is told: without paths of this host.
    pub fn fault(&self) -> Fault {
        let (code, action) = match self {
            Self::Unknown { .. } => (Code::ManifestInvalid, "count items from 0 in the order of the manifest"),
            Self::Order { .. } => (Code::ChunkOutOfOrder, "send the piece that begins where the item ends"),
            Self::TooLong { .. } => (Code::TooLarge, "send what the manifest announced, or submit anew"),
            Self::Digest { .. } => (Code::DigestMismatch, "send the item again from its beginning"),
            Self::Incomplete { .. } => (Code::UploadIncomplete, "send the rest, then commit"),
            Self::Write { source, .. } if is_full(source) => {
                (Code::DiskReserve, "wait until older jobs are removed, or ask the operator for space")
            }
            Self::Taken { .. } | Self::Write { .. } => (Code::Internal, "ask the operator to look at the daemon's log"),
        };
        let message = match self {
            Self::Write { source, .. } => format!("the spool cannot be written: {source}"),
            other => other.to_string(),
        };
        Fault::new(code, message, action)
    }

    /// What an operator is told to do.
    fn advice(&self) -> (Code, &'static str) {
        match self {
            Self::Taken { .. } => (Code::SpoolTaken, "stop the other daemon, or give this one a spool of its own"),
            Self::Write { source, .. } if is_full(source) => {
                (Code::DiskFull, "free some space on the disk of the spool")
            }
            Self::Write { .. } => (Code::SpoolNotWritable, "give the daemon's user this folder, or name another one"),
            _ => (Code::Upload, "send it again"),
        }
    }
}

/// True where the disk has no room, or this user has none left of it.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl Diagnose for SpoolError {
    fn code(&self) -> Code {
        self.advice().0
    }

    fn action(&self) -> Cow<'_, str> {
        self.advice().1.into()
    }
}
