//! Bytes of ended jobs. They do not change any more, and measuring thousands of folders each minute would keep the disk busy.

use std::collections::{BTreeMap, BTreeSet};

use cordline_sdk::job::JobId;

use crate::journal::EndedJob;
use crate::spool::Spool;

/// Time of the end, and bytes, of each job that was measured.
#[derive(Default)]
pub(super) struct JobSizes(BTreeMap<JobId, (u64, u64)>);

impl JobSizes {
    /// Bytes of a job on the disk.
    pub(super) fn measure(&mut self, spool: &Spool, job: &EndedJob) -> u64 {
        let measured = self.0.get(&job.job).filter(|(ended_ms, _)| *ended_ms == job.ended_ms);
        measured.map(|(_, size)| *size).unwrap_or_else(|| {
            let size = spool.size(&job.job);
            // The input of a job without answer is removed later.
            if !job.is_unanswered {
                self.0.insert(job.job.clone(), (job.ended_ms, size));
            }
            size
        })
    }

    /// Forgets all other jobs.
    pub(super) fn retain(&mut self, ended: &[EndedJob]) {
        let kept: BTreeSet<&JobId> = ended.iter().map(|job| &job.job).collect();
        self.0.retain(|job, _| kept.contains(job));
    }
}
