//! From files, folders and ZIP archives to instances.
//!
//! - [`folder`], [`archive`]: the files of a folder, the members of an archive
//! - [`scan`](mod@scan): one file after the other; [`same_bytes`], [`same_image`]: whether a second file is another image
//! - [`scanned`], [`error`]: what comes of it, or why nothing does
//!
//! Only headers are read here, up to PixelData. What is not DICOM is skipped and listed; what is DICOM but damaged is kept as such, so
//! that no section is ever lost in silence.

mod archive;
mod error;
mod folder;
mod same_bytes;
mod same_image;
mod scan;
mod scanned;

use std::path::PathBuf;

pub use error::InputError;
pub use scanned::{ScannedInput, SkipReason, SkippedFile, UnreadableFile};

use super::limits::FileLimits;
use scan::Scanner;

/// Reads a mix of files, folders and ZIP archives. Never panics, and never allocates what a file merely declares.
///
/// # Errors
/// A path, an archive or the whole input cannot be used, or a file cannot be read that may be a section of any series.
pub fn read(inputs: &[PathBuf], limits: &FileLimits) -> Result<ScannedInput, InputError> {
    let mut scanner = Scanner::new(limits);
    for input in inputs {
        let found = folder::files(input, limits)?;
        scanner.skipped(found.skipped)?;
        for path in found.files {
            scanner.file(&path)?;
        }
    }
    scanner.finish()
}

#[cfg(test)]
mod tests;
