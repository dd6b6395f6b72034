//! A drawn MR series, classic or Enhanced, whose voxels tell section, row and column apart.

use std::path::{Path, PathBuf};

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::data_set::{Set, Value};
use crate::files::write;
use crate::uids::{ENHANCED_MR, EXPLICIT, MR};

/// What the sections of a test series have in common.
#[derive(Clone, Debug)]
pub struct Stack {
    pub study: String,
    pub series: String,
    pub frame_of_reference: String,
    pub description: String,
    pub sections: usize,
    pub rows: u16,
    pub columns: u16,
    pub spacing: [f64; 2],
    pub gap: f64,
    pub origin: [f64; 3],
    pub row: [f64; 3],
    pub column: [f64; 3],
    pub te: f64,
    pub tr: f64,
}

impl Stack {
    /// A sagittal T2-weighted series of the cervical spine that passes every rule.
    pub fn t2(series: &str) -> Self {
        Self {
            study: "1.2.826.1".into(),
            series: format!("1.2.826.1.{series}"),
            frame_of_reference: "1.2.826.9".into(),
            description: "T2 TSE SAG".into(),
            sections: 6,
            rows: 128,
            columns: 130,
            spacing: [0.6, 0.5],
            gap: 3.3,
            origin: [9.0, -40.0, 50.0],
            row: [0.0, 1.0, 0.0],
            column: [0.0, 0.0, -1.0],
            te: 102.0,
            tr: 3500.0,
        }
    }

    /// The same as T1-weighted series.
    pub fn t1(series: &str) -> Self {
        Self { te: 11.0, tr: 600.0, description: "T1 TSE SAG".into(), ..Self::t2(series) }
    }

    pub fn normal(&self) -> [f64; 3] {
        let (a, b) = (self.row, self.column);
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    }

    /// Position of the first voxel of a section; sections ascend along the normal.
    pub fn position(&self, section: usize) -> [f64; 3] {
        let n = self.normal();
        [0, 1, 2].map(|k| self.origin[k] + n[k] * self.gap * section as f64)
    }

    pub fn sop_uid(&self, section: usize) -> String {
        format!("{}.{section}", self.series)
    }

    /// The stored value of a pixel: tells section, row and column apart.
    pub fn stored(section: usize, row: usize, column: usize) -> u16 {
        ((section * 500 + row * 3 + column) % 4096) as u16
    }

    /// Stored values of a section, row by row.
    pub fn plane(&self, section: usize) -> Vec<u16> {
        let (rows, columns) = (usize::from(self.rows), usize::from(self.columns));
        (0..rows * columns).map(|i| Self::stored(section, i / columns, i % columns)).collect()
    }

