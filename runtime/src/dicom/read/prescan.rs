//! The walk over a header that believes nothing: every declared length is held against the bytes that are there.
//!
//! It does not recurse and allocates one small [`Node`] for each element that really stands in the file, so that neither declared
//! lengths nor nested sequences can exhaust memory or stack. The nodes it leaves behind are the index from which
//! [`DataSet`](super::elements::DataSet) reads: the bytes are parsed once, and by one parser.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::fault::Fault;
use super::limits::Limits;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const UNDEFINED: u32 = u32::MAX;

/// One element or item of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its tag; (FFFE,E000) for an item.
    pub tag: Tag,
    /// Its value representation; SQ for a sequence, meaningless for an item.
    pub vr: VR,
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

/// A sequence or an item that is not yet closed.
struct Open {
    node: usize,
    is_sequence: bool,
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
    let mut scan = Scan::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = start;
    loop {
        while open.last().is_some_and(|top| top.end == Some(at as u64)) {
            close(&mut open, &mut scan);
        }
        let (bound, encoding, in_sequence) =
            open.last().map_or((total, encoding, false), |top| (top.bound, top.encoding, top.is_sequence));
        if open.is_empty() && at as u64 == total {
            return Ok((Walk::Complete(scan), at));
        }
        let Some(head) = window(bytes, at, 8, bound, total, "an element")? else {
            return need(at + 8, at, limits);
        };
        let tag = Tag(encoding.u16(head), encoding.u16(&head[2..]));
        if open.is_empty() && only_group.is_some_and(|group| tag.group() != group) {
            return Ok((Walk::Complete(scan), at));
        }
        if in_sequence {
            match tag {
                ITEM => {
                    let len = encoding.u32(&head[4..]);
                    push(&mut scan, &mut open, tag, VR::UN, at, 8, len, false, encoding, bound, limits)?;
                }
                SEQUENCE_DELIMITATION if open.last().is_some_and(|top| top.end.is_none()) => {
                    close(&mut open, &mut scan)
                }
                _ => return Err(malformed(at, format!("{tag} stands where an item of a sequence belongs"))),
            }
            at += 8;
            continue;
        }
        if tag == ITEM_DELIMITATION && open.last().is_some_and(|top| top.end.is_none()) {
            close(&mut open, &mut scan);
            at += 8;
            continue;
        }
        if tag.group() == 0xFFFE {
            return Err(malformed(at, format!("{tag} stands outside of a sequence")));
        }
        let (vr, head_len, len) = if encoding.implicit {
            (implicit_vr(tag), 8, encoding.u32(&head[4..]))
        } else {
            let vr = VR::from_binary([head[4], head[5]])
                .ok_or_else(|| malformed(at, format!("{tag} has no known value representation")))?;
            if has_long_length(vr) {
                let Some(head) = window(bytes, at, 12, bound, total, "an element")? else {
                    return need(at + 12, at, limits);
                };
                (vr, 12, encoding.u32(&head[8..]))
            } else {
                (vr, 8, u32::from(encoding.u16(&head[6..])))
            }
        };
        let value = at + head_len;
        if tag == PIXEL_DATA && open.is_empty() {
            let len = (len != UNDEFINED).then_some(len);
            scan.pixels = Some(PixelElement { start: value as u64, len });
            return Ok((Walk::Complete(scan), value));
        }
        let is_sequence = vr == VR::SQ || len == UNDEFINED;
        if is_sequence {
            if len == UNDEFINED && !encoding.implicit && !matches!(vr, VR::SQ | VR::UN) {
                return Err(malformed(at, format!("{tag} has undefined length but is not a sequence")));
            }
            // A sequence of undefined length behind the VR "UN" is written in implicit little endian inside (PS3.5, 6.2.2).
            let inner = if vr == VR::UN && !encoding.implicit {
                Encoding { implicit: true, big_endian: false }
            } else {
                encoding
            };
            push(&mut scan, &mut open, tag, VR::SQ, at, head_len, len, true, inner, bound, limits)?;
            at = value;
            continue;
        }
        let end = value as u64 + u64::from(len);
        if end > bound {
            return Err(Fault::ValueBeyondEnd { tag, declared: len.into(), left: bound.saturating_sub(value as u64) });
        }
        add(&mut scan, Node { tag, vr, start: value as u32, len, next: 0 }, limits)?;
        let last = scan.nodes.len();
        scan.nodes[last - 1].next = last as u32;
        if end > bytes.len() as u64 {
            return need(end as usize, value, limits);
        }
        at = end as usize;
    }
}

/// The next `len` bytes; none where they lie behind the bytes at hand; an error where the file or the item ends before.
fn window<'a>(
    bytes: &'a [u8],
    at: usize,
    len: usize,
    bound: u64,
    total: u64,
    what: &str,
) -> Result<Option<&'a [u8]>, Fault> {
    let end = at + len;
    if end as u64 > bound {
        return Err(if bound == total {
            Fault::Truncated { what: what.into(), size: total }
        } else {
            malformed(at, format!("{what} reaches over the end of its item"))
        });
    }
    Ok(bytes.get(at..end))
}

fn need(wanted: usize, at: usize, limits: &Limits) -> Result<(Walk, usize), Fault> {
    if wanted > limits.header_bytes {
        return Err(Fault::HeaderTooLarge { limit: limits.header_bytes });
    }
    Ok((Walk::NeedMore(wanted), at))
}

fn malformed(at: usize, why: String) -> Fault {
    Fault::Malformed { at: at as u64, why }
}

fn add(scan: &mut Scan, node: Node, limits: &Limits) -> Result<usize, Fault> {
    if scan.nodes.len() >= limits.elements {
        return Err(Fault::TooManyElements { limit: limits.elements });
    }
    scan.nodes.push(node);
    Ok(scan.nodes.len() - 1)
}

/// Opens a sequence or an item.
#[expect(clippy::too_many_arguments, reason = "one call site for each kind; a struct would only repeat the names")]
fn push(
    scan: &mut Scan,
    open: &mut Vec<Open>,
    tag: Tag,
    vr: VR,
    at: usize,
    head_len: usize,
    len: u32,
    is_sequence: bool,
    encoding: Encoding,
    bound: u64,
    limits: &Limits,
) -> Result<(), Fault> {
    if open.len() >= limits.nesting {
        return Err(Fault::TooDeep { limit: limits.nesting });
    }
    let value = (at + head_len) as u64;
    let end = (len != UNDEFINED).then_some(value + u64::from(len));
    if let Some(end) = end
        && end > bound
    {
        return Err(Fault::ValueBeyondEnd { tag, declared: len.into(), left: bound.saturating_sub(value) });
    }
    let node = add(scan, Node { tag, vr, start: value as u32, len: 0, next: 0 }, limits)?;
    open.push(Open { node, is_sequence, end, bound: end.unwrap_or(bound), encoding });
    Ok(())
}

fn close(open: &mut Vec<Open>, scan: &mut Scan) {
    if let Some(top) = open.pop() {
        scan.nodes[top.node].next = scan.nodes.len() as u32;
    }
}

/// The value representation that the standard gives an attribute; UN where it does not say.
fn implicit_vr(tag: Tag) -> VR {
    StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// True where two reserved bytes and a length of four bytes follow the value representation (PS3.5, 7.1.2).
fn has_long_length(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}
