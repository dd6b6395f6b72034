//! Figures of a cohort: what is true of each case against what was said of it.
//!
//! - [`questions`]: which labels make an answer right
//! - [`cohort`]: tables, or results of analyses
//! - [`figures`], from [`counts`], [`roc`], [`spread`]: the arithmetic
//! - [`tables`], [`csv_rows`], [`plot`]: for people, for programs, and as a picture
//!
//! The second class of a question is the positive one. A case whose question was not answered counts as wrong, and is left out of the
//! ROC curve; how many there were is said.

pub mod cohort;
pub mod counts;
pub mod csv_rows;
mod error;
mod figures;
pub mod plot;
pub mod questions;
pub mod roc;
pub mod spread;
pub mod tables;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use cordline_core::manifest::Manifest;

pub use error::EvaluateError;
pub use figures::{Evaluation, QuestionFigures};
use questions::Question;

/// Draws of the bootstrap.
pub const DRAWS: usize = 2000;
/// Seed of the bootstrap.
pub const SEED: u64 = 7;

/// What to evaluate.
#[derive(Debug, Clone)]
pub enum CohortSource {
    /// One table with labels, findings and scores.
    Table(PathBuf),
    /// A table of labels, and a folder with `CASE/result.json` for each case.
    Results {
        /// The table.
        labels: PathBuf,
        folder: PathBuf,
    },
}

/// What to evaluate, and how.
#[derive(Debug, Clone)]
pub struct EvaluationRequest {
    /// Where labels and answers stand.
    pub cohort: CohortSource,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// Seed of the bootstrap: the same seed gives the same interval.
    pub seed: u64,
}

/// Reads a cohort and computes its figures.
///
/// # Errors
/// A table or a result of the cohort cannot be used.
pub fn run(request: &EvaluationRequest, manifest: &Manifest) -> Result<Evaluation, EvaluateError> {
    let questions = Question::of(&manifest.classifiers);
    let cases = match &request.cohort {
        CohortSource::Table(path) => cohort::read_table(path, &questions)?,
        CohortSource::Results { labels, folder } => cohort::read_results(labels, folder, &questions)?,
    };
    Ok(Evaluation::of(&cases, &questions, request.draws, request.seed))
}
