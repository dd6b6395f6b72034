//! The head of one element: tag, value representation and length, as declared or as they plainly are.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::encoding::{DELIMITERS, Encoding, ITEM, SEQUENCE_DELIMITATION, UNDEFINED};

/// The head of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct ElementHead {
    pub tag: Tag,
    pub vr: VR,
    /// Bytes of the head.
    pub size: usize,
    /// Bytes of the value, or [`UNDEFINED`].
    pub len: u32,
    /// How it is written, which may differ from what surrounds it.
    pub encoding: Encoding,
}

/// What came of looking at a head.
pub(super) enum Look {
    /// It is there.
    Found(ElementHead),
    /// So many bytes from the start of the file are needed to tell.
    NeedMore(usize),
    /// It reaches over the end of what surrounds it.
    Cut,
    /// It makes no sense.
    Senseless,
}

/// Looks at the element that begins at `at` and must end before `bound`.
///
/// An element without value representation among others that have one is read as such where its length fits and another element follows in
/// order. One with a value representation where there should be none is, where its bytes as a length would reach over the end.
pub(super) fn look(bytes: &[u8], at: usize, bound: u64, encoding: Encoding) -> Look {
    let Some(start) = within(bytes, at, 8, bound) else { return missing(at + 8, bound) };
    let tag = Tag(encoding.u16(start), encoding.u16(&start[2..]));
    let plain = ElementHead { tag, vr: implicit_vr(tag), size: 8, len: encoding.u32(&start[4..]), encoding };
    if !encoding.implicit {
        return match explicit(bytes, at, bound, tag, encoding) {
            Look::Senseless => without_vr(bytes, at, bound, plain),
            found => found,
        };
    }
    if plain.len != UNDEFINED && beyond(at, plain, bound) {
        match explicit(bytes, at, bound, tag, Encoding { implicit: false, ..encoding }) {
            Look::Found(head) if head.len == UNDEFINED || !beyond(at, head, bound) => return Look::Found(head),
            // What it is must not depend on where a file was read up to.
            Look::NeedMore(wanted) => return Look::NeedMore(wanted),
            _ => {}
        }
    }
    Look::Found(plain)
}

fn explicit(bytes: &[u8], at: usize, bound: u64, tag: Tag, encoding: Encoding) -> Look {
    let letters = [bytes[at + 4], bytes[at + 5]];
    let known = VR::from_binary(letters);
    if let Some(vr) = known.filter(|vr| !has_long_length(*vr)) {
        let len = u32::from(encoding.u16(&bytes[at + 6..]));
        return Look::Found(ElementHead { tag, vr, size: 8, len, encoding });
    }
    // A value representation of tomorrow has the long form too (PS3.5, 7.1.2); the two bytes before its length are zero.
    if known.is_none() && !(letters.iter().all(u8::is_ascii_uppercase) && bytes[at + 6..at + 8] == [0, 0]) {
        return Look::Senseless;
    }
    let Some(long) = within(bytes, at, 12, bound) else { return missing(at + 12, bound) };
    let len = encoding.u32(&long[8..]);
    Look::Found(ElementHead { tag, vr: known.unwrap_or(VR::UN), size: 12, len, encoding })
}

/// An element without value representation, where everything speaks for that it is one.
fn without_vr(bytes: &[u8], at: usize, bound: u64, plain: ElementHead) -> Look {
    let head = ElementHead { encoding: Encoding { implicit: true, ..plain.encoding }, ..plain };
    let value = at + head.size;
    let behind = if head.len == UNDEFINED { value } else { value + head.len as usize };
    if head.len != UNDEFINED {
        if beyond(at, head, bound) {
            return Look::Senseless;
        }
        if behind as u64 == bound {
            return Look::Found(head);
        }
    }
    let Some(next) = within(bytes, behind, 4, bound) else {
        return if behind as u64 + 4 > bound { Look::Senseless } else { Look::NeedMore(behind + 4) };
    };
    let next = Tag(head.encoding.u16(next), head.encoding.u16(&next[2..]));
    let fits = match head.len {
        UNDEFINED => next == ITEM || next == SEQUENCE_DELIMITATION,
        _ => next > head.tag && (next.group() != DELIMITERS || next != ITEM),
    };
    if fits { Look::Found(head) } else { Look::Senseless }
}

fn beyond(at: usize, head: ElementHead, bound: u64) -> bool {
    (at + head.size) as u64 + u64::from(head.len) > bound
}

/// The `len` bytes from `at` on, where they are at hand and none lies behind `bound`.
pub(super) fn within(bytes: &[u8], at: usize, len: usize, bound: u64) -> Option<&[u8]> {
    bytes.get(at..at + len).filter(|_| (at + len) as u64 <= bound)
}

fn missing(wanted: usize, bound: u64) -> Look {
    if wanted as u64 > bound { Look::Cut } else { Look::NeedMore(wanted) }
}

/// The value representation that the standard gives an attribute; UN where it does not say.
pub(super) fn implicit_vr(tag: Tag) -> VR {
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
