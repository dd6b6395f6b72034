//! From a data set and its pixels to the bytes of a DICOM file: Explicit VR Little Endian, like every result.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::FileMetaTableBuilder;

use super::dataset::{Dataset, Put, holds_unicode};
use super::error::ResultError;
use super::result_object::{Pixels, ResultObject};
use super::uid;

/// The finished file.
pub(super) fn write(mut dataset: Dataset, pixels: Option<Pixels<'_>>) -> Result<ResultObject<'_>, ResultError> {
    if holds_unicode(&dataset) {
        dataset.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
    }
    let text = |tag: Tag| -> Result<String, ResultError> {
        let value = dataset.element(tag).map_err(|e| encode(tag, &e))?.to_str().map_err(|e| encode(tag, &e))?;
        Ok(value.into_owned())
    };
    let sop_class_uid = text(tags::SOP_CLASS_UID)?;
    let sop_instance_uid = text(tags::SOP_INSTANCE_UID)?;
    let series_uid = text(tags::SERIES_INSTANCE_UID)?;

    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .implementation_class_uid(uid::derived(["Cordline implementation class"]))
        .implementation_version_name(format!("CORDLINE_{}", env!("CARGO_PKG_VERSION")));
    let file = dataset.with_meta(meta).map_err(|e| encode(tags::SOP_INSTANCE_UID, &e))?;

    let mut head = Vec::with_capacity(64 * 1024);
    file.write_all(&mut head).map_err(|e| encode(tags::SOP_CLASS_UID, &e))?;
    if let Some(pixels) = &pixels {
        begin(&mut head, pixels)?;
    }
    Ok(ResultObject { sop_class_uid, sop_instance_uid, series_uid, head, pixels })
}

/// Appends tag, kind and 32-bit length of the pixel element.
fn begin(file: &mut Vec<u8>, pixels: &Pixels<'_>) -> Result<(), ResultError> {
    let length = pixels.length.next_multiple_of(2);
    // 0xFFFFFFFF means "undefined length", and is odd besides.
    let declared = u32::try_from(length).map_err(|_| ResultError::TooLarge(length))?;
    file.extend_from_slice(&pixels.tag.group().to_le_bytes());
    file.extend_from_slice(&pixels.tag.element().to_le_bytes());
    file.extend_from_slice(&pixels.vr.to_bytes());
    file.extend_from_slice(&[0, 0]);
    file.extend_from_slice(&declared.to_le_bytes());
    Ok(())
}

fn encode(tag: Tag, error: &dyn std::error::Error) -> ResultError {
    // The encoder's chain of causes, without the values that it was given.
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        reason = format!("{reason}: {e}");
        cause = e.source();
    }
    ResultError::Encode { tag, reason }
}
