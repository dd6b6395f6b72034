//! Lesions as a DICOM Segmentation: BINARY, one segment a lesion, on the grid of the source.

use std::io::Write;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use ndarray::ArrayView3;

use super::codes;
use super::context::ResultContext;
use super::dataset::{Dataset, Put, code_item, item};
use super::error::ResultError;
use super::module::{content, dimension, functional_group, patient_study, person, reference, series, series_number};
use super::part10;
use super::result_object::{Pixels, ResultObject};

/// Colour of a lesion (sRGB): a red, far from the yellow in which viewers draw the spinal cord.
pub const LESION_RGB: [u8; 3] = [230, 45, 45];

/// The same colour as PCS-values: CIELab under D50, each component scaled to 16 bits.
const LESION_CIELAB: [u16; 3] = [33_708, 50_630, 45_323];

/// Most bytes of the mask: as many voxels and lesions as can be together would have gigabytes.
const MAX_BYTES: usize = 512 << 20;

/// Writes the mask. `None` where there is no lesion: an empty segmentation is illegal and has hung viewers.
///
/// # Errors
/// The context is inconsistent, mask and list of lesions disagree, or a value cannot be encoded.
pub fn write(ctx: &ResultContext) -> Result<Option<ResultObject<'static>>, ResultError> {
    ctx.check()?;
    let lesions = ctx.findings.lesions.len();
    let bits = pack(ctx.findings.labels.view(), lesions, ctx.geometry.shape())?;
    if lesions == 0 {
        return Ok(None);
    }
    let mut d = Dataset::new_empty();
    patient_study::put(&mut d, ctx.source);
    patient_study::put_frame_of_reference(&mut d, ctx.source);
    let kind = series::Kind {
        sop_class_uid: uids::SEGMENTATION_STORAGE,
        modality: "SEG",
        name: "segmentation",
        series_offset: series_number::SEGMENTATION,
        description: &series::description_of(ctx, "lesions"),
    };
    series::put(&mut d, ctx, &kind);
    content::put_identification(&mut d, ctx, "LESIONS", "Lesions of the spinal cord. Research use only");
    if let Some(reader) = ctx.reader.filter(|_| ctx.semiautomatic) {
        // A corrected mask is the work of its reader, not of the algorithm.
        d.text(tags::CONTENT_CREATOR_NAME, VR::PN, &person::name(reader));
    }
    content::put_lossy(&mut d, ctx);
    content::put_comments(&mut d, ctx);
    put_image(&mut d, ctx, lesions)?;
    put_frames(&mut d, ctx, lesions);
    reference::put_series(&mut d, ctx.source);
    let length = bits.len();
    let write = Box::new(move |file: &mut dyn Write| file.write_all(&bits));
    part10::write(d, Some(Pixels { tag: tags::PIXEL_DATA, vr: VR::OB, length, write })).map(Some)
}

/// Image pixel and segmentation image modules, with the segments.
fn put_image(d: &mut Dataset, ctx: &ResultContext, lesions: usize) -> Result<(), ResultError> {
    let [sections, rows, columns] = ctx.geometry.shape();
    d.texts(tags::IMAGE_TYPE, VR::CS, &["DERIVED".into(), "PRIMARY".into()]);
    d.us(tags::SAMPLES_PER_PIXEL, &[1]);
    d.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    d.us(tags::ROWS, &[side(rows)?]);
    d.us(tags::COLUMNS, &[side(columns)?]);
    d.integers(tags::NUMBER_OF_FRAMES, &[(sections * lesions) as i64]);
    d.us(tags::BITS_ALLOCATED, &[1]);
    d.us(tags::BITS_STORED, &[1]);
    d.us(tags::HIGH_BIT, &[0]);
    d.us(tags::PIXEL_REPRESENTATION, &[0]);
    d.text(tags::SEGMENTATION_TYPE, VR::CS, "BINARY");
    d.text(tags::SEGMENTS_OVERLAP, VR::CS, "NO");
    d.items(tags::SEGMENT_SEQUENCE, ctx.findings.lesions.iter().map(|l| segment(ctx, l.number)).collect());
    Ok(())
}

