//! A file that is replaced whole or not at all: its readers see the earlier content or the new one, never half of it.
//!
//! ```
//! use cordline_files::{AtomicFile, Durability};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("list");
//! AtomicFile { mode: 0o600, durability: Durability::PowerCut }.replace(&path, b"one\n")?;
//! assert_eq!(std::fs::read(&path)?, b"one\n");
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a replaced file outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process. After a power cut the earlier content may be back, or the file gone: for what can be made again, or
    /// is forced to the disk later.
    Process,
    /// A power cut: file and folder are forced to the disk before the caller goes on.
    PowerCut,
}

/// How a file is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomicFile {
    /// Its rights, less what the process's umask takes, for example `0o600` for what only its owner may read.
    pub mode: u32,
    /// What it outlives.
    pub durability: Durability,
}

impl AtomicFile {
    /// Puts `bytes` in the place of what is at `path`.
    ///
    /// # Errors
    ///
    /// What the system said; then what was at `path` is untouched, and nothing is left beside it.
    pub fn replace(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_with(path, |file| file.write_all(bytes))
    }

    /// The same for what writes itself.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::replace`], and whatever `write` returns.
    pub fn replace_with(self, path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let partial = partial(path)?;
        let replaced = self.fill(&partial, write).and_then(|()| std::fs::rename(&partial, path));
        if replaced.is_err() {
            // Half a file is of no use to anybody; the error that is told is the first one.
            let _ = std::fs::remove_file(&partial);
        }
        replaced?;
        match self.durability {
            Durability::Process => Ok(()),
            // The name of a file lies in its folder, which has a disk block of its own.
            Durability::PowerCut => File::open(folder_of(path))?.sync_all(),
        }
    }

    fn fill(self, partial: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        // What a process that died left under this name may have other rights.
        match std::fs::remove_file(partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(self.mode).open(partial)?;
        write(&mut file)?;
        match self.durability {
            Durability::Process => Ok(()),
            Durability::PowerCut => file.sync_all(),
        }
    }
}

/// Beside the file, since a rename does not leave its file system; hidden, so that nobody takes it for a file of its own.
fn partial(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    Ok(path.with_file_name(hidden))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PRIVATE: AtomicFile = AtomicFile { mode: 0o600, durability: Durability::PowerCut };

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_with_the_rights_that_are_wanted_whatever_lay_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "old").unwrap();
        // What a process that was killed left behind, open to everybody.
        std::fs::write(folder.path().join(".keys.toml.partial"), "half").unwrap();
        std::fs::set_permissions(folder.path().join(".keys.toml.partial"), PermissionsExt::from_mode(0o666)).unwrap();
        PRIVATE.replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["keys.toml"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_whole_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, "old").unwrap();
        let ended = PRIVATE.replace_with(&path, |file| {
            file.write_all(b"half of it")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["list"]);
        // A folder in its place: the rename fails, and nothing is left either.
        std::fs::create_dir(folder.path().join("taken")).unwrap();
        PRIVATE.replace(&folder.path().join("taken"), b"x").unwrap_err();
        assert_eq!(names(folder.path()), ["list", "taken"]);
    }

    #[test]
    fn two_files_of_one_stem_do_not_meet_half_way() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["cursor.txt", "cursor.json"].map(|name| folder.path().join(name));
        PRIVATE
            .replace_with(&one, |file| {
                file.write_all(b"one")?;
                PRIVATE.replace(&two, b"two")
            })
            .unwrap();
        assert_eq!((std::fs::read(one).unwrap(), std::fs::read(two).unwrap()), (b"one".to_vec(), b"two".to_vec()));
    }

    #[test]
    fn a_name_without_a_folder_lies_where_the_program_runs() {
        assert_eq!(folder_of(Path::new("list")), Path::new("."));
        assert_eq!(folder_of(Path::new("/list")), Path::new("/"));
        assert_eq!(partial(Path::new("/a/list")).unwrap(), Path::new("/a/.list.partial"));
        partial(Path::new("/")).unwrap_err();
    }
}
