use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::encoding::{ITEM, SEQUENCE_DELIMITATION};
use super::*;
use crate::read::file_error::FileError;
use crate::read::limits::FileLimits;
use cordline_testkit::{EXPLICIT, IMPLICIT, Set, Stack, Value, head};

const IMPLICIT_LITTLE: Encoding = Encoding { implicit: true, big_endian: false };

fn scan(bytes: &[u8], encoding: Encoding) -> Result<Scan, FileError> {
    // One byte more at a time: whatever is asked for must be there in the end, and nothing may depend on how much is at hand.
    let mut at_hand = 0;
    loop {
        match walk(&bytes[..at_hand], 0, bytes.len() as u64, encoding, None, &FileLimits::default())?.0 {
            Walk::Complete(scan) => return Ok(scan),
            Walk::NeedMore(wanted) => {
                assert!(wanted > at_hand && wanted <= bytes.len(), "{wanted} of {}", bytes.len());
                at_hand = wanted;
            }
        }
    }
}

fn tags_of(scan: &Scan) -> Vec<Tag> {
    scan.nodes.iter().map(|n| n.tag).collect()
}

fn text(tag: Tag, vr: VR, syntax: &str) -> Vec<u8> {
    Set::default().text(tag, vr, "abcd").encode(syntax, false)
}

/// The outcome, however much of a file is at hand when it is first looked at.
fn alike(bytes: &[u8], encoding: Encoding) -> Result<Scan, FileError> {
    let total = bytes.len() as u64;
    let walked = |at_hand: usize| walk(&bytes[..at_hand], 0, total, encoding, None, &FileLimits::default());
    let whole = walked(bytes.len()).map(|(walk, _)| match walk {
        Walk::Complete(scan) => scan,
        Walk::NeedMore(wanted) => panic!("{wanted} bytes are wanted of {total}"),
    });
    for at_hand in 0..bytes.len() {
        match walked(at_hand).map(|(walk, _)| walk) {
            Ok(Walk::NeedMore(wanted)) => assert!(wanted > at_hand && wanted <= bytes.len()),
            Ok(Walk::Complete(scan)) => assert_eq!(Ok(scan), whole, "{at_hand} of {total}"),
            Err(error) => assert_eq!(Err(error), whole, "{at_hand} of {total}"),
        }
    }
    Ok(whole?)
}

#[test]
fn nothing_depends_on_how_much_of_the_file_is_at_hand() {
    // A long head with a value representation among those that have none: read as such, also where the file is read up to its middle.
    let mut mixed = Vec::new();
    mixed.extend(text(tags::PATIENT_NAME, VR::PN, IMPLICIT));
    head(&mut mixed, tags::PATIENT_COMMENTS, VR::UT, 4, EXPLICIT);
    mixed.extend(b"abcd");
    assert_eq!(tags_of(&alike(&mixed, IMPLICIT_LITTLE).unwrap()), [tags::PATIENT_NAME, tags::PATIENT_COMMENTS]);
    // Heads and delimiters that begin in an item and end behind it.
    for short in 1..20 {
        for inner in [VR::LO, VR::UT, VR::SQ] {
            let mut crossing = Vec::new();
            let mut item = text(tags::CODE_VALUE, VR::SH, EXPLICIT);
            let len = if inner == VR::SQ { u32::MAX } else { 0 };
            head(&mut item, Tag(0x0040, 0xA730), inner, len, EXPLICIT);
            if inner == VR::SQ {
                head(&mut item, SEQUENCE_DELIMITATION, VR::UN, 0, IMPLICIT);
            }
            let end = item.len() as u32 - short;
            head(&mut crossing, tags::REFERENCED_STUDY_SEQUENCE, VR::SQ, end + 8, EXPLICIT);
            head(&mut crossing, ITEM, VR::UN, end, IMPLICIT);
            crossing.extend(item);
            crossing.extend(text(tags::PATIENT_NAME, VR::PN, EXPLICIT));
            let _ = alike(&crossing, Encoding::EXPLICIT_LITTLE);
        }
    }
}

#[test]
fn what_is_written_as_unknown_has_the_representation_of_the_standard() {
    let mut bytes = Vec::new();
    head(&mut bytes, tags::ROWS, VR::UN, 2, EXPLICIT);
    bytes.extend([128, 0]);
    head(&mut bytes, Tag(0x0029, 0x1010), VR::UN, 2, EXPLICIT);
    bytes.extend([1, 2]);
    let found = scan(&bytes, Encoding::EXPLICIT_LITTLE).unwrap();
    assert_eq!((found.nodes[0].vr, found.nodes[1].vr), (VR::US, VR::UN));
    // Little endian, whatever is around it.
    let mut big = Vec::new();
    head(&mut big, tags::ROWS, VR::UN, 2, cordline_testkit::BIG);
    big.extend([128, 0]);
    let encoding = Encoding { implicit: false, big_endian: true };
    assert!(!scan(&big, encoding).unwrap().nodes[0].big_endian);
    assert_eq!(found.liberties, Liberties::default());
}

