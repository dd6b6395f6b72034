//! What a client asks: one type a verb.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::role::Role;
use super::tensor::Tensor;
use crate::job::{JobId, JobKind, JobState, Priority};
use crate::review::Verdict;
use crate::words::words;

/// A request: a number that its answer repeats, and what is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Chosen by the client; the answer carries the same. At most 2^53 - 1.
    pub id: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub verb: Verb,
}

/// What is wanted.
// A request is moved once or twice, and then gone: a box would cost more than it saves.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verb", content = "body", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verb {
    /// The first message of a connection: who is there.
    Hello(Hello),
    /// Says that the client is still there.
    Ping(Nothing),
    /// A new job; what is not at hand yet is uploaded with `chunk`.
    Submit(Submit),
    /// A piece of an item of the manifest, in the raw frame.
    Chunk(Chunk),
    /// The upload is whole: queue the job.
    Commit(OfJob),
    /// The events of a job from a number on.
    Events(Events),
    /// A piece of a file of a job, in the raw frame of the answer.
    Artifact(Artifact),
    /// Jobs, newest first.
    List(List),
    /// One job, or the daemon as a whole.
    Status(Status),
    /// Stop a job; heeded between sections.
    Cancel(OfJob),
    /// Remove a job that has ended, for good: input, results, events.
    Forget(OfJob),
    /// A person's choice for a job that needs a selection.
    Choose(Choose),
    /// What a reader says of an answer.
    Review(Judgement),
    /// What this box is and can run.
    Device(Nothing),
}

words! {
    /// The word of a verb.
    #[non_exhaustive]
    pub enum VerbName {
        /// [`Verb::Hello`]
        Hello = "hello",
        /// [`Verb::Ping`]
        Ping = "ping",
        /// [`Verb::Submit`]: the one verb whose header may be long.
        Submit = "submit",
        /// [`Verb::Chunk`]
        Chunk = "chunk",
        /// [`Verb::Commit`]
        Commit = "commit",
        /// [`Verb::Events`]
        Events = "events",
        /// [`Verb::Artifact`]
        Artifact = "artifact",
        /// [`Verb::List`]
        List = "list",
        /// [`Verb::Status`]
        Status = "status",
        /// [`Verb::Cancel`]
        Cancel = "cancel",
        /// [`Verb::Forget`]
        Forget = "forget",
        /// [`Verb::Choose`]
        Choose = "choose",
        /// [`Verb::Review`]
        Review = "review",
        /// [`Verb::Device`]
        Device = "device",
    }
}

impl VerbName {
    /// The least role that may ask it. The one place that says who may do what: daemon and gateway both look here.
    pub fn required_role(self) -> Role {
        match self {
            Self::Hello | Self::Ping | Self::Events | Self::Artifact | Self::List | Self::Status | Self::Device => {
                Role::Viewer
            }
            Self::Submit | Self::Chunk | Self::Commit | Self::Cancel | Self::Choose | Self::Review => Role::Submitter,
            Self::Forget => Role::Admin,
        }
    }
}

impl Verb {
    /// Its word.
    pub fn name(&self) -> VerbName {
        match self {
            Self::Hello(_) => VerbName::Hello,
            Self::Ping(_) => VerbName::Ping,
            Self::Submit(_) => VerbName::Submit,
            Self::Chunk(_) => VerbName::Chunk,
            Self::Commit(_) => VerbName::Commit,
            Self::Events(_) => VerbName::Events,
            Self::Artifact(_) => VerbName::Artifact,
            Self::List(_) => VerbName::List,
            Self::Status(_) => VerbName::Status,
            Self::Cancel(_) => VerbName::Cancel,
            Self::Forget(_) => VerbName::Forget,
            Self::Choose(_) => VerbName::Choose,
            Self::Review(_) => VerbName::Review,
            Self::Device(_) => VerbName::Device,
        }
    }

    /// The least role that may ask it.
    pub fn required_role(&self) -> Role {
        self.name().required_role()
    }
}

/// The body of a verb that needs none: an empty map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "an empty map")]
pub struct Nothing {}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Name and version of the client, for the daemon's log: "slicer 0.1.0".
    pub client: String,
}

/// A new job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Submit {
    /// What it works on.
    #[serde(flatten)]
    pub input: Input,
    /// Who goes first.
    #[serde(default)]
    pub priority: Priority,
    /// Series Instance UID that a person chose, or `UID#N` for the Nth volume of that series, instead of the automatic choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Results of earlier analyses of the same study, which this one follows: its report names them. Those of the first submission stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<Predecessor>,
}

