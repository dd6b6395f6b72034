//! The file lists of jobs, as they were read last.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cordline_sdk::job::JobId;
use cordline_sdk::wire::event::FileInfo;

const CAPACITY: usize = 64;

/// File lists, most recent first, each with the number of the job's last event at that time: without a new event the list is the same.
#[derive(Debug, Default)]
pub(super) struct FileListCache(Mutex<VecDeque<(JobId, u64, Vec<FileInfo>)>>);

impl FileListCache {
    pub(super) fn get(&self, job: &JobId, last_event: u64) -> Option<Vec<FileInfo>> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.iter().find(|(of, at, _)| of == job && *at == last_event).map(|(_, _, files)| files.clone())
    }

    pub(super) fn put(&self, job: &JobId, last_event: u64, files: &[FileInfo]) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|(of, _, _)| of != job);
        lists.truncate(CAPACITY - 1);
        lists.push_front((job.clone(), last_event, files.to_vec()));
    }
}
