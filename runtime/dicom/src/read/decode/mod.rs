//! From stored pixels to voxels: native samples directly, compressed frames through their decoders.
//!
//! A compressed frame reaches its decoder only after its own header was held against Rows and Columns, and a decoder that panics
//! becomes a [`FileError`] of the file.

mod codestream;
mod compressed;
mod fragments;
mod jpeg_ls;
mod jpeg_ls_head;
mod rle;
mod samples;

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::file_error::FileError;
use super::instance::{Frame, InstanceHeader, PixelData, PixelFormat};
use super::limits::FileLimits;
use super::opener::Opener;
use super::syntax::Syntax;

/// Decodes frames of instances one after the other, and keeps its buffers between them.
pub struct Decoder<'a> {
    limits: &'a FileLimits,
    opener: Opener,
    buffer: Vec<u8>,
    unextended: bool,
    padded: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder under limits.
    pub fn new(limits: &'a FileLimits) -> Self {
        Self { limits, opener: Opener::default(), buffer: Vec::new(), unextended: false, padded: false }
    }

    /// True once a negative sample came whose upper bits are zeros: it may be a positive one whose header says signed by mistake.
    pub fn saw_unextended(&self) -> bool {
        self.unextended
    }

    /// True once samples came that hold no measurement and were given another value.
    pub fn saw_padding(&self) -> bool {
        self.padded
    }

    /// Decodes frames of one instance. `wanted` holds frame indices (from 0, ascending) with the planes that they fill: rescaled values,
    /// row by row.
    ///
    /// # Errors
    /// The pixels are missing, damaged, or not those that the header describes.
    pub fn decode(&mut self, instance: &InstanceHeader, wanted: &mut [(usize, &mut [f32])]) -> Result<(), FileError> {
        if let Some(error) = &instance.error {
            return Err(error.clone());
        }
        match instance.pixel_data {
            PixelData::Absent => Err(FileError::Missing("PixelData")),
            PixelData::Native { start } => self.native(instance, start, wanted),
            PixelData::Encapsulated { start } => self.encapsulated(instance, start, wanted),
        }
    }

    fn native(
        &mut self,
        instance: &InstanceHeader,
        start: u64,
        wanted: &mut [(usize, &mut [f32])],
    ) -> Result<(), FileError> {
        let p = &instance.pixels;
        let frame_bytes = p.rows as usize * p.columns as usize * (p.bits_allocated / 8) as usize;
        // A plain file is not read from its beginning for one frame in its middle.
        let mut next = wanted.first().map_or(0, |(index, _)| *index);
        let from = start + next as u64 * frame_bytes as u64;
        let mut reader = self.opener.open(&instance.origin, from).map_err(unreadable)?;
        for (index, plane) in wanted {
            let skip = index.saturating_sub(next) as u64 * frame_bytes as u64;
            io::copy(&mut reader.by_ref().take(skip), &mut io::sink()).map_err(unreadable)?;
            self.buffer.clear();
            reader.by_ref().take(frame_bytes as u64).read_to_end(&mut self.buffer).map_err(unreadable)?;
            if self.buffer.len() < frame_bytes {
                return Err(FileError::Truncated { what: "its pixels".into(), size: instance.size });
            }
            next = *index + 1;
            let line = rescale(instance, *index)?;
            self.unextended |= samples::convert(&self.buffer, p, instance.syntax.is_big_endian(), line, plane)?;
            self.padded |= samples::without_padding(p, line, plane);
        }
        Ok(())
    }

    fn encapsulated(
        &mut self,
        instance: &InstanceHeader,
        start: u64,
        wanted: &mut [(usize, &mut [f32])],
    ) -> Result<(), FileError> {
        let p = &instance.pixels;
        let native =
            instance.frames.len() as u64 * u64::from(p.rows) * u64::from(p.columns) * u64::from(p.bits_allocated / 8);
        let bytes = instance.size.saturating_sub(start);
        // Noise can grow a little in compression, but not by half.
        let limit = native + native / 2 + (1 << 20);
        if bytes > limit {
            return Err(FileError::Fragments(format!("{bytes} bytes of fragments for frames of {native} bytes")));
        }
        self.buffer.clear();
        self.opener
            .open(&instance.origin, start)
            .and_then(|reader| reader.take(bytes).read_to_end(&mut self.buffer))
            .map_err(unreadable)?;
        let begins = |fragment: &[u8]| codestream::begins_frame(&instance.syntax, fragment, p);
        let frames = fragments::frames(&self.buffer, instance.frames.len(), instance.size, self.limits, &begins)?;
        for (index, plane) in wanted {
            let frame =
                frames.get(*index).ok_or_else(|| FileError::Fragments(format!("frame {} is missing", *index + 1)))?;
            let found = guarded(*index, || compressed_samples(&instance.syntax, &frame.bytes(), p, *index))?;
            if found.len() != plane.len() {
                return Err(FileError::Codestream {
                    frame: *index + 1,
                    found: format!("{} samples", found.len()),
                    expected: format!("{} samples", plane.len()),
                });
            }
            let line = rescale(instance, *index)?;
            let unextended = samples::rescale(&found, p, line, plane)?;
            self.padded |= samples::without_padding(p, line, plane);
            // JPEG keeps no more bits than are stored, so that nothing can be extended there.
            self.unextended |= unextended && matches!(instance.syntax, Syntax::Rle);
        }
        Ok(())
    }
}

