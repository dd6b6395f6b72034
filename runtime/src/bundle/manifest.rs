//! `bundle.toml`: what a bundle wants and holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The manifest format that this program reads.
pub const FORMAT: u32 = 1;

/// A checked manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's own format: 1.
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
    pub input: Input,
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
pub struct Input {
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
    /// From `[0]` to `[1]`, both included, the answer is `undecided`.
    pub undecided: [f64; 2],
    /// The two answers.
    pub classes: [Class; 2],
    /// Asked only after this answer; the first question has none.
    pub after: Option<After>,
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
    /// Largest absolute difference that a provider may show.
    pub tolerance: f32,
}

impl Manifest {
    /// Reads and checks a manifest; the error is a sentence that names the field and a legal value.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let manifest: Self = toml::from_str(text).map_err(|e| e.to_string().trim().replace('\n', " "))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        let known = |field: &str, value: &str, legal: &str| {
            (value == legal).then_some(()).ok_or_else(|| format!("{field} is {value:?}; this program knows {legal:?}"))
        };
        if self.format != FORMAT {
            return Err(format!("format is {}; this program reads format {FORMAT}", self.format));
        }
        known("input.plane", &self.input.plane, "sagittal")?;
        known("input.contrast", &self.input.contrast, "T2w")?;
        known("preprocessing.name", &self.preprocessing.name, "volume-zscore-minmax")?;
        known("preprocessing.image_interpolation", &self.preprocessing.image_interpolation, "linear")?;
        known("preprocessing.mask_interpolation", &self.preprocessing.mask_interpolation, "nearest")?;
        if self.cohort.kind == CohortKind::Phantom && self.cohort.warning.as_deref().unwrap_or_default().is_empty() {
            return Err("cohort.warning is missing; a bundle that was trained on phantoms must say so".into());
        }
        // NaN fails these ranges as well.
        if !(self.preprocessing.clip > 0.0 && self.preprocessing.clip.is_finite()) {
            return Err(format!("preprocessing.clip is {}; it must be positive", self.preprocessing.clip));
        }
        if self.preprocessing.size.iter().any(|s| !(32..=1024).contains(s) || s % 32 != 0) {
            return Err(format!(
                "preprocessing.size is {:?}; each side must be a multiple of 32 from 32 to 1024",
                self.preprocessing.size
            ));
        }
        if !(self.segmenter.threshold > 0.0 && self.segmenter.threshold < 1.0) {
            return Err(format!("segmenter.threshold is {}; it must lie between 0 and 1", self.segmenter.threshold));
        }
        let core = self.segmenter.core_threshold();
        if !(core >= self.segmenter.threshold && core < 1.0) {
            return Err(format!("segmenter.core_threshold is {core}; it must lie between segmenter.threshold and 1"));
        }
        if !(self.segmenter.min_lesion_ml >= 0.0 && self.segmenter.min_lesion_ml.is_finite()) {
            return Err(format!("segmenter.min_lesion_ml is {}; it must be 0 or more", self.segmenter.min_lesion_ml));
        }
        self.check_classifiers()?;
        self.check_files()
    }

    fn check_classifiers(&self) -> Result<(), String> {
        if self.classifiers.is_empty() {
            return Err("there is no [[classifier]]; a bundle needs at least one".into());
        }
        let mut seen: BTreeMap<&str, [&str; 2]> = BTreeMap::new();
        for (n, c) in self.classifiers.iter().enumerate() {
            let [low, high] = c.undecided;
            // NaN fails the chain.
            let ordered = 0.0 <= low && low <= c.threshold && c.threshold <= high && high <= 1.0;
            if !ordered {
                return Err(format!(
                    "classifier {}: 0 <= undecided[0] <= threshold <= undecided[1] <= 1 does not hold",
                    c.id
                ));
            }
            match &c.after {
                None if n > 0 => return Err(format!("classifier {}: only the first question may lack `after`", c.id)),
                Some(after)
                    if !seen.get(after.classifier.as_str()).is_some_and(|ids| ids.contains(&after.class.as_str())) =>
                {
                    return Err(format!(
                        "classifier {}: after names {} = {}, which no earlier classifier answers",
                        c.id, after.classifier, after.class
                    ));
                }
                _ => {}
            }
            if seen.insert(&c.id, [&c.classes[0].id, &c.classes[1].id]).is_some() {
                return Err(format!("classifier {} is there twice", c.id));
            }
        }
        let ids: Vec<&str> = self.classifiers.iter().flat_map(|c| c.classes.iter().map(|k| k.id.as_str())).collect();
        if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
            return Err(format!("class ids are not unique: {}", ids.join(", ")));
        }
        Ok(())
    }

    /// Every file that is used must be hashed, and no name may lead out of the folder.
    fn check_files(&self) -> Result<(), String> {
        for file in self.files() {
            if !self.sha256.contains_key(file) {
                return Err(format!("[sha256] lacks {file}"));
            }
        }
        for (file, hash) in &self.sha256 {
            let plain = !file.is_empty()
                && file.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
                && !file.starts_with('.');
            if !plain {
                return Err(format!(
                    "[sha256] names {file:?}; only plain file names in the bundle's own folder are allowed"
                ));
            }
            if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return Err(format!("[sha256] of {file} is not 64 lower-case hexadecimal digits"));
            }
        }
        Ok(())
    }

    /// Every file that the bundle needs.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        [self.segmenter.file.as_str(), self.golden.file.as_str()]
            .into_iter()
            .chain(self.classifiers.iter().map(|c| c.file.as_str()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A manifest of the spinal kind: one question, and one more on each branch.
    pub(crate) fn example() -> String {
        let classifier = |id: &str, classes: [&str; 2], after: &str| {
            let class = |c: &str| {
                format!("{{ id = \"{c}\", label = \"{c}\", code = \"1\", scheme = \"99TEST\", meaning = \"{c}\" }}")
            };
            format!(
                "[[classifier]]\nid = \"{id}\"\nquestion = \"{id}?\"\nfile = \"{id}.onnx\"\nchannels = [\"t1c*mask\", \"t2w*mask\", \"mask\"]\n\
                 input = \"image\"\nprobabilities = \"probabilities\"\nheat_map = \"cam\"\nthreshold = 0.5\nundecided = [0.4, 0.6]\n\
                 classes = [{}, {}]\n{after}\n",
                class(classes[0]),
                class(classes[1])
            )
        };
        let hash = "0".repeat(64);
        let files = ["segmenter.onnx", "golden.safetensors", "kind.onnx", "tumour-type.onnx", "disease.onnx"];
        let hashes: String = files.iter().map(|f| format!("\"{f}\" = \"{hash}\"\n")).collect();
        [
            "format = 1\nid = \"test\"\nversion = \"1\"\ntitle = \"t\"\nlicence = \"MIT\"\nintended_use = \"tests\"\n\
             [cohort]\nkind = \"phantom\"\ndescription = \"d\"\nwarning = \"Trained on phantoms.\"\n\
             [input]\nplane = \"sagittal\"\ncontrast = \"T2w\"\nt1c = \"unused\"\nfat_saturation = true\n\
             [preprocessing]\nname = \"volume-zscore-minmax\"\nclip = 5.0\nsize = [64, 64]\nimage_interpolation = \"linear\"\nmask_interpolation = \"nearest\"\n\
             [segmenter]\nfile = \"segmenter.onnx\"\ninput = \"image\"\noutput = \"probability\"\nthreshold = 0.5\nmin_lesion_ml = 0.05\n\
             [golden]\nfile = \"golden.safetensors\"\ntolerance = 1e-3\n"
                .to_owned(),
            classifier("kind", ["tumour", "demyelinating"], ""),
            classifier("tumour-type", ["astrocytoma", "ependymoma"], "after = { classifier = \"kind\", class = \"tumour\" }"),
            classifier("disease", ["ms", "nmosd"], "after = { classifier = \"kind\", class = \"demyelinating\" }"),
            format!("[sha256]\n{hashes}"),
        ]
        .concat()
    }

    fn error(from: &str, to: &str) -> String {
        let text = example();
        assert!(text.contains(from), "{from}");
        Manifest::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    }

    #[test]
    fn the_example_is_valid() {
        let manifest = Manifest::parse(example().as_bytes()).unwrap();
        assert_eq!(manifest.classifiers.len(), 3);
        assert_eq!(manifest.files().count(), 5);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (from, to, word) in [
            ("format = 1", "format = 2", "format"),
            ("plane = \"sagittal\"", "plane = \"axial\"", "input.plane"),
            ("warning = \"Trained on phantoms.\"", "", "cohort.warning"),
            ("clip = 5.0", "clip = -5.0", "clip"),
            ("size = [64, 64]", "size = [64, 50]", "multiple of 32"),
            ("min_lesion_ml", "core_threshold = 0.4\nmin_lesion_ml", "core_threshold"),
            ("threshold = 0.5\nmin", "threshold = nan\nmin", "segmenter.threshold"),
            ("undecided = [0.4, 0.6]", "undecided = [0.6, 0.4]", "undecided"),
            ("class = \"tumour\"", "class = \"other\"", "no earlier classifier"),
            ("id = \"disease\"", "id = \"kind\"", "twice"),
            ("\"segmenter.onnx\" =", "\"../segmenter.onnx\" =", "[sha256]"),
            ("\"kind.onnx\" = \"0", "\"kind.onnx\" = \"X", "hexadecimal"),
            ("title = \"t\"", "titel = \"t\"", "titel"),
        ] {
            let error = error(from, to);
            assert!(error.contains(word), "{to}: {error}");
        }
    }
}