#[test]
fn a_sequence_written_as_unknown_is_entered_where_items_stand_in_it() {
    let inner = text(tags::CODE_MEANING, VR::LO, IMPLICIT);
    for endless in [false, true] {
        let mut bytes = Vec::new();
        let len = if endless { u32::MAX } else { inner.len() as u32 + 8 };
        head(&mut bytes, tags::CONTENT_SEQUENCE, VR::UN, len, EXPLICIT);
        head(&mut bytes, ITEM, VR::UN, inner.len() as u32, IMPLICIT);
        bytes.extend(&inner);
        if endless {
            head(&mut bytes, SEQUENCE_DELIMITATION, VR::UN, 0, IMPLICIT);
        }
        let found = scan(&bytes, Encoding::EXPLICIT_LITTLE).unwrap();
        assert_eq!(tags_of(&found), [tags::CONTENT_SEQUENCE, ITEM, tags::CODE_MEANING], "{endless}");
    }
    // Bytes of another kind are left alone.
    let mut bytes = Vec::new();
    head(&mut bytes, tags::CONTENT_SEQUENCE, VR::UN, 4, EXPLICIT);
    bytes.extend(b"what");
    assert_eq!(tags_of(&scan(&bytes, Encoding::EXPLICIT_LITTLE).unwrap()), [tags::CONTENT_SEQUENCE]);
}

#[test]
fn elements_in_the_other_encoding_are_read_where_nothing_else_fits() {
    let others = [text(tags::PATIENT_NAME, VR::PN, EXPLICIT), text(tags::PATIENT_ID, VR::LO, IMPLICIT)];
    let mixed = [&others[0][..], &others[1], &text(tags::PATIENT_SEX, VR::CS, EXPLICIT)].concat();
    let found = scan(&mixed, Encoding::EXPLICIT_LITTLE).unwrap();
    assert_eq!(tags_of(&found), [tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_SEX]);
    assert!(found.liberties.mixed_encoding);
    let found = scan(&mixed, IMPLICIT_LITTLE).unwrap();
    assert_eq!(tags_of(&found), [tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_SEX]);
    assert!(found.liberties.mixed_encoding);
    // An element behind that is not in order says that it was no length.
    let disorder = [&others[1][..], &text(tags::STUDY_ID, VR::SH, EXPLICIT), &others[1]].concat();
    assert!(scan(&disorder, Encoding::EXPLICIT_LITTLE).is_ok());
    let disorder = [&others[1][..], &text(tags::STUDY_DATE, VR::DA, EXPLICIT)].concat();
    assert!(matches!(scan(&disorder, Encoding::EXPLICIT_LITTLE), Err(FileError::Malformed { .. })));
}

#[test]
fn what_is_not_closed_is_closed_by_what_follows() {
    let item = |len| {
        let mut bytes = Vec::new();
        head(&mut bytes, ITEM, VR::UN, len, IMPLICIT);
        bytes
    };
    let mut opened = Vec::new();
    head(&mut opened, tags::REFERENCED_STUDY_SEQUENCE, VR::SQ, u32::MAX, EXPLICIT);
    opened.extend(item(0));
    let behind = text(tags::PATIENT_NAME, VR::PN, EXPLICIT);
    let found = scan(&[&opened[..], &behind].concat(), Encoding::EXPLICIT_LITTLE).unwrap();
    assert_eq!(found.nodes[0].next, 2, "the name is outside");
    assert!(found.liberties.delimiters);
    // At the end of the file.
    opened.extend(item(u32::MAX));
    let found = scan(&opened, Encoding::EXPLICIT_LITTLE).unwrap();
    assert_eq!(found.nodes.last().unwrap().next, 3);
    assert!(found.liberties.delimiters);
    // In front of the pixels, which only an icon has inside.
    let pixels = Set::default().put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![1; 32])).encode(EXPLICIT, false);
    let found = scan(&[&opened[..], &pixels].concat(), Encoding::EXPLICIT_LITTLE).unwrap();
    assert!(found.pixels.is_some() && found.liberties.delimiters);
    // What ends inside of an item that has a length is cut.
    let mut cut = Vec::new();
    head(&mut cut, tags::REFERENCED_STUDY_SEQUENCE, VR::SQ, 100, EXPLICIT);
    assert!(scan(&cut, Encoding::EXPLICIT_LITTLE).is_err());
}

#[test]
fn pictures_inside_of_a_header_are_passed_over() {
    let mut icon = Set::default();
    icon.us(tags::ROWS, 4).put(tags::PIXEL_DATA, VR::OB, Value::Fragments(vec![vec![], vec![7; 100]]));
    let mut set = Stack::t2("1").section(0);
    set.items(tags::ICON_IMAGE_SEQUENCE, vec![icon]);
    for defined in [false, true] {
        let bytes = set.encode(EXPLICIT, defined);
        let found = scan(&bytes, Encoding::EXPLICIT_LITTLE).unwrap();
        assert_eq!(found.liberties, Liberties::default());
        let pixels = found.pixels.unwrap();
        assert_eq!(pixels.start + u64::from(pixels.len.unwrap()), bytes.len() as u64, "those of the image");
    }
}
