//! What can be wrong with one file.

use std::borrow::Cow;

use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::uid::UidError;
use dicom_core::Tag;
use thiserror::Error;

use super::origin::Origin;

/// A fault of one file: why it, or its pixels, cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FileError {
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
    #[error("it cannot be read on from byte {at}: {why}")]
    Malformed {
        /// Where, in bytes from the start of the file.
        at: u64,
        /// What is wrong there.
        why: String,
    },
    /// Sequences are nested too deeply.
    #[error("its sequences are nested more than {limit} deep")]
    TooDeep { limit: usize },
    /// The header has too many elements.
    #[error("its header has more than {limit} elements")]
    TooManyElements { limit: usize },
    /// The header is too long.
    #[error("its header is longer than {limit} bytes")]
    HeaderTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The file is too large.
    #[error("it has {bytes} bytes, more than the {limit} allowed for its kind")]
    TooLarge {
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
        name: String,
    },
    /// An attribute without which nothing can be done is absent.
    #[error("attribute {0} is missing")]
    Missing(&'static str),
    /// An attribute without which nothing can be done stands there without a value.
    #[error("attribute {0} is empty")]
    Empty(&'static str),
    /// An attribute has a value of which no use can be made.
    #[error("attribute {0} is there, but its value is not a whole number that is not negative")]
    Unusable(&'static str),
    /// A sequence is not closed, and what follows cannot be told from what is in it.
    #[error("one of its sequences is not closed, so that the attributes behind it cannot be told from those in it")]
    Unclosed,
    /// A text is no UID.
    #[error("{attribute} is no UID: {why}")]
    InvalidUid {
        attribute: &'static str,
        /// What is wrong with it.
        why: UidError,
    },
    /// Another file carries the same SOPInstanceUID and holds something else.
    #[error("it differs from {other}, but both carry the same SOPInstanceUID")]
    Duplicate {
        /// The other file.
        other: Origin,
    },
    /// Another file carries the same SOPInstanceUID, and whether it holds the same image was not looked at.
    #[error(
        "it and {other} carry the same SOPInstanceUID, and were not compared: the input holds too many images twice"
    )]
    NotCompared {
        /// The other file.
        other: Origin,
    },
    /// More rows, columns or frames than accepted.
    #[error(
        "it declares {rows} x {columns} pixels in {frames} frames; at most {limit} x {limit} in {frame_limit} are accepted"
    )]
    TooManyPixels {
        rows: u64,
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
        rows: u64,
        columns: u64,
        /// NumberOfFrames.
        frames: u64,
    },
    /// Samples are laid out in a way that is not read.
    #[error("its pixels are stored in a way that is not read: {0}")]
    PixelFormat(String),
    /// PixelData is shorter than rows, columns, frames and bits demand.
    #[error("its PixelData has {found} bytes; rows x columns x frames x bits need {expected}")]
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
    #[error("its compressed pixels cannot be taken apart into frames: {0}")]
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

impl FileError {
    /// The fault in a few words that follow "but", for a reader who has another series to look at.
    pub fn brief(&self) -> String {
        match self {
            Self::TransferSyntax { name, .. } => format!("its images are encoded as {name}, which is not read"),
            Self::Duplicate { .. } => "two different images in it carry one SOPInstanceUID".into(),
            Self::NotCompared { .. } => "images in it are there twice and were not compared".into(),
            Self::PixelFormat(_) | Self::NoPixels { .. } => {
                "the pixels of one of its files are stored in a way that is not read".into()
            }
            Self::TooLarge { .. } | Self::TooManyPixels { .. } => "one of its files is larger than is accepted".into(),
            Self::Missing(name) | Self::Empty(name) => format!("{name} is missing in one of its files"),
            _ => "one of its files is damaged".into(),
        }
    }
}

