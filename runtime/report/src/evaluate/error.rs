//! Why there are no figures.

use std::borrow::Cow;
use std::path::PathBuf;

use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

/// A table or a result that cannot be used, or a picture that cannot be made.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A table cannot be opened.
    #[error("{} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A table cannot be used.
    #[error("{}, line {line}: {reason}", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Line from 1; the header is line 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The result of a case cannot be used.
    #[error("{}: {reason}", .path.display())]
    Result {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A picture could not be encoded.
    #[error("the ROC picture could not be encoded: {0}")]
    Picture(#[from] png::EncodingError),
}

impl Diagnose for EvaluateError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::CohortUnreadable,
            Self::Table { .. } => Code::CohortTable,
            Self::Result { .. } => Code::CohortResult,
            Self::Picture(_) => Code::RocPicture,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::Unreadable { .. } => "Name a CSV file that exists and may be read.",
            Self::Table { .. } => "Mend the table; models/README.md names its columns.",
            Self::Result { .. } => "Analyse the case again, or take it out of the table of labels.",
            Self::Picture(_) => "Report this with the table: it is a fault of the program.",
        };
        advice.into()
    }
}
