//! From the elements of a file to an [`Instance`].

use dicom_dictionary_std::tags;

use super::elements::{DataSet, TextEncoding};
use super::enhanced;
use super::fault::Fault;
use super::instance::{Acquisition, Frame, Instance, Origin, PixelData, PixelFormat, SeriesAttributes, sop_class};
use super::limits::Limits;
use super::overlay;
use super::part10::{self, Kind, MetaFault};
use super::prescan::{Encoding, PixelElement, Scan, Walk, walk};
use super::syntax::Syntax;
use crate::dicom::source::{Patient, Study};

/// Outcome of reading a header from the first bytes of a file.
#[derive(Debug)]
pub enum Header {
    /// All of it was there.
    Complete(Box<Instance>),
    /// At least so many bytes are needed.
    NeedMore(usize),
}

/// Why a header cannot be read, and whose it is as far as that came out.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderFault {
    /// What is wrong.
    pub fault: Fault,
    /// SOPClassUID, empty where not reached.
    pub sop_class_uid: String,
    /// SeriesInstanceUID, empty where not reached.
    pub series_uid: String,
}

impl From<MetaFault> for HeaderFault {
    fn from(f: MetaFault) -> Self {
        Self { fault: f.fault, sop_class_uid: f.sop_class_uid, series_uid: String::new() }
    }
}

/// Reads the header of a file of `total` bytes of which `bytes` are the first.
pub fn read(bytes: &[u8], total: u64, kind: Kind, origin: &Origin, limits: &Limits) -> Result<Header, HeaderFault> {
    let meta = match part10::meta(bytes, total, kind, limits)? {
        Ok(meta) => meta,
        Err(wanted) => return Ok(Header::NeedMore(wanted)),
    };
    let encoding = Encoding { implicit: meta.syntax.is_implicit(), big_endian: meta.syntax.is_big_endian() };
    let fail = |fault| HeaderFault { fault, sop_class_uid: meta.sop_class_uid.clone(), series_uid: String::new() };
    let scan = match walk(bytes, meta.data_set, total, encoding, None, limits).map_err(fail)? {
        (Walk::Complete(scan), _) => scan,
        (Walk::NeedMore(wanted), _) => return Ok(Header::NeedMore(wanted)),
    };
    let plain = TextEncoding::default();
    let text =
        TextEncoding::new(&DataSet::new(bytes, &scan.nodes, encoding, &plain).texts(tags::SPECIFIC_CHARACTER_SET));
    let set = DataSet::new(bytes, &scan.nodes, encoding, &text);
    let text_of = |tag| set.text(tag).unwrap_or_default();
    let fail = |fault| HeaderFault {
        fault,
        sop_class_uid: set.text(tags::SOP_CLASS_UID).unwrap_or_else(|| meta.sop_class_uid.clone()),
        series_uid: text_of(tags::SERIES_INSTANCE_UID),
    };
    let sop_class_uid = uid(&set, tags::SOP_CLASS_UID, "SOPClassUID").map_err(fail)?;
    let mut instance = Instance {
        origin: origin.clone(),
        size: total,
        syntax: meta.syntax,
        sop_instance_uid: uid(&set, tags::SOP_INSTANCE_UID, "SOPInstanceUID").map_err(fail)?,
        patient: patient(&set),
        study: study(&set).map_err(fail)?,
        series: series(&set).map_err(fail)?,
        acquisition: acquisition(&set),
        pixels: PixelFormat::default(),
        pixel_data: PixelData::Absent,
        frames: Vec::new(),
        fault: None,
        sop_class_uid,
    };
    // Pixels concern only what can be a volume; a report or a colour picture is none of our business.
    if sop_class::is_mr(&instance.sop_class_uid)
        && let Err(fault) = pixels(&set, &scan, &mut instance, limits)
    {
        instance.fault = Some(fault);
    }
    Ok(Header::Complete(Box::new(instance)))
}

/// A UID that must be there and be one.
fn uid(set: &DataSet<'_>, tag: dicom_core::Tag, name: &'static str) -> Result<String, Fault> {
    let uid = set.text(tag).ok_or(Fault::Missing(name))?;
    if uid.len() <= 64 && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        Ok(uid)
    } else {
        Err(Fault::InvalidUid(name))
    }
}

fn patient(set: &DataSet<'_>) -> Patient {
    let text = |tag| set.text(tag).unwrap_or_default();
    Patient {
        name: text(tags::PATIENT_NAME),
        id: text(tags::PATIENT_ID),
        birth_date: text(tags::PATIENT_BIRTH_DATE),
        sex: text(tags::PATIENT_SEX),
        age: text(tags::PATIENT_AGE),
        identity_removed: text(tags::PATIENT_IDENTITY_REMOVED),
        deidentification_method: text(tags::DEIDENTIFICATION_METHOD),
    }
}

