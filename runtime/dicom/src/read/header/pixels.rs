//! Image Pixel attributes: how samples are laid out, where they lie, and the frames that they make up.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::read::doubt::Doubt;
use crate::read::elements::DataSet;
use crate::read::enhanced;
use crate::read::file_error::FileError;
use crate::read::instance::{Frame, InstanceHeader, PixelData, PixelFormat, sop_class};
use crate::read::limits::FileLimits;
use crate::read::overlay;
use crate::read::prescan::{PixelElement, Scan};
use crate::read::syntax::Syntax;

/// Fills in pixel format, pixel position and frames. What is wrong with them is kept as the error of this instance.
pub(super) fn read(
    set: &DataSet<'_>,
    scan: &Scan,
    instance: &mut InstanceHeader,
    doubts: &mut Vec<Doubt>,
    limits: &FileLimits,
) -> Result<(), FileError> {
    let enhanced = sop_class::is_enhanced(&instance.sop_class_uid);
    if enhanced {
        enhanced::acquisition(set, &mut instance.acquisition, &mut instance.series);
        instance.frames = enhanced::frames(set, limits.frames as usize + 1);
    } else {
        instance.frames = vec![classic_frame(set)];
    }
    let limit = if enhanced { limits.enhanced_file_bytes } else { limits.classic_file_bytes };
    if instance.size > limit {
        return Err(FileError::TooLarge { bytes: instance.size, limit });
    }
    let count = |tag, name| count(set, tag, name);
    let (rows, columns) = (count(tags::ROWS, "Rows")?, count(tags::COLUMNS, "Columns")?);
    let frames = match count(tags::NUMBER_OF_FRAMES, "NumberOfFrames") {
        Ok(frames) => frames,
        Err(FileError::Unusable(name)) => return Err(FileError::Unusable(name)),
        Err(_) => 1,
    };
    if rows == 0 || columns == 0 || frames == 0 {
        return Err(FileError::NoPixels { rows, columns, frames });
    }
    let (side, most) = (limits.rows_columns, limits.frames);
    if rows > side.into() || columns > side.into() || frames > most.into() {
        return Err(FileError::TooManyPixels { rows, columns, frames, limit: side, frame_limit: most });
    }
    let small = |tag, name| count(tag, name).map(|v| v.min(u32::MAX.into()) as u32);
    if scan.float_pixels {
        return Err(FileError::PixelFormat("its samples are floating-point numbers (FloatPixelData)".into()));
    }
    let bits_stored = small(tags::BITS_STORED, "BitsStored")?;
    let photometric = set
        .code(tags::PHOTOMETRIC_INTERPRETATION)
        .ok_or_else(|| absent(set, tags::PHOTOMETRIC_INTERPRETATION, "PhotometricInterpretation"))?;
    let samples = match small(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel") {
        // Grey is one sample.
        Err(FileError::Missing(_) | FileError::Empty(_)) if photometric.starts_with("MONOCHROME") => 1,
        other => other?,
    };
    instance.pixels = PixelFormat {
        rows: rows as u32,
        columns: columns as u32,
        samples,
        photometric,
        bits_allocated: small(tags::BITS_ALLOCATED, "BitsAllocated")?,
        bits_stored,
        high_bit: set.count(tags::HIGH_BIT).map_or(bits_stored.saturating_sub(1), |v| v as u32),
        signed: count(tags::PIXEL_REPRESENTATION, "PixelRepresentation")? == 1,
        overlay_bits: 0,
        padding: None,
    };
    check_format(&instance.pixels)?;
    if instance.pixels.high_bit + 1 != bits_stored {
        doubts.push(Doubt::HighBit);
    }
    instance.pixels.padding = padding(set, &instance.pixels);
    instance.pixels.overlay_bits = overlay::bits_in_pixels(set, instance.pixels.bits_allocated);
    if instance.pixels.is_inverted() {
        doubts.push(Doubt::Inverted);
    }
    if instance.frames.len() as u64 != frames {
        return Err(if enhanced {
            FileError::FunctionalGroups { groups: instance.frames.len(), frames }
        } else {
            FileError::PixelFormat(format!("a classic MR image of {frames} frames"))
        });
    }
    for frame in &instance.frames {
        let (slope, intercept) = (frame.slope, frame.intercept);
        if slope < 0.0 && !doubts.contains(&Doubt::NegativeSlope) {
            doubts.push(Doubt::NegativeSlope);
        }
        if !slope.is_finite() || slope == 0.0 || !intercept.is_finite() {
            return Err(FileError::Rescale { slope, intercept });
        }
    }
    if let Syntax::Unreadable { uid, name } = &instance.syntax {
        return Err(FileError::TransferSyntax { uid: uid.clone(), name: (*name).into() });
    }
    instance.pixel_data = pixel_position(scan.pixels, instance, frames, doubts)?;
    Ok(())
}

/// A whole number that must be there.
fn count(set: &DataSet<'_>, tag: Tag, name: &'static str) -> Result<u64, FileError> {
    set.count(tag).ok_or_else(|| absent(set, tag, name))
}

/// Why an attribute has no value that can be used.
fn absent(set: &DataSet<'_>, tag: Tag, name: &'static str) -> FileError {
    match (set.holds(tag), set.numbers(tag).is_empty() && !set.is_filled(tag)) {
        (false, _) => FileError::Missing(name),
        (true, true) => FileError::Empty(name),
        (true, false) => FileError::Unusable(name),
    }
}

