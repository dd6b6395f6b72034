//! Errors of the journal.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use cordline_sdk::job::JobId;
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

const DAMAGED: &str = "stop the daemon, keep the file for support, and put back a copy together with its -wal file, or move it away to \
     begin a new one: the folders of its jobs are then set aside (`cordline spool lost` lists them), and jobs that had not ended must be \
     sent again";

/// The journal cannot be read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be opened.
    #[error("cannot open the journal {}: {source}", .path.display())]
    Open {
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It is damaged.
    #[error("the journal {} is damaged: {found}", .path.display())]
    Damaged {
        path: PathBuf,
        /// What the check found.
        found: String,
    },
    /// It was written by a later program.
    #[error("the journal {} has format {found}; this program knows {known}", .path.display())]
    Newer {
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// A job that was there a moment ago is missing.
    #[error("the job {0} is not in the journal")]
    Vanished(JobId),
    /// A job that has ended was to end once more.
    #[error("the job {0} has ended already")]
    Ended(JobId),
    /// Reading or writing failed.
    #[error("the journal failed: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl JournalError {
    pub(super) fn open(path: &Path, source: rusqlite::Error) -> Self {
        Self::Open { path: path.into(), source }
    }

    fn advice(&self) -> (Code, &'static str) {
        match self {
            _ if self.is_disk_full() => (Code::DiskFull, "free some space on the disk of the spool"),
            Self::Open { path, source } => unopened(path, source),
            Self::Damaged { .. } => (Code::JournalDamaged, DAMAGED),
            Self::Newer { .. } => (Code::JournalNewer, "start the program that wrote it, or a later one"),
            Self::Vanished(_) | Self::Ended(_) | Self::Sql(_) => {
                (Code::JournalFailed, "look at the disk of the spool; if it is healthy, report this message")
            }
        }
    }

    /// True where the disk is full, which may pass.
    pub fn is_disk_full(&self) -> bool {
        let (Self::Sql(source) | Self::Open { source, .. }) = self else { return false };
        source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
    }

    /// True where the same may succeed another time: the disk or another program refused it, and nothing is wrong with what was to be
    /// written. SQLite calls a full disk by many names: with a quota, or where its index of the log has to grow, it is an I/O error.
    pub fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode::{ApiMisuse, ConstraintViolation, ParameterOutOfRange, TooBig, TypeMismatch};
        let Self::Sql(rusqlite::Error::SqliteFailure(said, _)) = self else { return false };
        !matches!(said.code, ApiMisuse | ConstraintViolation | ParameterOutOfRange | TooBig | TypeMismatch)
    }
}

impl Diagnose for JournalError {
    fn code(&self) -> Code {
        self.advice().0
    }

    fn action(&self) -> Cow<'_, str> {
        self.advice().1.into()
    }
}

/// Why a file cannot be opened as a journal, and what helps.
fn unopened(path: &Path, source: &rusqlite::Error) -> (Code, &'static str) {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    match source.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => (Code::JournalDamaged, DAMAGED),
        Some(SystemIoFailure) => {
            (Code::JournalUnreadable, "look at the disk of the spool: it cannot be read or written")
        }
        _ if path.is_dir() => (
            Code::JournalUnreadable,
            "a folder stands where the journal belongs: move it away, or put back a copy of the journal",
        ),
        Some(_) => {
            (Code::JournalUnreadable, "give this user the right to read and write the spool and the journal in it")
        }
        None => (Code::JournalFailed, "report this message"),
    }
}
