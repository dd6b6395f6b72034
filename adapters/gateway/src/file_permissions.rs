//! Files and folders that are for their owner alone: a warning where others have access to them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bits of a mode that give others than the owner access.
const OTHERS: u32 = 0o077;

/// What the permissions of `path` are, where others than its owner have access.
fn shared_mode(path: &Path) -> Option<String> {
    let mode = path.metadata().ok()?.mode() & 0o7777;
    (mode & OTHERS != 0).then(|| format!("{} has the mode {mode:04o}", path.display()))
}

/// Warns in the log where others than the owner may read or write `path`. `consequence`: what they can do then.
pub(crate) fn warn_if_shared(path: &Path, consequence: &str) {
    if let Some(problem) = shared_mode(path) {
        let better = if path.is_dir() { "0700" } else { "0600" };
        tracing::warn!("{problem}: {consequence}; run `chmod {better} {}`", path.display());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_others_may_read_or_write_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, open) in [(0o600, false), (0o400, false), (0o640, true), (0o644, true), (0o602, true)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(shared_mode(file.path()).is_some(), open, "{mode:o}");
        }
        assert_eq!(shared_mode(Path::new("/nowhere/at/all")), None);
    }
}
