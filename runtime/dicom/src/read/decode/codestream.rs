//! What a compressed image says of itself, held against the DICOM header before any decoder allocates for it.

use super::jpeg_ls_head;
use crate::read::file_error::FileError;
use crate::read::instance::PixelFormat;
use crate::read::syntax::Syntax;

/// With which a JPEG 2000 code stream begins: SOC and SIZ.
const CODESTREAM: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
/// Most tiles of a JPEG 2000 image. MR frames are written in one, or in a few.
const MAX_TILES: u64 = 1024;
/// Most packets (layers x resolutions x precincts) of a JPEG 2000 tile.
const MAX_PACKETS: u64 = 1 << 22;

/// True for a fragment with which a compressed image can begin.
pub(super) fn begins_frame(syntax: &Syntax, fragment: &[u8], p: &PixelFormat) -> bool {
    match syntax {
        Syntax::JpegLossless | Syntax::JpegLs | Syntax::JpegLsNear => fragment.starts_with(&[0xFF, 0xD8]),
        Syntax::Jpeg2000 | Syntax::Jpeg2000Lossless => {
            fragment.starts_with(&CODESTREAM) || inside_jp2(fragment).len() < fragment.len()
        }
        // The number of segments, and where the first one begins: right behind the header.
        Syntax::Rle => {
            let head = [p.bits_allocated / 8, 64].map(u32::to_le_bytes).concat();
            fragment.starts_with(&head)
        }
        _ => false,
    }
}

/// The code stream inside of a JP2 file, which some writers put around it although DICOM wants it bare; else the bytes as they are.
pub(super) fn inside_jp2(bytes: &[u8]) -> &[u8] {
    if bytes.get(4..8) != Some(b"jP  ") {
        return bytes;
    }
    let mut at = 0usize;
    while let Some(head) = bytes.get(at..at.saturating_add(8)) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..] == b"jp2c" {
            // 0: up to the end. A length of 64 bits is for files that are no frame.
            let end = if len == 0 { bytes.len() } else { at.saturating_add(len).min(bytes.len()) };
            return bytes.get(at + 8..end).filter(|inner| inner.starts_with(&CODESTREAM)).unwrap_or(bytes);
        }
        if len < 8 {
            return bytes;
        }
        at = at.saturating_add(len);
    }
    bytes
}

/// A JPEG image must be lossless (SOF3) and have the size of the frame.
pub(super) fn check_jpeg(bytes: &[u8], p: &PixelFormat, index: usize) -> Result<(), FileError> {
    let mismatch = |found: String| Err(FileError::Codestream { frame: index + 1, found, expected: expected(p) });
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return mismatch("no JPEG image".into());
    }
    let mut at = 2;
    loop {
        let (Some([0xFF, marker]), Some(length)) = (bytes.get(at..at + 2), bytes.get(at + 2..at + 4)) else {
            return mismatch("a JPEG image without a frame header".into());
        };
        let (marker, length) = (*marker, usize::from(u16::from_be_bytes([length[0], length[1]])));
        match marker {
            // A fill byte in front of a marker.
            0xFF => at += 1,
            0xC3 => {
                let Some(h) = bytes.get(at + 4..at + 10) else {
                    return mismatch("a JPEG image with a cut frame header".into());
                };
                let (rows, columns) = (u16::from_be_bytes([h[1], h[2]]), u16::from_be_bytes([h[3], h[4]]));
                let found = format!("JPEG lossless, {rows} x {columns} pixels, {} bit, {} component(s)", h[0], h[5]);
                let fits = u32::from(rows) == p.rows && u32::from(columns) == p.columns && h[5] == 1;
                return if fits && u32::from(h[0]) <= p.bits_allocated { Ok(()) } else { mismatch(found) };
            }
            0xC0..=0xC2 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return mismatch("JPEG, but not lossless Huffman".into());
            }
            0xD8..=0xDA => return mismatch("a JPEG image without a frame header".into()),
            _ if length < 2 => return mismatch("a JPEG image with a damaged marker".into()),
            _ => at += 2 + length,
        }
    }
}

