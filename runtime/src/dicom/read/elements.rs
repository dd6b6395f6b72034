//! Reading attributes from a header that the prescan went over.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use dicom_core::{Tag, VR};
use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

use super::prescan::{Encoding, Node};

/// Most bytes of a value that are looked at.
const MOST_BYTES: usize = 1024;
/// Most elements of one level that are searched. A real level has some hundreds; without a bound, a level of hundreds of thousands that is
/// searched once for each frame would cost minutes.
const MOST_SIBLINGS: usize = 5000;

/// A data set: the outermost one of a file, or an item of a sequence.
///
/// Reading is tolerant: a whole number may be written as text, padding is cut, and a value that makes no sense reads as absent.
#[derive(Clone, Copy)]
pub struct DataSet<'a> {
    bytes: &'a [u8],
    nodes: &'a [Node],
    first: usize,
    end: usize,
    encoding: Encoding,
    text: &'a TextEncoding,
}

/// How text is encoded (SpecificCharacterSet).
#[derive(Debug, Clone, Default)]
pub struct TextEncoding(Vec<SpecificCharacterSet>);

impl TextEncoding {
    /// From the values of SpecificCharacterSet; unknown ones are left out.
    pub fn new(codes: &[String]) -> Self {
        Self(codes.iter().filter(|c| !c.is_empty()).filter_map(|c| SpecificCharacterSet::from_code(c)).collect())
    }

    /// Decoded text; characters that the encoding does not know become U+FFFD.
    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        if bytes.is_ascii() && !bytes.contains(&0x1B) {
            return String::from_utf8_lossy(bytes);
        }
        // An escape sequence switches to a set named behind the first one.
        let set = if bytes.contains(&0x1B) { self.0.get(1).or(self.0.first()) } else { self.0.first() };
        match set.and_then(|set| set.decode(bytes).ok()) {
            Some(text) => Cow::Owned(text),
            None => String::from_utf8_lossy(bytes),
        }
    }
}

impl<'a> DataSet<'a> {
    /// The outermost data set: all `nodes` over the `bytes` of a file.
    pub fn new(bytes: &'a [u8], nodes: &'a [Node], encoding: Encoding, text: &'a TextEncoding) -> Self {
        Self { bytes, nodes, first: 0, end: nodes.len(), encoding, text }
    }

    fn find(&self, tag: Tag) -> Option<(usize, &'a Node)> {
        let mut i = self.first;
        for _ in 0..MOST_SIBLINGS {
            if i >= self.end {
                break;
            }
            let node = &self.nodes[i];
            if node.tag == tag {
                return Some((i, node));
            }
            i = node.next as usize;
        }
        None
    }

    /// The tags of this level, not of sequences inside it, whose group is one of these.
    pub fn tags_in(&self, groups: RangeInclusive<u16>) -> impl Iterator<Item = Tag> + use<'a> {
        let (nodes, end) = (self.nodes, self.end);
        let next = move |i: &usize| Some(nodes[*i].next as usize).filter(|i| *i < end);
        std::iter::successors(Some(self.first).filter(|i| *i < end), next)
            .take(MOST_SIBLINGS)
            .map(|i| nodes[i].tag)
            .filter(move |tag| groups.contains(&tag.group()))
    }

    fn value(&self, tag: Tag) -> Option<(VR, &'a [u8])> {
        let (_, node) = self.find(tag)?;
        let start = node.start as usize;
        // Whatever is longer than this is no attribute that anyone reads here, and is not carried along.
        Some((node.vr, self.bytes.get(start..start + (node.len as usize).min(MOST_BYTES))?))
    }

    /// The items of a sequence; none where it is absent.
    pub fn items(&self, tag: Tag) -> impl Iterator<Item = DataSet<'a>> + use<'a> {
        let outer = *self;
        let (mut i, end) = match self.find(tag) {
            Some((i, node)) if node.vr == VR::SQ => (i + 1, node.next as usize),
            _ => (0, 0),
        };
        std::iter::from_fn(move || {
            (i < end).then(|| {
                let next = outer.nodes[i].next as usize;
                let item = DataSet { first: i + 1, end: next, ..outer };
                i = next;
                item
            })
        })
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<DataSet<'a>> {
        self.items(tag).next()
    }

    /// Text without padding; none where the attribute is absent or empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let (_, bytes) = self.value(tag)?;
        let text = self.text.decode(bytes);
        let text = text.trim_matches([' ', '\0']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The values of a text attribute of several values, without padding; empty where it is absent.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.text(tag).map(|t| t.split('\\').map(|v| v.trim().to_owned()).collect()).unwrap_or_default()
    }

    /// The numbers of an attribute, whatever its value representation; a value that is no number reads as NaN.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some((vr, bytes)) = self.value(tag) else { return Vec::new() };
        let e = self.encoding;
        let big = e.big_endian;
        match vr {
            VR::US => bytes.chunks_exact(2).map(|b| e.u16(b).into()).collect(),
            VR::SS => bytes.chunks_exact(2).map(|b| f64::from(e.u16(b) as i16)).collect(),
            VR::UL => bytes.chunks_exact(4).map(|b| e.u32(b).into()).collect(),
            VR::SL => bytes.chunks_exact(4).map(|b| f64::from(e.u32(b) as i32)).collect(),
            VR::FL => bytes.chunks_exact(4).map(|b| f64::from(f32::from_bits(e.u32(b)))).collect(),
            VR::FD => bytes
                .chunks_exact(8)
                .map(|b| {
                    let (x, y) = (u64::from(e.u32(b)), u64::from(e.u32(&b[4..])));
                    f64::from_bits(if big { x << 32 | y } else { y << 32 | x })
                })
                .collect(),
            VR::OB | VR::OW | VR::OF | VR::OD | VR::OL | VR::OV | VR::SQ | VR::UN => Vec::new(),
            _ => self.texts(tag).iter().map(|t| t.parse().unwrap_or(f64::NAN)).collect(),
        }
    }

    /// The first number of an attribute.
    pub fn number(&self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied()
    }

    /// The first number of an attribute, where it is a whole one that is not negative.
    pub fn count(&self, tag: Tag) -> Option<u64> {
        self.number(tag).filter(|v| v.fract() == 0.0 && (0.0..=u32::MAX.into()).contains(v)).map(|v| v as u64)
    }

    /// Exactly `N` numbers of an attribute.
    pub fn vector<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        self.numbers(tag).try_into().ok()
    }

    /// True where the attribute stands in the data set with a value or an item.
    pub fn is_filled(&self, tag: Tag) -> bool {
        match self.find(tag) {
            Some((_, node)) if node.vr == VR::SQ => self.item(tag).is_some(),
            Some(_) => self.text(tag).is_some(),
            None => false,
        }
    }
}
