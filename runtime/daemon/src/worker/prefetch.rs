//! The next job's files are read while the networks are busy with this one.

use cordline_analysis::config::Config;
use cordline_analysis::reader::ReaderProcess;
use cordline_inference::bundle::Bundle;
use cordline_sdk::problem::Problem;

use super::job_input::JobInput;
use crate::journal::{JobRecord, Journal};
use crate::spool::Spool;

/// Where the input of jobs lies, and by which rules it is read.
pub(super) struct JobContext<'a> {
    pub config: &'a Config,
    pub journal: &'a Journal,
    pub spool: &'a Spool,
    pub bundle: Bundle,
    /// When the daemon started, in ms since 1970.
    pub started_ms: u64,
}

/// A job with the process that reads its files; without one where its voxels are in memory already.
pub(super) struct PreparedJob {
    pub input: JobInput,
    pub reader: Option<ReaderProcess>,
}

impl JobContext<'_> {
    /// Loads the input of a job, and starts to read its files.
    ///
    /// # Errors
    ///
    /// The input is lost, or the reader cannot be started.
    pub(super) fn prepare(&self, record: &JobRecord) -> Result<PreparedJob, Problem> {
        let input = JobInput::load(record, self.journal, self.spool, self.started_ms)?;
        let request = input.read_request(self.config, &self.bundle.manifest);
        let reader = request
            .map(|request| ReaderProcess::start(&request, input.folder(), &self.config.daemon.reader))
            .transpose()?;
        Ok(PreparedJob { input, reader })
    }
}

/// At most one job that was prepared early. It stays queued: a more urgent one may still run first.
#[derive(Default)]
pub(super) struct Prefetcher {
    prepared: Option<(JobRecord, PreparedJob)>,
}

impl Prefetcher {
    /// Prepares the job that would run next, unless that was done.
    pub(super) fn prefetch(&mut self, context: &JobContext<'_>) {
        let Ok(Some(next)) = context.journal.next() else { return };
        if self.prepared.as_ref().is_some_and(|(record, _)| *record == next) {
            return;
        }
        // A job that cannot be prepared now is prepared again when its turn comes, and then fails with its reason.
        self.prepared = context.prepare(&next).ok().map(|prepared| (next, prepared));
    }

    /// What was prepared, if it was this job and it has not changed since.
    pub(super) fn take(&mut self, job: &JobRecord) -> Option<PreparedJob> {
        let is_same = |b: &JobRecord| b.job == job.job && b.touched_ms == job.touched_ms && b.series == job.series;
        let prepared = self.prepared.take_if(|(record, _)| is_same(record))?.1;
        tracing::debug!(job = %job.job, "was read ahead");
        Some(prepared)
    }
}