fn study(set: &DataSet<'_>) -> Result<Study, Fault> {
    let text = |tag| set.text(tag).unwrap_or_default();
    Ok(Study {
        uid: uid(set, tags::STUDY_INSTANCE_UID, "StudyInstanceUID")?,
        date: text(tags::STUDY_DATE),
        time: text(tags::STUDY_TIME),
        accession_number: text(tags::ACCESSION_NUMBER),
        referring_physician: text(tags::REFERRING_PHYSICIAN_NAME),
        id: text(tags::STUDY_ID),
        description: text(tags::STUDY_DESCRIPTION),
    })
}

fn series(set: &DataSet<'_>) -> Result<SeriesAttributes, Fault> {
    let text = |tag| set.text(tag).unwrap_or_default();
    let frame_of_reference_uid = match set.text(tags::FRAME_OF_REFERENCE_UID) {
        Some(_) => uid(set, tags::FRAME_OF_REFERENCE_UID, "FrameOfReferenceUID")?,
        None => String::new(),
    };
    Ok(SeriesAttributes {
        uid: uid(set, tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?,
        number: set.number(tags::SERIES_NUMBER).map_or(0, |n| n as i32),
        modality: text(tags::MODALITY),
        description: text(tags::SERIES_DESCRIPTION),
        protocol: text(tags::PROTOCOL_NAME),
        body_part: text(tags::BODY_PART_EXAMINED),
        date: text(tags::SERIES_DATE),
        time: text(tags::SERIES_TIME),
        frame_of_reference_uid,
        position_reference_indicator: text(tags::POSITION_REFERENCE_INDICATOR),
    })
}

fn acquisition(set: &DataSet<'_>) -> Acquisition {
    let text = |tag| set.text(tag).unwrap_or_default();
    let scan_options = set.texts(tags::SCAN_OPTIONS);
    let lossy = text(tags::LOSSY_IMAGE_COMPRESSION);
    let agent_named = set
        .text(tags::CONTRAST_BOLUS_AGENT)
        .is_some_and(|agent| !matches!(agent.to_uppercase().as_str(), "NONE" | "NO" | "N" | "0"));
    Acquisition {
        image_type: set.texts(tags::IMAGE_TYPE),
        scanning_sequence: set.texts(tags::SCANNING_SEQUENCE),
        fat_suppressed: scan_options.iter().any(|o| matches!(o.as_str(), "FS" | "FAT_SAT" | "SAT_FAT" | "FATSAT")),
        scan_options,
        is_3d: text(tags::MR_ACQUISITION_TYPE) == "3D",
        repetition_time: set.number(tags::REPETITION_TIME),
        inversion_time: set.number(tags::INVERSION_TIME),
        contrast: text(tags::ACQUISITION_CONTRAST),
        diffusion: set.number(tags::DIFFUSION_B_VALUE).is_some_and(|b| b > 0.0),
        contrast_agent: agent_named || set.is_filled(tags::CONTRAST_BOLUS_AGENT_SEQUENCE),
        lossy: lossy == "01",
        lossless: lossy == "00",
        lossy_ratio: text(tags::LOSSY_IMAGE_COMPRESSION_RATIO),
        lossy_method: text(tags::LOSSY_IMAGE_COMPRESSION_METHOD),
    }
}

/// Fills in pixel format, pixel position and frames. Whatever is wrong with them stays a fault of this instance.
fn pixels(set: &DataSet<'_>, scan: &Scan, instance: &mut Instance, limits: &Limits) -> Result<(), Fault> {
    let enhanced = sop_class::is_enhanced(&instance.sop_class_uid);
    if enhanced {
        enhanced::acquisition(set, &mut instance.acquisition, &mut instance.series);
        instance.frames = enhanced::frames(set, limits.frames as usize + 1);
    } else {
        instance.frames = vec![classic_frame(set)];
    }
    let limit = if enhanced { limits.enhanced_file_bytes } else { limits.classic_file_bytes };
    if instance.size > limit {
        return Err(Fault::FileTooLarge { bytes: instance.size, limit });
    }
    let count = |tag, name| set.count(tag).ok_or(Fault::Missing(name));
    let (rows, columns) = (count(tags::ROWS, "Rows")?, count(tags::COLUMNS, "Columns")?);
    let frames = set.count(tags::NUMBER_OF_FRAMES).unwrap_or(1);
    if rows == 0 || columns == 0 || frames == 0 {
        return Err(Fault::NoPixels { rows, columns, frames });
    }
    let (side, most) = (limits.rows_columns, limits.frames);
    if rows > side.into() || columns > side.into() || frames > most.into() {
        return Err(Fault::TooManyPixels { rows, columns, frames, limit: side, frame_limit: most });
    }
    let small = |tag, name| count(tag, name).map(|v| v.min(u32::MAX.into()) as u32);
    let bits_stored = small(tags::BITS_STORED, "BitsStored")?;
    instance.pixels = PixelFormat {
        rows: rows as u32,
        columns: columns as u32,
        samples: small(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel")?,
        photometric: set.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default(),
        bits_allocated: small(tags::BITS_ALLOCATED, "BitsAllocated")?,
        bits_stored,
        high_bit: set.count(tags::HIGH_BIT).map_or(bits_stored.saturating_sub(1), |v| v as u32),
        signed: set.count(tags::PIXEL_REPRESENTATION).ok_or(Fault::Missing("PixelRepresentation"))? == 1,
        overlay_bits: 0,
    };
    check_format(&instance.pixels)?;
    instance.pixels.overlay_bits = overlay::bits_in_pixels(set, instance.pixels.bits_allocated);
    if instance.frames.len() as u64 != frames {
        return Err(if enhanced {
            Fault::FunctionalGroups { groups: instance.frames.len(), frames }
        } else {
            Fault::PixelFormat(format!("a classic MR image of {frames} frames"))
        });
    }
    for frame in &instance.frames {
        let (slope, intercept) = (frame.slope, frame.intercept);
        if !slope.is_finite() || slope == 0.0 || !intercept.is_finite() {
            return Err(Fault::Rescale { slope, intercept });
        }
    }
    if let Syntax::Unreadable { uid, name } = &instance.syntax {
        return Err(Fault::TransferSyntax { uid: uid.clone(), name: (*name).into() });
    }
    instance.pixel_data = pixel_position(scan.pixels, instance, frames)?;
    Ok(())
}

/// Refuses every layout but one sample of 8 or 16 bits.
fn check_format(p: &PixelFormat) -> Result<(), Fault> {
    let refuse = |why: String| Err(Fault::PixelFormat(why));
    if p.samples != 1 {
        return refuse(format!("SamplesPerPixel is {}, 1 is needed", p.samples));
    }
    if p.photometric != "MONOCHROME2" {
        return refuse("PhotometricInterpretation is not MONOCHROME2".into());
    }
    if !matches!(p.bits_allocated, 8 | 16) {
        return refuse(format!("BitsAllocated is {}, 8 or 16 is needed", p.bits_allocated));
    }
    if p.bits_stored == 0 || p.bits_stored > p.bits_allocated {
        return refuse(format!("BitsStored is {}, BitsAllocated only {}", p.bits_stored, p.bits_allocated));
    }
    if p.high_bit != p.bits_stored - 1 {
        return refuse(format!("HighBit is {}, BitsStored {}", p.high_bit, p.bits_stored));
    }
    Ok(())
}

/// Holds the declared PixelData against what rows, columns, frames and bits demand and against the end of the file.
fn pixel_position(element: Option<PixelElement>, instance: &Instance, frames: u64) -> Result<PixelData, Fault> {
    let Some(PixelElement { start, len }) = element else { return Err(Fault::Missing("PixelData")) };
    match (len, instance.syntax.is_encapsulated()) {
        (None, true) => Ok(PixelData::Encapsulated { start }),
        (None, false) => {
            Err(Fault::PixelFormat("fragments of compressed pixels under an uncompressed transfer syntax".into()))
        }
        (Some(_), true) => Err(Fault::PixelFormat("uncompressed pixels under a compressed transfer syntax".into())),
        (Some(found), false) => {
            let p = &instance.pixels;
            let expected = [p.columns.into(), frames, (p.bits_allocated / 8).into()]
                .iter()
                .try_fold(u64::from(p.rows), |product, factor: &u64| product.checked_mul(*factor))
                .unwrap_or(u64::MAX);
            let found = u64::from(found);
            let left = instance.size.saturating_sub(start);
            // One byte of padding makes the length even.
            if found != expected && found != expected + expected % 2 {
                // A length that is both impossible and beyond the end is a lie about the end in the first place.
                return Err(if found > left {
                    Fault::ValueBeyondEnd { tag: tags::PIXEL_DATA, declared: found, left }
                } else {
                    Fault::PixelLength { expected, found }
                });
            }
            if left < expected {
                return Err(Fault::Truncated { what: "its pixels".into(), size: instance.size });
            }
            Ok(PixelData::Native { start })
        }
    }
}

/// The one frame of a classic MR image.
fn classic_frame(set: &DataSet<'_>) -> Frame {
    Frame {
        number: None,
        position: set.vector(tags::IMAGE_POSITION_PATIENT),
        orientation: set.vector(tags::IMAGE_ORIENTATION_PATIENT),
        spacing: set.vector(tags::PIXEL_SPACING),
        thickness: set.number(tags::SLICE_THICKNESS),
        echo_time: set.number(tags::ECHO_TIME),
        time_point: set.count(tags::TEMPORAL_POSITION_IDENTIFIER),
        acquisition_number: set.count(tags::ACQUISITION_NUMBER),
        trigger_time: set.number(tags::TRIGGER_TIME),
        b_value: set.number(tags::DIFFUSION_B_VALUE),
        stack_id: String::new(),
        frame_type: Vec::new(),
        contrast: String::new(),
        component: set.text(tags::COMPLEX_IMAGE_COMPONENT).unwrap_or_default(),
        instance_number: set.number(tags::INSTANCE_NUMBER).map(|n| n as i64),
        slope: set.number(tags::RESCALE_SLOPE).unwrap_or(1.0),
        intercept: set.number(tags::RESCALE_INTERCEPT).unwrap_or(0.0),
    }
}
