//! The walk over a header that believes nothing: every declared length is held against the bytes that are there.
//!
//! It does not recurse and allocates one small [`Node`] for each element that really stands in the file, so that neither declared
//! lengths nor nested sequences can exhaust memory or stack. What PS3.5 asks a receiver to accept, and what can only be meant in one way, is
//! read; [`Liberties`] tell of it. [`head`] knows the head of one element. The nodes it leaves behind are the index from which
//! [`DataSet`](super::elements::DataSet) reads: the bytes are parsed once, and by one parser.

mod head;
#[cfg(test)]
mod tests;

use std::fmt;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::fault::Fault;
use super::limits::Limits;
use head::{Head, Look, implicit_vr, look};

const DELIMITERS: u16 = 0xFFFE;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = u32::MAX;

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

/// How far a walk came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// The header is complete.
    Complete(Scan),
    /// The header goes on behind the bytes at hand: at least this many are needed.
    NeedMore(usize),
}

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

/// What stands inside of what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Items of elements.
    Items,
    /// Items of bytes: fragments of a compressed picture that is no concern of ours.
    Fragments,
    /// Elements.
    Elements,
}

/// A sequence or an item that is not yet closed.
struct Open {
    node: usize,
    content: Content,
    /// Where it ends, if it says so.
    end: Option<u64>,
    /// Where it must have ended at the latest: its own end or that of what surrounds it.
    bound: u64,
    encoding: Encoding,
}

/// Walks over the data set that begins at `start` and ends with PixelData, with the file, or (where `only_group` is given) with the
/// first element of another group.
///
/// `bytes` is the beginning of a file of `total` bytes. No more than `limits.header_bytes` of it are asked for.
pub fn walk(
    bytes: &[u8],
    start: usize,
    total: u64,
    encoding: Encoding,
    only_group: Option<u16>,
    limits: &Limits,
) -> Result<(Walk, usize), Fault> {
    let mut walker = Walker { bytes, total, limits, scan: Scan::default(), open: Vec::new(), at: start };
    loop {
        match walker.step(encoding, only_group)? {
            Step::On => {}
            Step::Done => return Ok((Walk::Complete(walker.scan), walker.at)),
            Step::NeedMore(wanted) if wanted > limits.header_bytes => {
                return Err(Fault::HeaderTooLarge { limit: limits.header_bytes });
            }
            Step::NeedMore(wanted) => return Ok((Walk::NeedMore(wanted), walker.at)),
        }
    }
}

/// How a walk goes on.
enum Step {
    On,
    Done,
    NeedMore(usize),
}

struct Walker<'a> {
    bytes: &'a [u8],
    total: u64,
    limits: &'a Limits,
    scan: Scan,
    open: Vec<Open>,
    at: usize,
}

