//! Folders and files with patient data or keys are for their user alone. Wider rights are narrowed and logged, since others may have read them
//! before.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Rights of the group and of all others.
const OTHERS: u32 = 0o077;
/// Their right to write.
const OTHERS_WRITE: u32 = 0o022;
/// In a folder with this bit users cannot remove what belongs to others, as in `/tmp`.
const STICKY: u32 = 0o1000;

/// Makes a folder, and those above it, with mode 0700. An existing one is left as it is.
///
/// # Errors
///
/// It cannot be made.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Takes all rights of other users on a file, or on a folder that has no other use. A missing one is fine.
///
/// One that belongs to another user is left as it is, with a warning.
///
/// # Errors
///
/// Others may write it, and that cannot be changed.
pub fn make_private(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mode = found.mode() & 0o7777;
    if found.is_symlink() || mode & OTHERS == 0 {
        return Ok(());
    }
    let narrowed = mode & !OTHERS;
    match fs::set_permissions(path, Permissions::from_mode(narrowed)) {
        Ok(()) => {
            tracing::warn!(path = %path.display(), "others had rights on it (mode {mode:o}): now it has mode {narrowed:o}");
            Ok(())
        }
        Err(_) if mode & OTHERS_WRITE == 0 => {
            tracing::warn!(path = %path.display(), "others may read it (mode {mode:o}), and it is not this user's to change");
            Ok(())
        }
        Err(_) => Err(io::Error::new(
            ErrorKind::PermissionDenied,
            format!("others may write it (mode {mode:o}), and it is not this user's to change"),
        )),
    }
}

/// The same for a folder that may have other uses: others only lose the right to write, and only where they could replace what lies there.
///
/// # Errors
///
/// Others may write it, and that cannot be changed.
pub fn close_to_writers(folder: &Path) -> io::Result<()> {
    let found = fs::metadata(folder)?;
    let mode = found.mode() & 0o7777;
    if mode & OTHERS_WRITE == 0 || mode & STICKY != 0 {
        return Ok(());
    }
    let narrowed = mode & !OTHERS_WRITE;
    fs::set_permissions(folder, Permissions::from_mode(narrowed)).map_err(|_| {
        io::Error::new(
            ErrorKind::PermissionDenied,
            format!("others may write into it (mode {mode:o}), and it is not this user's to change"),
        )
    })?;
    tracing::warn!(folder = %folder.display(), "others could write into it (mode {mode:o}): now it has mode {narrowed:o}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn what_stands_open_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal");
        make_private(&file).unwrap();
        fs::write(&file, b"x").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        make_private(&file).unwrap();
        make_private(folder.path()).unwrap();
        assert_eq!((mode(&file), mode(folder.path())), (0o600, 0o700));
    }

    #[test]
    fn a_folder_of_several_uses_keeps_its_readers_and_a_sticky_one_all() {
        let folder = tempfile::tempdir().unwrap();
        for (before, after) in [(0o777, 0o755), (0o755, 0o755), (0o770, 0o750), (0o1777, 0o1777)] {
            fs::set_permissions(folder.path(), Permissions::from_mode(before)).unwrap();
            close_to_writers(folder.path()).unwrap();
            assert_eq!(mode(folder.path()), after, "{before:o}");
        }
    }
}
