//! What can go wrong with the journal.

use std::path::{Path, PathBuf};

use cordline_sdk::job::JobId;
use cordline_sdk::result::Problem;
use thiserror::Error;

/// The journal cannot be read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be opened.
    #[error("cannot open the journal {}: {source}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It is damaged.
    #[error("the journal {} is damaged: {found}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found.
        found: String,
    },
    /// It was written by a later program.
    #[error("the journal {} has format {found}; this program knows {known}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// A job that was put down a moment ago is not there.
    #[error("the job {0} is not in the journal")]
    Vanished(JobId),
    /// Reading or writing failed.
    #[error("the journal failed: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl JournalError {
    pub(super) fn open(path: &Path, source: rusqlite::Error) -> Self {
        Self::Open { path: path.into(), source }
    }

    /// True where the disk is full: a state that passes.
    pub fn is_disk_full(&self) -> bool {
        let (Self::Sql(source) | Self::Open { source, .. }) = self else { return false };
        source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }

    /// The error as it is shown to people and programs.
    pub fn problem(&self) -> Problem {
        let (code, action) = match self {
            _ if self.is_disk_full() => ("disk_full", "free some space on the disk of the spool"),
            Self::Open { .. } => ("journal_unreadable", "give this user the right to read and write the spool"),
            Self::Damaged { .. } => (
                "journal_damaged",
                "stop the daemon, keep the file for support, and put back a copy, or move it away to begin a new one: \
                 jobs that had not ended must then be sent again",
            ),
            Self::Newer { .. } => ("journal_newer", "start the program that wrote it, or a later one"),
            Self::Vanished(_) | Self::Sql(_) => {
                ("journal_failed", "look at the disk of the spool; if it is healthy, report this message")
            }
        };
        Problem { code: code.into(), message: self.to_string(), action: action.into() }
    }
}
