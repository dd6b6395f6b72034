//! Why a result object cannot be written.

use std::borrow::Cow;

use cordline_sdk::problem::{Code, Diagnose, Problem};
use dicom_core::Tag;
use thiserror::Error;

/// What does not fit together, or cannot be encoded.
#[derive(Debug, Error)]
pub enum ResultError {
    /// Sections and source frames do not match.
    #[error("the volume has {sections} sections, but its source series has {frames} frames")]
    FrameCount {
        /// Sections of the volume.
        sections: usize,
        /// Frames of the source series.
        frames: usize,
    },
    /// A mask or map lies on another grid than the volume.
    #[error("{what} has shape {found:?}, but the volume has {expected:?}")]
    Shape {
        /// Mask or map.
        what: String,
        /// Its shape.
        found: Vec<usize>,
        /// Shape of the volume.
        expected: Vec<usize>,
    },
    /// A section number that the volume does not have.
    #[error("{what} names section {section}, but the volume has {sections}")]
    Section {
        /// What names it.
        what: String,
        /// Section number from 1.
        section: usize,
        /// Sections of the volume.
        sections: usize,
    },
    /// Lesions are not numbered 1, 2, 3 in the order in which they are listed.
    #[error("lesions must be numbered from 1 in their order, but number {position} has the number {number}")]
    LesionNumber {
        /// Position in the list, from 1.
        position: usize,
        /// Number that it has.
        number: u16,
    },
    /// The mask and the list of lesions disagree.
    #[error("the mask holds label {label}, but {lesions} lesions are listed")]
    UnknownLabel {
        /// Label in the mask.
        label: u16,
        /// Lesions in the list.
        lesions: usize,
    },
    /// A listed lesion has no voxel; an empty segment is illegal.
    #[error("lesion {0} has no voxel in the mask")]
    EmptyLesion(usize),
    /// The bundle gives no code for a class.
    #[error("the bundle names no code for class `{0}`")]
    ClassCode(String),
    /// The source lacks an identifier that the result must refer to.
    #[error("{attribute} of the source is not a UID: {value:?}")]
    SourceUid {
        /// Name of the attribute.
        attribute: &'static str,
        value: String,
    },
    /// An attribute of the device that must have a value has none.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// What computed the result lacks a name or version: a bundle without one is not loaded.
    #[error("{0} must not be empty")]
    Unnamed(&'static str),
    /// A heat map that must not be written.
    #[error("there is no heat map for \"{question}\": {why}")]
    HeatMap {
        /// The question that it was given for.
        question: String,
        why: &'static str,
    },
    /// Pixels and size of a picture disagree, or a side does not fit into DICOM's 16 bits.
    #[error("a picture of {width} x {height} RGB pixels cannot have {bytes} bytes")]
    Picture {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes given.
        bytes: usize,
    },
    /// More pixels than one element can hold, or an object may have.
    #[error("{0} bytes of pixels are too many for one DICOM object")]
    TooLarge(usize),
    /// A value cannot be encoded.
    #[error("attribute {tag} cannot be written: {reason}")]
    Encode {
        /// The attribute, or that of the whole data set.
        tag: Tag,
        /// What the encoder said.
        reason: String,
    },
}

impl Diagnose for ResultError {
    fn code(&self) -> Code {
        match self {
            Self::ClassCode(_) => Code::ClassCodeMissing,
            Self::SourceUid { .. } => Code::SourceUidInvalid,
            Self::Empty(_) => Code::DeviceUnnamed,
            Self::TooLarge(_) => Code::ResultTooLarge,
            _ => Code::ResultNotWritten,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::ClassCode(_) => "Give every class of the bundle's manifest a code, a scheme and a meaning.",
            Self::SourceUid { .. } => {
                "Send the series again from the scanner or the archive; results cannot refer to it like this."
            }
            Self::Empty(_) => "Set the device's manufacturer, model, serial number and version.",
            Self::TooLarge(_) => {
                "Analyse a series with fewer or smaller sections; a corrected mask may have fewer lesions."
            }
            _ => "This is a fault of the program: please report it with this message.",
        };
        advice.into()
    }

    fn problem(&self) -> Problem {
        Problem::new(self.code(), format!("The result cannot be written: {self}."), self.action())
    }
}
