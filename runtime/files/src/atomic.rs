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

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

/// From this age on, a file that was not finished is of a process that died: nobody writes that long without a byte.
const LEFT_BEHIND: Duration = Duration::from_secs(600);
/// What a file is called that is not finished yet: a dot, its name, who writes it, and this.
const PARTIAL: &str = ".partial";

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
    /// What the system said; then what was at `path` is untouched, and nothing is left beside it. With [`Durability::PowerCut`] the
    /// last step may fail alone, to force the folder to the disk: then the file is the new one, and may be the earlier one after a
    /// power cut.
    pub fn replace(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_with(path, |file| file.write_all(bytes))
    }

    /// The same for what writes itself.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::replace`], and whatever `write` returns.
    pub fn replace_with(self, path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        remove_left_behind(path);
        let (partial, file) = self.begin(path)?;
        let replaced = self.fill(file, write).and_then(|()| fs::rename(&partial, path));
        if replaced.is_err() {
            // Half a file is of no use to anybody; the error that is told is the first one.
            let _ = fs::remove_file(&partial);
        }
        replaced?;
        match self.durability {
            Durability::Process => Ok(()),
            // The name of a file lies in its folder, which has a disk block of its own.
            Durability::PowerCut => File::open(folder_of(path))?.sync_all(),
        }
    }

    /// A new file under a name that nobody else has: two that replace one file at the same time must not write into the same.
    fn begin(self, path: &Path) -> io::Result<(PathBuf, File)> {
        loop {
            let partial = partial(path)?;
            match OpenOptions::new().create_new(true).write(true).mode(self.mode).open(&partial) {
                Ok(file) => return Ok((partial, file)),
                // Process and moment are those of another container's process; the moment passes.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn fill(self, mut file: File, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        write(&mut file)?;
        match self.durability {
            Durability::Process => Ok(()),
            Durability::PowerCut => file.sync_all(),
        }
    }
}

/// Of which file in the same folder a file of this name is the unfinished beginning; `None` for every other name.
pub fn unfinished(name: &str) -> Option<&str> {
    let (file, writer) = name.strip_prefix('.')?.strip_suffix(PARTIAL)?.rsplit_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (process, moment) = writer.split_once('-')?;
    (!file.is_empty() && is_number(process) && is_number(moment)).then_some(file)
}

/// Beside the file, since a rename does not leave its file system; hidden, so that nobody takes it for a file of its own.
fn partial(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}-{moment}{PARTIAL}", process::id()));
    Ok(path.with_file_name(hidden))
}

/// Removes what processes that died while they replaced this file left beside it. What cannot be removed stands in nobody's way.
fn remove_left_behind(path: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    for entry in entries.flatten() {
        let of = entry.file_name().to_str().and_then(unfinished).map(OsStr::new) == path.file_name();
        let age = || SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        if of && age().is_some_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_file(entry.path());
        }
    }
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
        // What a process that was killed left behind, open to everybody, and what another one writes at this moment.
        let [left, written] = ["1-1", "1-2"].map(|writer| folder.path().join(format!(".keys.toml.{writer}.partial")));
        for partial in [&left, &written] {
            std::fs::write(partial, "half").unwrap();
            std::fs::set_permissions(partial, PermissionsExt::from_mode(0o666)).unwrap();
        }
        File::options().write(true).open(&left).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        PRIVATE.replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), [".keys.toml.1-2.partial", "keys.toml"]);
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
    fn two_that_replace_one_file_at_the_same_time_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        PRIVATE
            .replace_with(&path, |file| {
                file.write_all(b"the first, ")?;
                PRIVATE.replace(&path, b"the second")?;
                assert_eq!(std::fs::read(&path)?, b"the second");
                file.write_all(b"and whole")
            })
            .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"the first, and whole");
        assert_eq!(names(folder.path()), ["list"]);
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
        let partial_file = partial(Path::new("/a/list")).unwrap();
        assert_eq!(partial_file.parent(), Some(Path::new("/a")));
        assert_eq!(unfinished(partial_file.file_name().unwrap().to_str().unwrap()), Some("list"));
        partial(Path::new("/")).unwrap_err();
    }

    #[test]
    fn a_name_that_only_looks_like_an_unfinished_file_is_none() {
        assert_eq!(unfinished(".a.b.12-34.partial"), Some("a.b"));
        for name in
            ["list", ".list.partial", "list.12-34.partial", ".list.12-x.partial", "..12-34.partial", ".list.-.partial"]
        {
            assert_eq!(unfinished(name), None, "{name}");
        }
    }
}
