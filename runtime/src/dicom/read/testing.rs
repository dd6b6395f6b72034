//! Builds DICOM files for tests, legal ones and others; the tests of the whole system use it too. Written apart from the reader, so that both
//! must agree on the standard.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const BIG: &str = "1.2.840.10008.1.2.2";
pub(crate) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub(crate) const RLE: &str = "1.2.840.10008.1.2.5";
pub(crate) const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
pub(crate) const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
pub(crate) const JPEG_2000_LOSSLESS: &str = "1.2.840.10008.1.2.4.90";
pub(crate) const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";
pub(crate) const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
pub(crate) const ENHANCED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.1";
pub(crate) const LEGACY_MR: &str = "1.2.840.10008.5.1.4.1.1.4.4";

/// The value of an element.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text, padded to even length.
    Text(String),
    /// Unsigned shorts.
    Us(Vec<u16>),
    /// Unsigned longs.
    Ul(Vec<u32>),
    /// Doubles.
    Fd(Vec<f64>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Items of a sequence.
    Items(Vec<Set>),
    /// Fragments of encapsulated pixel data; the first is the offset table.
    Fragments(Vec<Vec<u8>>),
}

/// A data set under construction; elements are written in the order of their tags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(pub(crate) Vec<(Tag, VR, Value)>);

impl Set {
    pub(crate) fn put(&mut self, tag: Tag, vr: VR, value: Value) -> &mut Self {
        self.0.retain(|(t, ..)| *t != tag);
        self.0.push((tag, vr, value));
        self.0.sort_by_key(|(t, ..)| *t);
        self
    }

    pub(crate) fn text(&mut self, tag: Tag, vr: VR, text: impl ToString) -> &mut Self {
        self.put(tag, vr, Value::Text(text.to_string()))
    }

    pub(crate) fn us(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.put(tag, VR::US, Value::Us(vec![value]))
    }

    pub(crate) fn ds(&mut self, tag: Tag, values: &[f64]) -> &mut Self {
        self.text(tag, VR::DS, values.iter().map(f64::to_string).collect::<Vec<_>>().join("\\"))
    }

    pub(crate) fn items(&mut self, tag: Tag, items: Vec<Set>) -> &mut Self {
        self.put(tag, VR::SQ, Value::Items(items))
    }

    pub(crate) fn drop(&mut self, tag: Tag) -> &mut Self {
        self.0.retain(|(t, ..)| *t != tag);
        self
    }

    /// The data set in a transfer syntax; sequences of defined length where `defined`.
    pub(crate) fn encode(&self, syntax: &str, defined: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for (tag, vr, value) in &self.0 {
            element(&mut out, *tag, *vr, value, syntax, defined);
        }
        out
    }

    /// A Part 10 file: preamble, meta, data set.
    pub(crate) fn file(&self, syntax: &str) -> Vec<u8> {
        let mut out = meta(self.get_text(tags::SOP_CLASS_UID).as_deref().unwrap_or(MR), syntax);
        out.extend(self.encode(syntax, false));
        out
    }

    fn get_text(&self, tag: Tag) -> Option<String> {
        self.0.iter().find_map(|(t, _, v)| match v {
            Value::Text(text) if *t == tag => Some(text.clone()),
            _ => None,
        })
    }
}

/// Preamble, prefix and File Meta Information.
pub(crate) fn meta(sop_class: &str, syntax: &str) -> Vec<u8> {
    let mut meta = Set::default();
    meta.text(tags::MEDIA_STORAGE_SOP_CLASS_UID, VR::UI, sop_class)
        .text(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, VR::UI, "1.2.3")
        .text(tags::TRANSFER_SYNTAX_UID, VR::UI, syntax);
    let meta = meta.encode(EXPLICIT, false);
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    element(&mut out, Tag(2, 0), VR::UL, &Value::Ul(vec![meta.len() as u32]), EXPLICIT, false);
    out.extend(meta);
    out
}

