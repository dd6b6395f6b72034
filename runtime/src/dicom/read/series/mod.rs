//! Which series of the input is the sagittal T2-weighted one of the spine, and why.
//!
//! Every series gets a verdict with reasons in words. One that fits is chosen; several equally good ones are put to a person; none is said.

mod assess;
mod body;
mod contrast;
mod rank;
mod rules;
mod t1c;

use std::cmp::Ordering;
use std::sync::Arc;

use cordline_sdk::result::{Problem, SeriesVerdict};

pub use rules::SeriesRules;

use super::input::{Broken, Intake};
use super::instance::{Frame, Instance};
use assess::{Assessment, assess};

/// All instances of one SeriesInstanceUID, and the damaged files that belong to it.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// SeriesInstanceUID.
    pub uid: String,
    /// Instances in the order in which they were found.
    pub instances: Vec<Arc<Instance>>,
    /// Files of this series whose header cannot be read.
    pub broken: Vec<Broken>,
}

impl Series {
    /// All frames of all instances.
    pub fn frames(&self) -> impl Iterator<Item = (&Instance, &Frame)> {
        self.instances.iter().flat_map(|i| i.frames.iter().map(move |f| (i.as_ref(), f)))
    }

    /// SeriesDescription, empty where there is none.
    pub fn description(&self) -> &str {
        self.instances.first().map_or("", |i| &i.series.description)
    }

    fn verdict(&self, reasons: Vec<String>) -> SeriesVerdict {
        let frames = self.instances.iter().map(|i| i.frames.len().max(1)).sum();
        SeriesVerdict {
            uid: self.uid.clone(),
            selector: self.uid.clone(),
            description: self.description().to_owned(),
            frames,
            reasons,
            ..SeriesVerdict::default()
        }
    }
}

/// The outcome of looking at every series.
#[derive(Debug, Clone)]
pub enum Choice {
    /// One series is to be analysed.
    Chosen {
        /// The series.
        series: Series,
        /// A contrast-enhanced T1-weighted series of the same frame of reference, where there is one.
        t1c: Option<Series>,
        /// Why it was chosen.
        reasons: Vec<String>,
        /// What is doubtful about it.
        warnings: Vec<String>,
        /// Every other series, with the reasons against it.
        rejected: Vec<SeriesVerdict>,
    },
    /// Several series fit equally well.
    NeedsSelection {
        /// Those that fit.
        candidates: Vec<SeriesVerdict>,
        /// Those that do not.
        rejected: Vec<SeriesVerdict>,
    },
    /// No series fits.
    OutOfScope {
        /// Why, in a sentence or two.
        reasons: Vec<String>,
        /// Every series, with the reasons against it.
        rejected: Vec<SeriesVerdict>,
    },
}

impl Choice {
    /// Why there is nothing to analyse; none where a series was chosen.
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Chosen { .. } => None,
            Self::NeedsSelection { candidates, .. } => Some(Problem {
                code: "needs_selection".into(),
                message: format!(
                    "{} series fit equally well: {}",
                    candidates.len(),
                    candidates.iter().map(named).collect::<Vec<_>>().join("; ")
                ),
                action: "Look at them and name the one to analyse: --series UID.".into(),
            }),
            Self::OutOfScope { reasons, .. } => Some(Problem {
                code: "out_of_scope".into(),
                message: reasons.join("; "),
                action: "Give a study with a sagittal T2-weighted series of the spine; if one of the series is that after all, name it: --series UID."
                    .into(),
            }),
        }
    }
}

fn named(verdict: &SeriesVerdict) -> String {
    if verdict.description.is_empty() {
        verdict.uid.clone()
    } else {
        format!("\"{}\" ({})", verdict.description, verdict.uid)
    }
}

/// Groups the instances by SeriesInstanceUID, in the order in which they were found.
pub fn group(intake: &Intake) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    let mut at = std::collections::HashMap::new();
    let mut of = |uid: &str, all: &mut Vec<Series>| {
        *at.entry(uid.to_owned()).or_insert_with(|| {
            all.push(Series { uid: uid.to_owned(), ..Series::default() });
            all.len() - 1
        })
    };
    for instance in &intake.instances {
        let i = of(&instance.series.uid, &mut all);
        all[i].instances.push(instance.clone());
    }
    for broken in &intake.broken {
        let i = of(&broken.series_uid, &mut all);
        all[i].broken.push(broken.clone());
    }
    all
}

