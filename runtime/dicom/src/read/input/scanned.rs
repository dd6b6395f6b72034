//! What a scan of the input comes to.

use std::fmt;
use std::sync::Arc;

use crate::read::file_error::FileError;
use crate::read::instance::InstanceHeader;
use crate::read::origin::Origin;

/// All that the input holds.
#[derive(Debug, Default)]
pub struct ScannedInput {
    /// Every DICOM object whose header could be read, in the order in which it was found.
    pub instances: Vec<Arc<InstanceHeader>>,
    /// MR files that cannot be used: damaged behind the SeriesInstanceUID, or under the SOPInstanceUID of another file.
    pub unreadable: Vec<UnreadableFile>,
    /// Files that are not needed, each with the reason.
    pub skipped: Vec<SkippedFile>,
    /// What the reader must know: duplicates that were left out, damaged files.
    pub notes: Vec<String>,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SkippedFile {
    /// Where it lies.
    pub origin: Origin,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file was left out.
#[derive(Debug, Clone, PartialEq)]
pub enum SkipReason {
    /// It has no bytes.
    Empty,
    /// It does not begin like DICOM.
    NotDicom,
    /// A pipe, a device or a socket.
    NotRegular,
    /// The system does not let it be looked at, and why.
    Unreachable(String),
    /// A symbolic link inside an archive.
    ArchivedLink,
    /// An archive inside an archive.
    NestedArchive,
    /// The directory of a medium.
    Dicomdir,
    /// Byte by byte another file.
    IdenticalCopy,
    /// Another image sample by sample.
    SameImage,
    /// Another image under the same SOPInstanceUID.
    SameUid,
    /// Something else than an MR image, and damaged.
    NotMr(FileError),
    /// An MR image that is damaged.
    Damaged(FileError),
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty file"),
            Self::NotDicom => f.write_str("not a DICOM file"),
            Self::NotRegular => f.write_str("not a regular file"),
            Self::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Self::ArchivedLink => f.write_str("a symbolic link inside an archive"),
            Self::NestedArchive => f.write_str("an archive inside an archive; unpack it first"),
            Self::Dicomdir => f.write_str("a DICOMDIR"),
            Self::IdenticalCopy => f.write_str("an identical copy of another file"),
            Self::SameImage => f.write_str("another copy of an image, written otherwise"),
            Self::SameUid => f.write_str("another file with the same SOPInstanceUID"),
            Self::NotMr(error) => write!(f, "not an MR image, and {error}"),
            Self::Damaged(error) => write!(f, "{error}"),
        }
    }
}

/// An MR file that cannot be used, but says to which series it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct UnreadableFile {
    /// Where it lies.
    pub origin: Origin,
    /// Its SeriesInstanceUID.
    pub series_uid: String,
    /// What is wrong with it.
    pub error: FileError,
}
