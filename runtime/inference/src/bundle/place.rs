//! Where the bundle lies when none is named.

use std::path::{Path, PathBuf};

use super::{BundleError, MANIFEST_FILE};

/// The bundle that comes with the program.
const DEFAULT: &str = "spinal-lesion-phantom";

/// The default bundle: in `models/bundles` of a folder above the program, or in `/usr/share/cordline/bundles`.
pub(super) fn find() -> Result<PathBuf, BundleError> {
    let program = std::env::current_exe().ok().and_then(|p| p.canonicalize().ok()).unwrap_or_default();
    // Not of the current folder: that may be the study's, and weights are believed.
    let folders = program.ancestors().skip(1).map(|f| f.join("models/bundles"));
    let places: Vec<PathBuf> =
        folders.chain([Path::new("/usr/share/cordline/bundles").to_path_buf()]).map(|f| f.join(DEFAULT)).collect();
    places.iter().find(|p| p.join(MANIFEST_FILE).is_file()).cloned().ok_or_else(|| BundleError::NotABundle {
        path: DEFAULT.into(),
        reason: format!(
            "no bundle was named, and none lies in {}",
            places.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    })
}