/// Chooses the series to analyse. A series that is named by `forced_uid` is taken whatever speaks against it, and that is said.
pub fn choose(intake: &Intake, rules: &SeriesRules, forced_uid: Option<&str>) -> Choice {
    let series = group(intake);
    let looked: Vec<(Series, Assessment)> = series
        .into_iter()
        .map(|s| {
            let a = assess(&s, rules);
            (s, a)
        })
        .collect();
    if let Some(uid) = forced_uid {
        return forced(looked, uid, rules);
    }
    let (mut fitting, other): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(_, a)| a.against.is_empty());
    fitting.sort_by(|(_, a), (_, b)| rank::compare(a, b).reverse());
    let against =
        |list: &[(Series, Assessment)]| list.iter().map(|(s, a)| s.verdict(a.against.clone())).collect::<Vec<_>>();
    let best = fitting.iter().take_while(|(_, a)| rank::compare(a, &fitting[0].1) == Ordering::Equal).count();
    match best {
        0 => OutOfScope::of(&other),
        1 => {
            let (series, assessment) = fitting.remove(0);
            let mut rejected: Vec<_> =
                fitting.iter().map(|(s, a)| s.verdict(vec![rank::behind(a, &assessment)])).collect();
            rejected.extend(against(&other));
            let mut reasons = assessment.reasons.clone();
            if !fitting.is_empty() {
                reasons.push(format!(
                    "preferred to {} other series that fit: {}",
                    fitting.len(),
                    rank::ahead(&assessment, &fitting[0].1)
                ));
            }
            let mut warnings = assessment.warnings.clone();
            for (s, a) in &fitting {
                if rank::covers_elsewhere(a, &assessment) {
                    warnings.push(format!(
                        "{} fits too and covers another part of the spine: analyse it as well with --series",
                        named(&s.verdict(Vec::new()))
                    ));
                }
            }
            let t1c = t1c::find(&series, &other, rules, &mut warnings);
            Choice::Chosen { series, t1c, reasons, warnings, rejected }
        }
        _ => {
            let mut rejected: Vec<_> =
                fitting[best..].iter().map(|(s, a)| s.verdict(vec![rank::behind(a, &fitting[0].1)])).collect();
            rejected.extend(against(&other));
            let candidates = fitting[..best].iter().map(|(s, a)| s.verdict(a.reasons.clone())).collect();
            Choice::NeedsSelection { candidates, rejected }
        }
    }
}

/// The series that a person named.
fn forced(mut looked: Vec<(Series, Assessment)>, uid: &str, rules: &SeriesRules) -> Choice {
    let Some(at) = looked.iter().position(|(s, _)| s.uid == uid && !s.instances.is_empty()) else {
        let rejected = looked.iter().map(|(s, a)| s.verdict(a.either())).collect();
        let shown: String = uid.chars().filter(|c| !c.is_control()).take(64).collect();
        return Choice::OutOfScope { reasons: vec![format!("the input holds no readable series {shown}")], rejected };
    };
    let (series, assessment) = looked.remove(at);
    let mut reasons = vec!["named by the user".to_owned()];
    reasons.extend(assessment.reasons.clone());
    let mut warnings = assessment.warnings.clone();
    warnings.extend(
        assessment
            .against
            .iter()
            .map(|r| format!("the series was named by the user although the rules speak against it: {r}")),
    );
    let t1c = t1c::find(&series, &looked, rules, &mut warnings);
    let rejected = looked
        .iter()
        .map(|(s, a)| {
            s.verdict(if a.against.is_empty() {
                vec!["another series was named by the user".into()]
            } else {
                a.against.clone()
            })
        })
        .collect();
    Choice::Chosen { series, t1c, reasons, warnings, rejected }
}

/// Words for "nothing fits".
struct OutOfScope;

impl OutOfScope {
    fn of(other: &[(Series, Assessment)]) -> Choice {
        let rejected: Vec<_> = other.iter().map(|(s, a)| s.verdict(a.against.clone())).collect();
        let mut reasons = vec!["the input holds no sagittal T2-weighted series of the spine".to_owned()];
        for verdict in rejected.iter().take(5) {
            reasons.push(format!("{}: {}", named(verdict), verdict.reasons.join(", ")));
        }
        if rejected.len() > 5 {
            reasons.push(format!("and {} more series", rejected.len() - 5));
        }
        Choice::OutOfScope { reasons, rejected }
    }
}

#[cfg(test)]
mod tests;
