//! Data sets as bytes, element by element: legal ones and others.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use crate::uids::{BIG, EXPLICIT, IMPLICIT, MR};

/// The value of an element.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text, padded to even length.
    Text(String),
    /// Unsigned shorts.
    Us(Vec<u16>),
    /// Unsigned longs.
    Ul(Vec<u32>),
    /// Doubles.
    Fd(Vec<f64>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Items of a sequence.
    Items(Vec<Set>),
    /// Fragments of encapsulated pixel data; the first is the offset table.
    Fragments(Vec<Vec<u8>>),
}

/// A data set under construction; elements are written in the order of their tags.
#[derive(Clone, Debug, Default)]
pub struct Set(pub Vec<(Tag, VR, Value)>);

impl Set {
    pub fn put(&mut self, tag: Tag, vr: VR, value: Value) -> &mut Self {
        self.0.retain(|(t, ..)| *t != tag);
        self.0.push((tag, vr, value));
        self.0.sort_by_key(|(t, ..)| *t);
        self
    }

    pub fn text(&mut self, tag: Tag, vr: VR, text: impl ToString) -> &mut Self {
        self.put(tag, vr, Value::Text(text.to_string()))
    }

    pub fn us(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.put(tag, VR::US, Value::Us(vec![value]))
    }

    pub fn ds(&mut self, tag: Tag, values: &[f64]) -> &mut Self {
        self.text(tag, VR::DS, values.iter().map(f64::to_string).collect::<Vec<_>>().join("\\"))
    }

    pub fn items(&mut self, tag: Tag, items: Vec<Set>) -> &mut Self {
        self.put(tag, VR::SQ, Value::Items(items))
    }

    pub fn drop(&mut self, tag: Tag) -> &mut Self {
        self.0.retain(|(t, ..)| *t != tag);
        self
    }

    /// The data set in a transfer syntax; sequences of defined length where `defined`.
    pub fn encode(&self, syntax: &str, defined: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for (tag, vr, value) in &self.0 {
            element(&mut out, *tag, *vr, value, syntax, defined);
        }
        out
    }

    /// A Part 10 file: preamble, meta, data set.
    pub fn file(&self, syntax: &str) -> Vec<u8> {
        let mut out = meta(self.get_text(tags::SOP_CLASS_UID).as_deref().unwrap_or(MR), syntax);
        out.extend(self.encode(syntax, false));
        out
    }

    fn get_text(&self, tag: Tag) -> Option<String> {
        self.0.iter().find_map(|(t, _, v)| match v {
            Value::Text(text) if *t == tag => Some(text.clone()),
            _ => None,
        })
    }
}

/// Preamble, prefix and File Meta Information.
pub fn meta(sop_class: &str, syntax: &str) -> Vec<u8> {
    let mut meta = Set::default();
    meta.text(tags::MEDIA_STORAGE_SOP_CLASS_UID, VR::UI, sop_class)
        .text(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, VR::UI, "1.2.3")
        .text(tags::TRANSFER_SYNTAX_UID, VR::UI, syntax);
    let meta = meta.encode(EXPLICIT, false);
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    element(&mut out, Tag(2, 0), VR::UL, &Value::Ul(vec![meta.len() as u32]), EXPLICIT, false);
    out.extend(meta);
    out
}

fn element(out: &mut Vec<u8>, tag: Tag, vr: VR, value: &Value, syntax: &str, defined: bool) {
    let big = syntax == BIG;
    let u16s = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let u32s = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let tag_bytes = |tag: Tag| [u16s(tag.0), u16s(tag.1)].concat();
    let mut undefined = false;
    let body: Vec<u8> = match value {
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            if bytes.len() % 2 == 1 {
                bytes.push(if vr == VR::UI { 0 } else { b' ' });
            }
            bytes
        }
        Value::Us(values) => values.iter().flat_map(|v| u16s(*v)).collect(),
        Value::Ul(values) => values.iter().flat_map(|v| u32s(*v)).collect(),
        Value::Fd(values) => values.iter().flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() }).collect(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Items(items) => {
            let mut body = Vec::new();
            for item in items {
                let inner = item.encode(syntax, defined);
                body.extend(tag_bytes(Tag(0xFFFE, 0xE000)));
                body.extend(u32s(if defined { inner.len() as u32 } else { u32::MAX }));
                body.extend(inner);
                if !defined {
                    body.extend(tag_bytes(Tag(0xFFFE, 0xE00D)));
                    body.extend([0; 4]);
                }
            }
            if !defined {
                body.extend(tag_bytes(Tag(0xFFFE, 0xE0DD)));
                body.extend([0; 4]);
            }
            undefined = !defined;
            body
        }
        Value::Fragments(fragments) => {
            let mut body = Vec::new();
            for fragment in fragments {
                body.extend(tag_bytes(Tag(0xFFFE, 0xE000)));
                body.extend(u32s(fragment.len() as u32));
                body.extend(fragment);
            }
            body.extend(tag_bytes(Tag(0xFFFE, 0xE0DD)));
            body.extend([0; 4]);
            undefined = true;
            body
        }
    };
    let len = if undefined { u32::MAX } else { body.len() as u32 };
    head(out, tag, vr, len, syntax);
    out.extend(body);
}

/// Tag, value representation and length, whatever follows.
pub fn head(out: &mut Vec<u8>, tag: Tag, vr: VR, len: u32, syntax: &str) {
    let big = syntax == BIG;
    for v in [tag.0, tag.1] {
        out.extend(if big { v.to_be_bytes() } else { v.to_le_bytes() });
    }
    let long = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];
    let len4 = if big { len.to_be_bytes() } else { len.to_le_bytes() };
    if syntax == IMPLICIT {
        out.extend(len4);
    } else if long.contains(&vr.to_string()) {
        out.extend(vr.to_string().as_bytes());
        out.extend([0, 0]);
        out.extend(len4);
    } else {
        out.extend(vr.to_string().as_bytes());
        let len = len as u16;
        out.extend(if big { len.to_be_bytes() } else { len.to_le_bytes() });
    }
}