/// Refuses every layout but one sample of 8 or 16 bits.
fn check_format(p: &PixelFormat) -> Result<(), FileError> {
    let refuse = |why: String| Err(FileError::PixelFormat(why));
    if p.samples != 1 {
        return refuse(format!("SamplesPerPixel is {}, 1 is read", p.samples));
    }
    if !matches!(p.photometric.as_str(), "MONOCHROME1" | "MONOCHROME2") {
        return refuse(
            "PhotometricInterpretation is neither MONOCHROME2 nor MONOCHROME1, so that the pictures are not grey"
                .into(),
        );
    }
    if !matches!(p.bits_allocated, 8 | 16) {
        return refuse(format!("BitsAllocated is {}, 8 or 16 is read", p.bits_allocated));
    }
    if p.bits_stored == 0 || p.bits_stored > p.bits_allocated {
        return refuse(format!("BitsStored is {}, BitsAllocated only {}", p.bits_stored, p.bits_allocated));
    }
    if p.high_bit >= p.bits_allocated {
        return refuse(format!("HighBit is {}, BitsAllocated {}", p.high_bit, p.bits_allocated));
    }
    Ok(())
}

/// The stored values that mean "not measured": one, or all from PixelPaddingValue to PixelPaddingRangeLimit.
///
/// Both may be written with a sign or without, and implicit files do not say which.
fn padding(set: &DataSet<'_>, p: &PixelFormat) -> Option<[i32; 2]> {
    let stored = |tag| {
        let value = set.number(tag).filter(|v| v.fract() == 0.0 && (-32768.0..=65535.0).contains(v))? as i32;
        let whole = 1 << p.bits_allocated;
        Some(match (p.signed, value) {
            (true, v) if v >= whole / 2 => v - whole,
            (false, v) if v < 0 => v + whole,
            (_, v) => v,
        })
    };
    let value = stored(tags::PIXEL_PADDING_VALUE)?;
    let limit = stored(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(value);
    Some([value.min(limit), value.max(limit)])
}

/// Holds the declared PixelData against what rows, columns, frames and bits demand and against the end of the file.
///
/// What is longer than needed is padding, which PS3.5, 8.1.1 asks receivers to ignore; it is told of, for Rows or Columns may be wrong too.
fn pixel_position(
    element: Option<PixelElement>,
    instance: &InstanceHeader,
    frames: u64,
    doubts: &mut Vec<Doubt>,
) -> Result<PixelData, FileError> {
    let Some(PixelElement { start, len }) = element else { return Err(FileError::Missing("PixelData")) };
    match (len, instance.syntax.is_encapsulated()) {
        (None, true) => Ok(PixelData::Encapsulated { start }),
        (None, false) => {
            Err(FileError::PixelFormat("fragments of compressed pixels under an uncompressed transfer syntax".into()))
        }
        (Some(_), true) => Err(FileError::PixelFormat("uncompressed pixels under a compressed transfer syntax".into())),
        (Some(found), false) => {
            let p = &instance.pixels;
            let expected = [p.columns.into(), frames, (p.bits_allocated / 8).into()]
                .iter()
                .try_fold(u64::from(p.rows), |product, factor: &u64| product.checked_mul(*factor))
                .unwrap_or(u64::MAX);
            let found = u64::from(found);
            let left = instance.size.saturating_sub(start);
            // One byte of padding makes the length even.
            let even = expected.saturating_add(expected % 2);
            if found > even && found > left {
                // Nothing says that what is missing is padding.
                return Err(FileError::ValueBeyondEnd { tag: tags::PIXEL_DATA, declared: found, left });
            }
            if found < expected {
                return Err(FileError::PixelLength { expected, found });
            }
            if left < expected {
                return Err(FileError::Truncated { what: "its pixels".into(), size: instance.size });
            }
            if found > even {
                let (bytes, sample) = (found - expected, u64::from(p.bits_allocated / 8));
                let whole = |side: u32| bytes % (u64::from(side) * sample) == 0;
                let suspicious = bytes >= expected || whole(p.rows) || whole(p.columns);
                doubts.push(Doubt::Padding { bytes, suspicious });
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
        acquired: acquired(set),
        trigger_time: set.number(tags::TRIGGER_TIME),
        b_value: set.number(tags::DIFFUSION_B_VALUE),
        stack_id: String::new(),
        frame_type: Vec::new(),
        contrast: String::new(),
        component: set.code(tags::COMPLEX_IMAGE_COMPONENT).unwrap_or_default(),
        instance_number: set.number(tags::INSTANCE_NUMBER).map(|n| n as i64),
        slope: set.number(tags::RESCALE_SLOPE).unwrap_or(1.0),
        intercept: set.number(tags::RESCALE_INTERCEPT).unwrap_or(0.0),
    }
}

/// When a classic image was acquired; as far as it says.
fn acquired(set: &DataSet<'_>) -> String {
    let [date, time] = [tags::ACQUISITION_DATE, tags::ACQUISITION_TIME].map(|tag| set.text(tag).unwrap_or_default());
    if time.is_empty() { set.text(tags::ACQUISITION_DATE_TIME).unwrap_or_default() } else { format!("{date}{time}") }
}
