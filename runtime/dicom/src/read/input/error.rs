//! Why an input as a whole cannot be used.

use std::borrow::Cow;
use std::path::PathBuf;

use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use super::scanned::SkippedFile;
use crate::read::file_error::FileError;
use crate::read::origin::Origin;

/// What is wrong with the input.
#[derive(Debug, Error)]
pub enum InputError {
    /// A path that was given does not exist or cannot be listed.
    #[error("{path}: {source}", path = path.display())]
    Path {
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not one DICOM file.
    #[error("the input holds no DICOM file (files looked at: {files}){detail}", detail = detail(first))]
    NoDicom {
        /// Files that were found, those that cannot be opened among them.
        files: usize,
        /// The first one that was skipped.
        first: Option<SkippedFile>,
    },
    /// More files than accepted.
    #[error("the input holds more than {limit} files")]
    TooManyFiles { limit: usize },
    /// More bytes than accepted.
    #[error("the DICOM files of the input hold more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Folders in folders without end.
    #[error("{path} lies more than {limit} folders deep", path = path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
        limit: usize,
    },
    /// A ZIP archive is damaged or of a kind that is not read.
    #[error("the ZIP archive {path} cannot be read: {why}", path = path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A ZIP archive inflates to more than its ratio or the study may have.
    #[error("the ZIP archive {path} is a deflate bomb or too large: {packed} bytes inflate to {inflated}", path = path.display())]
    ArchiveBomb {
        /// The archive.
        path: PathBuf,
        /// Packed size in bytes, of the member or the archive.
        packed: u64,
        /// Inflated size in bytes.
        inflated: u64,
    },
    /// One file cannot be read, and nothing says that it can be done without.
    #[error("{file}: {error}")]
    File {
        file: Origin,
        /// What is wrong with it.
        error: FileError,
    },
}

fn detail(first: &Option<SkippedFile>) -> String {
    first.as_ref().map(|s| format!("; {}: {}", s.origin, s.reason)).unwrap_or_default()
}

impl Diagnose for InputError {
    fn code(&self) -> Code {
        match self {
            Self::Path { .. } => Code::InputUnreadable,
            Self::NoDicom { .. } => Code::NoDicom,
            Self::TooManyFiles { .. } => Code::TooManyFiles,
            Self::TooLarge { .. } => Code::InputTooLarge,
            Self::TooDeep { .. } => Code::FoldersTooDeep,
            Self::Archive { .. } => Code::ArchiveUnreadable,
            Self::ArchiveBomb { .. } => Code::ArchiveBomb,
            Self::File { error, .. } => error.code(),
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::Path { .. } => "Check the path, and that you may read it.",
            Self::NoDicom { .. } => "Give a folder, files or a ZIP archive with the DICOM files of one MR study.",
            Self::TooManyFiles { .. } | Self::TooLarge { .. } | Self::TooDeep { .. } => {
                "Give the folder of one study alone, or raise the limit in the configuration (section [limits])."
            }
            Self::Archive { .. } => {
                "Unpack the archive yourself and give the folder, or pack it again without a password (stored or deflated)."
            }
            Self::ArchiveBomb { .. } => {
                "Do not unpack it unless you know where it comes from; genuine studies can be given as a folder."
            }
            Self::File { error, .. } => return error.action(),
        };
        advice.into()
    }
}
