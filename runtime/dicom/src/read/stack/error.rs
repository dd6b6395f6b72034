//! Why a series is no volume.

use std::borrow::Cow;

use cordline_core::geometry::GeometryError;
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use crate::read::file_error::FileError;
use crate::read::origin::{FrameOrigin, Origin};

/// What is wrong with a series as a stack of sections. Sections are counted from 1 along the normal of their plane.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StackError {
    /// One of its files is at fault.
    #[error("{file}: {error}")]
    File {
        file: Origin,
        /// What is wrong with it.
        error: FileError,
    },
    /// Too few sections for a volume.
    #[error("the series has {0} section(s); a volume needs at least 2")]
    TooFewSections(usize),
    /// An attribute of the plane is absent.
    #[error("{attribute} is missing or unusable in {count} of {frames} sections (first: {file})")]
    MissingAttribute {
        /// Its name.
        attribute: &'static str,
        /// How many lack it.
        count: usize,
        /// Out of how many.
        frames: usize,
        /// The first file that lacks it.
        file: Origin,
    },
    /// No FrameOfReferenceUID, or more than one.
    #[error("{}", frames_of_reference(.count))]
    FrameOfReference {
        /// How many different ones there are.
        count: usize,
    },
    /// Sections of different size.
    #[error("the sections differ in size: {0} x {1} and {2} x {3} pixels")]
    MixedSize(u32, u32, u32, u32),
    /// Sections of different pixel spacing.
    #[error("the sections differ in PixelSpacing: {0:?} and {1:?} mm")]
    MixedSpacing([f64; 2], [f64; 2]),
    /// Sections of different orientation.
    #[error("the sections differ in orientation: {0:?} and {1:?}")]
    MixedOrientation([f64; 6], [f64; 6]),
    /// Zero, negative or not a number.
    #[error("PixelSpacing {0:?} mm is not positive and finite")]
    Spacing([f64; 2]),
    /// Direction cosines that are none.
    #[error("ImageOrientationPatient {0:?} is not of unit length and at right angles")]
    NotOrthonormal([f64; 6]),
    /// Not a number or infinite.
    #[error("ImagePositionPatient {0:?} mm is not finite")]
    Position([f64; 3]),
    /// Two sections in one place.
    #[error("section {section} is doubled: {one} and {other} both lie at position {at_mm:.2} mm along the normal")]
    DoubledSection {
        /// Which section.
        section: usize,
        /// Where it lies along the normal.
        at_mm: f64,
        /// One of the two.
        one: FrameOrigin,
        other: FrameOrigin,
    },
    /// A gap of a whole multiple of the usual one.
    #[error(
        "{count} section(s) missing between section {section} (at {before_mm:.2} mm, {before}) and the next one (at {after_mm:.2} mm, {after}): the gap is {gap_mm:.2} mm where {usual_mm:.2} mm is usual"
    )]
    MissingSection {
        /// How many seem to be missing.
        count: usize,
        /// The section before the gap.
        section: usize,
        /// Where that one lies along the normal.
        before_mm: f64,
        /// Its file.
        before: FrameOrigin,
        /// Where the one behind the gap lies.
        after_mm: f64,
        /// Its file.
        after: FrameOrigin,
        gap_mm: f64,
        /// The usual gap in mm.
        usual_mm: f64,
    },
    /// A gap of another size.
    #[error(
        "the gap between section {section} (at {before_mm:.2} mm, {before}) and the next one (at {after_mm:.2} mm, {after}) is {gap_mm:.2} mm where {usual_mm:.2} mm is usual"
    )]
    UnequalGaps {
        /// The section before the gap.
        section: usize,
        /// Where that one lies along the normal.
        before_mm: f64,
        /// Its file.
        before: FrameOrigin,
        /// Where the one behind the gap lies.
        after_mm: f64,
        /// Its file.
        after: FrameOrigin,
        gap_mm: f64,
        /// The usual gap in mm.
        usual_mm: f64,
    },
    /// Sections that are shifted against each other inside their plane.
    #[error("section {section} ({file}) is shifted by {shift_mm:.2} mm inside its plane against the first one")]
    Sheared {
        /// Which section.
        section: usize,
        file: FrameOrigin,
        /// How far it is shifted.
        shift_mm: f64,
    },
    /// The grid that results is none.
    #[error("the sections make no volume: {0}")]
    Geometry(#[from] GeometryError),
    /// More voxels than accepted.
    #[error("the volume of {shape:?} (sections, rows, columns) has more than the {limit} voxels accepted")]
    TooLarge { shape: [usize; 3], limit: u64 },
}

