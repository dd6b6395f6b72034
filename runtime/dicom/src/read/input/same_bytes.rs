//! Are two files the same?

use std::io::{self, Read};

use crate::read::opener::Opener;
use crate::read::origin::Origin;

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
