//! RLE Lossless (PS3.5, annex G): each byte of the samples in a segment of its own, the most significant first.

use crate::read::instance::PixelFormat;

/// Bytes of the header: the number of segments and fifteen offsets.
const HEADER: usize = 64;

/// The stored values of one frame of one sample a pixel.
pub(super) fn decode(bytes: &[u8], p: &PixelFormat) -> Result<Vec<u16>, String> {
    let header = bytes.get(..HEADER).ok_or("its RLE header is cut off")?;
    let field = |i: usize| {
        u32::from_le_bytes([header[i * 4], header[i * 4 + 1], header[i * 4 + 2], header[i * 4 + 3]]) as usize
    };
    let segments = field(0);
    let needed = (p.bits_allocated / 8) as usize;
    if segments != needed {
        return Err(format!("it has {segments} RLE segments, its samples need {needed}"));
    }
    let pixels = p.rows as usize * p.columns as usize;
    let mut values = vec![0u16; pixels];
    for i in 1..=segments {
        let end = if i < segments { field(i + 1) } else { bytes.len() };
        let segment = bytes
            .get(field(i)..end)
            .filter(|_| field(i) >= HEADER)
            .ok_or("its RLE segments lie outside of the frame")?;
        unpack(segment, &mut values)?;
    }
    Ok(values)
}

/// Unpacks one segment and puts its bytes below those that are there already.
fn unpack(segment: &[u8], values: &mut [u16]) -> Result<(), String> {
    let mut at = 0;
    let mut filled = 0;
    let short = || "an RLE segment ends too early".to_owned();
    while filled < values.len() {
        let control = *segment.get(at).ok_or_else(short)?;
        at += 1;
        match control {
            0..=127 => {
                let count = usize::from(control) + 1;
                let literal = segment.get(at..at + count).ok_or_else(short)?;
                for (to, byte) in values[filled..].iter_mut().zip(literal) {
                    *to = *to << 8 | u16::from(*byte);
                }
                at += count;
                filled += count;
            }
            128 => {}
            129..=255 => {
                let byte = *segment.get(at).ok_or_else(short)?;
                let count = 257 - usize::from(control);
                for to in values[filled..].iter_mut().take(count) {
                    *to = *to << 8 | u16::from(byte);
                }
                at += 1;
                filled += count;
            }
        }
    }
    Ok(())
}