impl Submit {
    /// A routine job without any wish.
    pub fn new(input: Input) -> Self {
        Self { input, priority: Priority::default(), series: None, predecessors: Vec::new() }
    }
}

/// A result object of an earlier analysis of the same study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Predecessor {
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_uid: String,
}

/// What a job works on.
// A request is moved once or twice, and then gone: a box would cost more than it saves.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Input {
    /// DICOM instances, to be uploaded: one item an instance.
    Study {
        /// The instances in the order of their UIDs as text, so that whoever sends a study names its items alike.
        instances: Vec<Instance>,
        /// How often the same was analysed before, where it is to be analysed anew: another number is another job, whose results
        /// are objects of their own.
        #[serde(default, skip_serializing_if = "is_first")]
        again: u32,
    },
    /// A folder, file or ZIP archive of the box, under one of its allowed roots; nothing is uploaded.
    Folder {
        /// Absolute path on the box.
        path: String,
        /// As of a study.
        #[serde(default, skip_serializing_if = "is_first")]
        again: u32,
    },
    /// Voxels with their place in the patient, to be uploaded: item 0 is the T2w volume, item 1 the T1c.
    Volume {
        /// The sagittal T2-weighted volume.
        t2w: Voxels,
        /// The contrast-enhanced T1-weighted volume.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        t1c: Option<Voxels>,
    },
    /// A corrected mask of an earlier job, to be uploaded as item 0: classify again.
    Mask {
        /// The earlier job, which must be completed.
        job: JobId,
        /// One bit a voxel on the grid of the earlier job's volume.
        mask: Tensor,
        /// SHA-256 of the packed bits, 64 hexadecimal digits.
        sha256: String,
        /// Who corrected it: stands in the results as their creator. At most 64 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reader: Option<String>,
    },
}

impl Input {
    /// The kind of a job with this input.
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Study { .. } => JobKind::Study,
            Self::Folder { .. } => JobKind::Folder,
            Self::Volume { .. } => JobKind::Volume,
            Self::Mask { .. } => JobKind::Mask,
        }
    }
}

// Left out: names of jobs are digests of what is said here, and those of earlier versions go on to hold.
fn is_first(again: &u32) -> bool {
    *again == 0
}

/// A DICOM instance of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instance {
    /// SOP Instance UID.
    pub sop_uid: String,
    /// Bytes of the Part 10 file.
    pub bytes: u64,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

/// Voxels and where they lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Voxels {
    /// Sections, rows, columns, and type.
    pub tensor: Tensor,
    /// From (column, row, section, 1) to patient coordinates (LPS, mm): 4 x 4, row by row.
    pub matrix: [f64; 16],
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// A piece of an item; its bytes are the raw frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chunk {
    /// The job that is receiving.
    pub job: JobId,
    /// Place of the item in the manifest, from 0.
    pub item: u32,
    /// Where in the item the piece begins: as many bytes as were received of it.
    pub offset: u64,
}

/// A verb about one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfJob {
    /// The job.
    pub job: JobId,
}

/// The events of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    /// The job.
    pub job: JobId,
    /// Number of the last event that the client has; 0 for all.
    #[serde(default)]
    pub since: u64,
    /// True to be sent also those that are still to come, until the job has ended.
    #[serde(default)]
    pub follow: bool,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// The job.
    pub job: JobId,
    /// Path of the file as the event `files` lists it, for example `segmentation.dcm`.
    pub path: String,
    /// Where the piece begins.
    #[serde(default)]
    pub offset: u64,
}

/// Which jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct List {
    /// Only those in one of these states; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<JobState>,
    /// Most jobs in the answer; 100 when left out, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only jobs submitted before this moment, in milliseconds since 1970: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<u64>,
    /// Only jobs on this study (Study Instance UID, without padding), as [`JobSummary::study_uid`] names it.
    ///
    /// [`JobSummary::study_uid`]: crate::job::JobSummary::study_uid
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study_uid: Option<String>,
}

/// One job, or the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The job; the daemon as a whole when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

/// A person's choice of the series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choose {
    /// A job in `needs_selection`.
    pub job: JobId,
    /// `selector` of one of its candidates: a Series Instance UID, or `UID#N` for the Nth volume of a series.
    pub series: String,
}

/// What a reader says of the answer of a completed job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// A completed job.
    pub job: JobId,
    /// What the reader says; said twice it counts once.
    pub verdict: Verdict,
    /// Why: at most 1,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Name of the reader: 1 to 64 characters. The gateway puts that of the token here, whatever a page claims.
    pub reader: String,
}
