//! Stored samples to voxel values.

use crate::dicom::read::instance::PixelFormat;

/// Converts native samples. `bytes` holds exactly the samples of `out`.
///
/// Bits above BitsStored are no part of the value (old files keep overlays there); a signed value is extended from its own sign bit.
pub(super) fn convert(bytes: &[u8], p: &PixelFormat, big_endian: bool, rescale: (f64, f64), out: &mut [f32]) {
    if p.bits_allocated == 8 {
        let wide = bytes.iter().map(|b| u16::from(*b));
        return fill(wide, p, rescale, out);
    }
    let pairs = bytes.chunks_exact(2);
    if big_endian {
        fill(pairs.map(|b| u16::from_be_bytes([b[0], b[1]])), p, rescale, out);
    } else {
        fill(pairs.map(|b| u16::from_le_bytes([b[0], b[1]])), p, rescale, out);
    }
}

/// Converts stored values that a decoder gave.
pub(super) fn rescale(values: &[u16], p: &PixelFormat, rescale: (f64, f64), out: &mut [f32]) {
    fill(values.iter().copied(), p, rescale, out);
}

fn fill(values: impl Iterator<Item = u16>, p: &PixelFormat, (slope, intercept): (f64, f64), out: &mut [f32]) {
    let spare = 16 - p.bits_stored;
    let plain = slope == 1.0 && intercept == 0.0;
    // Four loops, so that each is simple enough to be vectorised.
    match (p.signed, plain) {
        (false, true) => put(values.map(|v| f32::from((v << spare) >> spare)), out),
        (true, true) => put(values.map(|v| f32::from(((v << spare) as i16) >> spare)), out),
        (false, false) => put(values.map(|v| (f64::from((v << spare) >> spare) * slope + intercept) as f32), out),
        (true, false) => {
            put(values.map(|v| (f64::from(((v << spare) as i16) >> spare) * slope + intercept) as f32), out)
        }
    }
}

fn put(values: impl Iterator<Item = f32>, out: &mut [f32]) {
    for (to, value) in out.iter_mut().zip(values) {
        *to = value;
    }
}
