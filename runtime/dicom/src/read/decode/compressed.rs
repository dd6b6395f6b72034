//! The decoders of JPEG lossless and JPEG 2000.

use jpeg_decoder::{Decoder, PixelFormat};
use jpeg2k::Image;

/// Stored values of a JPEG lossless image.
pub(super) fn jpeg(bytes: &[u8]) -> Result<Vec<u16>, String> {
    let mut decoder = Decoder::new(bytes);
    let pixels = decoder.decode().map_err(|e| e.to_string())?;
    match decoder.info().map(|i| i.pixel_format) {
        Some(PixelFormat::L16) => Ok(pixels.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect()),
        Some(PixelFormat::L8) => Ok(pixels.into_iter().map(u16::from).collect()),
        _ => Err("it is not a grey image".into()),
    }
}

/// Stored values of a JPEG 2000 image; a negative one as two's complement.
pub(super) fn jpeg2000(bytes: &[u8]) -> Result<Vec<u16>, String> {
    let image = Image::from_bytes(bytes).map_err(|e| e.to_string())?;
    match image.components() {
        [one] => Ok(one.data().iter().map(|v| *v as u16).collect()),
        many => Err(format!("it has {} components", many.len())),
    }
}
