//! Stored samples to voxel values.

use crate::read::file_error::FileError;
use crate::read::instance::PixelFormat;

/// Padding lies far below the other samples where the distance is more than this share of their own range.
const FAR: f32 = 0.1;

/// Converts native samples. `bytes` holds exactly the samples of `out`. True where negative ones are not extended.
///
/// Bits above BitsStored are no part of the value; a signed value is extended from its own sign bit. What else lies in those bits must be an
/// overlay that the header declares (old files have them): anything else means that BitsStored is not true, and the values would be wrong.
/// A negative value that is not extended is legal, and looks like a positive one of a header that says signed by mistake.
pub(super) fn convert(
    bytes: &[u8],
    p: &PixelFormat,
    big_endian: bool,
    rescale: (f64, f64),
    out: &mut [f32],
) -> Result<bool, FileError> {
    if p.bits_allocated == 8 {
        return checked(bytes.iter().map(|b| u16::from(*b)), p, rescale, out);
    }
    let pairs = bytes.chunks_exact(2);
    if big_endian {
        checked(pairs.map(|b| u16::from_be_bytes([b[0], b[1]])), p, rescale, out)
    } else {
        checked(pairs.map(|b| u16::from_le_bytes([b[0], b[1]])), p, rescale, out)
    }
}

/// Converts stored values that a decoder gave. True where negative ones are not extended.
pub(super) fn rescale(
    values: &[u16],
    p: &PixelFormat,
    rescale: (f64, f64),
    out: &mut [f32],
) -> Result<bool, FileError> {
    checked(values.iter().copied(), p, rescale, out)
}

/// The bits above BitsStored, and what may lie in them.
#[derive(Clone, Copy)]
struct UpperBits {
    /// The bits that no overlay takes.
    free: u16,
    /// The sign bit of a signed value; 0 for an unsigned one.
    sign: u16,
}

impl UpperBits {
    fn of(p: &PixelFormat) -> Self {
        let (above, allocated) = (u32::from(u16::MAX) << p.bits_stored, (1u32 << p.bits_allocated) - 1);
        Self {
            free: (above & allocated) as u16 & !p.overlay_bits,
            sign: if p.signed { 1 << (p.bits_stored - 1) } else { 0 },
        }
    }

    /// The bits of a sample that nothing explains. Free bits hold zeros, or what extends the sign.
    fn unexplained(self, sample: u16) -> u16 {
        let upper = sample & self.free;
        let extended = if sample & self.sign == 0 { 0 } else { self.free };
        if upper == 0 { 0 } else { upper ^ extended }
    }

    /// The sign of a negative sample whose free bits are zeros; 0 for every other.
    fn unextended(self, sample: u16) -> u16 {
        if sample & self.free == 0 && self.free != 0 { sample & self.sign } else { 0 }
    }
}

fn checked(
    values: impl Iterator<Item = u16> + Clone,
    p: &PixelFormat,
    rescale: (f64, f64),
    out: &mut [f32],
) -> Result<bool, FileError> {
    if p.bits_below() > 0 {
        return with_bits_below(values, p, rescale, out);
    }
    let upper = UpperBits::of(p);
    let count = out.len();
    let (unexplained, unextended) = fill(values.clone(), p, upper, rescale, out);
    if unexplained == 0 {
        return Ok(unextended != 0);
    }
    let whole = |sample: u16| {
        let sample = sample & !p.overlay_bits;
        if p.signed { i32::from(sample as i16) } else { i32::from(sample) }
    };
    let is_padding = |value: &i32| p.padding.is_some_and(|[low, high]| (low..=high).contains(value));
    let wrong = values.clone().take(count).filter(|sample| upper.unexplained(*sample) != 0).map(whole);
    if wrong.clone().all(|value| is_padding(&value)) {
        // What means "not measured" need not fit into the bits of what was measured.
        for (to, value) in out.iter_mut().zip(values.map(whole)).filter(|(_, value)| is_padding(value)) {
            *to = (f64::from(value) * rescale.0 + rescale.1) as f32;
        }
        return Ok(unextended != 0);
    }
    Err(FileError::BeyondBitsStored {
        sample: wrong.max_by_key(|v| v.abs()).unwrap_or_default(),
        bits_stored: p.bits_stored,
    })
}

