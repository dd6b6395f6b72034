//! Data sets, filled attribute by attribute: one function for each kind of value, so that no value breaks its VR.

use dicom_core::value::{C, DataSetSequence, PrimitiveValue};
use dicom_core::{DataElement, Tag, VR};
use dicom_object::InMemDicomObject;

use super::codes::CodedConcept;

/// A data set under construction.
pub(super) type Dataset = InMemDicomObject;

/// Attributes are put by kind of value.
pub(super) trait Put {
    /// Words of ours: cut to the length of the VR, without what would split or break the value.
    fn text(&mut self, tag: Tag, vr: VR, value: &str);
    /// Several short texts of ours.
    fn texts(&mut self, tag: Tag, vr: VR, values: &[String]);
    /// A value of the source, exactly as it stands there.
    fn copied(&mut self, tag: Tag, vr: VR, value: &str);
    /// The same, left out where the source has none.
    fn copied_if_present(&mut self, tag: Tag, vr: VR, value: &str);
    /// A UID.
    fn uid(&mut self, tag: Tag, value: &str);
    /// Whole numbers as text (IS).
    fn integers(&mut self, tag: Tag, values: &[i64]);
    /// Numbers as text (DS).
    fn decimals(&mut self, tag: Tag, values: &[f64]);
    /// 16-bit numbers (US).
    fn us(&mut self, tag: Tag, values: &[u16]);
    /// 32-bit numbers (UL).
    fn ul(&mut self, tag: Tag, values: &[u32]);
    /// A double (FD).
    fn fd(&mut self, tag: Tag, value: f64);
    /// A float (FL).
    fn fl(&mut self, tag: Tag, value: f32);
    /// An attribute pointer (AT).
    fn pointer(&mut self, tag: Tag, value: Tag);
    /// Items.
    fn items(&mut self, tag: Tag, items: Vec<Dataset>);
    /// A code sequence.
    fn codes(&mut self, tag: Tag, codes: &[&CodedConcept]) {
        self.items(tag, codes.iter().map(|c| code_item(c)).collect());
    }
}

impl Put for Dataset {
    fn text(&mut self, tag: Tag, vr: VR, value: &str) {
        self.put(DataElement::new(tag, vr, PrimitiveValue::from(fitting(vr, value))));
    }

    fn texts(&mut self, tag: Tag, vr: VR, values: &[String]) {
        let values: C<String> = values.iter().map(|v| fitting(vr, v)).collect();
        self.put(DataElement::new(tag, vr, PrimitiveValue::Strs(values)));
    }

    fn copied(&mut self, tag: Tag, vr: VR, value: &str) {
        self.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }

    fn copied_if_present(&mut self, tag: Tag, vr: VR, value: &str) {
        if !value.is_empty() {
            self.copied(tag, vr, value);
        }
    }

    fn uid(&mut self, tag: Tag, value: &str) {
        self.copied(tag, VR::UI, value);
    }

    fn integers(&mut self, tag: Tag, values: &[i64]) {
        let values: C<String> = values.iter().map(i64::to_string).collect();
        self.put(DataElement::new(tag, VR::IS, PrimitiveValue::Strs(values)));
    }

    fn decimals(&mut self, tag: Tag, values: &[f64]) {
        let values: C<String> = values.iter().map(|v| decimal(*v)).collect();
        self.put(DataElement::new(tag, VR::DS, PrimitiveValue::Strs(values)));
    }

    fn us(&mut self, tag: Tag, values: &[u16]) {
        self.put(DataElement::new(tag, VR::US, PrimitiveValue::U16(values.into())));
    }

    fn ul(&mut self, tag: Tag, values: &[u32]) {
        self.put(DataElement::new(tag, VR::UL, PrimitiveValue::U32(values.into())));
    }

    fn fd(&mut self, tag: Tag, value: f64) {
        self.put(DataElement::new(tag, VR::FD, PrimitiveValue::from(value)));
    }

    fn fl(&mut self, tag: Tag, value: f32) {
        self.put(DataElement::new(tag, VR::FL, PrimitiveValue::from(value)));
    }

    fn pointer(&mut self, tag: Tag, value: Tag) {
        self.put(DataElement::new(tag, VR::AT, PrimitiveValue::from(value)));
    }

    fn items(&mut self, tag: Tag, items: Vec<Dataset>) {
        self.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
    }
}

