//! Jobs: what a client asked the daemon to do, and how far it came.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Finding;
use crate::result::Problem;

/// A job's name: letters and digits, at most 64. The same input, bundle and options have the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// Takes a name that may become part of a path; `None` for any other.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let plain = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JobId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name).ok_or("a job's name has 1 to 64 letters and digits")
    }
}

impl From<JobId> for String {
    fn from(job: JobId) -> Self {
        job.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Its input is on the way.
    Receiving,
    /// Accepted: input and intention are on disk.
    Queued,
    /// Files are read.
    Decoding,
    /// The series is chosen and put in order.
    Selecting,
    /// Lesions are segmented.
    Segmenting,
    /// Questions are asked.
    Classifying,
    /// Heat maps are made.
    Explaining,
    /// Results are written.
    Writing,
    /// Ended with an answer.
    Completed,
    /// Ended: several series fit, a person chooses.
    NeedsSelection,
    /// Ended: nothing in it that the bundle was made for.
    OutOfScope,
    /// Ended: something is wrong with the input or the box.
    Failed,
    /// Ended: somebody cancelled it.
    Cancelled,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 13] = [
        Self::Receiving,
        Self::Queued,
        Self::Decoding,
        Self::Selecting,
        Self::Segmenting,
        Self::Classifying,
        Self::Explaining,
        Self::Writing,
        Self::Completed,
        Self::NeedsSelection,
        Self::OutOfScope,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it stands on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Decoding => "decoding",
            Self::Selecting => "selecting",
            Self::Segmenting => "segmenting",
            Self::Classifying => "classifying",
            Self::Explaining => "explaining",
            Self::Writing => "writing",
            Self::Completed => "completed",
            Self::NeedsSelection => "needs_selection",
            Self::OutOfScope => "out_of_scope",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == key)
    }

    /// Nothing more will happen by itself.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::NeedsSelection | Self::OutOfScope | Self::Failed | Self::Cancelled)
    }

    /// A worker has it.
    pub fn is_running(self) -> bool {
        !self.has_ended() && !matches!(self, Self::Receiving | Self::Queued)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Who goes first. Within one priority the oldest job does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nobody else waits: a cohort, a second run.
    Background,
    /// The ordinary study.
    #[default]
    Routine,
    /// Somebody sits before the viewer.
    Urgent,
}

impl Priority {
    /// As it stands on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Routine => "routine",
            Self::Urgent => "urgent",
        }
    }

    /// The priority with this key.
    pub fn of(key: &str) -> Option<Self> {
        [Self::Background, Self::Routine, Self::Urgent].into_iter().find(|p| p.key() == key)
    }
}

/// What a job works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// DICOM instances that came over the wire.
    Study,
    /// A folder of the box.
    Folder,
    /// Voxels with their matrix.
    Volume,
    /// A corrected mask of an earlier job.
    Mask,
}

impl JobKind {
    /// As it stands on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Study => "study",
            Self::Folder => "folder",
            Self::Volume => "volume",
            Self::Mask => "mask",
        }
    }

    /// The kind with this key.
    pub fn of(key: &str) -> Option<Self> {
        [Self::Study, Self::Folder, Self::Volume, Self::Mask].into_iter().find(|k| k.key() == key)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_words_on_the_wire() {
        for state in JobState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.key());
            assert_eq!(JobState::of(state.key()), Some(state));
        }
        for priority in [Priority::Background, Priority::Routine, Priority::Urgent] {
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.key());
            assert_eq!(Priority::of(priority.key()), Some(priority));
        }
        for kind in [JobKind::Study, JobKind::Folder, JobKind::Volume, JobKind::Mask] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
            assert_eq!(JobKind::of(kind.key()), Some(kind));
        }
    }

    #[test]
    fn a_state_is_waiting_running_or_at_an_end() {
        let running = JobState::ALL.into_iter().filter(|s| s.is_running()).count();
        let ended = JobState::ALL.into_iter().filter(|s| s.has_ended()).count();
        assert_eq!((running, ended), (6, 5));
        assert!(Priority::Urgent > Priority::Routine && Priority::Routine > Priority::Background);
    }

    #[test]
    fn a_name_is_safe_as_part_of_a_path() {
        assert!(JobId::new("9f2c").is_some());
        for bad in ["", "../etc", "a/b", "a.b", "ä", &"a".repeat(65)] {
            assert!(JobId::new(bad).is_none(), "{bad}");
            assert!(serde_json::from_value::<JobId>(bad.into()).is_err(), "{bad}");
        }
    }
}
