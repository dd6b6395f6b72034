//! The figures of a cohort, from its cases.

use std::collections::{BTreeMap, BTreeSet};

use cordline_core::manifest::is_undecided;
use cordline_sdk::Finding;

use super::cohort::{Case, NO_ANSWER};
use super::counts::{Confusion, Rate};
use super::questions::{Question, WITHOUT_LESION};
use super::roc;
use super::spread::Spread;

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

impl Evaluation {
    /// Computes the figures of these cases.
    pub fn of(cases: &[Case], questions: &[Question], draws: usize, seed: u64) -> Self {
        // A study that ended without an answer is called neither.
        let is_answered = |case: &&Case| !case.finding.is_empty() && !NO_ANSWER.contains(&case.finding.as_str());
        let called = |sick: bool| {
            let kind = cases.iter().filter(|c| WITHOUT_LESION.contains(&c.label.as_str()) != sick);
            let kind: Vec<&Case> = kind.filter(is_answered).collect();
            let count = kind.iter().filter(|c| c.finding == Finding::NO_LESION).count();
            (!kind.is_empty()).then_some(Rate { count, of: kind.len() })
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
                    undecided += usize::from(is_undecided(question.undecided, p));
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
