//! How a data set is written, and the tags that part its items.

use std::fmt;

use dicom_core::Tag;

pub(super) const DELIMITERS: u16 = 0xFFFE;
pub(super) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(super) const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
pub(super) const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);
pub(super) const UNDEFINED: u32 = u32::MAX;

/// How a data set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// No value representations.
    pub implicit: bool,
    /// Most significant byte first.
    pub big_endian: bool,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self { implicit: true, .. } => "Implicit VR Little Endian",
            Self { big_endian: true, .. } => "Explicit VR Big Endian",
            _ => "Explicit VR Little Endian",
        })
    }
}

impl Encoding {
    /// Explicit VR Little Endian.
    pub const EXPLICIT_LITTLE: Self = Self { implicit: false, big_endian: false };

    pub(crate) fn u16(self, b: &[u8]) -> u16 {
        if self.big_endian { u16::from_be_bytes([b[0], b[1]]) } else { u16::from_le_bytes([b[0], b[1]]) }
    }

    pub(crate) fn u32(self, b: &[u8]) -> u32 {
        let b = [b[0], b[1], b[2], b[3]];
        if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }
}