/// A data set filled by `fill`.
pub(super) fn item(fill: impl FnOnce(&mut Dataset)) -> Dataset {
    let mut dataset = Dataset::new_empty();
    fill(&mut dataset);
    dataset
}

/// A code as an item of a code sequence.
pub(super) fn code_item(code: &CodedConcept) -> Dataset {
    use dicom_dictionary_std::tags;
    item(|d| {
        d.text(tags::CODE_VALUE, VR::SH, &code.value);
        d.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, &code.scheme);
        d.text(tags::CODE_MEANING, VR::LO, &code.meaning);
    })
}

/// True where an ASCII-only character set would lose text of the data set.
pub(super) fn holds_unicode(dataset: &Dataset) -> bool {
    dataset.iter().any(|element| match element.value() {
        dicom_core::value::Value::Sequence(sequence) => sequence.items().iter().any(holds_unicode),
        dicom_core::value::Value::Primitive(PrimitiveValue::Str(s)) => !s.is_ascii(),
        dicom_core::value::Value::Primitive(PrimitiveValue::Strs(all)) => all.iter().any(|s| !s.is_ascii()),
        _ => false,
    })
}

/// Most characters that a value of this VR may have.
fn most_characters(vr: VR) -> usize {
    match vr {
        VR::SH | VR::CS => 16,
        VR::LO | VR::PN => 64,
        VR::ST => 1024,
        VR::LT => 10_240,
        _ => usize::MAX,
    }
}

/// Our words, made legal for the VR: a backslash would split a short text in two, control characters are not allowed.
fn fitting(vr: VR, value: &str) -> String {
    let long = matches!(vr, VR::ST | VR::LT | VR::UT);
    let value = value.trim();
    // Most words are legal as they stand.
    if value.len() <= most_characters(vr) && value.bytes().all(|b| matches!(b, b' '..=b'~') && (b != b'\\' || long)) {
        return value.to_owned();
    }
    let legal = value.chars().map(|c| match c {
        '\n' if long => c,
        '\\' if !long => '/',
        c if c.is_control() => ' ',
        c => c,
    });
    let text: String = legal.take(most_characters(vr)).collect();
    text.trim_end().to_owned()
}

/// The decimal string (DS) of at most 16 characters that lies nearest to `value`.
///
/// Not finite values cannot be written in DICOM at all; geometry and measurements are checked before they come here.
pub(super) fn decimal(value: f64) -> String {
    debug_assert!(value.is_finite(), "{value} has no decimal string");
    // Minus zero is a legal value that confuses readers which compare text.
    let value = if value == 0.0 { 0.0 } else { value };
    let exact = value.to_string();
    if exact.len() <= 16 {
        return exact;
    }
    let fixed = (0..=15).rev().map(|digits| format!("{value:.digits$}")).find(|s| s.len() <= 16);
    let scientific = (0..=15).rev().map(|digits| format!("{value:.digits$e}")).find(|s| s.len() <= 16);
    let error = |s: &String| s.parse::<f64>().map_or(f64::INFINITY, |v| (v - value).abs());
    [fixed, scientific].into_iter().flatten().min_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_sixteen_characters_and_as_much_as_fits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (3.3000000000000003, "3.3"),
            (-0.123_456_789_012_345_67, "-0.1234567890123"),
            (1.0 / 3.0, "0.33333333333333"),
            (1.23456789012345e-7, "1.2345678901e-7"),
        ] {
            let written = decimal(value);
            assert!(written.len() <= 16, "{written}");
            let error = (written.parse::<f64>().unwrap() - value).abs();
            let other = (text.parse::<f64>().unwrap() - value).abs();
            assert!(error <= other, "{written} is further from {value} than {text}");
        }
    }

    #[test]
    fn our_words_cannot_break_a_value() {
        assert_eq!(fitting(VR::LO, r"a\b"), "a/b");
        assert_eq!(fitting(VR::LO, "a\nb\u{7}"), "a b");
        assert_eq!(fitting(VR::UT, "a\\b\nc"), "a\\b\nc");
        assert_eq!(fitting(VR::SH, &"ö".repeat(40)).chars().count(), 16);
        assert_eq!(fitting(VR::SH, &format!("{} x", "a".repeat(15))), "a".repeat(15));
    }
}
