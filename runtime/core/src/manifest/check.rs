//! What a manifest must hold beyond its form, so that the rest of the program can rely on it.

use std::collections::{BTreeMap, BTreeSet};

use cordline_sdk::Finding;
use serde::Deserialize;

use super::{CohortKind, FORMAT, Manifest};
use crate::printable::{is_harmless, printable};

/// Most characters of an identifier.
const LONGEST_ID: usize = 64;
/// What a finding says where no class was decided on.
const FIXED_WORDS: [&str; 3] = [Finding::NO_LESION, Finding::INDETERMINATE, Finding::UNDECIDED];
/// The network that is no classifier goes by this name among the networks.
const SEGMENTER: &str = "segmenter";

impl Manifest {
    pub(super) fn check(&self) -> Result<(), String> {
        let known = |field: &str, value: &str, legal: &str| {
            (value == legal).then_some(()).ok_or_else(|| format!("{field} is {value:?}; this program knows {legal:?}"))
        };
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
        self.check_tolerances()?;
        self.check_words()?;
        self.check_classifiers()?;
        self.check_files()
    }

    /// A limit that is no number would let everything pass.
    fn check_tolerances(&self) -> Result<(), String> {
        for (precision, tolerance) in self.golden.tolerance.named() {
            let wrong = tolerance.limits().into_iter().find(|(_, limit)| !(0.0..1.0).contains(limit));
            if let Some((name, limit)) = wrong {
                return Err(format!(
                    "golden.tolerance.{precision}.{name} is {limit}; it must be 0 or more and below 1"
                ));
            }
        }
        Ok(())
    }

    /// Names become parts of file names and UIDs, words go to people and into DICOM objects.
    fn check_words(&self) -> Result<(), String> {
        let classes = || self.classifiers.iter().flat_map(|c| &c.classes);
        let ids = self.classifiers.iter().map(|c| &c.id).chain(classes().map(|k| &k.id)).chain([&self.id]);
        for id in ids {
            if !is_plain(id) || id.len() > LONGEST_ID {
                return Err(format!(
                    "{id:?} is no identifier: those have letters, digits and the signs . _ - alone, at most {LONGEST_ID}"
                ));
            }
        }
        if let Some(taken) = classes().find(|class| FIXED_WORDS.contains(&class.id.as_str())) {
            return Err(format!("a class is called {}; that word is the program's own", taken.id));
        }
        let words = classes().flat_map(|k| [&k.label, &k.code, &k.scheme, &k.meaning]);
        let words = words
            .chain(self.classifiers.iter().map(|c| &c.question))
            .chain([&self.title, &self.version])
            .chain(&self.cohort.warning);
        match words.into_iter().find(|words| !words.chars().all(is_harmless)) {
            Some(words) => Err(format!("{words:?} holds control characters or marks of writing direction")),
            None => Ok(()),
        }
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
            if c.id == SEGMENTER {
                return Err(format!("a classifier is called {SEGMENTER}; that word is the program's own"));
            }
            if c.channels.is_empty() {
                return Err(format!("classifier {}: channels is empty; a network needs at least one", c.id));
            }
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
        for file in self.files().chain(self.half_files()) {
            if !self.sha256.contains_key(file) {
                return Err(format!("[sha256] lacks {file}"));
            }
        }
        for (file, hash) in &self.sha256 {
            if !is_plain(file) {
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
}

/// Letters, digits and the signs `.`, `_`, `-`; no hidden file, and no way out of a folder.
fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('.')
}

/// A manifest of another format is told as such, before its form is looked at.
pub(super) fn check_format(text: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    // Whatever else is wrong is told when the whole is read.
    match toml::from_str::<Versioned>(text) {
        Ok(Versioned { format }) if format != FORMAT => Err(format!(
            "format is {format}; this program reads format {FORMAT}: export the bundle again with the scripts of this version"
        )),
        _ => Ok(()),
    }
}

/// Where a manifest cannot be read on, and why.
pub(super) fn unreadable(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1)).unwrap_or_default();
    place + error.message()
}

/// A reason may quote the manifest: not at length, and nothing of it steers a terminal.
pub(super) fn quotable(reason: String) -> String {
    const LONGEST: usize = 300;
    printable(&reason, LONGEST)
}
