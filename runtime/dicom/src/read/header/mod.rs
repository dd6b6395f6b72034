//! From the elements of a file to an [`InstanceHeader`].
//!
//! - [`copied`]: what result objects carry over, made legal
//! - [`pixels`]: how samples are laid out, and where they lie

mod copied;
mod pixels;

use cordline_sdk::uid;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::doubt::Doubt;
use super::elements::DataSet;
use super::file_error::FileError;
use super::instance::{Acquisition, InstanceHeader, PixelData, PixelFormat, SeriesAttributes, sop_class};
use super::limits::FileLimits;
use super::origin::Origin;
use super::part10::{self, Meta, MetaError, Part10Kind};
use super::prescan::{Walk, WalkError, walk};
use super::syntax::Syntax;
use copied::Copier;

/// Outcome of reading a header from the first bytes of a file.
#[derive(Debug)]
pub enum Header {
    /// All of it was there.
    Complete(Box<InstanceHeader>),
    /// At least so many bytes are needed.
    NeedMore(usize),
}

/// Why a header cannot be read, and to what it belongs, as far as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderError {
    /// What is wrong.
    pub error: FileError,
    /// SOPClassUID, empty where not reached.
    pub sop_class_uid: String,
    /// SeriesInstanceUID, empty where not reached.
    pub series_uid: String,
}

impl HeaderError {
    /// A fault of a file of which `set` is what was read.
    fn of(error: FileError, set: &DataSet<'_>, meta: &Meta) -> Self {
        Self {
            error,
            sop_class_uid: set.text(tags::SOP_CLASS_UID).unwrap_or_else(|| meta.sop_class_uid.clone()),
            series_uid: set.text(tags::SERIES_INSTANCE_UID).unwrap_or_default(),
        }
    }
}

impl From<MetaError> for HeaderError {
    fn from(f: MetaError) -> Self {
        Self { error: f.error, sop_class_uid: f.sop_class_uid, series_uid: String::new() }
    }
}

/// Reads the header of a file of `total` bytes of which `bytes` are the first.
///
/// # Errors
/// The header is damaged, or lacks what every instance must have.
pub fn read(
    bytes: &[u8],
    total: u64,
    kind: Part10Kind,
    origin: &Origin,
    limits: &FileLimits,
) -> Result<Header, HeaderError> {
    let meta = match part10::meta(bytes, total, kind, limits)? {
        Ok(meta) => meta,
        Err(wanted) => return Ok(Header::NeedMore(wanted)),
    };
    let fail = |error| HeaderError { error, sop_class_uid: meta.sop_class_uid.clone(), series_uid: String::new() };
    let found = match bytes.get(meta.data_set..meta.data_set + 8) {
        Some(first) => part10::sniff(first, total - meta.data_set as u64),
        None if meta.data_set as u64 + 8 <= total => return Ok(Header::NeedMore(meta.data_set + 8)),
        None => None,
    };
    let mut doubts = Vec::new();
    let declared = meta.syntax.as_ref().map(Syntax::encoding);
    let encoding = found.or(declared).ok_or_else(|| fail(FileError::Missing("TransferSyntaxUID")))?;
    let syntax = match meta.syntax {
        // Attributes of compressed files can be written otherwise than they should; the pixels are what the syntax says.
        Some(ref syntax) if declared == found || found.is_none() || syntax.is_encapsulated() => syntax.clone(),
        _ => Syntax::native(encoding),
    };
    match declared {
        None => doubts.push(Doubt::NoTransferSyntax),
        Some(declared) if declared != encoding => doubts.push(Doubt::Encoding { declared, found: encoding }),
        Some(_) => {}
    }
    let scan = match walk(bytes, meta.data_set, total, encoding, None, limits) {
        Ok((Walk::Complete(scan), _)) => scan,
        Ok((Walk::NeedMore(wanted), _)) => return Ok(Header::NeedMore(wanted)),
        Err(WalkError { error, nodes }) => return Err(HeaderError::of(error, &DataSet::new(bytes, &nodes), &meta)),
    };
    if scan.liberties.mixed_encoding {
        doubts.push(Doubt::MixedEncoding);
    }
    if scan.liberties.delimiters {
        doubts.push(Doubt::Delimiters);
    }
    let set = DataSet::new(bytes, &scan.nodes);
    let fail = |error| {
        // Where a sequence is not closed, what follows it seems to be missing.
        let error = match error {
            FileError::Missing(_) if scan.liberties.delimiters => FileError::Unclosed,
            error => error,
        };
        HeaderError::of(error, &set, &meta)
    };
    let sop_class_uid = uid(&set, tags::SOP_CLASS_UID, "SOPClassUID").map_err(fail)?;
    let study_uid = uid(&set, tags::STUDY_INSTANCE_UID, "StudyInstanceUID").map_err(fail)?;
    let mut copier = Copier { set: &set, doubts: &mut doubts };
    let mut instance = InstanceHeader {
        origin: origin.clone(),
        size: total,
        syntax,
        sop_instance_uid: uid(&set, tags::SOP_INSTANCE_UID, "SOPInstanceUID").map_err(fail)?,
        patient: copier.patient(),
        study: copier.study(study_uid),
        series: series(&set, &mut copier).map_err(fail)?,
        acquisition: acquisition(&set, &mut copier),
        pixels: PixelFormat::default(),
        pixel_data: PixelData::Absent,
        frames: Vec::new(),
        error: None,
        doubts: Vec::new(),
        sop_class_uid,
    };
    // Pixels concern only what can be a volume; reports and colour pictures are never analysed.
    if sop_class::is_mr(&instance.sop_class_uid)
        && let Err(error) = pixels::read(&set, &scan, &mut instance, &mut doubts, limits)
    {
        instance.error = Some(fail(error).error);
    }
    instance.doubts = doubts;
    Ok(Header::Complete(Box::new(instance)))
}

