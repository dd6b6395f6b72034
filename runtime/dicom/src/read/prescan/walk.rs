//! One element after the other, without recursion.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::encoding::{DELIMITERS, Encoding, ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION, UNDEFINED};
use super::head::{ElementHead, Look, implicit_vr, look, within};
use super::scan::{Node, PixelElement, Scan};
use crate::read::file_error::FileError;
use crate::read::limits::FileLimits;

/// How far a walk came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// The header is complete.
    Complete(Scan),
    /// The header goes on behind the bytes at hand: at least this many are needed.
    NeedMore(usize),
}

/// Why a walk came to no end, and what it found before.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkError {
    /// What is wrong.
    pub error: FileError,
    /// The elements and items before the fault: they may say of what the file is. Those around the fault end with the last of them.
    pub nodes: Vec<Node>,
}

impl From<WalkError> for FileError {
    fn from(failed: WalkError) -> Self {
        failed.error
    }
}

/// What stands inside of what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Items of elements.
    Items,
    /// Items of bytes: fragments of a compressed picture other than the image itself.
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

/// How a walk goes on.
enum WalkStep {
    On,
    Done,
    NeedMore(usize),
}

struct Walker<'a> {
    bytes: &'a [u8],
    total: u64,
    limits: &'a FileLimits,
    scan: Scan,
    open: Vec<Open>,
    at: usize,
}

/// Walks over the data set that begins at `start` and ends with PixelData, with the file, or (where `only_group` is given) with the
/// first element of another group.
///
/// `bytes` is the beginning of a file of `total` bytes. No more than `limits.header_bytes` of it are asked for.
///
/// # Errors
/// What stands there is no header, or more of one than the limits allow; what was read up to there comes with it.
pub fn walk(
    bytes: &[u8],
    start: usize,
    total: u64,
    encoding: Encoding,
    only_group: Option<u16>,
    limits: &FileLimits,
) -> Result<(Walk, usize), WalkError> {
    let mut walker = Walker { bytes, total, limits, scan: Scan::default(), open: Vec::new(), at: start };
    loop {
        let error = match walker.step(encoding, only_group) {
            Ok(WalkStep::On) => continue,
            Ok(WalkStep::Done) => return Ok((Walk::Complete(walker.scan), walker.at)),
            Ok(WalkStep::NeedMore(wanted)) if wanted > limits.header_bytes => {
                FileError::HeaderTooLarge { limit: limits.header_bytes }
            }
            Ok(WalkStep::NeedMore(wanted)) => return Ok((Walk::NeedMore(wanted), walker.at)),
            Err(error) => error,
        };
        walker.close_all();
        return Err(WalkError { error, nodes: walker.scan.nodes });
    }
}

