//! Bytes to text under every declared character set.
//!
//! The first byte says how many bytes of SpecificCharacterSet follow, the next bit whether the value is a name.
#![no_main]

use cordline_dicom::read::text::{TextDoubt, TextEncoding};
use cordline_fuzz::guard;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let (declared, value) = rest.split_at(usize::from(first & 0x7f).min(rest.len()));
    let declared = String::from_utf8_lossy(declared);
    let encoding = TextEncoding::declared(declared.split('\\'));
    let decoded = encoding.decode(value, first & 0x80 != 0);
    assert!(!decoded.text.contains('\u{1b}'), "an escape sequence stands in {:?}", decoded.text);
    // No set makes more than one character of a byte, and no character has more than four bytes.
    assert!(decoded.text.chars().count() <= value.len());
    if value.is_ascii() && !value.contains(&0x1b) {
        assert_eq!(decoded.text.as_bytes(), value);
        assert_eq!(decoded.doubt, None);
    }
    if decoded.text.contains('\u{fffd}') && std::str::from_utf8(value).is_err() {
        assert_eq!(decoded.doubt, Some(TextDoubt::Unreadable), "{decoded:?}");
    }
}
