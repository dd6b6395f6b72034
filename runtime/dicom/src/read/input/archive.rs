//! ZIP archives: what they declare is checked before a byte is inflated.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::error::InputError;
use super::scanned::SkipReason;
use crate::read::limits::FileLimits;

/// A member of an archive.
pub(super) struct Member {
    /// Position in the archive's directory.
    pub index: usize,
    /// Declared inflated size; no more than that is ever inflated.
    pub size: u64,
    /// Why it is left out, if it is.
    pub skip: Option<SkipReason>,
}

/// True where the bytes begin like a ZIP archive (with members, or empty).
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Opens an archive of `packed` bytes and lists its files.
pub(super) fn open(
    path: &Path,
    packed: u64,
    limits: &FileLimits,
) -> Result<(ZipArchive<BufReader<File>>, Vec<Member>), InputError> {
    let fail = |why: String| InputError::Archive { path: path.to_owned(), why };
    let file = File::open(path).map_err(|e| fail(e.to_string()))?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(|e| fail(e.to_string()))?;
    if archive.len() > limits.files {
        return Err(InputError::TooManyFiles { limit: limits.files });
    }
    let bomb = |packed, inflated| InputError::ArchiveBomb { path: path.to_owned(), packed, inflated };
    let is_bomb = |packed: u64, inflated: u64| {
        inflated > limits.zip_free_bytes && inflated > packed.saturating_mul(limits.zip_ratio)
    };
    let mut total = 0u64;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|e| fail(e.to_string()))?;
        if entry.is_dir() {
            continue;
        }
        let size = entry.size();
        total = total.saturating_add(size);
        if is_bomb(entry.compressed_size(), size) {
            return Err(bomb(entry.compressed_size(), size));
        }
        let skip = if entry.encrypted() {
            return Err(fail("it is protected by a password".into()));
        } else if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(fail(format!(
                "its members are packed with {}; only stored and deflated ones are read",
                entry.compression()
            )));
        } else if entry.is_symlink() {
            Some(SkipReason::ArchivedLink)
        } else {
            None
        };
        members.push(Member { index, size, skip });
    }
    // Members that overlap are how a small archive holds many large ones.
    if is_bomb(packed, total) || total > limits.study_bytes {
        return Err(bomb(packed, total));
    }
    Ok((archive, members))
}
