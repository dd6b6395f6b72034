//! The next job's files are read while the networks are busy with this one.

use cordline_sdk::result::Problem;

use super::task::Task;
use crate::bundle::Bundle;
use crate::config::Config;
use crate::journal::{JobRecord, Journal};
use crate::reader::Reader;
use crate::spool::Spool;

/// Where a job's input lies, and by which rules it is read.
pub(super) struct Desk<'a> {
    pub config: &'a Config,
    pub journal: &'a Journal,
    pub spool: &'a Spool,
    pub bundle: Bundle,
}

/// A job whose files a process reads, unless its voxels are here already.
pub(super) struct Begun {
    pub task: Task,
    pub reader: Option<Reader>,
}

impl Desk<'_> {
    /// Starts to read.
    pub(super) fn begin(&self, record: &JobRecord) -> Result<Begun, Problem> {
        let task = Task::of(record, self.journal, self.spool)?;
        let ask = task.ask(self.config, &self.bundle.manifest);
        let reader = ask.map(|ask| Reader::start(&ask, task.folder(), &self.config.daemon.reader)).transpose()?;
        Ok(Begun { task, reader })
    }
}

/// At most one job that was begun early. It has no state of its own yet: another may still come before it, and it waits.
#[derive(Default)]
pub(super) struct Ahead {
    begun: Option<(JobRecord, Begun)>,
}

impl Ahead {
    /// Begins the job that would run next, unless that was done.
    pub(super) fn look(&mut self, desk: &Desk<'_>) {
        let Ok(Some(next)) = desk.journal.next() else { return };
        if self.begun.as_ref().is_some_and(|(record, _)| *record == next) {
            return;
        }
        // What cannot be begun now is begun when its turn comes, and fails then, with its reason.
        self.begun = desk.begin(&next).ok().map(|begun| (next, begun));
    }

    /// What was begun of a job, if it was this one, and nothing changed since.
    pub(super) fn take(&mut self, job: &JobRecord) -> Option<Begun> {
        let same = |b: &JobRecord| b.job == job.job && b.touched_ms == job.touched_ms && b.series == job.series;
        let begun = self.begun.take_if(|(record, _)| same(record))?.1;
        tracing::debug!(job = %job.job, "was read ahead");
        Some(begun)
    }
}
