//! Discarded folders: renamed out of the way at once, and deleted later by a thread for which no client waits. Deleting a folder of tens of
//! thousands of files takes seconds.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use cordline_sdk::job::JobId;

use super::error::SpoolError;
use super::layout::{Spool, TRASH};

impl Spool {
    /// Discards the folder of a job.
    ///
    /// # Errors
    ///
    /// The folder cannot be renamed; then it stays where it was.
    pub fn discard(&self, job: &JobId) -> Result<(), SpoolError> {
        self.move_to_trash(&self.job(job))
    }

    /// Discards a job's input, and keeps its results.
    ///
    /// # Errors
    ///
    /// As [`Spool::discard`].
    pub fn discard_input(&self, job: &JobId) -> Result<(), SpoolError> {
        self.move_to_trash(&self.input(job))
    }

    fn move_to_trash(&self, folder: &Path) -> Result<(), SpoolError> {
        loop {
            let number = self.next_trash.fetch_add(1, Ordering::Relaxed);
            match fs::rename(folder, self.folder.join(TRASH).join(number.to_string())) {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(e) if matches!(e.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists) => {}
                Err(e) => return Err(SpoolError::write(folder, e)),
            }
        }
    }

    /// Deletes what was discarded; returns the number of deleted folders. May take long.
    pub fn empty_trash(&self) -> usize {
        let Ok(entries) = fs::read_dir(self.folder.join(TRASH)) else { return 0 };
        // What cannot be deleted now is tried again next time.
        entries.flatten().filter(|entry| fs::remove_dir_all(entry.path()).is_ok()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_out_of_the_way_at_once_and_gone_with_the_sweep() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let job = JobId::new("a1").unwrap();
        for _ in 0..2 {
            for made in [spool.input(&job), spool.results(&job)] {
                fs::create_dir_all(&made).unwrap();
                fs::write(made.join("000000"), b"x").unwrap();
            }
            spool.discard_input(&job).unwrap();
            assert!(!spool.input(&job).exists() && spool.results(&job).join("000000").exists());
            spool.discard(&job).unwrap();
            assert!(spool.jobs().unwrap().is_empty());
        }
        spool.discard(&job).unwrap();
        assert_eq!((spool.empty_trash(), spool.empty_trash()), (4, 0));
    }
}
