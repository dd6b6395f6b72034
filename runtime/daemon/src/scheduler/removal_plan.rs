//! What the retention scanner found to be removed. The scheduler carries it out, after a second look at each job.

use cordline_sdk::job::JobId;

use crate::clock::HOUR_MS;
use crate::journal::CountedUptime;

/// Uploads without a sign of life are removed after this time, and so is the input of jobs that failed.
pub(crate) const IDLE_UPLOAD_MS: u64 = HOUR_MS;

/// Jobs by the reason for which they go.
#[derive(Debug, Default)]
pub(crate) struct RemovalPlan {
    /// Uploads that were begun long ago. Whether they have stopped is not in the journal.
    pub idle_uploads: Vec<JobId>,
    /// Jobs that are too old, or for which there is no room.
    pub expired: Vec<JobId>,
    /// Jobs with a reader's work that are too old.
    pub expired_reader_work: Vec<JobId>,
    /// Jobs without an answer whose input, or results that nothing lists, are still there.
    pub unanswered: Vec<JobId>,
    /// Folders that the journal does not know.
    pub unknown_folders: Vec<JobId>,
    pub uptime: CountedUptime,
}
