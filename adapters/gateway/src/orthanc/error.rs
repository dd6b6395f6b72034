//! Errors of Orthanc and of processing a study, and how HTTP answers them.

use axum::http::Method;
use cordline_sdk::client::ClientError;
use cordline_sdk::problem::Code;
use thiserror::Error;

use crate::archive::TransferError;
use crate::error::ApiError;

/// A request to Orthanc that failed.
#[derive(Debug, Error)]
pub enum OrthancError {
    /// It does not answer, or what it answers cannot be read.
    #[error("Orthanc does not answer: {0}")]
    Unreachable(String),
    /// It took the request and sends nothing, or almost nothing.
    #[error("Orthanc was asked and does not answer")]
    Silent,
    /// An instance cannot be written to a file here.
    #[error("a file of Orthanc cannot be put down on this machine: {0}")]
    Folder(#[from] std::io::Error),
    /// A list in the metadata is not what we write there. It may hold readers' work.
    #[error("the study's metadata {number} cannot be read, and is left as it is")]
    Unreadable {
        /// Number of the metadata.
        number: u16,
    },
    /// It answers with an HTTP error.
    #[error("Orthanc answers {status} to {method} {path}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Method of the request.
        method: Method,
        /// Path of the request.
        path: String,
    },
}

impl From<TransferError> for OrthancError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::ArchiveSilent => Self::Silent,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl OrthancError {
    /// True where Orthanc does not have what was asked for.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

/// `None` where Orthanc does not have what was asked for.
pub(super) fn if_found<T>(result: Result<T, OrthancError>) -> Result<Option<T>, OrthancError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why a study could not be processed; it stays in the queue.
#[derive(Debug, Error)]
pub(crate) enum ProcessingError {
    #[error(transparent)]
    Orthanc(#[from] OrthancError),
    #[error(transparent)]
    Daemon(#[from] ClientError),
    /// The folder into which a study is fetched.
    #[error("the study cannot be put down on this machine: {0}")]
    Folder(#[from] std::io::Error),
    /// An object that Orthanc accepted is not there.
    #[error("Orthanc took a result and does not have it")]
    NotStored,
    /// The result of a job has another form than this version knows.
    #[error("the daemon's result cannot be read: {0}")]
    ResultUnreadable(String),
}

impl From<ProcessingError> for ApiError {
    fn from(error: ProcessingError) -> Self {
        match error {
            ProcessingError::Daemon(error) => error.into(),
            ProcessingError::Orthanc(error @ OrthancError::Unreadable { .. }) => Self::new(
                Code::NoteUnreadable,
                error.to_string(),
                "ask the administrator of the archive to look at this metadata of the study",
            ),
            ProcessingError::Folder(_) | ProcessingError::Orthanc(OrthancError::Folder(_)) => {
                tracing::error!(%error, "a study cannot be fetched");
                Self::new(Code::NotKept, "the study cannot be put down on this machine", "ask the operator for space")
            }
            ProcessingError::ResultUnreadable(_) => {
                tracing::error!(%error, "an analysis cannot be used");
                Self::new(
                    Code::NoResult,
                    "the daemon's result cannot be read",
                    "ask the operator whether gateway and daemon are of one version",
                )
            }
            ProcessingError::Orthanc(OrthancError::Silent) => Self::archive_silent(),
            ProcessingError::Orthanc(_) | ProcessingError::NotStored => {
                tracing::warn!(%error, "the archive");
                Self::archive_unreachable()
            }
        }
    }
}
