//! What the daemon answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::limits::Limits;
pub use super::role::Role;
use crate::job::{JobId, JobState, JobSummary};
use crate::result::BundleIdentity;
use crate::words::words;

/// An answer: to which request, and either what was asked for or why not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// The request's number; 0 where it could not be read.
    pub id: u64,
    /// What is answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reply", content = "body", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// To `hello`.
    Welcome(Box<Welcome>),
    /// To `ping`.
    Pong(super::request::Nothing),
    /// To `submit` and `chunk`: how much of the input is here.
    Upload(Upload),
    /// To `commit`, `cancel`, `choose`, `review`, and to `status` of a job.
    Job(Box<JobSummary>),
    /// To `events`: the events follow as messages of their own.
    Events(EventsBegin),
    /// To `artifact`; the bytes are the raw frame.
    Artifact(ArtifactPiece),
    /// To `list`.
    Jobs(Jobs),
    /// To `status` of the daemon.
    Daemon(Box<Daemon>),
    /// To `device`.
    Device(Box<DeviceReport>),
    /// The request was refused.
    Fault(Fault),
}

words! {
    /// The word of an answer.
    #[non_exhaustive]
    pub enum AnswerName {
        /// [`Answer::Welcome`]
        Welcome = "welcome",
        /// [`Answer::Pong`]
        Pong = "pong",
        /// [`Answer::Upload`]
        Upload = "upload",
        /// [`Answer::Job`]
        Job = "job",
        /// [`Answer::Events`]
        Events = "events",
        /// [`Answer::Artifact`]
        Artifact = "artifact",
        /// [`Answer::Jobs`]
        Jobs = "jobs",
        /// [`Answer::Daemon`]
        Daemon = "daemon",
        /// [`Answer::Device`]
        Device = "device",
        /// [`Answer::Fault`]
        Fault = "fault",
    }
}

impl Answer {
    /// Its word.
    pub fn name(&self) -> AnswerName {
        match self {
            Self::Welcome(_) => AnswerName::Welcome,
            Self::Pong(_) => AnswerName::Pong,
            Self::Upload(_) => AnswerName::Upload,
            Self::Job(_) => AnswerName::Job,
            Self::Events(_) => AnswerName::Events,
            Self::Artifact(_) => AnswerName::Artifact,
            Self::Jobs(_) => AnswerName::Jobs,
            Self::Daemon(_) => AnswerName::Daemon,
            Self::Device(_) => AnswerName::Device,
            Self::Fault(_) => AnswerName::Fault,
        }
    }
}

/// Who answers, and under which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    /// Name and version of the daemon.
    pub daemon: String,
    /// "Research use only; not a medical device".
    pub notice: String,
    /// Major and minor version of the protocol.
    pub protocol: [u64; 2],
    /// What this client may do: `viewer`, `submitter` or `admin`.
    pub role: Role,
    /// How much may be sent at once.
    pub limits: Limits,
    /// The models that will answer; absent while none is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleIdentity>,
    /// True once the models reproduced their stored example.
    pub ready: bool,
}

/// How much of a job's input is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Upload {
    /// The job.
    pub job: JobId,
    /// Where it is: `receiving` until `commit`; anything else where the same input was submitted before.
    pub state: JobState,
    /// To `submit`: bytes received of each item, in the order of the manifest. Empty in the answer to `chunk`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<u64>,
    /// To `chunk`: bytes received of its item, this piece included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Chunks that may be on the way without an answer from now on.
    pub credit: u32,
}

/// Which events follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventsBegin {
    /// The job.
    pub job: JobId,
    /// Number of the last event that there is.
    pub last: u64,
    /// Where the job is: after an end, nothing follows beyond `last`.
    pub state: JobState,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactPiece {
    /// Where the piece begins.
    pub offset: u64,
    /// Bytes of the whole file.
    pub bytes: u64,
}

/// Jobs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Jobs {
    /// The jobs.
    pub jobs: Vec<JobSummary>,
    /// True where older ones were left out.
    pub more: bool,
}

/// The daemon as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Daemon {
    /// Seconds since it was started.
    pub uptime_s: f64,
    /// True once the models reproduced their stored example.
    pub ready: bool,
    /// Jobs in each state.
    pub jobs: BTreeMap<String, u64>,
    /// Seconds until the queue is empty, as far as measured times tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
    /// Free bytes on the disk of the spool.
    pub disk_free_bytes: u64,
    /// What an operator should know: fall-backs, a changed bundle, a full disk.
    pub warnings: Vec<String>,
}

/// What the box is and can run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceReport {
    /// One line on the processor.
    pub processor: String,
    /// One line on the GPU; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Execution provider in use.
    pub provider: String,
    /// Arithmetic of the networks.
    pub precision: String,
    /// Providers that were wanted more, with the reason why they are not used.
    pub fallbacks: Vec<String>,
    /// Each of those that compute jobs at the same time; the first one's GPU, provider and precision stand above.
    #[serde(default)]
    pub workers: Vec<WorkerReport>,
}

/// One of those that compute jobs at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerReport {
    /// Its GPU; absent where the box has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Execution provider in use.
    pub provider: String,
    /// Arithmetic of the networks.
    pub precision: String,
}