    /// Attributes that classic and Enhanced files share.
    fn common(&self) -> Set {
        let mut s = Set::default();
        s.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192")
            .text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\M\\ND")
            .text(tags::STUDY_DATE, VR::DA, "20260105")
            .text(tags::STUDY_TIME, VR::TM, "090000")
            .text(tags::SERIES_DATE, VR::DA, "20260105")
            .text(tags::SERIES_TIME, VR::TM, "090800")
            .text(tags::MODALITY, VR::CS, "MR")
            .text(tags::SERIES_DESCRIPTION, VR::LO, &self.description)
            .text(tags::PATIENT_NAME, VR::PN, "CANARY^NAME")
            .text(tags::PATIENT_ID, VR::LO, "CANARY-ID")
            .text(tags::PATIENT_BIRTH_DATE, VR::DA, "19800102")
            .text(tags::PATIENT_SEX, VR::CS, "F")
            .text(tags::BODY_PART_EXAMINED, VR::CS, "CSPINE")
            .text(tags::STUDY_INSTANCE_UID, VR::UI, &self.study)
            .text(tags::SERIES_INSTANCE_UID, VR::UI, &self.series)
            .text(tags::SERIES_NUMBER, VR::IS, 3)
            .text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &self.frame_of_reference)
            .us(tags::SAMPLES_PER_PIXEL, 1)
            .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2")
            .us(tags::ROWS, self.rows)
            .us(tags::COLUMNS, self.columns)
            .us(tags::BITS_ALLOCATED, 16)
            .us(tags::BITS_STORED, 12)
            .us(tags::HIGH_BIT, 11)
            .us(tags::PIXEL_REPRESENTATION, 0);
        s
    }

    /// One classic section.
    pub fn section(&self, section: usize) -> Set {
        let mut s = self.common();
        s.text(tags::SOP_CLASS_UID, VR::UI, MR)
            .text(tags::SOP_INSTANCE_UID, VR::UI, self.sop_uid(section))
            .text(tags::SCANNING_SEQUENCE, VR::CS, "SE")
            .text(tags::MR_ACQUISITION_TYPE, VR::CS, "2D")
            .ds(tags::SLICE_THICKNESS, &[3.0])
            .ds(tags::REPETITION_TIME, &[self.tr])
            .ds(tags::ECHO_TIME, &[self.te])
            .text(tags::INSTANCE_NUMBER, VR::IS, section + 1)
            .ds(tags::IMAGE_POSITION_PATIENT, &self.position(section))
            .ds(tags::IMAGE_ORIENTATION_PATIENT, &[self.row, self.column].concat())
            .ds(tags::PIXEL_SPACING, &self.spacing)
            .put(tags::PIXEL_DATA, VR::OW, Value::Us(self.plane(section)));
        s
    }

    /// All classic sections.
    pub fn all(&self) -> Vec<Set> {
        (0..self.sections).map(|k| self.section(k)).collect()
    }

    /// One Enhanced MR file; frames lie in the order given.
    pub fn enhanced(&self, order: &[usize]) -> Set {
        let mut s = self.common();
        let with = |tag, fill: &dyn Fn(&mut Set)| {
            let (mut group, mut item) = (Set::default(), Set::default());
            fill(&mut item);
            group.items(tag, vec![item]);
            group.0
        };
        let mut shared = Set::default();
        shared.0.extend(with(tags::PIXEL_MEASURES_SEQUENCE, &|i| {
            i.ds(tags::PIXEL_SPACING, &self.spacing).ds(tags::SLICE_THICKNESS, &[3.0]);
        }));
        shared.0.extend(with(tags::PLANE_ORIENTATION_SEQUENCE, &|i| {
            i.ds(tags::IMAGE_ORIENTATION_PATIENT, &[self.row, self.column].concat());
        }));
        shared.0.extend(with(tags::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, &|i| {
            i.ds(tags::REPETITION_TIME, &[self.tr]);
        }));
        let frames = order
            .iter()
            .map(|section| {
                let mut own = Set::default();
                own.0.extend(with(tags::PLANE_POSITION_SEQUENCE, &|i| {
                    i.ds(tags::IMAGE_POSITION_PATIENT, &self.position(*section));
                }));
                own.0.extend(with(tags::MR_ECHO_SEQUENCE, &|i| {
                    i.put(tags::EFFECTIVE_ECHO_TIME, VR::FD, Value::Fd(vec![self.te]));
                }));
                own.0.extend(with(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, &|i| {
                    i.ds(tags::RESCALE_SLOPE, &[1.0 + *section as f64]).ds(tags::RESCALE_INTERCEPT, &[-5.0]);
                }));
                own.0.sort_by_key(|(t, ..)| *t);
                own
            })
            .collect();
        shared.0.sort_by_key(|(t, ..)| *t);
        let pixels = order.iter().flat_map(|section| self.plane(*section)).collect();
        s.text(tags::SOP_CLASS_UID, VR::UI, ENHANCED_MR)
            .text(tags::SOP_INSTANCE_UID, VR::UI, format!("{}.99", self.series))
            .text(tags::ACQUISITION_CONTRAST, VR::CS, "T2")
            .text(tags::ECHO_PULSE_SEQUENCE, VR::CS, "SPIN")
            .text(tags::NUMBER_OF_FRAMES, VR::IS, order.len())
            .items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared])
            .items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames)
            .put(tags::PIXEL_DATA, VR::OW, Value::Us(pixels));
        s
    }

    /// Writes all classic sections into a folder.
    pub fn write(&self, folder: &Path) -> Vec<PathBuf> {
        write(folder, &format!("s{}-", self.series), &self.all(), EXPLICIT)
    }
}