/// A JPEG-LS image must have one component of the size of the frame.
pub(super) fn check_jpeg_ls(bytes: &[u8], p: &PixelFormat, index: usize) -> Result<(), FileError> {
    let mismatch = |found: String| Err(FileError::Codestream { frame: index + 1, found, expected: expected(p) });
    let (head, _) = match jpeg_ls_head::head(bytes) {
        Ok(read) => read,
        Err(why) => return Err(FileError::Decode { frame: index + 1, why }),
    };
    let fits = head.rows == p.rows as usize && head.columns == p.columns as usize;
    if fits && head.components == 1 && head.bits <= p.bits_allocated {
        return Ok(());
    }
    let (rows, columns, bits, components) = (head.rows, head.columns, head.bits, head.components);
    mismatch(format!("JPEG-LS, {rows} x {columns} pixels, {bits} bit, {components} component(s)"))
}

/// A JPEG 2000 code stream must have one component of the size of the frame, and not more structure than such an image needs.
pub(super) fn check_jpeg2000(bytes: &[u8], p: &PixelFormat, index: usize) -> Result<(), FileError> {
    let mismatch = |found: String| Err(FileError::Codestream { frame: index + 1, found, expected: expected(p) });
    if !bytes.starts_with(&CODESTREAM) {
        return mismatch("no JPEG 2000 code stream".into());
    }
    let Some(siz) = bytes.get(6..45) else {
        return mismatch("a JPEG 2000 code stream with a cut header".into());
    };
    let u32_at = |i: usize| u32::from_be_bytes([siz[i], siz[i + 1], siz[i + 2], siz[i + 3]]);
    // Rsiz (2), Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz (4 each), Csiz (2), then depth and sampling of a component.
    let [x, y, x0, y0, tile_x, tile_y, tile_x0, tile_y0] = [2, 6, 10, 14, 18, 22, 26, 30].map(u32_at);
    let components = u16::from_be_bytes([siz[34], siz[35]]);
    let bits = u32::from(siz[36] & 0x7F) + 1;
    let found = format!(
        "JPEG 2000, {} x {} pixels, {bits} bit, {components} component(s)",
        y.saturating_sub(y0),
        x.saturating_sub(x0)
    );
    let fits = y.checked_sub(y0) == Some(p.rows) && x.checked_sub(x0) == Some(p.columns);
    if !fits || components != 1 || bits > p.bits_allocated || siz[37] != 1 || siz[38] != 1 {
        return mismatch(found);
    }
    let tiles = |end: u32, first: u32, size: u32| u64::from(end.saturating_sub(first)).div_ceil(u64::from(size.max(1)));
    let count = tiles(x, tile_x0, tile_x) * tiles(y, tile_y0, tile_y);
    if tile_x == 0 || tile_y == 0 || count > MAX_TILES {
        return mismatch(format!("{found}, in {count} tiles"));
    }
    let tile = (u64::from(tile_x.min(p.columns)), u64::from(tile_y.min(p.rows)));
    match packets(bytes, tile) {
        Some(n) if n <= MAX_PACKETS => Ok(()),
        Some(n) => mismatch(format!("{found}, in {n} packets a tile")),
        None => mismatch("a JPEG 2000 code stream with a damaged header".into()),
    }
}

/// Layers x resolutions x precincts that the coding style markers of the main header ask for; none where they cannot be read.
fn packets(bytes: &[u8], (width, height): (u64, u64)) -> Option<u64> {
    let mut at = 2;
    let mut most = 0;
    loop {
        let [0xFF, marker] = *bytes.get(at..at + 2)? else { return None };
        // The first tile ends the main header.
        if marker == 0x90 {
            return Some(most);
        }
        let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
        if length < 2 {
            return None;
        }
        // COD: Scod, progression (1), layers (2), transform (1), levels (1), code block (4), then precinct sizes where Scod says so.
        if marker == 0x52 {
            let cod = bytes.get(at + 4..at + 2 + length)?;
            let layers = u64::from(u16::from_be_bytes([*cod.get(2)?, *cod.get(3)?]));
            let levels = u64::from(*cod.get(5)?);
            let mut precincts = 0u64;
            for level in 0..=levels {
                let size = if cod[0] & 1 == 1 { *cod.get(10 + level as usize)? } else { 0xFF };
                let shrink = (levels - level).min(32);
                let count = |side: u64, exponent: u8| (side >> shrink).max(1).div_ceil(1 << exponent) + 1;
                precincts = precincts.saturating_add(count(width, size & 15).saturating_mul(count(height, size >> 4)));
            }
            most = most.max(layers.saturating_mul(precincts));
        }
        at += 2 + length;
    }
}

fn expected(p: &PixelFormat) -> String {
    format!("{} x {} pixels, {} bit, 1 component", p.rows, p.columns, p.bits_allocated)
}
