//! What a file says, read again when the file changes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The clock of a file system moves in steps of some milliseconds: a file that was written so shortly ago may be written once more
/// without another time.
const SETTLED: Duration = Duration::from_millis(100);

/// A value that was read from a file.
///
/// ```
/// use cordline_files::Reloading;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("list");
/// std::fs::write(&path, "one")?;
/// let mut list = Reloading::new(&path, String::new());
/// assert!(list.refresh(|path| std::fs::read_to_string(path))?);
/// std::fs::write(&path, "two")?;
/// assert!(list.refresh(|path| std::fs::read_to_string(path))?);
/// assert_eq!(list.value(), "two");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reloading<T> {
    path: PathBuf,
    /// Of the file that was read; `None` before the first reading, after a failed one, and of a file that may still change unseen.
    version: Option<FileVersion>,
    value: T,
}

/// One state of a file: it is another one as soon as the file was written, replaced or given other rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileVersion {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl<T: PartialEq> Reloading<T> {
    /// A value that counts until the file was read; nothing is read yet.
    pub fn new(path: &Path, value: T) -> Self {
        Self { path: path.into(), version: None, value }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was read last.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Puts a value in the place of what was read; the file is read with the next [`Reloading::refresh`].
    pub fn replace(&mut self, value: T) {
        self.version = None;
        self.value = value;
    }

    /// True while the file is the one that was read: [`Reloading::refresh`] would do nothing.
    pub fn is_current(&self) -> bool {
        self.version.is_some() && self.version == FileVersion::settled(&self.path)
    }

    /// Reads the file where it may be another one. True where the value is another one than before.
    ///
    /// # Errors
    ///
    /// What `read` returns; then the value is as before, and the file is read again next time: the reason may pass without a change
    /// of the file.
    pub fn refresh<E>(&mut self, read: impl FnOnce(&Path) -> Result<T, E>) -> Result<bool, E> {
        // Before the file is read: a change while it is read is seen next time.
        let version = FileVersion::settled(&self.path);
        if version.is_some() && version == self.version {
            return Ok(false);
        }
        self.version = None;
        let value = read(&self.path)?;
        self.version = version;
        let has_changed = value != self.value;
        self.value = value;
        Ok(has_changed)
    }
}

impl FileVersion {
    /// The state of a file whose next change will be seen; `None` for one that was written just now, or is not there.
    fn settled(path: &Path) -> Option<Self> {
        let found = path.metadata().ok()?;
        // Not by the time of its content, which its writer may set.
        let changed = Duration::new(u64::try_from(found.ctime()).ok()?, u32::try_from(found.ctime_nsec()).ok()?);
        let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + changed);
        age.is_ok_and(|age| age > SETTLED).then(|| Self {
            inode: found.ino(),
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn read(path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn settle() {
        std::thread::sleep(2 * SETTLED);
    }

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, "one").unwrap();
        settle();
        let mut list = Reloading::new(&path, String::new());
        assert!(!list.is_current());
        assert!(list.refresh(read).unwrap());
        assert!(list.is_current());
        assert!(!list.refresh(|_| -> io::Result<String> { panic!("it has not changed") }).unwrap());
        // As long as before.
        std::fs::write(&path, "two").unwrap();
        settle();
        assert!(!list.is_current());
        assert!(list.refresh(read).unwrap());
        assert_eq!(list.value(), "two");
    }

    #[test]
    fn two_changes_in_the_same_moment_are_both_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut list = Reloading::new(&path, String::new());
        for n in 0..20 {
            std::fs::write(&path, format!("{n:02}")).unwrap();
            assert!(list.refresh(read).unwrap() && !list.is_current());
            assert_eq!(list.value(), &format!("{n:02}"));
            assert!(!list.refresh(read).unwrap(), "read again, and the same");
        }
    }

    #[test]
    fn what_cannot_be_read_changes_nothing_and_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut list = Reloading::new(&path, "before".to_owned());
        list.refresh(read).unwrap_err();
        assert_eq!((list.value().as_str(), list.is_current()), ("before", false));
        std::fs::write(&path, "after").unwrap();
        assert!(list.refresh(read).unwrap());
        list.replace("before".to_owned());
        settle();
        assert!(list.refresh(read).unwrap());
        assert_eq!(list.value(), "after");
    }
}
