//! What happens to a job: numbered from 1, kept with the job, and sent again to whoever asks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tensor::Tensor;
use crate::Finding;
pub use crate::file_info::FileInfo;
use crate::job::JobState;
use crate::job_id::JobId;
use crate::problem::Problem;
use crate::result::{Classification, Lesion, SeriesChoice};
use crate::words::words;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The job.
    pub job: JobId,
    /// Number within the job: 1, 2, 3, without a gap.
    pub number: u64,
    /// When it happened, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", content = "body", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The job is in another state.
    State(StateChange),
    /// The series was chosen, or not, with reasons.
    Series(Box<SeriesChoice>),
    /// The grid of the volume, before its first section.
    Grid(Grid),
    /// A section was segmented; its mask is the raw frame.
    Section(SectionMask),
    /// Lesions were measured.
    Lesions(Lesions),
    /// A question was answered.
    Classification(Box<Classification>),
    /// A heat map of a section was made; its values 0 to 1 as 0 to 255 are the raw frame.
    HeatMap(HeatMapSection),
    /// Something that the reader must know beside the answer.
    Warning(Warning),
    /// The results are on the disk of the box and can be fetched.
    Files(Files),
}

words! {
    /// The word of an event.
    #[non_exhaustive]
    pub enum EventName {
        /// [`EventKind::State`]
        State = "state",
        /// [`EventKind::Series`]
        Series = "series",
        /// [`EventKind::Grid`]
        Grid = "grid",
        /// [`EventKind::Section`]
        Section = "section",
        /// [`EventKind::Lesions`]
        Lesions = "lesions",
        /// [`EventKind::Classification`]
        Classification = "classification",
        /// [`EventKind::HeatMap`]
        HeatMap = "heat_map",
        /// [`EventKind::Warning`]
        Warning = "warning",
        /// [`EventKind::Files`]
        Files = "files",
    }
}

impl EventKind {
    /// Its word.
    pub fn name(&self) -> EventName {
        match self {
            Self::State(_) => EventName::State,
            Self::Series(_) => EventName::Series,
            Self::Grid(_) => EventName::Grid,
            Self::Section(_) => EventName::Section,
            Self::Lesions(_) => EventName::Lesions,
            Self::Classification(_) => EventName::Classification,
            Self::HeatMap(_) => EventName::HeatMap,
            Self::Warning(_) => EventName::Warning,
            Self::Files(_) => EventName::Files,
        }
    }

    /// Another state, with nothing more to say.
    pub fn state(state: JobState) -> Self {
        Self::State(StateChange { state, finding: None, problem: None })
    }

    /// The end of a job without an answer.
    pub fn ended(state: JobState, problem: Problem) -> Self {
        Self::State(StateChange { state, finding: None, problem: Some(problem) })
    }
}

/// Another state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateChange {
    /// The new state.
    pub state: JobState,
    /// The answer, with `completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Why there is no answer, with every other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The grid of the volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grid {
    /// Sections, rows, columns.
    pub shape: [u64; 3],
    /// From (column, row, section, 1) to patient coordinates (LPS, mm): 4 x 4, row by row.
    pub matrix: [f64; 16],
    /// SHA-256 of the voxels (float32, little-endian, section by section): for which pixels the masks hold.
    pub pixel_sha256: String,
    /// Execution provider that will run the networks.
    pub provider: String,
}

/// The mask of a section. Provisional at first: the smallest specks go once all sections are there; sections that change by that
/// are sent once more, final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SectionMask {
    /// Section number from 1, in the order of the volume.
    pub section: u32,
    /// Sections that are done, this one included.
    pub done: u32,
    /// Sections of the volume.
    pub total: u32,
    /// True where the mask will not change any more.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The raw frame: rows, columns, one bit a voxel, on the grid of the volume.
    pub mask: Tensor,
}

/// Measured lesions, largest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lesions {
    /// The lesions; none is an answer too.
    pub lesions: Vec<Lesion>,
}

/// A heat map of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeatMapSection {
    /// Id of the classifier in the bundle.
    pub classifier: String,
    /// Class id of the answer that it explains.
    pub class: String,
    /// Section number from 1.
    pub section: u32,
    /// The raw frame: rows, columns; it covers the whole section, whatever its own size.
    pub map: Tensor,
}

/// Something that the reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A sentence.
    pub message: String,
}

/// The results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// The files, `result.json` among them.
    pub files: Vec<FileInfo>,
}
