//! `bundle.toml`: what a bundle wants and holds.
//!
//! - [`check`](mod@check): what must hold beyond the form of the file
//!
//! Absent from here: the file itself and its neighbours, which `bundle` reads.

mod check;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use check::{check_format, quotable, unreadable};

/// The manifest format that this program reads.
pub const FORMAT: u32 = 2;

/// A checked manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's own format.
    pub format: u32,
    /// Identifier of the bundle.
    pub id: String,
    /// Version of the bundle.
    pub version: String,
    /// What it does, in words.
    pub title: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it is meant for.
    pub intended_use: String,
    /// On whom it was trained.
    pub cohort: Cohort,
    /// What images it wants.
    pub input: InputSpec,
    /// How images become network input.
    pub preprocessing: Preprocessing,
    /// The network that finds lesions.
    pub segmenter: Segmenter,
    /// The questions, parents before children.
    #[serde(rename = "classifier")]
    pub classifiers: Vec<Classifier>,
    /// Stored input and output.
    pub golden: Golden,
    /// SHA-256 of each file by name.
    pub sha256: BTreeMap<String, String>,
}

/// On whom the networks were trained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Drawn phantoms or patients.
    pub kind: CohortKind,
    /// The cohort in words.
    pub description: String,
    /// What must be said with every result; required for phantoms.
    pub warning: Option<String>,
}

/// Kind of training cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CohortKind {
    /// Drawn by a program: such weights know nothing of patients.
    Phantom,
    /// Real studies.
    Patients,
}

impl fmt::Display for CohortKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phantom => "phantom",
            Self::Patients => "patients",
        })
    }
}

/// What images the bundle wants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Plane; `sagittal` is the one that this program knows.
    pub plane: String,
    /// Contrast; `T2w` is the one that this program knows.
    pub contrast: String,
    /// Whether the contrast-enhanced T1-weighted series goes in too.
    pub t1c: T1cUse,
    /// Whether fat-saturated series are accepted.
    pub fat_saturation: bool,
}

/// What becomes of a contrast-enhanced T1-weighted series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum T1cUse {
    /// Not looked at.
    Unused,
    /// Used where it is there.
    Optional,
    /// The study is out of scope without it.
    Required,
}

/// How images become network input.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Name of the procedure; `volume-zscore-minmax` is the one that this program knows.
    pub name: String,
    /// Values are clipped to plus and minus this many standard deviations.
    pub clip: f32,
    /// Rows and columns of the network input.
    pub size: [usize; 2],
    /// `linear`: as OpenCV's INTER_LINEAR.
    pub image_interpolation: String,
    /// `nearest`: as OpenCV's INTER_NEAREST.
    pub mask_interpolation: String,
}

/// The network that finds lesions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segmenter {
    /// ONNX file.
    pub file: String,
    /// The same network for providers that compute in half precision.
    pub half: Option<String>,
    /// Name of the input, float32 (n, 1, row, column).
    pub input: String,
    /// Name of the output, float32 (n, 1, row, column), probability of lesion.
    pub output: String,
    /// A voxel of the native grid is lesion from this probability on.
    pub threshold: f32,
    /// Voxels of at least this probability are the core of a lesion; the same as `threshold` when left out.
    pub core_threshold: Option<f32>,
    /// Connected components whose core is below this volume are dropped.
    pub min_lesion_ml: f64,
}

impl Segmenter {
    /// The probability from which a voxel counts for the core of a lesion.
    pub fn core_threshold(&self) -> f32 {
        self.core_threshold.unwrap_or(self.threshold)
    }
}

