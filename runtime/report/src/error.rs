//! Why there is no report.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A page or a picture that cannot be made, or not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file could not be written.
    #[error("{path} could not be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A picture could not be encoded.
    #[error("a picture of the report could not be encoded: {0}")]
    Picture(#[from] png::EncodingError),
    /// The page could not be filled in.
    #[error("the page of the report could not be filled in: {0}")]
    Page(#[from] minijinja::Error),
}