/// A UID that must be there and be one.
fn uid(set: &DataSet<'_>, tag: Tag, name: &'static str) -> Result<String, FileError> {
    let text = set.text(tag).ok_or(FileError::Missing(name))?;
    match uid::check(&text) {
        Ok(()) => Ok(text),
        Err(why) => Err(FileError::InvalidUid { attribute: name, why }),
    }
}

fn series(set: &DataSet<'_>, copier: &mut Copier<'_, '_>) -> Result<SeriesAttributes, FileError> {
    let text = |tag| set.text(tag).unwrap_or_default();
    let code = |tag| set.code(tag).unwrap_or_default();
    let frame_of_reference_uid = match set.text(tags::FRAME_OF_REFERENCE_UID) {
        Some(_) => uid(set, tags::FRAME_OF_REFERENCE_UID, "FrameOfReferenceUID")?,
        None => String::new(),
    };
    Ok(SeriesAttributes {
        uid: uid(set, tags::SERIES_INSTANCE_UID, "SeriesInstanceUID")?,
        number: set.number(tags::SERIES_NUMBER).map_or(0, |n| n as i32),
        modality: code(tags::MODALITY),
        description: text(tags::SERIES_DESCRIPTION),
        protocol: text(tags::PROTOCOL_NAME),
        body_part: code(tags::BODY_PART_EXAMINED),
        date: text(tags::SERIES_DATE),
        time: text(tags::SERIES_TIME),
        frame_of_reference_uid,
        position_reference_indicator: copier.words(
            tags::POSITION_REFERENCE_INDICATOR,
            "PositionReferenceIndicator",
            64,
        ),
    })
}

fn acquisition(set: &DataSet<'_>, copier: &mut Copier<'_, '_>) -> Acquisition {
    let code = |tag| set.code(tag).unwrap_or_default();
    let scan_options = set.codes(tags::SCAN_OPTIONS);
    let lossy = code(tags::LOSSY_IMAGE_COMPRESSION);
    let agent_named =
        set.code(tags::CONTRAST_BOLUS_AGENT).is_some_and(|agent| !matches!(agent.as_str(), "NONE" | "NO" | "N" | "0"));
    Acquisition {
        image_type: set.codes(tags::IMAGE_TYPE),
        scanning_sequence: set.codes(tags::SCANNING_SEQUENCE),
        fat_suppressed: scan_options.iter().any(|o| matches!(o.as_str(), "FS" | "FAT_SAT" | "SAT_FAT" | "FATSAT")),
        scan_options,
        is_3d: code(tags::MR_ACQUISITION_TYPE) == "3D",
        repetition_time: set.number(tags::REPETITION_TIME),
        inversion_time: set.number(tags::INVERSION_TIME),
        contrast: code(tags::ACQUISITION_CONTRAST),
        diffusion: set.number(tags::DIFFUSION_B_VALUE).is_some_and(|b| b > 0.0),
        contrast_agent: agent_named || set.is_filled(tags::CONTRAST_BOLUS_AGENT_SEQUENCE),
        lossy: lossy == "01",
        lossless: lossy == "00",
        lossy_ratio: copier.decimals(tags::LOSSY_IMAGE_COMPRESSION_RATIO, "LossyImageCompressionRatio"),
        lossy_method: copier.codes(tags::LOSSY_IMAGE_COMPRESSION_METHOD, "LossyImageCompressionMethod"),
    }
}
