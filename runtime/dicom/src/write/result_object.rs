//! A finished result object: the head of its file, and pixels that are written from where they lie.

use std::fmt;
use std::io::{self, Write};

use dicom_core::{Tag, VR};

/// A finished DICOM object; `'a` is the life of its pixels.
#[derive(Debug)]
pub struct ResultObject<'a> {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    /// Series Instance UID.
    pub series_uid: String,
    /// The Part 10 file, but for the value of the pixel element, with which it ends.
    pub(super) head: Vec<u8>,
    /// That value.
    pub(super) pixels: Option<Pixels<'a>>,
}

impl ResultObject<'_> {
    /// Writes the whole Part 10 file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_to(&self, file: &mut dyn Write) -> io::Result<()> {
        file.write_all(&self.head)?;
        self.pixels.as_ref().map_or(Ok(()), |pixels| pixels.write_to(file))
    }
}

/// Writes the pixels of an object.
pub(super) type PixelWriter<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// The pixel element, which is the last of a file. Kept out of the data set so that megabytes go to the file from where they lie.
pub(super) struct Pixels<'a> {
    /// PixelData or FloatPixelData.
    pub tag: Tag,
    /// OB or OF.
    pub vr: VR,
    /// Bytes of the value, before it is padded to an even length.
    pub length: usize,
    /// Writes the value: `length` bytes.
    pub write: PixelWriter<'a>,
}

impl Pixels<'_> {
    /// Writes the value, padded.
    pub(super) fn write_to(&self, file: &mut dyn Write) -> io::Result<()> {
        let mut counted = CountingWriter { file, bytes: 0 };
        (self.write)(&mut counted)?;
        debug_assert_eq!(counted.bytes, self.length, "{}", self.tag);
        file.write_all(&[0][..self.length % 2])
    }
}

/// A file, and how many bytes were written to it.
struct CountingWriter<'a> {
    file: &'a mut dyn Write,
    bytes: usize,
}

impl Write for CountingWriter<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(piece)?;
        self.bytes += taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl fmt::Debug for Pixels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.length, self.tag)
    }
}
