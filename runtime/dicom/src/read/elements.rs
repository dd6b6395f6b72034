//! Reading attributes from a header that the prescan went over.

use std::ops::RangeInclusive;

use cordline_sdk::steering::steers;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::prescan::Node;
use super::text::{TextDoubt, TextEncoding};

/// Most bytes of a value that are looked at.
const MAX_BYTES: usize = 1024;
/// Most elements of one level that are searched. A real level has some hundreds; without a bound, a level of hundreds of thousands that is
/// searched once for each frame would cost minutes.
const MAX_SIBLINGS: usize = 5000;
/// How many elements of an item are searched for a SpecificCharacterSet of its own, which is one of the lowest tags.
const MAX_BEFORE_CHARACTER_SET: usize = 4;

/// A data set: the outermost one of a file, or an item of a sequence.
///
/// Reading is tolerant: a whole number may be written as text, padding is cut, and a value that makes no sense reads as absent.
#[derive(Clone, Copy)]
pub struct DataSet<'a> {
    bytes: &'a [u8],
    nodes: &'a [Node],
    first: usize,
    end: usize,
    text: TextEncoding,
}

/// A text to be copied into results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Without padding; empty where the attribute is absent or empty.
    pub text: String,
    /// Why it may not be what the writer meant.
    pub doubt: Option<TextDoubt>,
    /// It is longer than any attribute that is copied may be, and was cut.
    pub cut: bool,
}

impl<'a> DataSet<'a> {
    /// The outermost data set: all `nodes` over the `bytes` of a file.
    pub fn new(bytes: &'a [u8], nodes: &'a [Node]) -> Self {
        let mut set = Self { bytes, nodes, first: 0, end: nodes.len(), text: TextEncoding::default() };
        set.text = set.declared(MAX_SIBLINGS).unwrap_or_default();
        set
    }

    /// The character sets that this level declares, within its first `most` elements.
    fn declared(&self, most: usize) -> Option<TextEncoding> {
        let (_, node) = self.find_within(tags::SPECIFIC_CHARACTER_SET, most)?;
        let codes = String::from_utf8_lossy(self.value_of(node)?).into_owned();
        Some(TextEncoding::declared(codes.trim_matches(is_padding).split('\\')))
    }

    fn find(&self, tag: Tag) -> Option<(usize, &'a Node)> {
        self.find_within(tag, MAX_SIBLINGS)
    }

    fn find_within(&self, tag: Tag, most: usize) -> Option<(usize, &'a Node)> {
        let mut i = self.first;
        for _ in 0..most {
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
            .take(MAX_SIBLINGS)
            .map(|i| nodes[i].tag)
            .filter(move |tag| groups.contains(&tag.group()))
    }

    fn value_of(&self, node: &Node) -> Option<&'a [u8]> {
        let start = node.start as usize;
        // Whatever is longer than this is no attribute that anyone reads here, and is not carried along.
        self.bytes.get(start..start + (node.len as usize).min(MAX_BYTES))
    }

