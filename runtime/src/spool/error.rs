//! What can go wrong with the spool.

use std::io;
use std::path::{Path, PathBuf};

use cordline_sdk::result::Problem;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use thiserror::Error;

/// A spool that cannot be used, or a piece of an upload that cannot be taken.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// Another daemon works in it.
    #[error("another daemon (process {by}) works in {}", .folder.display())]
    Taken {
        /// The spool.
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

    /// The error as a client is told.
    pub fn fault(&self) -> Fault {
        let (code, action) = match self {
            Self::Unknown { .. } => (FaultCode::Manifest, "count items from 0 in the order of the manifest"),
            Self::Order { .. } => (FaultCode::ChunkOrder, "send the piece that begins where the item ends"),
            Self::TooLong { .. } => (FaultCode::TooLarge, "send what the manifest announced, or submit anew"),
            Self::Digest { .. } => (FaultCode::Digest, "send the item again from its beginning"),
            Self::Incomplete { .. } => (FaultCode::Incomplete, "send the rest, then commit"),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                (FaultCode::DiskReserve, "wait until older jobs are removed, or ask the operator for space")
            }
            Self::Taken { .. } | Self::Write { .. } => {
                (FaultCode::Internal, "ask the operator to look at the daemon's log")
            }
        };
        // Paths of the box are for its log.
        let message = match self {
            Self::Write { source, .. } => format!("the spool cannot be written: {source}"),
            other => other.to_string(),
        };
        Fault::new(code, message, action)
    }

    /// The error as the operator is told.
    pub fn problem(&self) -> Problem {
        let (code, action) = match self {
            Self::Taken { .. } => ("spool_taken", "stop the other daemon, or give this one a spool of its own"),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                ("disk_full", "free some space on the disk of the spool")
            }
            Self::Write { .. } => ("spool_not_writable", "give the daemon's user this folder, or name another one"),
            _ => ("upload", "send it again"),
        };
        Problem { code: code.into(), message: self.to_string(), action: action.into() }
    }
}