impl Diagnose for FileError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable(_) => Code::FileUnreadable,
            Self::Truncated { .. } => Code::TruncatedFile,
            Self::ValueBeyondEnd { .. } => Code::ValueBeyondEnd,
            Self::Malformed { .. } => Code::MalformedDicom,
            Self::TooDeep { .. } => Code::NestedTooDeep,
            Self::TooManyElements { .. } => Code::TooManyElements,
            Self::HeaderTooLarge { .. } => Code::HeaderTooLarge,
            Self::TooLarge { .. } => Code::FileTooLarge,
            Self::TransferSyntax { .. } => Code::UnsupportedTransferSyntax,
            Self::Missing(_) => Code::MissingAttribute,
            Self::Empty(_) => Code::MissingAttribute,
            Self::Unusable(_) => Code::UnusableAttribute,
            Self::Unclosed => Code::MalformedDicom,
            Self::InvalidUid { .. } => Code::InvalidUid,
            Self::Duplicate { .. } | Self::NotCompared { .. } => Code::DuplicateInstance,
            Self::TooManyPixels { .. } => Code::TooManyPixels,
            Self::NoPixels { .. } => Code::NoPixels,
            Self::PixelFormat(_) => Code::PixelFormat,
            Self::PixelLength { .. } => Code::PixelLength,
            Self::BeyondBitsStored { .. } => Code::SamplesBeyondBitsStored,
            Self::Rescale { .. } => Code::InvalidRescale,
            Self::FunctionalGroups { .. } => Code::FunctionalGroups,
            Self::Fragments(_) => Code::DamagedFragments,
            Self::Codestream { .. } => Code::CodestreamMismatch,
            Self::Decode { .. } => Code::DecompressionFailed,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::Unreadable(_) => "Check that the file exists and that you may read it.",
            Self::TransferSyntax { name, .. } => match name.as_str() {
                name if name.starts_with("JPEG Baseline") || name.starts_with("JPEG Extended") => {
                    "Export the series again as Explicit VR Little Endian (uncompressed), or convert each file: dcmdjpeg FILE NEW, or gdcmconv --raw FILE NEW."
                }
                name if name.starts_with("Deflated Explicit") => {
                    "Export the series again as Explicit VR Little Endian, or convert each file: dcmconv +te FILE NEW."
                }
                _ => "Export the series again from the archive as Explicit VR Little Endian (uncompressed).",
            },
            Self::Truncated { .. } | Self::ValueBeyondEnd { .. } => {
                "Copy the file again from where it came from, or send the series again: this copy ends too early."
            }
            Self::PixelLength { .. } => {
                "Send the series again from the archive or scanner: pixels are missing, or Rows, Columns or the number of frames is not that of the image."
            }
            Self::TooLarge { .. }
            | Self::HeaderTooLarge { .. }
            | Self::TooManyPixels { .. }
            | Self::TooManyElements { .. }
            | Self::TooDeep { .. } => {
                "If the file is what it should be, raise the limit in the configuration (section [limits]); otherwise analyse the study without it."
            }
            Self::Missing(_)
            | Self::Empty(_)
            | Self::Unusable(_)
            | Self::Rescale { .. }
            | Self::FunctionalGroups { .. } => {
                "Send the series again from the archive or scanner; a converter or anonymiser may have left the attribute out or altered it."
            }
            Self::InvalidUid { .. } => {
                "Send the series again from the archive or scanner with valid UIDs: results must refer to the images by them. An anonymiser may have altered them."
            }
            Self::Duplicate { .. } => {
                "Find out which of the two files is the right one, and analyse the study without the other."
            }
            Self::NotCompared { .. } => "Give each image once: analyse the study without the second copies.",
            Self::BeyondBitsStored { .. } => {
                "Export the series again from the scanner or the archive: a converter wrote values that its header does not allow for."
            }
            Self::NoPixels { .. } | Self::PixelFormat(_) => {
                "Give the MR images as the scanner stores them: grey, whole numbers of 8 or 16 bits, one image a file (or Enhanced MR)."
            }
            Self::Malformed { .. }
            | Self::Unclosed
            | Self::Fragments(_)
            | Self::Codestream { .. }
            | Self::Decode { .. } => {
                "Send the series again from the archive or scanner; if that gives the same, convert it to Explicit VR Little Endian there, or with dcmconv or gdcmconv --raw."
            }
        };
        advice.into()
    }
}