/// One question with two answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classifier {
    /// Identifier.
    pub id: String,
    /// The question in words.
    pub question: String,
    /// ONNX file.
    pub file: String,
    /// The same network for providers that compute in half precision.
    pub half: Option<String>,
    /// What goes into each channel.
    pub channels: Vec<Channel>,
    /// Name of the input, float32 (n, channel, row, column).
    pub input: String,
    /// Name of the output with the probabilities, float32 (n, 2).
    pub probabilities: String,
    /// Name of the output with Grad-CAM, float32 (n, 2, row, column) on the network's feature grid.
    pub heat_map: String,
    /// Threshold on the study probability of the second class.
    pub threshold: f64,
    /// From `[0]` to `[1]`, both included, the answer is `undecided`; two equal bounds are no band.
    pub undecided: [f64; 2],
    /// The two answers.
    pub classes: [Class; 2],
    /// Asked only after this answer; the first question has none.
    pub after: Option<After>,
}

/// True in a band within which a question is not decided.
pub fn is_undecided([low, high]: [f64; 2], probability: f64) -> bool {
    low < high && (low..=high).contains(&probability)
}

/// One answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Identifier.
    pub id: String,
    /// In words.
    pub label: String,
    /// Code value for the structured report.
    pub code: String,
    /// Coding scheme of the code value.
    pub scheme: String,
    /// Code meaning.
    pub meaning: String,
}

/// The answer that must have been given before a question is asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// Id of the earlier classifier.
    pub classifier: String,
    /// Id of its class.
    pub class: String,
}

/// What goes into a channel of a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Channel {
    /// T1c where the mask is, else zero; all zero without a T1c series.
    #[serde(rename = "t1c*mask")]
    T1cInMask,
    /// T2w where the mask is, else zero.
    #[serde(rename = "t2w*mask")]
    T2wInMask,
    /// The mask.
    #[serde(rename = "mask")]
    Mask,
}

/// Stored input and output of each network.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Safetensors file.
    pub file: String,
    /// How far a provider may stray from it.
    pub tolerance: Tolerances,
}

/// Tolerances by precision. A precision without one was not judged, and is not used.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    pub fp32: Tolerance,
    pub tf32: Option<Tolerance>,
    pub fp16: Option<Tolerance>,
    pub bf16: Option<Tolerance>,
}

impl Tolerances {
    /// That of a precision by its name.
    pub fn of(&self, precision: &str) -> Option<&Tolerance> {
        match precision {
            "fp32" => Some(&self.fp32),
            "tf32" => self.tf32.as_ref(),
            "fp16" => self.fp16.as_ref(),
            "bf16" => self.bf16.as_ref(),
            _ => None,
        }
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &Tolerance)> {
        ["fp32", "tf32", "fp16", "bf16"].into_iter().filter_map(|name| Some((name, self.of(name)?)))
    }
}

/// How far a provider may stray from the stored output.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// 99.9th percentile of the differences of the segmenter's probability.
    pub segmenter: f32,
    /// Pixels that change sides at the segmenter's threshold, as a share of the stored mask.
    pub flipped: f32,
    /// Largest difference of a classifier's probability.
    pub probability: f32,
    /// Largest difference of a heat map, as a share of its largest value.
    pub heat_map: f32,
}

impl Tolerance {
    /// Each limit with its name.
    fn limits(&self) -> [(&'static str, f32); 4] {
        let Self { segmenter, flipped, probability, heat_map } = *self;
        [("segmenter", segmenter), ("flipped", flipped), ("probability", probability), ("heat_map", heat_map)]
    }
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// A sentence that names the field and a legal value.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        check_format(text)?;
        let manifest: Self = toml::from_str(text).map_err(|e| quotable(unreadable(text, &e)))?;
        manifest.check().map_err(quotable)?;
        Ok(manifest)
    }

    /// Every file that any analysis with the bundle needs.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        [self.segmenter.file.as_str(), self.golden.file.as_str()]
            .into_iter()
            .chain(self.classifiers.iter().map(|c| c.file.as_str()))
    }

    /// The networks for providers that compute in half precision.
    pub fn half_files(&self) -> impl Iterator<Item = &str> {
        let halves = self.classifiers.iter().map(|c| &c.half).chain([&self.segmenter.half]);
        halves.flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