/// The stored values of one compressed frame, row by row.
fn compressed_samples(
    syntax: &Syntax,
    bytes: &[u8],
    pixels: &PixelFormat,
    index: usize,
) -> Result<Vec<u16>, FileError> {
    match syntax {
        Syntax::Rle => rle::decode(bytes, pixels).map_err(|why| FileError::Decode { frame: index + 1, why }),
        Syntax::JpegLossless => {
            codestream::check_jpeg(bytes, pixels, index)?;
            compressed::jpeg(bytes).map_err(|why| FileError::Decode { frame: index + 1, why })
        }
        Syntax::JpegLs | Syntax::JpegLsNear => {
            codestream::check_jpeg_ls(bytes, pixels, index)?;
            jpeg_ls::decode(bytes).map_err(|why| FileError::Decode { frame: index + 1, why })
        }
        Syntax::Jpeg2000 | Syntax::Jpeg2000Lossless => {
            let bytes = codestream::inside_jp2(bytes);
            codestream::check_jpeg2000(bytes, pixels, index)?;
            compressed::jpeg2000(bytes).map_err(|why| FileError::Decode { frame: index + 1, why })
        }
        Syntax::Unreadable { uid, name } => Err(FileError::TransferSyntax { uid: uid.clone(), name: (*name).into() }),
        Syntax::ImplicitLittle | Syntax::ExplicitLittle | Syntax::ExplicitBig => {
            Err(FileError::Fragments("fragments under an uncompressed transfer syntax".into()))
        }
    }
}

/// Runs a decoder; a panic inside it becomes a fault of the frame.
fn guarded<T>(index: usize, decode: impl FnOnce() -> Result<T, FileError>) -> Result<T, FileError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(FileError::Decode { frame: index + 1, why: "the decoder broke down on it".into() }))
}

/// RescaleSlope and RescaleIntercept of a frame, such that high values are bright.
///
/// MONOCHROME1 is meant to be shown with its lowest value white. It is mirrored within the range that its samples can have: `v` becomes
/// `lowest + highest - v` before the rescale, which is a slope of the other sign and another intercept.
fn rescale(instance: &InstanceHeader, index: usize) -> Result<(f64, f64), FileError> {
    let Some(Frame { slope, intercept, .. }) = instance.frames.get(index) else {
        return Err(FileError::FunctionalGroups { groups: instance.frames.len(), frames: index as u64 + 1 });
    };
    let pixels = &instance.pixels;
    if !pixels.is_inverted() {
        return Ok((*slope, *intercept));
    }
    // Of two's complement the lowest is one further from 0 than the highest.
    let lowest_and_highest = if pixels.signed { -1.0 } else { f64::from((1u32 << pixels.bits_stored.min(16)) - 1) };
    Ok((-slope, intercept + slope * lowest_and_highest))
}

fn unreadable(e: io::Error) -> FileError {
    FileError::Unreadable(e.to_string())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unusual_tests;
