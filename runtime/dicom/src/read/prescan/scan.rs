//! What a walk leaves behind: an index of the elements that stand in the file.

use dicom_core::{Tag, VR};

/// One element or item of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its tag; (FFFE,E000) for an item.
    pub tag: Tag,
    /// Its value representation; SQ for a sequence, meaningless for an item. That of the standard where the file says UN.
    pub vr: VR,
    /// Its value is written with the most significant byte first.
    pub big_endian: bool,
    /// Where its value begins, in bytes from the start of the file.
    pub start: u32,
    /// Length of its value in bytes; meaningless for sequences and items.
    pub len: u32,
    /// Index of the first node behind it and all that it contains.
    pub next: u32,
}

/// Where PixelData lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelElement {
    /// Where its value begins, in bytes from the start of the file.
    pub start: u64,
    /// Length of the value in bytes; absent where it lies in fragments of undefined total length.
    pub len: Option<u32>,
}

/// A header that holds what it declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Elements and items in the order of the file.
    pub nodes: Vec<Node>,
    /// PixelData of the outermost data set, with which the header ends.
    pub pixels: Option<PixelElement>,
    /// Its pixels are floating-point numbers, which stand in other elements.
    pub float_pixels: bool,
    /// What its writer took the liberty of.
    pub liberties: Liberties,
}

/// What a header does otherwise than the standard wants, though it can only be meant in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Liberties {
    /// Elements without value representations stand among those that have one, or the other way round.
    pub mixed_encoding: bool,
    /// Sequences or items are not closed, or closed twice.
    pub delimiters: bool,
}
