//! Every byte of a bundle is hashed before it is used.

use super::{Bundle, BundleError};
use crate::digest::sha256;

/// Reads a file that the manifest lists, and compares its hash. The bytes that are returned are those that were hashed.
pub(super) fn read(bundle: &Bundle, file: &str) -> Result<Vec<u8>, BundleError> {
    let path = bundle.folder.join(file);
    // `Manifest::check_files` made sure that every file in use is listed.
    let expected = bundle.manifest.sha256.get(file).cloned().unwrap_or_default();
    let bytes =
        std::fs::read(&path).map_err(|e| BundleError::Unreadable { path: path.clone(), reason: e.to_string() })?;
    let found = sha256(&bytes);
    if found == expected { Ok(bytes) } else { Err(BundleError::Altered { path, found, expected }) }
}

/// Reads and hashes every file that the manifest lists; the first that is altered or missing is the error.
pub fn all(bundle: &Bundle) -> Result<(), BundleError> {
    bundle.manifest.sha256.keys().try_for_each(|file| read(bundle, file).map(drop))
}
