//! What every result object is made from, and what a finished one is.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cordline_sdk::result::{BundleIdentity, Problem};
use cordline_sdk::uid::check;
use cordline_sdk::wire::request::Predecessor;
use dicom_core::Tag;
use thiserror::Error;

use super::codes::Code;
use super::part10::Pixels;
use super::timestamp::Timestamp;
use super::uid;
use crate::dicom::source::{SourceFrame, SourceSeries};
use crate::digest;
use crate::geometry::Geometry;
use crate::pipeline::findings::Findings;

/// All that result objects need. The same context gives the same bytes.
#[derive(Debug, Clone)]
pub struct ResultContext<'a> {
    /// The series that was analysed.
    pub source: &'a SourceSeries,
    /// The contrast-enhanced T1-weighted series, where it was used too.
    pub t1c: Option<&'a SourceSeries>,
    /// Grid of the analysed volume; section `i` is `source.frames[i]`.
    pub geometry: &'a Geometry,
    /// What was found.
    pub findings: &'a Findings,
    /// The models that answered.
    pub bundle: &'a BundleIdentity,
    /// Code of each class, by class id, as the bundle states them.
    pub class_codes: &'a BTreeMap<String, Code>,
    /// Why the series was chosen, one reason each.
    pub series_reasons: &'a [String],
    /// What the reader must know beside the answer, one sentence each.
    pub warnings: &'a [String],
    /// What computed the result.
    pub algorithm: Algorithm,
    /// The box and program that wrote it.
    pub device: Device,
    /// When the result was made. Frozen: a repeated run passes the same moment.
    pub created: Timestamp,
    /// True once a person has corrected the mask.
    pub semiautomatic: bool,
    /// Name of that person, where the viewer told it.
    pub reader: Option<&'a str>,
    /// Results of earlier analyses of this study, which this one follows and does not replace.
    pub predecessors: &'a [Predecessor],
}

/// What computed the result.
#[derive(Debug, Clone)]
pub struct Algorithm {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Whatever else decides on the answer (thresholds, provider, precision); part of every UID.
    pub parameters: String,
}

/// The box and program that wrote the objects; none of it may be empty.
#[derive(Debug, Clone)]
pub struct Device {
    /// Manufacturer.
    pub manufacturer: String,
    /// Manufacturer's Model Name.
    pub model: String,
    /// Device Serial Number.
    pub serial: String,
    /// Software Versions; the bundle is added by itself.
    pub software_versions: Vec<String>,
}

/// A finished DICOM object; `'a` is the life of its pixels.
#[derive(Debug)]
pub struct ResultObject<'a> {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// The Part 10 file, but for the value of the pixel element, with which it ends.
    pub(super) head: Vec<u8>,
    /// That value.
    pub(super) pixels: Option<Pixels<'a>>,
}

impl ResultObject<'_> {
    /// Writes the whole Part 10 file.
    pub fn write_to(&self, file: &mut dyn Write) -> io::Result<()> {
        file.write_all(&self.head)?;
        self.pixels.as_ref().map_or(Ok(()), |pixels| pixels.write_to(file))
    }
}

