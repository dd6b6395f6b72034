//! The beginning of a DICOM file: preamble, prefix, File Meta Information.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use super::elements::DataSet;
use super::file_error::FileError;
use super::limits::FileLimits;
use super::prescan::{Encoding, Walk, WalkError, walk};
use super::syntax::Syntax;

/// Bytes that must be at hand to tell whether a file is DICOM.
pub const MAGIC_BYTES: usize = 140;

/// What a file claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part10Kind {
    /// It carries the DICM prefix, behind a preamble of 128 bytes whose content does not matter, or without one.
    Part10 {
        /// Where File Meta Information begins, in bytes from the start of the file.
        start: usize,
    },
    /// It begins with File Meta Information at once, as some old archives write it.
    BareMeta,
    /// It begins with a data set at once.
    BareDataSet {
        /// Whether its first element carries no value representation.
        implicit: bool,
    },
    /// Something else.
    NotDicom,
}

/// Where the data set begins and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Transfer syntax of the data set; none where it is not stated.
    pub syntax: Option<Syntax>,
    /// MediaStorageSOPClassUID, empty where not stated.
    pub sop_class_uid: String,
    /// Where the data set begins, in bytes from the start of the file.
    pub data_set: usize,
}

/// Why the File Meta Information cannot be used, with the SOP class that it names.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaError {
    /// What is wrong.
    pub error: FileError,
    /// MediaStorageSOPClassUID, empty where not reached.
    pub sop_class_uid: String,
}

impl From<FileError> for MetaError {
    fn from(error: FileError) -> Self {
        Self { error, sop_class_uid: String::new() }
    }
}

/// Tells DICOM from everything else by the first bytes of a file.
pub fn kind(head: &[u8]) -> Part10Kind {
    if head.get(128..132) == Some(b"DICM") {
        return Part10Kind::Part10 { start: 132 };
    }
    if head.starts_with(b"DICM\x02\x00") {
        return Part10Kind::Part10 { start: 4 };
    }
    let Some(first) = head.get(..8) else { return Part10Kind::NotDicom };
    let vr = VR::from_binary([first[4], first[5]]);
    match (u16::from_le_bytes([first[0], first[1]]), u16::from_le_bytes([first[2], first[3]])) {
        (0x0002, 0x0000..=0x0002) if vr.is_some() => Part10Kind::BareMeta,
        // Its group length without value representation: against the standard, but plain.
        (0x0002, 0x0000) if first[4..] == [4, 0, 0, 0] => Part10Kind::BareMeta,
        // The lowest attributes with which an image data set can begin, of a length that these can have.
        (0x0008, 0x0000 | 0x0001 | 0x0005 | 0x0008 | 0x0012..=0x0018) => {
            let len = u32::from_le_bytes([first[4], first[5], first[6], first[7]]);
            match vr {
                Some(_) => Part10Kind::BareDataSet { implicit: false },
                None if len <= 256 => Part10Kind::BareDataSet { implicit: true },
                None => Part10Kind::NotDicom,
            }
        }
        _ => Part10Kind::NotDicom,
    }
}

/// Reads the File Meta Information at the beginning of a file of `total` bytes; `Err` of the inner result tells how many bytes are needed.
///
/// # Errors
/// The File Meta Information is damaged, or names a transfer syntax that is not read.
pub fn meta(bytes: &[u8], total: u64, kind: Part10Kind, limits: &FileLimits) -> Result<Result<Meta, usize>, MetaError> {
    let start = match kind {
        Part10Kind::Part10 { start } => start,
        Part10Kind::BareMeta => 0,
        Part10Kind::BareDataSet { implicit } => {
            let syntax = if implicit { Syntax::ImplicitLittle } else { Syntax::ExplicitLittle };
            return Ok(Ok(Meta { syntax: Some(syntax), sop_class_uid: String::new(), data_set: 0 }));
        }
        Part10Kind::NotDicom => return Err(FileError::Malformed { at: 0, why: "no DICM prefix".into() }.into()),
    };
    let encoding = Encoding::EXPLICIT_LITTLE;
    let sop_class_of = |set: &DataSet<'_>| set.text(tags::MEDIA_STORAGE_SOP_CLASS_UID).unwrap_or_default();
    let (scan, data_set) = match walk(bytes, start, total, encoding, Some(0x0002), limits) {
        Ok((Walk::Complete(scan), at)) => (scan, at),
        Ok((Walk::NeedMore(wanted), _)) => return Ok(Err(wanted)),
        Err(WalkError { error, nodes }) => {
            return Err(MetaError { error, sop_class_uid: sop_class_of(&DataSet::new(bytes, &nodes)) });
        }
    };
    let set = DataSet::new(bytes, &scan.nodes);
    let sop_class_uid = sop_class_of(&set);
    let Some(uid) = set.text(tags::TRANSFER_SYNTAX_UID) else {
        return Ok(Ok(Meta { syntax: None, sop_class_uid, data_set }));
    };
    match Syntax::from_uid(&uid) {
        Ok(syntax) => Ok(Ok(Meta { syntax: Some(syntax), sop_class_uid, data_set })),
        Err(name) => Err(MetaError {
            error: FileError::TransferSyntax { uid: printable(&uid), name: name.into() },
            sop_class_uid,
        }),
    }
}

/// How a data set is plainly written, told from its first eight bytes; none where they do not say. `left` bytes are left of the file.
///
/// Only an element of group 0008 is believed, with which nearly every data set begins: its value representation is that of the standard, or
/// four bytes stand there that can only be a small length.
pub fn sniff(first: &[u8], left: u64) -> Option<Encoding> {
    const SMALL: u32 = 1 << 12;
    let explicit = |big_endian| {
        let encoding = Encoding { implicit: false, big_endian };
        let tag = Tag(encoding.u16(first), encoding.u16(&first[2..]));
        let standard = StandardDataDictionary.by_tag(tag)?.vr().relaxed();
        let fits = tag.group() == 0x0008 && u64::from(encoding.u16(&first[6..])) <= left;
        (fits && first[4..6] == standard.to_bytes()).then_some(encoding)
    };
    let implicit = || {
        let encoding = Encoding { implicit: true, big_endian: false };
        let len = encoding.u32(&first[4..]);
        (encoding.u16(first) == 0x0008 && len <= SMALL && u64::from(len) <= left).then_some(encoding)
    };
    explicit(false).or_else(|| explicit(true)).or_else(implicit)
}

/// A UID as it may appear in a message: short, and without control characters, whatever the file holds.
fn printable(uid: &str) -> String {
    uid.chars().take(64).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}
