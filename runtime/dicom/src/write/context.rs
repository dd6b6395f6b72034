//! What every result object is made from.

use std::collections::BTreeMap;

use cordline_core::digest;
use cordline_core::findings::Findings;
use cordline_core::geometry::Geometry;
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::uid::check;
use cordline_sdk::wire::request::Predecessor;

use super::codes::CodedConcept;
use super::error::ResultError;
use super::timestamp::Timestamp;
use super::uid;
use crate::source::{SourceFrame, SourceSeries};

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
    pub class_codes: &'a BTreeMap<String, CodedConcept>,
    /// Why the series was chosen, one reason each.
    pub series_reasons: &'a [String],
    /// What the reader must know beside the answer, one sentence each.
    pub warnings: &'a [String],
    /// What computed the result.
    pub algorithm: Algorithm,
    /// The host and program that wrote it.
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
    pub name: String,
    pub version: String,
    /// Whatever else decides on the answer (thresholds, provider, precision); part of every UID.
    pub parameters: String,
}

/// The host and program that wrote the objects; none of it may be empty.
#[derive(Debug, Clone)]
pub struct Device {
    pub manufacturer: String,
    /// Manufacturer's Model Name.
    pub model: String,
    /// Device Serial Number.
    pub serial: String,
    /// Software Versions; the bundle is added by itself.
    pub software_versions: Vec<String>,
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
        ] {
            if value.trim().is_empty() {
                return Err(ResultError::Empty(name));
            }
        }
        for (name, value) in [
            ("the algorithm's name", &self.algorithm.name),
            ("the algorithm's version", &self.algorithm.version),
            ("the bundle's identifier", &self.bundle.id),
            ("the bundle's version", &self.bundle.version),
        ] {
            if value.trim().is_empty() {
                return Err(ResultError::Unnamed(name));
            }
        }
        for (i, lesion) in self.findings.lesions.iter().enumerate() {
            if usize::from(lesion.number) != i + 1 {
                return Err(ResultError::LesionNumber { position: i + 1, number: lesion.number });
            }
        }
        Ok(())
    }

    /// UID of a thing that belongs to this result: the same sources, models, parameters, reasons, warnings and program give the same.
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
        // The same series may be taken for another reason, by the rules or by a person: the objects say which, and what is to be known.
        for said in [self.series_reasons, self.warnings] {
            parts.push(said.len().to_string());
            parts.extend(said.iter().cloned());
        }
        // Another version of the program may write other bytes, and one UID must stand for one object.
        parts.push(self.device.software_versions.join(" "));
        if self.semiautomatic {
            // A corrected mask is an input of its own.
            parts.push(digest::sha256_of_voxels(&self.findings.labels).to_string());
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
    pub(super) fn class_code(&self, class: &str) -> Result<&CodedConcept, ResultError> {
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
