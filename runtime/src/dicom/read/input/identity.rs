//! Are two files the same, and of the same patient?

use std::io::{self, Read};

use super::Opener;
use crate::dicom::read::instance::Origin;
use crate::dicom::source::Patient;

/// Compares two files of equal size byte by byte.
pub(super) fn same_bytes(one: &Origin, other: &Origin) -> io::Result<bool> {
    const CHUNK: u64 = 64 << 10;
    let (mut first, mut second) = (Opener::default(), Opener::default());
    let (mut a, mut b) = (first.open(one, 0)?, second.open(other, 0)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        a.by_ref().take(CHUNK).read_to_end(&mut left)?;
        b.by_ref().take(CHUNK).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

/// True unless the attributes say that these are two patients.
///
/// The PatientID decides. Under one PatientID (or none), birth dates must agree; names are compared only where a birth date is missing,
/// because one name is often written in several ways.
pub(super) fn same_patient(a: &Patient, b: &Patient) -> bool {
    if a.id != b.id {
        return false;
    }
    if !a.birth_date.is_empty() && !b.birth_date.is_empty() {
        return a.birth_date == b.birth_date;
    }
    let (x, y) = (plain(&a.name), plain(&b.name));
    x.is_empty() || y.is_empty() || x == y
}

/// A name without case, delimiters and blanks.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}