fn element(out: &mut Vec<u8>, tag: Tag, vr: VR, value: &Value, syntax: &str, defined: bool) {
    let big = syntax == BIG;
    let u16s = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let u32s = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let tag_bytes = |tag: Tag| [u16s(tag.0), u16s(tag.1)].concat();
    let mut undefined = false;
    let body: Vec<u8> = match value {
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            if bytes.len() % 2 == 1 {
                bytes.push(if vr == VR::UI { 0 } else { b' ' });
            }
            bytes
        }
        Value::Us(values) => values.iter().flat_map(|v| u16s(*v)).collect(),
        Value::Ul(values) => values.iter().flat_map(|v| u32s(*v)).collect(),
        Value::Fd(values) => values.iter().flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() }).collect(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Items(items) => {
            let mut body = Vec::new();
            for item in items {
                let inner = item.encode(syntax, defined);
                body.extend(tag_bytes(Tag(0xFFFE, 0xE000)));
                body.extend(u32s(if defined { inner.len() as u32 } else { u32::MAX }));
                body.extend(inner);
                if !defined {
                    body.extend(tag_bytes(Tag(0xFFFE, 0xE00D)));
                    body.extend([0; 4]);
                }
            }
            if !defined {
                body.extend(tag_bytes(Tag(0xFFFE, 0xE0DD)));
                body.extend([0; 4]);
            }
            undefined = !defined;
            body
        }
        Value::Fragments(fragments) => {
            let mut body = Vec::new();
            for fragment in fragments {
                body.extend(tag_bytes(Tag(0xFFFE, 0xE000)));
                body.extend(u32s(fragment.len() as u32));
                body.extend(fragment);
            }
            body.extend(tag_bytes(Tag(0xFFFE, 0xE0DD)));
            body.extend([0; 4]);
            undefined = true;
            body
        }
    };
    let len = if undefined { u32::MAX } else { body.len() as u32 };
    head(out, tag, vr, len, syntax);
    out.extend(body);
}

/// Tag, value representation and length, whatever follows.
pub(crate) fn head(out: &mut Vec<u8>, tag: Tag, vr: VR, len: u32, syntax: &str) {
    let big = syntax == BIG;
    for v in [tag.0, tag.1] {
        out.extend(if big { v.to_be_bytes() } else { v.to_le_bytes() });
    }
    let long = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];
    let len4 = if big { len.to_be_bytes() } else { len.to_le_bytes() };
    if syntax == IMPLICIT {
        out.extend(len4);
    } else if long.contains(&vr.to_string()) {
        out.extend(vr.to_string().as_bytes());
        out.extend([0, 0]);
        out.extend(len4);
    } else {
        out.extend(vr.to_string().as_bytes());
        let len = len as u16;
        out.extend(if big { len.to_be_bytes() } else { len.to_le_bytes() });
    }
}

/// What the sections of a test series have in common.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) study: String,
    pub(crate) series: String,
    pub(crate) frame_of_reference: String,
    pub(crate) description: String,
    pub(crate) sections: usize,
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) spacing: [f64; 2],
    pub(crate) gap: f64,
    pub(crate) origin: [f64; 3],
    pub(crate) row: [f64; 3],
    pub(crate) column: [f64; 3],
    pub(crate) te: f64,
    pub(crate) tr: f64,
}

impl Stack {
    /// A sagittal T2-weighted series of the cervical spine that passes every rule.
    pub(crate) fn t2(series: &str) -> Self {
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
    pub(crate) fn t1(series: &str) -> Self {
        Self { te: 11.0, tr: 600.0, description: "T1 TSE SAG".into(), ..Self::t2(series) }
    }

    pub(crate) fn normal(&self) -> [f64; 3] {
        let (a, b) = (self.row, self.column);
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    }

    /// Position of the first voxel of a section; sections ascend along the normal.
    pub(crate) fn position(&self, section: usize) -> [f64; 3] {
        let n = self.normal();
        [0, 1, 2].map(|k| self.origin[k] + n[k] * self.gap * section as f64)
    }

    pub(crate) fn sop_uid(&self, section: usize) -> String {
        format!("{}.{section}", self.series)
    }

    /// The stored value of a pixel: tells section, row and column apart.
    pub(crate) fn stored(section: usize, row: usize, column: usize) -> u16 {
        ((section * 500 + row * 3 + column) % 4096) as u16
    }

    /// Stored values of a section, row by row.
    pub(crate) fn plane(&self, section: usize) -> Vec<u16> {
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
    pub(crate) fn section(&self, section: usize) -> Set {
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
    pub(crate) fn all(&self) -> Vec<Set> {
        (0..self.sections).map(|k| self.section(k)).collect()
    }

    /// One Enhanced MR file; frames lie in the order given.
    pub(crate) fn enhanced(&self, order: &[usize]) -> Set {
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
    pub(crate) fn write(&self, folder: &Path) -> Vec<PathBuf> {
        write(folder, &format!("s{}-", self.series), &self.all(), EXPLICIT)
    }
}

/// Writes data sets as files of a folder.
pub(crate) fn write(folder: &Path, prefix: &str, sets: &[Set], syntax: &str) -> Vec<PathBuf> {
    let path = |i| folder.join(format!("{prefix}{i:03}.dcm"));
    sets.iter()
        .enumerate()
        .map(|(i, set)| {
            fs::write(path(i), set.file(syntax)).unwrap();
            path(i)
        })
        .collect()
}
