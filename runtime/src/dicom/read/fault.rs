//! What can be wrong with one file.

use cordline_sdk::result::Problem;
use dicom_core::Tag;
use thiserror::Error;

/// A fault of one file: why it, or its pixels, cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Fault {
    /// The file cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The file ends too early.
    #[error("it is truncated: it ends at byte {size} in the middle of {what}")]
    Truncated {
        /// What was being read.
        what: String,
        /// Size of the file in bytes.
        size: u64,
    },
    /// An element declares more bytes than there are.
    #[error("element {tag} declares {declared} bytes, but only {left} are left")]
    ValueBeyondEnd {
        /// The element.
        tag: Tag,
        /// Declared length in bytes.
        declared: u64,
        /// Bytes left in the file, or in the item around the element.
        left: u64,
    },
    /// The bytes are no legal DICOM.
    #[error("it breaks the DICOM encoding at byte {at}: {why}")]
    Malformed {
        /// Where, in bytes from the start of the file.
        at: u64,
        /// What is wrong there.
        why: String,
    },
    /// Sequences are nested too deeply.
    #[error("its sequences are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The header has too many elements.
    #[error("its header has more than {limit} elements")]
    TooManyElements {
        /// The limit.
        limit: usize,
    },
    /// The header is too long.
    #[error("its header is longer than {limit} bytes")]
    HeaderTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The file is too large.
    #[error("it has {bytes} bytes, more than the {limit} allowed for its kind")]
    FileTooLarge {
        /// Size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Encoded in a way that is not read.
    #[error("it is encoded as {name} ({uid}), which Cordline does not read")]
    TransferSyntax {
        /// TransferSyntaxUID.
        uid: String,
        /// Its name.
        name: String,
    },
    /// An attribute without which nothing can be done is absent or empty.
    #[error("attribute {0} is missing")]
    Missing(&'static str),
    /// A UID is not made of digits and dots.
    #[error("{0} is not a valid UID")]
    InvalidUid(&'static str),
    /// More rows, columns or frames than accepted.
    #[error(
        "it declares {rows} x {columns} pixels in {frames} frames; at most {limit} x {limit} in {frame_limit} are accepted"
    )]
    TooManyPixels {
        /// Rows.
        rows: u64,
        /// Columns.
        columns: u64,
        /// NumberOfFrames.
        frames: u64,
        /// Limit of rows and columns.
        limit: u32,
        /// Limit of frames.
        frame_limit: u32,
    },
    /// Rows, Columns or NumberOfFrames is zero.
    #[error("it declares {rows} rows, {columns} columns and {frames} frames; none may be zero")]
    NoPixels {
        /// Rows.
        rows: u64,
        /// Columns.
        columns: u64,
        /// NumberOfFrames.
        frames: u64,
    },
    /// Samples are laid out in a way that MR does not use.
    #[error("its pixel format is not that of an MR image: {0}")]
    PixelFormat(String),
    /// PixelData is not as long as rows, columns, frames and bits demand.
    #[error("its PixelData has {found} bytes where rows x columns x frames x bits demand {expected}")]
    PixelLength {
        /// Demanded length in bytes.
        expected: u64,
        /// Length found in bytes.
        found: u64,
    },
    /// Samples have bits above BitsStored, and no overlay in the header explains them.
    #[error(
        "its samples do not fit into BitsStored {bits_stored}: one of them is {sample}, and no overlay explains that"
    )]
    BeyondBitsStored {
        /// The sample farthest from 0 of those that do not fit.
        sample: i32,
        /// BitsStored.
        bits_stored: u32,
    },
    /// RescaleSlope or RescaleIntercept cannot be used.
    #[error("RescaleSlope {slope} and RescaleIntercept {intercept} are not usable")]
    Rescale {
        /// RescaleSlope.
        slope: f64,
        /// RescaleIntercept.
        intercept: f64,
    },
    /// The functional groups of a multi-frame file do not fit its frames.
    #[error("its functional groups describe {groups} frames, NumberOfFrames is {frames}")]
    FunctionalGroups {
        /// Items in PerFrameFunctionalGroupsSequence.
        groups: usize,
        /// NumberOfFrames.
        frames: u64,
    },
    /// Fragments of compressed pixels do not make up the frames.
    #[error("its compressed pixels are damaged: {0}")]
    Fragments(String),
    /// The compressed image is not the one that the header describes.
    #[error("the compressed image of frame {frame} is {found}, the header says {expected}")]
    Codestream {
        /// Frame number from 1.
        frame: usize,
        /// What the compressed image says of itself.
        found: String,
        /// What the header says.
        expected: String,
    },
    /// The decoder gave up.
    #[error("frame {frame} cannot be decompressed: {why}")]
    Decode {
        /// Frame number from 1.
        frame: usize,
        /// What the decoder said.
        why: String,
    },
}

impl Fault {
    /// Stable identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "file_unreadable",
            Self::Truncated { .. } => "truncated_file",
            Self::ValueBeyondEnd { .. } => "value_beyond_end",
            Self::Malformed { .. } => "malformed_dicom",
            Self::TooDeep { .. } => "nested_too_deep",
            Self::TooManyElements { .. } => "too_many_elements",
            Self::HeaderTooLarge { .. } => "header_too_large",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::TransferSyntax { .. } => "unsupported_transfer_syntax",
            Self::Missing(_) => "missing_attribute",
            Self::InvalidUid(_) => "invalid_uid",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::NoPixels { .. } => "no_pixels",
            Self::PixelFormat(_) => "pixel_format",
            Self::PixelLength { .. } => "pixel_length",
            Self::BeyondBitsStored { .. } => "samples_beyond_bits_stored",
            Self::Rescale { .. } => "invalid_rescale",
            Self::FunctionalGroups { .. } => "functional_groups",
            Self::Fragments(_) => "damaged_fragments",
            Self::Codestream { .. } => "codestream_mismatch",
            Self::Decode { .. } => "decompression_failed",
        }
    }

    /// What to do about it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "Check that the file exists and that you may read it.",
            Self::TransferSyntax { .. } => {
                "Export the series again as Explicit VR Little Endian (uncompressed), or convert it, for example with dcmdjpls, dcmdjpeg or gdcmconv --raw."
            }
            Self::Truncated { .. } | Self::ValueBeyondEnd { .. } | Self::PixelLength { .. } => {
                "Copy or export the file again; the copy at hand is incomplete or damaged."
            }
            Self::FileTooLarge { .. }
            | Self::HeaderTooLarge { .. }
            | Self::TooManyPixels { .. }
            | Self::TooManyElements { .. } => {
                "If the file is genuine, raise the limit in the configuration (section dicom.limits); otherwise remove it."
            }
            Self::Missing(_) | Self::InvalidUid(_) | Self::Rescale { .. } | Self::FunctionalGroups { .. } => {
                "Export the series again from the archive or scanner; an anonymiser may have removed or altered the attribute."
            }
            Self::BeyondBitsStored { .. } => {
                "Export the series again from the scanner or the archive: a converter wrote values that its header does not allow for."
            }
            Self::NoPixels { .. } | Self::PixelFormat(_) => {
                "Give the original MR images, not colour or derived pictures."
            }
            Self::Malformed { .. }
            | Self::TooDeep { .. }
            | Self::Fragments(_)
            | Self::Codestream { .. }
            | Self::Decode { .. } => "Export the file again; if it stays so, it is damaged or hostile: remove it.",
        }
    }

    /// The fault of a named file as a problem of the whole input.
    pub fn problem(&self, file: &str) -> Problem {
        Problem { code: self.code().into(), message: format!("{file}: {self}"), action: self.action().into() }
    }
}
