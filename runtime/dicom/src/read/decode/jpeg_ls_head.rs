//! Markers of a JPEG-LS image: what stands before its one scan.

/// What the markers say.
pub(super) struct JpegLsHead {
    pub rows: usize,
    pub columns: usize,
    /// Bits of a sample.
    pub bits: u32,
    pub components: u8,
    /// The highest value (MAXVAL).
    pub max: i32,
    /// The bound of the error, 0 where nothing was lost.
    pub near: i32,
    /// T1 to T3: where gradients count as larger.
    pub thresholds: [i32; 3],
    /// After how many samples a context forgets half.
    pub reset: i32,
}

/// Reads the markers; returns them with the data of the scan.
///
/// # Errors
/// What is no JPEG-LS image of one scan and one component as MR images are written: mapping tables, restart intervals and interleaving are not.
pub(super) fn head(bytes: &[u8]) -> Result<(JpegLsHead, &[u8]), String> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err("it is no JPEG image".into());
    }
    let mut at = 2;
    let mut frame: Option<(u32, usize, usize, u8)> = None;
    let mut preset = [0i32; 5];
    loop {
        let (Some([0xFF, marker]), Some(length)) = (bytes.get(at..at + 2), bytes.get(at + 2..at + 4)) else {
            return Err("its markers are damaged".into());
        };
        if *marker == 0xFF {
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let body = bytes.get(at + 4..(at + 2).saturating_add(length)).ok_or("its markers are cut off")?;
        let word = |i: usize| body.get(i..i + 2).map(|b| u16::from_be_bytes([b[0], b[1]])).ok_or("a marker is cut off");
        match marker {
            0xF7 => {
                let (bits, components) = (*body.first().ok_or("a marker is cut off")?, *body.get(5).unwrap_or(&0));
                frame = Some((bits.into(), word(1)?.into(), word(3)?.into(), components));
            }
            0xF8 if body.first() == Some(&1) => {
                for (i, value) in preset.iter_mut().enumerate() {
                    *value = word(1 + 2 * i)?.into();
                }
            }
            0xF8 => return Err("it has mapping tables, which MR images have not".into()),
            0xDD if body.iter().any(|b| *b != 0) => return Err("it has restart intervals, which are not read".into()),
            0xDA => {
                let (bits, rows, columns, components) = frame.ok_or("it has no frame header")?;
                let [1, _, _, near, interleaved, transform] = *body else {
                    return Err("its scan is not one of one component".into());
                };
                if interleaved != 0 || transform != 0 || !(2..=16).contains(&bits) || rows == 0 || columns == 0 {
                    return Err("its scan is not one of an MR image".into());
                }
                let head = parameters((bits, rows, columns, components), near.into(), preset)?;
                return Ok((head, &bytes[at + 2 + length..]));
            }
            _ if length < 2 => return Err("its markers are damaged".into()),
            _ => {}
        }
        at += 2 + length;
    }
}

/// Fills in what the markers leave to the standard (C.2.4.1.1), and refuses what it forbids.
fn parameters(
    (bits, rows, columns, components): (u32, usize, usize, u8),
    near: i32,
    [max, t1, t2, t3, reset]: [i32; 5],
) -> Result<JpegLsHead, String> {
    let or = |given: i32, usual: i32| if given == 0 { usual } else { given };
    let max = or(max, (1 << bits) - 1);
    let bounded = |value: i32, low: i32| if value > max || value < low { low } else { value };
    let usual = |base: i32, times: i32| {
        if max >= 128 {
            let factor = (max.min(4095) + 128) / 256;
            factor * (base - [2, 3, 4][times as usize]) + [2, 3, 4][times as usize] + (3 + 2 * times) * near
        } else {
            let factor = 256 / (max + 1);
            (base / factor + (3 + 2 * times) * near).max(2 + times)
        }
    };
    let t1 = or(t1, bounded(usual(3, 0), near + 1));
    let t2 = or(t2, bounded(usual(7, 1), t1));
    let t3 = or(t3, bounded(usual(21, 2), t2));
    let reset = or(reset, 64);
    let legal = (1..1 << bits).contains(&max) && near <= (max / 2).min(255) && reset >= 3;
    if !(legal && near < t1 && t1 <= t2 && t2 <= t3 && t3 <= max) {
        return Err("its coding parameters are none that the standard allows".into());
    }
    Ok(JpegLsHead { rows, columns, bits, components, max, near, thresholds: [t1, t2, t3], reset })
}
