//! What jobs work on and what they made, on disk: one folder a job.
//!
//! ```text
//! SPOOL/lock                        held by the one daemon that works here
//! SPOOL/journal.sqlite              see crate::journal
//! SPOOL/audit.jsonl                 see crate::audit
//! SPOOL/key                         makes the names of jobs unguessable from their input
//! SPOOL/jobs/JOB/input/000000       an item of the manifest; 000000.part while it is on the way
//! SPOOL/jobs/JOB/results/           what the analysis wrote
//! ```
//!
//! - [`upload`]: items, piece by piece
//! - [`error`](mod@error): what can go wrong

mod error;
mod upload;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cordline_sdk::job::JobId;
use rustix::fs::{FlockOperation, flock, statvfs};

use crate::private_folder::private_folder;
pub use error::SpoolError;
pub use upload::{Intake, Item};

/// What a job works on, in its folder.
pub const INPUT: &str = "input";

const KEY_BYTES: usize = 32;
/// How long a lock may outlive its daemon: a reader that was just being started when the daemon was killed holds it until it runs.
const LINGERS: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The folder of a daemon. Nobody else works in it while this exists.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    key: Vec<u8>,
    /// Holds the lock; the kernel lets go of it whatever becomes of the process.
    _lock: File,
}

impl Spool {
    /// Takes the folder, made with mode 0700 where it is missing. A second daemon on it is refused.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let fails = |source| SpoolError::write(folder, source);
        // Who reads the input works from another folder.
        let folder = &std::path::absolute(folder).map_err(fails)?;
        private_folder(folder).map_err(fails)?;
        let path = folder.join("lock");
        let mut lock =
            File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(fails)?;
        let deadline = Instant::now() + LINGERS;
        while flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            if Instant::now() < deadline {
                thread::sleep(LOOK_AGAIN);
                continue;
            }
            let mut holder = String::new();
            // Whose lock it is is only a help to the operator.
            let _ = lock.read_to_string(&mut holder);
            return Err(SpoolError::Taken { folder: folder.into(), by: holder.trim().to_owned() });
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(fails)?;
        private_folder(&folder.join("jobs")).map_err(fails)?;
        let key = key(&folder.join("key")).map_err(fails)?;
        Ok(Self { folder: folder.into(), key, _lock: lock })
    }

    /// A secret of this spool, the same for its whole life.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Where the journal lies.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal.sqlite")
    }

    /// Where the audit file lies.
    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit.jsonl")
    }

    /// Folder of a job's input.
    pub fn input(&self, job: &JobId) -> PathBuf {
        self.job(job).join(INPUT)
    }

    /// Folder of a job's results.
    pub fn results(&self, job: &JobId) -> PathBuf {
        self.job(job).join("results")
    }

    /// Bytes that a job takes on disk.
    pub fn size(&self, job: &JobId) -> u64 {
        size_of_folder(&self.job(job))
    }

    /// Bytes that are still free for this user on the disk of the spool.
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        let disk = statvfs(&self.folder).map_err(|e| SpoolError::write(&self.folder, e.into()))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Adds a file to a job's results: whole, and forced to the disk when this returns.
    pub fn add_result(&self, job: &JobId, name: &str, bytes: &[u8]) -> Result<(), SpoolError> {
        let folder = self.results(job);
        let partial = folder.join(format!(".{name}.partial"));
        let written = File::create(&partial).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, folder.join(name))?;
            sync_folder(&folder)
        });
        written.map_err(|e| SpoolError::write(&folder, e))
    }

    /// Removes whatever lies there of a job.
    pub fn remove(&self, job: &JobId) -> Result<(), SpoolError> {
        let folder = self.job(job);
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(SpoolError::write(&folder, e)),
            _ => Ok(()),
        }
    }

    /// Jobs that have a folder; what is no job's name is left alone.
    pub fn jobs(&self) -> Result<Vec<JobId>, SpoolError> {
        let folder = self.folder.join("jobs");
        let entries = fs::read_dir(&folder).map_err(|e| SpoolError::write(&folder, e))?;
        Ok(entries.flatten().filter_map(|e| JobId::new(e.file_name().to_str()?)).collect())
    }

    /// Folder of a job.
    pub fn job(&self, job: &JobId) -> PathBuf {
        self.folder.join("jobs").join(job.as_str())
    }
}

/// Reads the key, or makes one.
fn key(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(key) if key.len() == KEY_BYTES => return Ok(key),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut key = vec![0; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// Forces the names in a folder to the disk: a new file is only there after a power cut when its name is too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn size_of_folder(folder: &Path) -> u64 {
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

    use super::*;

    #[test]
    fn a_second_daemon_is_refused_and_told_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let problem = Spool::open(folder.path()).unwrap_err().problem();
        assert_eq!(problem.code, "spool_taken");
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
        spool.remove(&job).unwrap();
        fs::create_dir_all(spool.results(&job).join("pictures")).unwrap();
        fs::write(spool.results(&job).join("pictures/x.png"), [0; 100]).unwrap();
        fs::write(spool.results(&job).join("result.json"), [0; 11]).unwrap();
        fs::create_dir_all(folder.path().join("jobs/lost+found")).unwrap();
        assert_eq!((spool.size(&job), spool.jobs().unwrap()), (111, vec![job.clone()]));
        spool.remove(&job).unwrap();
        assert_eq!((spool.size(&job), spool.jobs().unwrap()), (0, vec![]));
    }

    #[test]
    fn a_spool_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(Spool::open(file.path()).unwrap_err().problem().code, "spool_not_writable");
    }
}
