//! Figures of a cohort: what is true of each case against what was said of it.
//!
//! - [`questions`]: which labels make an answer right
//! - [`cohort`]: tables, or results of the road
//! - [`counts`], [`roc`], [`spread`]: the arithmetic
//! - [`tables`], [`csv_rows`], [`plot`]: for people, for programs, and as a picture
//!
//! The second class of a question is the positive one. A case whose question was not answered counts as wrong, and is left out of the
//! ROC curve; how many there were is said.

pub mod cohort;
pub mod counts;
pub mod csv_rows;
pub mod plot;
pub mod questions;
pub mod roc;
pub mod spread;
pub mod tables;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cordline_sdk::Finding;
use cordline_sdk::result::Problem;
use thiserror::Error;

use cohort::Case;
use counts::{Confusion, Rate};
use questions::{Question, WITHOUT_LESION};
use spread::Spread;

use crate::bundle::Manifest;

/// Draws of the bootstrap.
pub const DRAWS: usize = 2000;
/// Seed of the bootstrap.
pub const SEED: u64 = 7;

/// What to evaluate.
#[derive(Debug, Clone)]
pub enum Cohort {
    /// One table with labels, findings and scores.
    Table(PathBuf),
    /// A table of labels, and a folder with `CASE/result.json` for each case.
    Results {
        /// The table.
        labels: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
}

/// What to evaluate, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where labels and answers stand.
    pub cohort: Cohort,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// Seed of the bootstrap: the same seed gives the same interval.
    pub seed: u64,
}

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A table cannot be opened.
    #[error("{} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A table cannot be used.
    #[error("{}, line {line}: {reason}", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Line from 1; the header is line 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The result of a case cannot be used.
    #[error("{}: {reason}", .path.display())]
    Result {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A picture could not be encoded.
    #[error("the ROC picture could not be encoded: {0}")]
    Picture(#[from] png::EncodingError),
}

impl EvaluateError {
    /// The fault as it is shown and as programs read it.
    pub fn problem(&self) -> Problem {
        let (code, action) = match self {
            Self::Unreadable { .. } => ("cohort_unreadable", "Name a CSV file that exists and may be read."),
            Self::Table { .. } => ("cohort_table", "Mend the table; models/README.md names its columns."),
            Self::Result { .. } => ("cohort_result", "Analyse the case again, or take it out of the table of labels."),
            Self::Picture(_) => ("roc_picture", "Report this with the table: it is a fault of the program."),
        };
        Problem { code: code.into(), message: self.to_string(), action: action.into() }
    }
}

/// The figures of a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Number of cases.
    pub cases: usize,
    /// One for each question that the cohort has answers to.
    pub questions: Vec<QuestionFigures>,
    /// Dice by label, for the labels that have any.
    pub dice: Vec<(String, Spread)>,
    /// How often each finding was made, by label.
    pub findings: BTreeMap<String, BTreeMap<String, usize>>,
    /// Cases without lesion that were called so; absent where the table has no findings.
    pub without_lesion: Option<Rate>,
    /// Cases with lesion that were called `no_lesion`; absent where the table has no findings.
    pub missed: Option<Rate>,
    /// Draws and seed of the bootstrap.
    pub bootstrap: (usize, u64),
}

/// The figures of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionFigures {
    /// The question.
    pub question: Question,
    /// Answers at the threshold against the truth.
    pub confusion: Confusion,
    /// Area under the ROC curve, where both kinds of case were answered.
    pub auc: Option<f64>,
    /// Its 95 % interval.
    pub auc_interval: Option<[f64; 2]>,
    /// Points of the ROC curve, (1 - specificity, sensitivity).
    pub curve: Vec<[f64; 2]>,
    /// Cases whose probability lies in the undecided band; the counts above take them at the threshold.
    pub undecided: usize,
    /// Cases without an answer; the counts above take them as wrong.
    pub unanswered: usize,
}

/// Reads a cohort and computes its figures.
pub fn run(request: &Request, manifest: &Manifest) -> Result<Evaluation, EvaluateError> {
    let questions = Question::of(&manifest.classifiers);
    let cases = match &request.cohort {
        Cohort::Table(path) => cohort::read_table(path, &questions)?,
        Cohort::Results { labels, folder } => cohort::read_results(labels, folder, &questions)?,
    };
    Ok(Evaluation::of(&cases, &questions, request.draws, request.seed))
}

impl Evaluation {
    /// Computes the figures of these cases.
    pub fn of(cases: &[Case], questions: &[Question], draws: usize, seed: u64) -> Self {
        let told = cases.iter().any(|c| !c.finding.is_empty());
        let called = |sick: bool| {
            let kind: Vec<&Case> =
                cases.iter().filter(|c| WITHOUT_LESION.contains(&c.label.as_str()) != sick).collect();
            let count = kind.iter().filter(|c| c.finding == Finding::NO_LESION).count();
            (told && !kind.is_empty()).then_some(Rate { count, of: kind.len() })
        };
        let mut findings: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for case in cases.iter().filter(|c| !c.finding.is_empty()) {
            *findings.entry(case.label.clone()).or_default().entry(case.finding.clone()).or_default() += 1;
        }
        Self {
            cases: cases.len(),
            questions: questions.iter().filter_map(|q| QuestionFigures::of(cases, q, draws, seed)).collect(),
            dice: dice(cases),
            findings,
            without_lesion: called(false),
            missed: called(true),
            bootstrap: (draws, seed),
        }
    }
}

impl QuestionFigures {
    /// The figures of one question; none where no case was asked it.
    fn of(cases: &[Case], question: &Question, draws: usize, seed: u64) -> Option<Self> {
        let mut confusion = Confusion::default();
        let (mut scored, mut undecided, mut unanswered) = (Vec::new(), 0, 0);
        for case in cases {
            let Some(truth) = question.truth(&case.label) else { continue };
            match case.probabilities.get(&question.id) {
                Some(&p) => {
                    let [low, high] = question.undecided;
                    undecided += usize::from((low..=high).contains(&p));
                    confusion.add(truth, p >= question.threshold);
                    scored.push((p, truth));
                }
                None => {
                    unanswered += 1;
                    confusion.add(truth, !truth);
                }
            }
        }
        (!scored.is_empty()).then(|| Self {
            question: question.clone(),
            confusion,
            auc: roc::auc(&scored),
            auc_interval: roc::interval(&scored, draws, seed),
            curve: if roc::auc(&scored).is_some() { roc::curve(&scored) } else { Vec::new() },
            undecided,
            unanswered,
        })
    }
}

/// Dice by label, in the order in which the labels first appear.
fn dice(cases: &[Case]) -> Vec<(String, Spread)> {
    let mut seen = BTreeSet::new();
    let labels = cases.iter().map(|c| &c.label).filter(|l| seen.insert(l.as_str()));
    labels
        .filter_map(|label| {
            let values: Vec<f64> = cases.iter().filter(|c| c.label == *label).filter_map(|c| c.dice).collect();
            Some((label.clone(), Spread::of(&values)?))
        })
        .collect()
}