/// Values of which HighBit says that bits lie below them: they are shifted down where these are empty. Where they are not, but the bits
/// that HighBit speaks of are, it is HighBit that is wrong.
fn with_bits_below(
    values: impl Iterator<Item = u16> + Clone,
    p: &PixelFormat,
    rescale: (f64, f64),
    out: &mut [f32],
) -> Result<bool, FileError> {
    let (below, overlay) = (p.bits_below(), p.overlay_bits);
    let mut found: Vec<u16> = values.take(out.len()).collect();
    let used = found.iter().fold(0, |bits, v| bits | v) & !overlay;
    let mut plain = PixelFormat { high_bit: p.bits_stored - 1, ..p.clone() };
    if used & ((1 << below) - 1) == 0 {
        plain.overlay_bits = 0;
        found.iter_mut().for_each(|v| *v = (*v & !overlay) >> below);
        return checked(found.iter().copied(), &plain, rescale, out);
    }
    if u32::from(used) >> p.bits_stored == 0 {
        return checked(found.iter().copied(), &plain, rescale, out);
    }
    Err(FileError::PixelFormat(format!(
        "HighBit is {}, BitsStored {}, and more bits are used",
        p.high_bit, p.bits_stored
    )))
}

/// Gives samples without a measurement the lowest value of the others, where their own would spoil the range of grey values: it lies far
/// below the others, or above them. True where it did.
pub(super) fn without_padding(p: &PixelFormat, (slope, intercept): (f64, f64), out: &mut [f32]) -> bool {
    let Some(range) = p.padding else { return false };
    let ends = range.map(|v| (f64::from(v) * slope + intercept) as f32);
    let (least, most) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let is_padding = |v: f32| (least..=most).contains(&v);
    let (low, high) = out
        .iter()
        .filter(|v| !is_padding(**v))
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let spoils = most < low - FAR * (high - low) || least > high;
    let lowest = if low.is_finite() { low } else { intercept as f32 };
    if low.is_finite() && !spoils || most == lowest {
        return false;
    }
    let mut any = false;
    for v in out.iter_mut().filter(|v| is_padding(**v)) {
        (*v, any) = (lowest, true);
    }
    any
}

/// Fills `out`; returns all bits that nothing explains, and the sign where it is not extended.
fn fill(
    values: impl Iterator<Item = u16>,
    p: &PixelFormat,
    upper: UpperBits,
    (slope, intercept): (f64, f64),
    out: &mut [f32],
) -> (u16, u16) {
    let spare = 16 - p.bits_stored;
    let plain = slope == 1.0 && intercept == 0.0;
    let unsigned = |v: u16| (v << spare) >> spare;
    let signed = |v: u16| ((v << spare) as i16) >> spare;
    // Four loops, so that each is simple enough to be vectorised.
    match (p.signed, plain) {
        (false, true) => put(values, upper, out, |v| f32::from(unsigned(v))),
        (true, true) => put(values, upper, out, |v| f32::from(signed(v))),
        (false, false) => put(values, upper, out, |v| (f64::from(unsigned(v)) * slope + intercept) as f32),
        (true, false) => put(values, upper, out, |v| (f64::from(signed(v)) * slope + intercept) as f32),
    }
}

fn put(values: impl Iterator<Item = u16>, upper: UpperBits, out: &mut [f32], value: impl Fn(u16) -> f32) -> (u16, u16) {
    let (mut unexplained, mut unextended) = (0, 0);
    for (to, sample) in out.iter_mut().zip(values) {
        unexplained |= upper.unexplained(sample);
        unextended |= upper.unextended(sample);
        *to = value(sample);
    }
    (unexplained, unextended)
}
