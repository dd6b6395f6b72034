//! The folder of a daemon: its lock, its key, and where things lie in it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use cordline_files::{AtomicFile, Durability};
use cordline_sdk::job::JobId;
use rustix::fs::statvfs;

use super::error::SpoolError;
use crate::lock::{LockError, lock_file};
use crate::private_folder::private_folder;

/// Name of the folder of a job's input, in the folder of the job.
pub const INPUT: &str = "input";

/// The file that makes a folder a spool.
pub(crate) const JOURNAL: &str = "journal.sqlite";

/// Name of the trash in the spool.
pub(super) const TRASH: &str = "going";

const KEY_BYTES: usize = 32;

/// The folder of a daemon. No other daemon works in it while this exists.
#[derive(Debug)]
pub struct Spool {
    pub(super) folder: PathBuf,
    key: Vec<u8>,
    /// The next name in the trash.
    pub(super) next_trash: AtomicU64,
    /// Holds the lock; the kernel releases it even if the process is killed.
    _lock: File,
}

impl Spool {
    /// Locks the folder, and makes it with mode 0700 where it is missing.
    ///
    /// # Errors
    ///
    /// Another daemon works in it, or it cannot be written.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let fails = |source| SpoolError::write(folder, source);
        // The process that reads input works in another folder.
        let folder = &std::path::absolute(folder).map_err(fails)?;
        private_folder(folder).map_err(fails)?;
        let path = folder.join("lock");
        let lock = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(fails)?;
        let lock = lock_file(lock).map_err(|error| match error {
            LockError::Taken(by) => SpoolError::Taken { folder: folder.into(), by },
            LockError::Io(error) => fails(error),
        })?;
        for inside in ["jobs", TRASH] {
            private_folder(&folder.join(inside)).map_err(fails)?;
        }
        let key = key(&folder.join("key")).map_err(fails)?;
        Ok(Self { folder: folder.into(), key, next_trash: AtomicU64::new(first_trash_number()), _lock: lock })
    }

    /// A secret of this spool, which never changes.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Path of the journal.
    pub fn journal(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    /// Path of the audit file.
    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit.jsonl")
    }

    pub fn input(&self, job: &JobId) -> PathBuf {
        self.job(job).join(INPUT)
    }

    pub fn results(&self, job: &JobId) -> PathBuf {
        self.job(job).join("results")
    }

    /// Bytes that a job takes on disk.
    pub fn size(&self, job: &JobId) -> u64 {
        size_of_folder(&self.job(job))
    }

    /// Bytes that are free for this user on the disk of the spool.
    ///
    /// # Errors
    ///
    /// The disk does not answer.
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        self.disk_bytes().map(|[free, _]| free)
    }

    /// Bytes that are free for this user on the disk of the spool, and bytes of the whole disk.
    ///
    /// # Errors
    ///
    /// The disk does not answer.
    pub fn disk_bytes(&self) -> Result<[u64; 2], SpoolError> {
        let disk = statvfs(&self.folder).map_err(|e| SpoolError::write(&self.folder, e.into()))?;
        Ok([disk.f_bavail, disk.f_blocks].map(|blocks| blocks.saturating_mul(disk.f_frsize)))
    }

    /// Adds a file to a job's results: whole, and forced to the disk when this returns.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn add_result(&self, job: &JobId, name: &str, bytes: &[u8]) -> Result<(), SpoolError> {
        let folder = self.results(job);
        let file = AtomicFile { mode: 0o666, durability: Durability::PowerCut };
        file.replace(&folder.join(name), bytes).map_err(|e| SpoolError::write(&folder, e))
    }

    /// Jobs that have a folder. Folders whose names are no job's are ignored.
    ///
    /// # Errors
    ///
    /// The list cannot be read to its end.
    pub fn jobs(&self) -> Result<Vec<JobId>, SpoolError> {
        let folder = self.folder.join("jobs");
        let names = |entry: io::Result<fs::DirEntry>| Ok(JobId::new(entry?.file_name().to_str().unwrap_or_default()));
        let entries = fs::read_dir(&folder).map_err(|e| SpoolError::write(&folder, e))?;
        // Half of a list is an error: a job that is missing in it would count as removed.
        let named: io::Result<Vec<Option<JobId>>> = entries.map(names).collect();
        Ok(named.map_err(|e| SpoolError::write(&folder, e))?.into_iter().flatten().collect())
    }

    pub fn job(&self, job: &JobId) -> PathBuf {
        self.folder.join("jobs").join(job.as_str())
    }
}

/// Reads the key, or creates one.
fn key(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(key) if key.len() == KEY_BYTES => return Ok(key),
        Ok(_) => tracing::error!(
            "the spool's key was damaged and is made anew: what is submitted again is a new job. Check the disk of the spool"
        ),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key)?;
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// A number that earlier starts have hardly used; names that exist are skipped.
fn first_trash_number() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

/// Bytes of all files in a folder.
pub(super) fn size_of_folder(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of_folder(&entry.path()),
        _ => entry.metadata().map_or(0, |m| m.len()),
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use cordline_sdk::problem::{Code, Diagnose};

    use super::*;

    #[test]
    fn a_second_daemon_is_refused_and_told_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let problem = Spool::open(folder.path()).unwrap_err().problem();
        assert_eq!(problem.code, Code::SpoolTaken);
        assert!(problem.message.contains(&std::process::id().to_string()), "{}", problem.message);
        let key = spool.key().to_vec();
        drop(spool);
        assert_eq!(Spool::open(folder.path()).unwrap().key(), key);
        assert_eq!(fs::metadata(folder.path().join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_folder_is_for_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/spool");
        let spool = Spool::open(&path).unwrap();
        for made in [&path, &path.join("jobs")] {
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
        }
        assert!(spool.free_bytes().unwrap() > 0);
    }

    #[test]
    fn what_lies_there_of_a_job_is_measured_listed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let job = JobId::new("a1").unwrap();
        spool.discard(&job).unwrap();
        fs::create_dir_all(spool.results(&job).join("pictures")).unwrap();
        fs::write(spool.results(&job).join("pictures/x.png"), [0; 100]).unwrap();
        fs::write(spool.results(&job).join("result.json"), [0; 11]).unwrap();
        fs::create_dir_all(folder.path().join("jobs/lost+found")).unwrap();
        assert_eq!((spool.size(&job), spool.jobs().unwrap()), (111, vec![job.clone()]));
        spool.discard(&job).unwrap();
        assert_eq!((spool.size(&job), spool.jobs().unwrap()), (0, vec![]));
    }

    #[test]
    fn a_spool_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(Spool::open(file.path()).unwrap_err().code(), Code::SpoolNotWritable);
    }
}
