//! A picture for archives and viewers that show neither segmentation nor heat map: a true-colour Secondary Capture.
//!
//! "RESEARCH USE ONLY" stands in the pixels, put there by the caller that draws the picture; no patient data may stand in them.

use std::io::Write;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use super::context::ResultContext;
use super::dataset::{Dataset, Put};
use super::error::ResultError;
use super::module::{content, patient_study, reference, series, series_number};
use super::part10;
use super::result_object::{Pixels, ResultObject};

/// A picture: red, green and blue, one byte each, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedImage<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `3 * width * height` bytes, in pieces that follow each other.
    pub pixels: Vec<&'a [u8]>,
}

/// Writes the picture; `what` says in a few words what it shows, for example "lesion contours and answers".
///
/// # Errors
/// The context is inconsistent, the picture has another size than it says, or a value cannot be encoded.
pub fn write<'a>(
    ctx: &ResultContext,
    image: &'a CapturedImage<'_>,
    what: &str,
) -> Result<ResultObject<'a>, ResultError> {
    ctx.check()?;
    let length = image.pixels.iter().map(|piece| piece.len()).sum();
    let wrong = || ResultError::Picture { width: image.width, height: image.height, bytes: length };
    let width = u16::try_from(image.width).ok().filter(|w| *w > 0).ok_or_else(wrong)?;
    let height = u16::try_from(image.height).ok().filter(|h| *h > 0).ok_or_else(wrong)?;
    if length != 3 * usize::from(width) * usize::from(height) {
        return Err(wrong());
    }
    let mut d = Dataset::new_empty();
    patient_study::put(&mut d, ctx.source);
    let kind = series::Kind {
        sop_class_uid: uids::MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE_IMAGE_STORAGE,
        // Not MR: a hook that waits for MR must not take a result for an examination.
        modality: "OT",
        name: &format!("secondary capture {what}"),
        series_offset: series_number::SECONDARY_CAPTURE,
        description: &series::description_of(ctx, what),
    };
    series::put(&mut d, ctx, &kind);
    d.text(tags::BODY_PART_EXAMINED, VR::CS, "SPINE");
    d.text(tags::CONVERSION_TYPE, VR::CS, "WSD");
    content::put_lossy(&mut d, ctx);
    content::put_comments(&mut d, ctx);
    d.texts(tags::IMAGE_TYPE, VR::CS, &["DERIVED".into(), "SECONDARY".into()]);
    d.text(tags::BURNED_IN_ANNOTATION, VR::CS, "YES");
    d.text(tags::PATIENT_ORIENTATION, VR::CS, "");
    d.us(tags::SAMPLES_PER_PIXEL, &[3]);
    d.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB");
    d.us(tags::PLANAR_CONFIGURATION, &[0]);
    d.us(tags::ROWS, &[height]);
    d.us(tags::COLUMNS, &[width]);
    d.integers(tags::NUMBER_OF_FRAMES, &[1]);
    d.us(tags::BITS_ALLOCATED, &[8]);
    d.us(tags::BITS_STORED, &[8]);
    d.us(tags::HIGH_BIT, &[7]);
    d.us(tags::PIXEL_REPRESENTATION, &[0]);
    d.text(
        tags::DERIVATION_DESCRIPTION,
        VR::ST,
        &format!("Research use only. Picture drawn from the source series: {what}."),
    );
    d.items(tags::SOURCE_IMAGE_SEQUENCE, reference::items(reference::instances(ctx.source)));
    let write = Box::new(|file: &mut dyn Write| image.pixels.iter().try_for_each(|piece| file.write_all(piece)));
    part10::write(d, Some(Pixels { tag: tags::PIXEL_DATA, vr: VR::OB, length, write }))
}
