//! One analysed study, as written to `result.json`.
//!
//! The JSON Schema in `docs/result.schema.json` is generated from these types; a test keeps both equal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Finding;
use crate::problem::Problem;
pub use crate::series_choice::{SeriesChoice, SeriesVerdict};

/// Version of the result format. The minor number grows when a field is added, the major one when a field changes its meaning.
pub const SCHEMA_VERSION: &str = "1.1";

/// Everything that an analysis of one study has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Cordline result")]
pub struct AnalysisResult {
    /// Version of this format, `major.minor`.
    pub schema_version: String,
    /// "Research use only; not a medical device".
    pub notice: String,
    /// Version of the program that made the result.
    pub cordline_version: String,
    /// How the analysis ended.
    pub state: State,
    /// The answer; present when `state` is `completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Why the study could not be analysed; present unless `state` is `completed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What the reader must know beside the answer: phantom-trained weights, an oblique plane, a lossy source, a fall-back, skipped files.
    pub warnings: Vec<String>,
    /// The series that was chosen and why, and those that were not; absent when no series could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesChoice>,
    /// The models that answered; absent when the bundle could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleIdentity>,
    /// When the analysis was made: ISO 8601 in local time with offset, for example `2026-01-31T12:00:00+01:00`.
    pub created: String,
    /// Execution provider that ran the networks (`CPU`, `CUDA`, `TensorRT`); absent when none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Arithmetic of the networks, for example `fp32`; absent when none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// The questions that were asked, in order.
    pub classifications: Vec<Classification>,
    /// The questions that were not asked, each with its reason.
    pub not_asked: Vec<NotAsked>,
    /// Lesions, largest first; numbered from 1 as in the DICOM Segmentation.
    pub lesions: Vec<Lesion>,
    /// Wall-clock time of each stage in milliseconds, and `total` of the analysis; as `cpu_NAME` the processor time of the process
    /// meanwhile, all threads together.
    pub timings_ms: BTreeMap<String, f64>,
    /// Files written, relative to the folder of `result.json`.
    pub files: Vec<OutputFile>,
}

/// How an analysis ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An answer was found; `no_lesion` and `indeterminate` are answers.
    Completed,
    /// Several series fit equally well: a person chooses.
    NeedsSelection,
    /// The study holds nothing that the bundle was made for.
    OutOfScope,
    /// Something is wrong with the input or the box.
    Failed,
}

/// The models that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleIdentity {
    /// Identifier of the bundle.
    pub id: String,
    /// Version of the bundle.
    pub version: String,
    /// SHA-256 of `bundle.toml`, which in turn holds the SHA-256 of each of its files.
    pub sha256: String,
    /// On whom it was trained: `phantom` or `patients`.
    pub cohort: String,
    /// What must be said aloud with every result of this bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classification {
    /// Id of the classifier in the bundle.
    pub id: String,
    /// The question in words.
    pub question: String,
    /// Class ids: first, then second, to which `threshold` and `undecided` apply.
    pub classes: [String; 2],
    /// Study probability of each class (mean over `sections`), by class id.
    pub probabilities: BTreeMap<String, f64>,
    /// Words for each class, by class id.
    pub labels: BTreeMap<String, String>,
    /// Threshold on the probability of the second class.
    pub threshold: f64,
    /// Probabilities of the second class from `[0]` to `[1]` are answered `undecided`.
    pub undecided: [f64; 2],
    /// Class id, or `undecided`.
    pub decision: String,
    /// The sections that were asked, with what each said.
    pub sections: Vec<SectionProbability>,
}

impl Classification {
    /// Both class ids with their study probabilities, first and second; NaN for one that the result lacks.
    pub fn in_order(&self) -> [(&str, f64); 2] {
        self.classes.each_ref().map(|id| (id.as_str(), self.probabilities.get(id).copied().unwrap_or(f64::NAN)))
    }
}

/// What one section said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SectionProbability {
    /// Section number from 1, in the order of the volume (along the normal of the plane).
    pub section: usize,
    /// Probability of the second class.
    pub probability: f64,
}

/// A question that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotAsked {
    /// Id of the classifier in the bundle.
    pub id: String,
    /// The question in words.
    pub question: String,
    /// Why it was not asked.
    pub reason: String,
}

/// One lesion: a connected component of the mask in three dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lesion {
    /// Number from 1, equal to the segment number.
    pub number: u16,
    /// Volume in millilitres.
    pub volume_ml: f64,
    /// Craniocaudal extent in mm: along the patient's long axis (LPS z), voxel edges included.
    pub extent_mm: f64,
    /// Section numbers from 1 in which the lesion shows.
    pub sections: Vec<usize>,
    /// Centre of mass in patient coordinates (LPS, mm).
    pub centre_lps_mm: [f64; 3],
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputFile {
    /// What it is: `segmentation`, `structured_report`, `parametric_map`, `secondary_capture`, `report`, `picture`, `thumbnail`.
    pub kind: String,
    /// Path relative to the folder of `result.json`.
    pub path: String,
    /// SOP Instance UID, where it is a DICOM object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sop_instance_uid: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{Problem, SectionProbability};

    #[test]
    fn a_code_of_a_later_version_survives_reading_and_writing() {
        let written = r#"{"code":"not_yet_invented","message":"m","action":"a"}"#;
        let problem: Problem = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&problem).unwrap(), written);
    }

    #[test]
    fn a_number_is_the_same_after_it_was_written_and_read() {
        // Found by the fuzzer: serde_json reads such numbers to the last bit with its feature `float_roundtrip` alone.
        for probability in
            [1.444_444_444_444_444_3e51, 0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0]
        {
            let section = SectionProbability { section: 1, probability };
            let written = serde_json::to_string(&section).unwrap();
            assert_eq!(serde_json::from_str::<SectionProbability>(&written).unwrap(), section, "{written}");
        }
    }
}
