//! Every byte of a bundle is hashed before it is used.

use cordline_sdk::sha256::Sha256;

use super::{Bundle, BundleError};

/// Reads a file that the manifest lists, and compares its hash. The bytes that are returned are those that were hashed.
pub(super) fn read(bundle: &Bundle, file: &str) -> Result<Vec<u8>, BundleError> {
    let path = bundle.folder.join(file);
    // The check of the manifest made sure that every file in use is listed.
    let expected = bundle.manifest.sha256.get(file).cloned().unwrap_or_default();
    let bytes =
        std::fs::read(&path).map_err(|e| BundleError::Unreadable { path: path.clone(), reason: e.to_string() })?;
    let found = Sha256::of(&bytes).to_string();
    if found == expected { Ok(bytes) } else { Err(BundleError::Altered { path, found, expected }) }
}

/// Reads and hashes every file that the manifest lists.
///
/// # Errors
/// The first that is altered or missing.
pub fn all(bundle: &Bundle) -> Result<(), BundleError> {
    bundle.manifest.sha256.keys().try_for_each(|file| read(bundle, file).map(drop))
}