fn frames_of_reference(count: &usize) -> String {
    match count {
        0 => "attribute FrameOfReferenceUID is missing or empty: the series does not say where in the patient it lies"
            .into(),
        count => format!("the series has {count} FrameOfReferenceUIDs where it must have exactly one"),
    }
}

impl StackError {
    /// The fault in a few words that follow "but": no file, no number that a reader could not use.
    pub fn brief(&self) -> String {
        match self {
            Self::File { error, .. } => error.brief(),
            Self::TooFewSections(_) => "it has too few sections for a volume".into(),
            Self::MissingAttribute { attribute, count, frames, .. } => {
                format!("{attribute} is missing or unusable in {count} of its {frames} sections")
            }
            Self::FrameOfReference { count: 0 } => "it does not say where in the patient it lies".into(),
            Self::FrameOfReference { .. } => "its sections lie in several frames of reference".into(),
            Self::MixedSize(..) => "its sections differ in size".into(),
            Self::MixedSpacing(..) => "its sections differ in the size of their pixels".into(),
            Self::MixedOrientation(..) => "its sections differ in orientation".into(),
            Self::Spacing(_) | Self::NotOrthonormal(_) | Self::Position(_) | Self::Geometry(_) => {
                "its geometry is damaged".into()
            }
            Self::DoubledSection { section, .. } => format!("section {section} is there twice"),
            Self::MissingSection { count: 1, section, .. } => format!("section {} is missing", section + 1),
            Self::MissingSection { count, section, .. } => {
                format!("sections {} to {} are missing", section + 1, section + count)
            }
            Self::UnequalGaps { section, .. } => {
                format!("the gap behind section {section} is not like the others")
            }
            Self::Sheared { section, .. } => format!("section {section} is shifted in its plane"),
            Self::TooLarge { .. } => "it has more voxels than are accepted".into(),
        }
    }
}

impl Diagnose for StackError {
    fn code(&self) -> Code {
        match self {
            Self::File { error, .. } => error.code(),
            Self::TooFewSections(_) => Code::TooFewSections,
            Self::MissingAttribute { .. } => Code::MissingAttribute,
            Self::FrameOfReference { count: 0 } => Code::MissingAttribute,
            Self::FrameOfReference { .. } => Code::FrameOfReference,
            Self::MixedSize(..) => Code::MixedSize,
            Self::MixedSpacing(..) => Code::MixedSpacing,
            Self::MixedOrientation(..) => Code::MixedOrientation,
            Self::Spacing(_) => Code::InvalidSpacing,
            Self::NotOrthonormal(_) => Code::OrientationNotOrthonormal,
            Self::Position(_) => Code::InvalidPosition,
            Self::DoubledSection { .. } => Code::DoubledSection,
            Self::MissingSection { .. } => Code::MissingSection,
            Self::UnequalGaps { .. } => Code::UnequalGaps,
            Self::Sheared { .. } => Code::ShearedStack,
            Self::Geometry(_) => Code::InvalidGeometry,
            Self::TooLarge { .. } => Code::VolumeTooLarge,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::File { error, .. } => return error.action(),
            Self::MissingSection { .. } | Self::TooFewSections(_) => {
                "Send the series again, complete: a section was lost on the way, or the scanner did not store it."
            }
            Self::DoubledSection { .. } => {
                "Find out which of the two files is right, and give the series without the other one; or choose another series."
            }
            Self::UnequalGaps { .. } | Self::Sheared { .. } => {
                "Lesion volumes cannot be measured on such a stack: choose another series."
            }
            Self::FrameOfReference { count: 0 } => {
                "Export the series again from the archive or scanner: an anonymiser may have removed FrameOfReferenceUID, and without it no mask can be laid over the images."
            }
            Self::FrameOfReference { .. } => {
                "The series is not one stack of sections, or an anonymiser gave each file a FrameOfReferenceUID of its own: choose another series, or export it again."
            }
            Self::MixedSize(..) | Self::MixedSpacing(..) | Self::MixedOrientation(..) => {
                "The series is not one stack of sections: choose another one, or have it split at the scanner."
            }
            Self::MissingAttribute { .. }
            | Self::Spacing(_)
            | Self::NotOrthonormal(_)
            | Self::Position(_)
            | Self::Geometry(_) => {
                "Export the series again from the archive or scanner; an anonymiser or converter may have damaged its geometry."
            }
            Self::TooLarge { .. } => {
                "Choose a smaller series, or raise voxels in the configuration (section [limits])."
            }
        };
        advice.into()
    }
}
