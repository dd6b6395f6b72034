//! The one thing that a manifest wants to know of a DICOM file: its SOP Instance UID, from the file meta information.

use crate::uid::Uid;

/// SOP Instance UID of a Part 10 file; `None` for any other file.
///
/// The meta information (PS3.10, 7.1) is Explicit VR Little Endian whatever follows it, and (0002,0003) stands near its
/// beginning.
pub fn sop_instance_uid(file: &[u8]) -> Option<String> {
    written_uid(file)?.map(Uid::into_string)
}

/// The same, with what is written there but is no UID as `Some(None)`.
pub(super) fn written_uid(file: &[u8]) -> Option<Option<Uid>> {
    let mut rest = file.get(128..)?.strip_prefix(b"DICM")?;
    loop {
        let (tag, vr) = (rest.get(..4)?, rest.get(4..6)?);
        if tag[..2] != [0x02, 0x00] {
            return None;
        }
        // These have two reserved bytes and a length of 32 bits.
        let long = [b"OB", b"OW", b"UN", b"UT", b"SQ"].iter().any(|l| vr == *l);
        let (length, begin): (usize, usize) = match long {
            true => (u32::from_le_bytes(rest.get(8..12)?.try_into().ok()?) as usize, 12),
            false => (u16::from_le_bytes(rest.get(6..8)?.try_into().ok()?) as usize, 8),
        };
        let value = rest.get(begin..begin.checked_add(length)?)?;
        if tag[2..] == [0x03, 0x00] {
            let uid = std::str::from_utf8(value).ok().map(|uid| uid.trim_end_matches(['\0', ' ']));
            return Some(uid.and_then(|uid| Uid::parse(uid).ok()));
        }
        rest = &rest[begin + length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(elements: &[u8]) -> Vec<u8> {
        [&[0; 128][..], b"DICM", elements].concat()
    }

    #[test]
    fn the_uid_is_found_behind_other_elements_and_without_its_padding() {
        let elements = [
            &b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"[..],
            b"\x02\x00\x02\x00UI\x04\x001.2\x00",
            b"\x02\x00\x03\x00UI\x06\x001.2.3\x00",
        ]
        .concat();
        assert_eq!(sop_instance_uid(&file(&elements)).as_deref(), Some("1.2.3"));
        for end in 0..file(&elements).len() - 1 {
            assert_eq!(sop_instance_uid(&file(&elements)[..end]), None);
        }
    }

    #[test]
    fn what_is_no_dicom_file_has_none() {
        assert_eq!(sop_instance_uid(b"hello"), None);
        assert_eq!(sop_instance_uid(&file(b"\x08\x00\x18\x00UI\x04\x001.2\x00")), None);
        assert_eq!(sop_instance_uid(&file(b"\x02\x00\x03\x00UI\x04\x00../x")), None);
        assert_eq!(sop_instance_uid(&file(b"\x02\x00\x01\x00OB\x00\x00\xff\xff\xff\xff")), None);
    }
}