/// One lesion. Its type is the neutral "Lesion": what kind of lesion belongs to the report.
fn segment(ctx: &ResultContext, number: u16) -> Dataset {
    let (tracking_id, tracking_uid) = ctx.lesion_tracking(number);
    item(|s| {
        s.us(tags::SEGMENT_NUMBER, &[number]);
        s.text(tags::SEGMENT_LABEL, VR::LO, &tracking_id);
        s.text(tags::SEGMENT_DESCRIPTION, VR::ST, "Lesion of the spinal cord. Research use only");
        let algorithm = if ctx.semiautomatic { "SEMIAUTOMATIC" } else { "AUTOMATIC" };
        s.text(tags::SEGMENT_ALGORITHM_TYPE, VR::CS, algorithm);
        s.text(tags::SEGMENT_ALGORITHM_NAME, VR::LO, &ctx.algorithm.name);
        s.items(tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, vec![code_item(&codes::ALTERED_STRUCTURE)]);
        s.items(tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, vec![code_item(&codes::LESION)]);
        s.items(tags::ANATOMIC_REGION_SEQUENCE, vec![code_item(&codes::SPINAL_CORD)]);
        s.us(tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE, &LESION_CIELAB);
        s.text(tags::TRACKING_ID, VR::UT, &tracking_id);
        s.uid(tags::TRACKING_UID, &tracking_uid);
        let identification = item(|a| {
            a.codes(tags::ALGORITHM_FAMILY_CODE_SEQUENCE, &[&codes::ARTIFICIAL_INTELLIGENCE]);
            a.text(tags::ALGORITHM_NAME, VR::LO, &ctx.algorithm.name);
            a.text(tags::ALGORITHM_VERSION, VR::LO, &ctx.algorithm.version);
            let parameters = format!(
                "bundle={} {}; sha256={}; {}",
                ctx.bundle.id, ctx.bundle.version, ctx.bundle.sha256, ctx.algorithm.parameters
            );
            a.text(tags::ALGORITHM_PARAMETERS, VR::LT, &parameters);
        });
        s.items(tags::SEGMENTATION_ALGORITHM_IDENTIFICATION_SEQUENCE, vec![identification]);
    })
}

/// Dimensions and functional groups: for each segment every section, along the normal (sparse frames have been shown shifted).
fn put_frames(d: &mut Dataset, ctx: &ResultContext, lesions: usize) {
    // Several segments repeat the same planes, so only a single one is a plain stack.
    let organization = ctx.uid("segmentation dimensions");
    dimension::put(d, &organization, &[dimension::SEGMENT, dimension::POSITION], lesions == 1);
    let shared = item(|s| functional_group::put_grid(s, ctx));
    d.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared]);

    let mut frames = Vec::with_capacity(lesions * ctx.source.frames.len());
    for number in 1..=lesions as u16 {
        for (section, source) in ctx.source.frames.iter().enumerate() {
            frames.push(item(|f| {
                functional_group::put_frame_content(f, &[u32::from(number), section as u32 + 1]);
                functional_group::put_position(f, ctx.geometry.section_position(section));
                functional_group::put_derivation(f, source, &codes::SEGMENTATION, None);
                let identification = item(|i| i.us(tags::REFERENCED_SEGMENT_NUMBER, &[number]));
                f.items(tags::SEGMENT_IDENTIFICATION_SEQUENCE, vec![identification]);
            }));
        }
    }
    d.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
}

/// Rows or Columns: 16 bits in DICOM.
pub(super) fn side(pixels: usize) -> Result<u16, ResultError> {
    u16::try_from(pixels).map_err(|_| ResultError::TooLarge(pixels))
}

/// One bit a voxel, lesion after lesion, section after section, row after row, the first voxel in the lowest bit of a byte.
///
/// Frames follow each other without padding, so a frame may start in the middle of a byte.
fn pack(labels: ArrayView3<u16>, lesions: usize, shape: [usize; 3]) -> Result<Vec<u8>, ResultError> {
    if labels.shape() != shape {
        return Err(ResultError::Shape {
            what: "the mask".into(),
            found: labels.shape().to_vec(),
            expected: shape.to_vec(),
        });
    }
    let labels = labels.as_standard_layout();
    // The standard layout is contiguous by definition; an empty slice cannot come of it.
    let labels = labels.as_slice().unwrap_or(&[]);
    let length = labels.len().saturating_mul(lesions).div_ceil(8);
    if length > MAX_BYTES {
        return Err(ResultError::TooLarge(length));
    }
    let mut bytes = vec![0u8; length];
    let mut seen = vec![false; lesions];
    // Nearly all voxels are background: whole runs are skipped at once.
    const RUN: usize = 64;
    for (run, voxels) in labels.chunks(RUN).enumerate() {
        if voxels.iter().fold(0, |any, v| any | v) == 0 {
            continue;
        }
        for (i, &label) in voxels.iter().enumerate().filter(|(_, label)| **label != 0) {
            let lesion = usize::from(label) - 1;
            *seen.get_mut(lesion).ok_or(ResultError::UnknownLabel { label, lesions })? = true;
            let bit = lesion * labels.len() + run * RUN + i;
            bytes[bit / 8] |= 1 << (bit % 8);
        }
    }
    match seen.iter().position(|s| !s) {
        Some(lesion) => Err(ResultError::EmptyLesion(lesion + 1)),
        None => Ok(bytes),
    }
}

#[cfg(test)]
#[path = "seg_tests.rs"]
mod tests;
