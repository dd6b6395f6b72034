//! Jobs: what a client asked the daemon to do, and how far it came.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Finding;
pub use crate::job_id::JobId;
use crate::problem::Problem;
use crate::review::Review;
use crate::words::words;

words! {
    /// Where a job is.
    pub enum JobState {
        /// Its input is on the way.
        Receiving = "receiving",
        /// Accepted: input and intention are on disk.
        Queued = "queued",
        /// Files are read.
        Decoding = "decoding",
        /// The series is chosen and put in order.
        Selecting = "selecting",
        /// Lesions are segmented.
        Segmenting = "segmenting",
        /// Questions are asked.
        Classifying = "classifying",
        /// Heat maps are made.
        Explaining = "explaining",
        /// Results are written.
        Writing = "writing",
        /// Ended with an answer.
        Completed = "completed",
        /// Ended: several series fit, a person chooses.
        NeedsSelection = "needs_selection",
        /// Ended: nothing in it that the bundle was made for.
        OutOfScope = "out_of_scope",
        /// Ended: something is wrong with the input or the box.
        Failed = "failed",
        /// Ended: somebody cancelled it.
        Cancelled = "cancelled",
    }
}

impl JobState {
    /// Nothing more will happen by itself.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::NeedsSelection | Self::OutOfScope | Self::Failed | Self::Cancelled)
    }

    /// A worker has it.
    pub fn is_running(self) -> bool {
        !self.has_ended() && !matches!(self, Self::Receiving | Self::Queued)
    }
}

words! {
    /// Who goes first. Within one priority the oldest job does.
    #[derive(Default, PartialOrd, Ord)]
    pub enum Priority {
        /// When nobody else waits: a cohort, a second run.
        Background = "background",
        /// The ordinary study.
        #[default]
        Routine = "routine",
        /// Somebody sits before the viewer.
        Urgent = "urgent",
    }
}

words! {
    /// What a job works on.
    pub enum JobKind {
        /// DICOM instances that came over the wire.
        Study = "study",
        /// A folder of the box.
        Folder = "folder",
        /// Voxels with their matrix.
        Volume = "volume",
        /// A corrected mask of an earlier job.
        Mask = "mask",
    }
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobSummary {
    /// Its name.
    pub job: JobId,
    /// What it works on.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// Who goes first.
    pub priority: Priority,
    /// When it was submitted, in milliseconds since 1970 (UTC).
    pub submitted_ms: u64,
    /// Number of its last event.
    pub last_event: u64,
    /// Jobs before it, where it is queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Seconds until it will have ended, as far as measured times of earlier jobs tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
    /// The answer, where it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Why there is no answer, where it ended without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// Study Instance UID, once the files were read; absent for voxels, and for files of several studies of which none was
    /// chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study_uid: Option<String>,
    /// Who corrected its mask, where it is a corrected mask and the viewer named the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// The job whose mask it corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<JobId>,
    /// What readers said of its answer, oldest first: the last one stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_on_the_wire() {
        for state in JobState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for priority in [Priority::Background, Priority::Routine, Priority::Urgent] {
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.as_str());
            assert_eq!(priority.as_str().parse(), Ok(priority));
        }
        for kind in [JobKind::Study, JobKind::Folder, JobKind::Volume, JobKind::Mask] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn a_state_is_waiting_running_or_at_an_end() {
        let running = JobState::ALL.into_iter().filter(|s| s.is_running()).count();
        let ended = JobState::ALL.into_iter().filter(|s| s.has_ended()).count();
        assert_eq!((running, ended), (6, 5));
        assert!(Priority::Urgent > Priority::Routine && Priority::Routine > Priority::Background);
    }
}
