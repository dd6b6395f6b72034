//! Folders that the journal does not know: set aside, never removed. To a journal that is new, or was restored from an old copy, the folders of
//! accepted jobs are unknown too.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cordline_sdk::job::JobId;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::error::SpoolError;
use super::layout::{Spool, size_of_folder};
use super::sync::sync_folder;
use crate::private_folder::private_folder;

/// Name of the folder for them in the spool.
const FOLDER: &str = "lost";

/// A folder that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its name in the folder `lost`.
    pub name: String,
    /// The job whose folder it was.
    pub job: JobId,
    /// When it was set aside, in ms since 1970.
    pub since_ms: u64,
    pub folder: PathBuf,
}

impl Orphan {
    fn named(folder: PathBuf) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.to_owned();
        let (since, job) = name.split_once('-')?;
        let (since_ms, job) = (since.parse().ok()?, JobId::new(job)?);
        Some(Self { name, job, since_ms, folder })
    }

    /// Bytes of all files in it.
    pub fn bytes(&self) -> u64 {
        size_of_folder(&self.folder)
    }

    /// True where the analysis had ended.
    pub fn has_results(&self) -> bool {
        self.folder.join("results").join(cordline_analysis::output::RESULT_FILE).exists()
    }

    /// Makes it the folder of its job again.
    ///
    /// # Errors
    ///
    /// The job has another folder, which is not replaced; or it cannot be renamed.
    pub fn restore(&self) -> io::Result<()> {
        let spool = self.folder.ancestors().nth(2).ok_or(io::ErrorKind::InvalidInput)?;
        let jobs = spool.join("jobs");
        renameat_with(CWD, &self.folder, CWD, jobs.join(self.job.as_str()), RenameFlags::NOREPLACE)?;
        sync_folder(&jobs)?;
        sync_folder(&spool.join(FOLDER))
    }
}

/// What was set aside in a spool, the oldest first. A daemon may be working in it.
///
/// # Errors
///
/// The folder cannot be read.
pub fn list(spool: &Path) -> io::Result<Vec<Orphan>> {
    let entries = match fs::read_dir(spool.join(FOLDER)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let folders: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut orphans: Vec<Orphan> = folders?.into_iter().filter_map(Orphan::named).collect();
    orphans.sort_by(|a, b| (a.since_ms, &a.job).cmp(&(b.since_ms, &b.job)));
    Ok(orphans)
}

impl Spool {
    /// Moves the folder of a job that the journal does not know out of the way.
    ///
    /// # Errors
    ///
    /// It cannot be moved; then it stays where it was.
    pub fn set_aside(&self, job: &JobId, now_ms: u64) -> Result<(), SpoolError> {
        let lost = self.folder.join(FOLDER);
        let moved = private_folder(&lost).and_then(|()| {
            let to = (now_ms..).map(|ms| lost.join(format!("{ms}-{job}"))).find(|path| !path.exists());
            fs::rename(self.job(job), to.ok_or(io::ErrorKind::AlreadyExists)?)?;
            sync_folder(&lost)?;
            sync_folder(&self.folder.join("jobs"))
        });
        moved.map_err(|e| SpoolError::write(&lost, e))
    }

    /// Number of folders that wait for a person.
    pub fn orphan_count(&self) -> usize {
        // A folder that cannot be read is reported when the next one is set aside.
        list(&self.folder).map_or(0, |orphans| orphans.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_listed_whole_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        assert_eq!((spool.orphan_count(), list(folder.path()).unwrap()), (0, vec![]));
        let job = JobId::new("a1").unwrap();
        for ms in [7, 7] {
            fs::create_dir_all(spool.results(&job)).unwrap();
            fs::write(spool.results(&job).join("result.json"), [0; 11]).unwrap();
            spool.set_aside(&job, ms).unwrap();
        }
        assert!(spool.jobs().unwrap().is_empty());
        let lost = list(folder.path()).unwrap();
        assert_eq!(lost.iter().map(|l| (l.since_ms, l.bytes())).collect::<Vec<_>>(), [(7, 11), (8, 11)]);
        assert!(lost[0].has_results() && lost[0].job == job);
        lost[0].restore().unwrap();
        assert_eq!((spool.size(&job), spool.orphan_count()), (11, 1));
        assert!(lost[1].restore().is_err(), "a folder that stands is not replaced");
        assert_eq!(spool.orphan_count(), 1);
    }
}
