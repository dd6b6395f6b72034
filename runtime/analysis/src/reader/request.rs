//! What is to be read, and by which rules.

use std::path::PathBuf;

use cordline_core::manifest::{InputSpec, T1cUse};
use cordline_dicom::read::limits::FileLimits;
use cordline_dicom::read::series::SeriesRules;
use serde::{Deserialize, Serialize};

/// What is to be read, and by which rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// Files, folders and ZIP archives of one patient.
    pub inputs: Vec<PathBuf>,
    /// What a person chose: a SeriesInstanceUID, or `UID#N` for the Nth volume of that series.
    pub wanted: Option<String>,
    /// How the series is chosen.
    pub rules: SeriesRules,
    /// How much is accepted.
    pub limits: FileLimits,
    /// What becomes of a contrast-enhanced T1-weighted series.
    pub t1c: T1cUse,
}

impl ReadRequest {
    /// By the rules of the configuration, and those of the bundle that will see the images.
    pub fn new(
        inputs: &[PathBuf],
        wanted: Option<&str>,
        rules: &SeriesRules,
        limits: &FileLimits,
        bundle: &InputSpec,
    ) -> Self {
        let allow_fat_suppression = rules.allow_fat_suppression || bundle.fat_saturation;
        Self {
            inputs: inputs.to_vec(),
            wanted: wanted.map(str::to_owned),
            rules: SeriesRules { allow_fat_suppression, ..rules.clone() },
            limits: limits.clone(),
            t1c: bundle.t1c,
        }
    }
}