impl Walker<'_> {
    /// One element, item or delimiter.
    fn step(&mut self, outermost: Encoding, only_group: Option<u16>) -> Result<Step, Fault> {
        while self.open.last().is_some_and(|top| top.end == Some(self.at as u64)) {
            self.close();
        }
        if self.at as u64 == self.total && self.open.iter().all(|o| o.end.is_none()) {
            self.close_all();
            return Ok(Step::Done);
        }
        let (bound, encoding, content) = match self.open.last() {
            Some(top) => (top.bound, top.encoding, top.content),
            None => (self.total, outermost, Content::Elements),
        };
        let Some(start) = self.bytes.get(self.at..self.at + 8) else { return self.beyond(8, bound) };
        let tag = Tag(encoding.u16(start), encoding.u16(&start[2..]));
        if self.open.is_empty() && only_group.is_some_and(|group| tag.group() != group) {
            return Ok(Step::Done);
        }
        if content != Content::Elements {
            return self.in_sequence(tag, encoding.u32(&start[4..]), bound, encoding, content);
        }
        if tag.group() == DELIMITERS {
            return self.delimiter(tag);
        }
        match look(self.bytes, self.at, bound, encoding) {
            Look::Found(head) => {
                self.scan.liberties.mixed_encoding |= head.encoding != encoding;
                self.element(head, bound)
            }
            Look::NeedMore(wanted) => Ok(Step::NeedMore(wanted)),
            Look::Cut => self.beyond(12, bound),
            Look::Senseless => Err(self.malformed(format!("{tag} has no known value representation"))),
        }
    }

    /// What stands between the items of a sequence.
    fn in_sequence(
        &mut self,
        tag: Tag,
        len: u32,
        bound: u64,
        encoding: Encoding,
        content: Content,
    ) -> Result<Step, Fault> {
        let endless = self.open.last().is_some_and(|top| top.end.is_none());
        match tag {
            ITEM if content == Content::Fragments => {
                let end = self.at as u64 + 8 + u64::from(len);
                if end > bound {
                    let left = bound.saturating_sub(self.at as u64 + 8);
                    return Err(Fault::ValueBeyondEnd { tag, declared: len.into(), left });
                }
                self.go_to(end)
            }
            ITEM => {
                let head = Head { tag, vr: VR::UN, size: 8, len, encoding };
                self.push(head, Content::Elements, encoding, bound)
            }
            SEQUENCE_DELIMITATION if endless => {
                self.close();
                self.go_to(self.at as u64 + 8)
            }
            // A delimiter behind an item that had a length needs none, and does no harm.
            ITEM_DELIMITATION => {
                self.scan.liberties.delimiters = true;
                self.go_to(self.at as u64 + 8)
            }
            // The sequence was never closed: the element behind it stands here.
            _ if endless
                && tag.group() != DELIMITERS
                && self.open.last().is_some_and(|o| tag > self.scan.nodes[o.node].tag) =>
            {
                self.scan.liberties.delimiters = true;
                self.close();
                Ok(Step::On)
            }
            _ => Err(self.malformed(format!("{tag} stands where an item of a sequence belongs"))),
        }
    }

    /// A delimiter, or the beginning of an item, among elements.
    fn delimiter(&mut self, tag: Tag) -> Result<Step, Fault> {
        if self.open.last().is_none_or(|top| top.end.is_some()) {
            return Err(self.malformed(format!("{tag} stands outside of a sequence")));
        }
        self.close();
        if tag == ITEM_DELIMITATION {
            return self.go_to(self.at as u64 + 8);
        }
        // The item was never closed: the next one begins, or its sequence ends.
        self.scan.liberties.delimiters = true;
        Ok(Step::On)
    }

    /// An element.
    fn element(&mut self, head: Head, bound: u64) -> Result<Step, Fault> {
        let Head { tag, mut vr, len, encoding, .. } = head;
        let value = self.at + head.size;
        let end = value as u64 + u64::from(len);
        if tag == tags::PIXEL_DATA && self.is_outermost(end, len) {
            if !self.open.is_empty() {
                self.close_all();
            }
            let len = (len != UNDEFINED).then_some(len);
            self.scan.pixels = Some(PixelElement { start: value as u64, len });
            self.at = value;
            return Ok(Step::Done);
        }
        if self.open.is_empty() && matches!(tag, tags::FLOAT_PIXEL_DATA | tags::DOUBLE_FLOAT_PIXEL_DATA) {
            self.scan.float_pixels = true;
            return Ok(Step::Done);
        }
        let mut inner = encoding;
        let mut big_endian = encoding.big_endian;
        if vr == VR::UN && !encoding.implicit {
            // What is behind the VR "UN" is written in implicit little endian, with the representation of the standard (PS3.5, 6.2.2).
            inner = Encoding { implicit: true, big_endian: false };
            big_endian = false;
            vr = implicit_vr(tag);
            if vr == VR::SQ && len != UNDEFINED && len > 0 {
                match self.bytes.get(value..value + 4) {
                    Some(begin) if Tag(inner.u16(begin), inner.u16(&begin[2..])) == ITEM => {}
                    None if value as u64 + 4 <= bound => return Ok(Step::NeedMore(value + 4)),
                    // Something else stands there, and nobody needs it.
                    _ => vr = VR::UN,
                }
            }
        }
        if vr == VR::SQ || len == UNDEFINED {
            let content = match head.vr {
                VR::SQ | VR::UN => Content::Items,
                VR::OB | VR::OW => Content::Fragments,
                _ if encoding.implicit => Content::Items,
                _ => return Err(self.malformed(format!("{tag} has undefined length but is not a sequence"))),
            };
            return self.push(Head { vr: VR::SQ, ..head }, content, inner, bound);
        }
        if end > bound {
            let left = bound.saturating_sub(value as u64);
            return Err(Fault::ValueBeyondEnd { tag, declared: len.into(), left });
        }
        let index = self.add(Node { tag, vr, big_endian, start: value as u32, len, next: 0 })?;
        self.scan.nodes[index].next = index as u32 + 1;
        self.go_to(end)
    }

    /// True where PixelData is that of the image itself: not inside of anything, or only of what was never closed.
    fn is_outermost(&self, end: u64, len: u32) -> bool {
        let Some(outer) = self.open.first() else { return true };
        if self.open.iter().any(|o| o.end.is_some()) {
            return false;
        }
        match len {
            // An icon can be compressed as well.
            UNDEFINED => self.scan.nodes[outer.node].tag != tags::ICON_IMAGE_SEQUENCE,
            // Behind the pixels of an icon its sequence is closed at least.
            _ => end + 16 > self.total && end <= self.total,
        }
    }

    /// Opens a sequence or an item.
    fn push(&mut self, head: Head, content: Content, encoding: Encoding, bound: u64) -> Result<Step, Fault> {
        if self.open.len() >= self.limits.nesting {
            return Err(Fault::TooDeep { limit: self.limits.nesting });
        }
        let value = (self.at + head.size) as u64;
        let end = (head.len != UNDEFINED).then_some(value + u64::from(head.len));
        if let Some(end) = end
            && end > bound
        {
            let left = bound.saturating_sub(value);
            return Err(Fault::ValueBeyondEnd { tag: head.tag, declared: head.len.into(), left });
        }
        let big_endian = encoding.big_endian;
        let node = self.add(Node { tag: head.tag, vr: head.vr, big_endian, start: value as u32, len: 0, next: 0 })?;
        self.open.push(Open { node, content, end, bound: end.unwrap_or(bound), encoding });
        self.at = value as usize;
        Ok(Step::On)
    }

    fn add(&mut self, node: Node) -> Result<usize, Fault> {
        if self.scan.nodes.len() >= self.limits.elements {
            return Err(Fault::TooManyElements { limit: self.limits.elements });
        }
        self.scan.nodes.push(node);
        Ok(self.scan.nodes.len() - 1)
    }

    fn close(&mut self) {
        if let Some(top) = self.open.pop() {
            self.scan.nodes[top.node].next = self.scan.nodes.len() as u32;
        }
    }

    /// Closes what the file leaves open.
    fn close_all(&mut self) {
        self.scan.liberties.delimiters |= !self.open.is_empty();
        while !self.open.is_empty() {
            self.close();
        }
    }

    /// Goes on behind a value, which must be at hand.
    fn go_to(&mut self, end: u64) -> Result<Step, Fault> {
        if end > self.bytes.len() as u64 {
            return Ok(Step::NeedMore(end as usize));
        }
        self.at = end as usize;
        Ok(Step::On)
    }

    /// The next `len` bytes are not at hand: either more of the file is needed, or it ends before them.
    fn beyond(&self, len: usize, bound: u64) -> Result<Step, Fault> {
        let end = self.at + len;
        if end as u64 <= bound {
            return Ok(Step::NeedMore(end));
        }
        Err(if bound == self.total {
            Fault::Truncated { what: "an element".into(), size: self.total }
        } else {
            self.malformed("an element reaches over the end of its item".into())
        })
    }

    fn malformed(&self, why: String) -> Fault {
        Fault::Malformed { at: self.at as u64, why }
    }
}