impl Walker<'_> {
    /// One element, item or delimiter.
    fn step(&mut self, outermost: Encoding, only_group: Option<u16>) -> Result<WalkStep, FileError> {
        while self.open.last().is_some_and(|top| top.end == Some(self.at as u64)) {
            self.close();
        }
        if self.at as u64 == self.total && self.open.iter().all(|o| o.end.is_none()) {
            self.close_all();
            return Ok(WalkStep::Done);
        }
        let (bound, encoding, content) = match self.open.last() {
            Some(top) => (top.bound, top.encoding, top.content),
            None => (self.total, outermost, Content::Elements),
        };
        let Some(start) = within(self.bytes, self.at, 8, bound) else { return self.beyond(8, bound) };
        let tag = Tag(encoding.u16(start), encoding.u16(&start[2..]));
        if self.open.is_empty() && only_group.is_some_and(|group| tag.group() != group) {
            return Ok(WalkStep::Done);
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
            Look::NeedMore(wanted) => Ok(WalkStep::NeedMore(wanted)),
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
    ) -> Result<WalkStep, FileError> {
        let endless = self.open.last().is_some_and(|top| top.end.is_none());
        match tag {
            ITEM if content == Content::Fragments => {
                let end = self.at as u64 + 8 + u64::from(len);
                if end > bound {
                    let left = bound.saturating_sub(self.at as u64 + 8);
                    return Err(FileError::ValueBeyondEnd { tag, declared: len.into(), left });
                }
                self.go_to(end)
            }
            ITEM => {
                let head = ElementHead { tag, vr: VR::UN, size: 8, len, encoding };
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
                Ok(WalkStep::On)
            }
            _ => Err(self.malformed(format!("{tag} stands where an item of a sequence belongs"))),
        }
    }

    /// A delimiter, or the beginning of an item, among elements.
    fn delimiter(&mut self, tag: Tag) -> Result<WalkStep, FileError> {
        if self.open.last().is_none_or(|top| top.end.is_some()) {
            return Err(self.malformed(format!("{tag} stands outside of a sequence")));
        }
        self.close();
        if tag == ITEM_DELIMITATION {
            return self.go_to(self.at as u64 + 8);
        }
        // The item was never closed: the next one begins, or its sequence ends.
        self.scan.liberties.delimiters = true;
        Ok(WalkStep::On)
    }

    /// An element.
    fn element(&mut self, head: ElementHead, bound: u64) -> Result<WalkStep, FileError> {
        let ElementHead { tag, mut vr, len, encoding, .. } = head;
        let value = self.at + head.size;
        let end = value as u64 + u64::from(len);
        if tag == tags::PIXEL_DATA && self.is_outermost(end, len) {
            if !self.open.is_empty() {
                self.close_all();
            }
            let len = (len != UNDEFINED).then_some(len);
            self.scan.pixels = Some(PixelElement { start: value as u64, len });
            self.at = value;
            return Ok(WalkStep::Done);
        }
        if self.open.is_empty() && matches!(tag, tags::FLOAT_PIXEL_DATA | tags::DOUBLE_FLOAT_PIXEL_DATA) {
            self.scan.float_pixels = true;
            return Ok(WalkStep::Done);
        }
        let mut inner = encoding;
        let mut big_endian = encoding.big_endian;
        if vr == VR::UN && !encoding.implicit {
            // What is behind the VR "UN" is written in implicit little endian, with the representation of the standard (PS3.5, 6.2.2).
            inner = Encoding { implicit: true, big_endian: false };
            big_endian = false;
            vr = implicit_vr(tag);
            if vr == VR::SQ && len != UNDEFINED && len > 0 {
                match within(self.bytes, value, 4, bound) {
                    Some(begin) if Tag(inner.u16(begin), inner.u16(&begin[2..])) == ITEM => {}
                    None if value as u64 + 4 <= bound => return Ok(WalkStep::NeedMore(value + 4)),
                    // Not a sequence after all: its value is skipped.
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
            return self.push(ElementHead { vr: VR::SQ, ..head }, content, inner, bound);
        }
        if end > bound {
            let left = bound.saturating_sub(value as u64);
            return Err(FileError::ValueBeyondEnd { tag, declared: len.into(), left });
        }
        let index = self.add(Node { tag, vr, big_endian, start: position(value)?, len, next: 0 })?;
        // An element takes eight bytes: there are fewer of them than positions.
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
    fn push(
        &mut self,
        head: ElementHead,
        content: Content,
        encoding: Encoding,
        bound: u64,
    ) -> Result<WalkStep, FileError> {
        if self.open.len() >= self.limits.nesting {
            return Err(FileError::TooDeep { limit: self.limits.nesting });
        }
        let value = (self.at + head.size) as u64;
        let end = (head.len != UNDEFINED).then_some(value + u64::from(head.len));
        if let Some(end) = end
            && end > bound
        {
            let left = bound.saturating_sub(value);
            return Err(FileError::ValueBeyondEnd { tag: head.tag, declared: head.len.into(), left });
        }
        let big_endian = encoding.big_endian;
        let start = position(self.at + head.size)?;
        let node = self.add(Node { tag: head.tag, vr: head.vr, big_endian, start, len: 0, next: 0 })?;
        self.open.push(Open { node, content, end, bound: end.unwrap_or(bound), encoding });
        self.at += head.size;
        Ok(WalkStep::On)
    }

    fn add(&mut self, node: Node) -> Result<usize, FileError> {
        if self.scan.nodes.len() >= self.limits.elements {
            return Err(FileError::TooManyElements { limit: self.limits.elements });
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
    fn go_to(&mut self, end: u64) -> Result<WalkStep, FileError> {
        if end > self.bytes.len() as u64 {
            return Ok(WalkStep::NeedMore(end as usize));
        }
        self.at = end as usize;
        Ok(WalkStep::On)
    }

    /// The next `len` bytes are not at hand: either more of the file is needed, or it ends before them.
    fn beyond(&self, len: usize, bound: u64) -> Result<WalkStep, FileError> {
        let end = self.at + len;
        if end as u64 <= bound {
            return Ok(WalkStep::NeedMore(end));
        }
        Err(if bound == self.total {
            FileError::Truncated { what: "an element".into(), size: self.total }
        } else {
            self.malformed("an element reaches over the end of its item".into())
        })
    }

    fn malformed(&self, why: String) -> FileError {
        FileError::Malformed { at: self.at as u64, why }
    }
}

/// A position as a [`Node`] keeps it: whatever the setting, a header ends within 4 GiB.
fn position(value: usize) -> Result<u32, FileError> {
    u32::try_from(value).map_err(|_| FileError::HeaderTooLarge { limit: u32::MAX as usize })
}

#[cfg(test)]
mod position_tests {
    use super::*;

    #[test]
    fn a_position_that_does_not_fit_is_refused_and_never_wraps() {
        assert_eq!(position(u32::MAX as usize), Ok(u32::MAX));
        assert!(matches!(position(u32::MAX as usize + 1), Err(FileError::HeaderTooLarge { .. })));
    }
}