/// Why a result object cannot be written.
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
    #[error("{attribute} of the source is not a UID: `{value}`")]
    SourceUid {
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: String,
    },
    /// An attribute that must have a value has none.
    #[error("{0} must not be empty")]
    Empty(&'static str),
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
    /// More pixels than one element can hold.
    #[error("{0} bytes of pixels do not fit into one DICOM element")]
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

impl ResultError {
    /// The same with a stable code and what to do about it.
    pub fn problem(&self) -> Problem {
        let (code, action) = match self {
            Self::ClassCode(_) => {
                ("class_code_missing", "Give every class of the bundle's manifest a code, a scheme and a meaning.")
            }
            Self::SourceUid { .. } => (
                "source_uid_invalid",
                "Send the series again from the scanner or the archive; results cannot refer to it like this.",
            ),
            Self::Empty(_) => ("device_unnamed", "Set the device's manufacturer, model, serial number and version."),
            Self::TooLarge(_) => ("result_too_large", "Analyse a series with fewer or smaller sections."),
            _ => ("result_not_written", "This is a fault of the program: please report it with this message."),
        };
        Problem { code: code.into(), message: format!("The result cannot be written: {self}."), action: action.into() }
    }
}

impl ResultContext<'_> {
    /// The facts on which every object leans: frames, grids, numbers, identifiers.
    pub(super) fn check(&self) -> Result<(), ResultError> {
        let shape = self.geometry.shape();
        if self.source.frames.len() != shape[0] {
            return Err(ResultError::FrameCount { sections: shape[0], frames: self.source.frames.len() });
        }
        for (attribute, value) in [
            ("StudyInstanceUID", &self.source.study.uid),
            ("SeriesInstanceUID", &self.source.series_uid),
            ("FrameOfReferenceUID", &self.source.frame_of_reference_uid),
        ] {
            check_uid(attribute, value)?;
        }
        for frame in self.source.frames.iter().chain(self.t1c.iter().flat_map(|s| &s.frames)) {
            check_uid("SOPClassUID", &frame.sop_class_uid)?;
            check_uid("SOPInstanceUID", &frame.sop_instance_uid)?;
        }
        let device = &self.device;
        for (name, value) in [
            ("Manufacturer", &device.manufacturer),
            ("ManufacturerModelName", &device.model),
            ("DeviceSerialNumber", &device.serial),
            ("the algorithm's name", &self.algorithm.name),
            ("the algorithm's version", &self.algorithm.version),
            ("the bundle's identifier", &self.bundle.id),
            ("the bundle's version", &self.bundle.version),
        ] {
            if value.trim().is_empty() {
                return Err(ResultError::Empty(name));
            }
        }
        for (i, lesion) in self.findings.lesions.iter().enumerate() {
            if usize::from(lesion.number) != i + 1 {
                return Err(ResultError::LesionNumber { position: i + 1, number: lesion.number });
            }
        }
        Ok(())
    }

    /// UID of a thing that belongs to this result: the same sources, models, parameters and program give the same.
    pub(super) fn uid(&self, kind: &str) -> String {
        let mut sources: Vec<&SourceFrame> =
            self.source.frames.iter().chain(self.t1c.iter().flat_map(|s| &s.frames)).collect();
        sources.sort_unstable_by_key(|f| (&f.sop_instance_uid, f.frame_number));
        let mut parts = Vec::new();
        for frames in sources.chunk_by(|a, b| a.sop_instance_uid == b.sop_instance_uid) {
            parts.push(frames[0].sop_instance_uid.clone());
            let numbers: Vec<u32> = frames.iter().filter_map(|f| f.frame_number).collect();
            // One file may hold several volumes, each with results of its own.
            if !numbers.iter().copied().eq(1..=numbers.len() as u32) {
                parts.push(format!("frames {numbers:?}"));
            }
        }
        parts.push(self.bundle.sha256.clone());
        parts.push(format!("{} {}", self.algorithm.name, self.algorithm.version));
        parts.push(self.algorithm.parameters.clone());
        // Another version of the program may write other bytes, and one UID must stand for one object.
        parts.push(self.device.software_versions.join(" "));
        if self.semiautomatic {
            // A corrected mask is an input of its own.
            parts.push(digest::sha256_of_voxels(&self.findings.labels));
            parts.extend(self.reader.map(str::to_owned));
        }
        parts.push(kind.to_owned());
        uid::derived(&parts)
    }

    /// Tracking identifier and UID of a lesion: the same in the segmentation and in the report.
    pub(super) fn lesion_tracking(&self, number: u16) -> (String, String) {
        (format!("Lesion {number}"), self.uid(&format!("lesion {number}")))
    }

    /// Code of a class.
    pub(super) fn class_code(&self, class: &str) -> Result<&Code, ResultError> {
        self.class_codes.get(class).ok_or_else(|| ResultError::ClassCode(class.to_owned()))
    }

    /// The source frame of a section numbered from 1.
    pub(super) fn source_frame(&self, section: usize, what: &str) -> Result<&SourceFrame, ResultError> {
        section.checked_sub(1).and_then(|i| self.source.frames.get(i)).ok_or_else(|| ResultError::Section {
            what: what.to_owned(),
            section,
            sections: self.source.frames.len(),
        })
    }
}

fn check_uid(attribute: &'static str, value: &str) -> Result<(), ResultError> {
    if check(value).is_ok() {
        Ok(())
    } else {
        Err(ResultError::SourceUid { attribute, value: value.chars().take(80).collect() })
    }
}