    fn value(&self, tag: Tag) -> Option<(&'a Node, &'a [u8])> {
        let (_, node) = self.find(tag)?;
        Some((node, self.value_of(node)?))
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
                let mut item = DataSet { first: i + 1, end: next, ..outer };
                item.text = item.declared(MAX_BEFORE_CHARACTER_SET).unwrap_or(outer.text);
                i = next;
                item
            })
        })
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<DataSet<'a>> {
        self.items(tag).next()
    }

    /// Text without padding; none where the attribute is absent or empty. Characters that steer whatever shows them are blanks: it goes
    /// into messages and events.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let text = self.copied(tag).text;
        (!text.is_empty()).then(|| if text.contains(steers) { text.replace(steers, " ") } else { text })
    }

    /// Text without padding as it stands there, and what is doubtful about it.
    pub fn copied(&self, tag: Tag) -> Copied {
        let Some((node, bytes)) = self.value(tag) else { return Copied::default() };
        let decoded = self.text.decode(bytes, node.vr == VR::PN);
        let cut = node.len as usize > MAX_BYTES;
        Copied { text: decoded.text.trim_matches(is_padding).to_owned(), doubt: decoded.doubt, cut }
    }

    /// The values of a text attribute of several values, without padding; empty where it is absent.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.text(tag)
            .map(|t| t.split('\\').map(|v| v.trim_matches(is_padding).to_owned()).collect())
            .unwrap_or_default()
    }

    /// A code string (CS): in capitals, whatever its writer did.
    pub fn code(&self, tag: Tag) -> Option<String> {
        self.text(tag).map(|code| code.to_uppercase())
    }

    /// The values of a code string, in capitals.
    pub fn codes(&self, tag: Tag) -> Vec<String> {
        self.texts(tag).into_iter().map(|code| code.to_uppercase()).collect()
    }

    /// The numbers of an attribute, whatever its value representation; a value that is no number reads as NaN.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some((node, bytes)) = self.value(tag) else { return Vec::new() };
        fn all<const N: usize>(bytes: &[u8], big: bool, number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            let chunks = bytes.chunks_exact(N).filter_map(|chunk| chunk.try_into().ok());
            chunks
                .map(|mut b: [u8; N]| {
                    if big {
                        b.reverse();
                    }
                    number(b)
                })
                .collect()
        }
        let big = node.big_endian;
        match node.vr {
            VR::US => all(bytes, big, |b| u16::from_le_bytes(b).into()),
            VR::SS => all(bytes, big, |b| i16::from_le_bytes(b).into()),
            VR::UL => all(bytes, big, |b| u32::from_le_bytes(b).into()),
            VR::SL => all(bytes, big, |b| i32::from_le_bytes(b).into()),
            VR::FL => all(bytes, big, |b| f32::from_le_bytes(b).into()),
            VR::FD => all(bytes, big, f64::from_le_bytes),
            VR::UV => all(bytes, big, |b| u64::from_le_bytes(b) as f64),
            VR::SV => all(bytes, big, |b| i64::from_le_bytes(b) as f64),
            VR::OB | VR::OW | VR::OF | VR::OD | VR::OL | VR::OV | VR::SQ | VR::UN => Vec::new(),
            _ => {
                let mut texts = self.texts(tag);
                // A backslash behind the last value separates it from nothing.
                while texts.last().is_some_and(String::is_empty) {
                    texts.pop();
                }
                texts.iter().map(|t| decimal(t)).collect()
            }
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

    /// True where the attribute stands in the data set, with a value or without.
    pub fn holds(&self, tag: Tag) -> bool {
        self.find(tag).is_some()
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

fn is_padding(c: char) -> bool {
    c == '\0' || c.is_ascii_whitespace()
}

/// A number written as text. A comma is taken for the point where it can be nothing else, and a D for the E of an exponent.
fn decimal(text: &str) -> f64 {
    let number = |text: &str| text.parse().or_else(|_| text.replace(['D', 'd'], "E").parse());
    number(text).unwrap_or_else(|_: std::num::ParseFloatError| match text.split_once(',') {
        Some((whole, rest)) if !text.contains('.') && !rest.contains(',') => {
            format!("{whole}.{rest}").parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_a_blank_wherever_text_goes() {
        let bytes = "\0T2\u{1b}[2J\u{9b}31m\r\nsag\u{202e}\u{2028}x ".as_bytes();
        let len = bytes.len() as u32;
        let node = |tag, vr, start, len, next| Node { tag, vr, big_endian: false, start, len, next };
        let nodes = [node(tags::SERIES_DESCRIPTION, VR::LO, 0, len, 1)];
        let text = DataSet { text: TextEncoding::declared(["ISO_IR 192"]), ..DataSet::new(bytes, &nodes) };
        assert_eq!(text.text(tags::SERIES_DESCRIPTION).unwrap(), "T2\u{fffd}[2J 31m  sag  x");
    }
}
