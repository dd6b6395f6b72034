//! Why an input as a whole cannot be used.

use std::path::PathBuf;

use cordline_sdk::result::Problem;
use thiserror::Error;

use super::Skipped;
use crate::dicom::read::fault::Fault;

/// What is wrong with the input.
#[derive(Debug, Error)]
pub enum InputError {
    /// A path that was given does not exist or cannot be listed.
    #[error("{path}: {source}", path = path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not one DICOM file.
    #[error("the input holds no DICOM file (files looked at: {files}){detail}", detail = detail(first))]
    NoDicom {
        /// Files that were looked at.
        files: usize,
        /// The first one that was skipped.
        first: Option<Skipped>,
    },
    /// More files than accepted.
    #[error("the input holds more than {limit} files")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
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
        /// The limit.
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
    /// A ZIP archive inflates beyond all measure.
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
    #[error("{file}: {fault}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

fn detail(first: &Option<Skipped>) -> String {
    first.as_ref().map(|s| format!("; {}: {}", s.path, s.reason)).unwrap_or_default()
}

impl InputError {
    /// Stable identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Path { .. } => "input_unreadable",
            Self::NoDicom { .. } => "no_dicom",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::TooLarge { .. } => "input_too_large",
            Self::TooDeep { .. } => "folders_too_deep",
            Self::Archive { .. } => "archive_unreadable",
            Self::ArchiveBomb { .. } => "archive_bomb",
            Self::File { fault, .. } => fault.code(),
        }
    }

    /// What to do about it.
    pub fn action(&self) -> &'static str {
        match self {
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
            Self::File { fault, .. } => fault.action(),
        }
    }

    /// The error as the problem of a result.
    pub fn problem(&self) -> Problem {
        Problem { code: self.code().into(), message: self.to_string(), action: self.action().into() }
    }
}
