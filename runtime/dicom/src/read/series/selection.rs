//! The outcome of looking at every series, in the words that people read.

use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::result::SeriesVerdict;

use super::assessment::{Assessed, Assessment};
use super::describe::{named, verdicts};
use super::pictures::PictureKind;
use super::rules::SeriesRules;
use super::{rank, t1c};
use crate::read::series_volume::SeriesVolume;

/// What two series are of which each holds a half.
const ONE_STACK: &str = "one stack that was stored in two parts";

/// The outcome of looking at every series.
#[derive(Debug, Clone)]
pub enum SeriesSelection {
    /// One volume is to be analysed.
    Chosen {
        /// The volume.
        series: Box<SeriesVolume>,
        /// A contrast-enhanced T1-weighted series of the same frame of reference, where there is one.
        t1c: Option<Box<SeriesVolume>>,
        /// Why it was chosen.
        reasons: Vec<String>,
        /// What is doubtful about it.
        warnings: Vec<String>,
        /// Every other volume, with the reasons against it; one that `fits` could be taken instead.
        rejected: Vec<SeriesVerdict>,
    },
    /// Several volumes fit equally well.
    NeedsSelection {
        /// Those that fit.
        candidates: Vec<SeriesVerdict>,
        /// The volumes of the candidates, in the same order.
        volumes: Vec<SeriesVolume>,
        /// Those that do not fit, or less well.
        rejected: Vec<SeriesVerdict>,
    },
    /// No volume fits.
    OutOfScope {
        /// Why, in a sentence or two.
        reasons: Vec<String>,
        /// Every volume, with the reasons against it.
        rejected: Vec<SeriesVerdict>,
    },
}

impl SeriesSelection {
    /// Why there is nothing to analyse; none where a series was chosen.
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Chosen { .. } => None,
            Self::NeedsSelection { candidates, .. } => Some(selection_problem(candidates)),
            Self::OutOfScope { reasons, .. } => Some(scope_problem(reasons)),
        }
    }
}

/// Why a person must choose, and among what.
pub fn selection_problem(candidates: &[SeriesVerdict]) -> Problem {
    let names: Vec<String> =
        candidates.iter().zip(places(candidates)).map(|(c, place)| told_apart(c, &place)).collect();
    let parts = candidates.iter().any(|c| c.part.is_some());
    let what = if parts { "volumes" } else { "series" };
    let action = match candidates.iter().flat_map(|c| &c.reasons).any(|reason| reason.ends_with(ONE_STACK)) {
        true => format!(
            "Look at them: they may be {ONE_STACK}. If so, send them as one series; else choose the one to analyse."
        ),
        false => "Look at them, and choose the one to analyse.".into(),
    };
    let message = format!("{} {what} fit equally well: {}.", candidates.len(), names.join("; "));
    Problem::new(Code::NeedsSelection, message, action)
}

/// Why nothing of a study can be analysed.
pub fn scope_problem(reasons: &[String]) -> Problem {
    Problem::new(
        Code::OutOfScope,
        format!("{}.", reasons.join(". ")),
        "Give a study with a sagittal T2-weighted series of the spine; if one of its series is that after all, choose that series.",
    )
}

/// Where each of several volumes lies, from head to foot, where they cover different parts: "upper", "220 mm lower".
fn places(candidates: &[SeriesVerdict]) -> Vec<String> {
    let heights: Vec<Option<[f64; 2]>> = candidates.iter().map(|c| c.height_mm).collect();
    let top = heights.iter().flatten().map(|[_, high]| *high).fold(f64::NEG_INFINITY, f64::max);
    let apart = |[low, high]: [f64; 2]| (top - high) > 0.25 * (high - low);
    if !heights.iter().flatten().any(|h| apart(*h)) {
        return vec![String::new(); candidates.len()];
    }
    heights
        .into_iter()
        .map(|height| match height {
            Some(height) if apart(height) => format!("{:.0} mm lower", top - height[1]),
            Some(_) => "upper part".into(),
            None => String::new(),
        })
        .collect()
}

/// A candidate with all that tells it from others in a few words: number, time, part, place.
fn told_apart(candidate: &SeriesVerdict, place: &str) -> String {
    let time = candidate.acquired.as_ref().and_then(|at| at.get(11..16)).map(str::to_owned);
    // The part of a station says where it lies by itself.
    let place = Some(place.to_owned())
        .filter(|p| !p.is_empty() && candidate.part.as_ref().is_none_or(|part| !part.contains("station")));
    let more: Vec<String> = time.into_iter().chain(place).collect();
    if more.is_empty() { named(candidate) } else { format!("{}, {}", named(candidate), more.join(", ")) }
}

/// The first of several that fit is taken, before those that fit less well and those that cannot be read.
pub(super) fn chosen(
    mut fitting: Vec<Assessed>,
    other: Vec<Assessed>,
    damaged: Vec<Assessed>,
    rules: &SeriesRules,
) -> SeriesSelection {
    let (series, assessment) = fitting.remove(0);
    let mut rejected = verdicts(&fitting, |_, a| {
        vec![a.damage.as_ref().map_or_else(|| rank::behind(a, &assessment), |d| format!("fits, but {d}"))]
    });
    let mut reasons = assessment.reasons.clone();
    let mut warnings = assessment.warnings.clone();
    // Where the chosen one is damaged, so are all others.
    if let Some((_, next)) = fitting.iter().find(|(_, a)| a.fits()) {
        let count = fitting.iter().filter(|(_, a)| a.fits()).count();
        reasons.push(format!("preferred to {count} other series that fit: {}", rank::ahead(&assessment, next)));
    }
    for (s, a) in &damaged {
        let damage = a.damage.as_deref().unwrap_or_default();
        let sections = if a.sections == 1 { "1 section".to_owned() } else { format!("{} sections", a.sections) };
        let better = rank::compare(a, &assessment).is_gt();
        let name = named(&s.verdict(a, Vec::new()));
        let fits = if better { "would fit better" } else { "would fit too" };
        warnings.push(format!("{name}, {sections}, {fits}, but {damage}"));
    }
    rejected.extend(verdicts(&damaged, |_, a| a.either()));
    for (s, a) in fitting.iter().filter(|(_, a)| a.fits() && rank::covers_elsewhere(a, &assessment)) {
        let name = named(&s.verdict(a, Vec::new()));
        warnings.push(format!("{name} fits too and covers another part of the spine: analyse it as well"));
    }
    for (s, _) in fitting.iter().filter(|(_, a)| rank::interleaved(a, &assessment)) {
        let name = named(&s.verdict(&assessment, Vec::new()));
        warnings.push(format!("the sections of {name} lie between those of this series: the two may be {ONE_STACK}"));
    }
    warnings.extend(left_out(&series, other.iter().chain(&damaged).chain(&fitting), rules));
    let t1c = t1c::find(&series, &other, rules, &mut warnings).map(Box::new);
    rejected.extend(of_others(&other));
    if let Some(part) = &series.part {
        reasons.push(format!("volume {} of {} of its series: {}", part.number, part.of, part.words));
    }
    SeriesSelection::Chosen { series: Box::new(series), t1c, reasons, warnings, rejected }
}

/// Images of the same plane and kind that lie in the series but in no volume that could be analysed.
fn left_out<'a>(chosen: &SeriesVolume, others: impl Iterator<Item = &'a Assessed>, rules: &SeriesRules) -> Vec<String> {
    let few = others.filter(|(s, a)| {
        s.uid == chosen.uid
            && a.is_sagittal
            && a.sections < rules.min_sections
            && !matches!(a.pictures.kind, PictureKind::Excluded(_))
    });
    few.map(|(s, _)| {
        let count = s.frames.len();
        let images = if count == 1 { "1 image".to_owned() } else { format!("{count} images") };
        let words = s.part.as_ref().map(|p| p.words.as_str()).unwrap_or_default();
        format!("{images} of the series did not fit into the volume and stayed out ({words})")
    })
    .collect()
}

/// Several fit equally well.
pub(super) fn needs_selection(
    tied: &[Assessed],
    behind: &[Assessed],
    damaged: &[Assessed],
    other: &[Assessed],
) -> SeriesSelection {
    let candidates = verdicts(tied, |_, a| {
        let place = tied.iter().find_map(|(_, other)| rank::were_one(a, other));
        let were_one = place.map(|place| format!("its sections lie {place}: they may be {ONE_STACK}"));
        a.reasons.iter().chain(&a.warnings).cloned().chain(were_one).collect()
    });
    let mut rejected = verdicts(behind, |_, a| vec![rank::behind(a, &tied[0].1)]);
    rejected.extend(verdicts(damaged, |_, a| a.either()));
    rejected.extend(of_others(other));
    SeriesSelection::NeedsSelection { candidates, volumes: tied.iter().map(|(s, _)| s.clone()).collect(), rejected }
}

/// The volume that a person named is taken whatever speaks against it.
pub(super) fn taken((series, assessment): Assessed, others: Vec<Assessed>, rules: &SeriesRules) -> SeriesSelection {
    let mut reasons = vec!["named by the user".to_owned()];
    reasons.extend(assessment.reasons.clone());
    if let Some(part) = &series.part {
        reasons.push(format!("volume {} of {} of its series: {}", part.number, part.of, part.words));
    }
    let mut warnings = assessment.warnings.clone();
    let against = assessment.against.iter();
    warnings
        .extend(against.map(|r| format!("the series was named by the user although the rules speak against it: {r}")));
    let t1c = t1c::find(&series, &others, rules, &mut warnings).map(Box::new);
    let rejected =
        verdicts(&others, |s, a| not_taken(a, if s.uid == series.uid { "volume of the series" } else { "series" }));
    SeriesSelection::Chosen { series: Box::new(series), t1c, reasons, warnings, rejected }
}

/// What was chosen among the volumes of a series that a person named as a whole.
pub(super) fn of_the_named(mut choice: SeriesSelection) -> SeriesSelection {
    if let SeriesSelection::Chosen { reasons, .. } = &mut choice {
        reasons.insert(0, "the series was named by the user".into());
    }
    choice
}

/// A series of several volumes was named as a whole, and the rules accept none of them: a person is asked, each says why.
pub(super) fn against_the_rules(volumes: Vec<Assessed>, others: Vec<Assessed>, rules: &SeriesRules) -> SeriesSelection {
    let is_whole = |a: &Assessment| a.damage.is_none();
    let any_is_whole = volumes.iter().any(|(_, a)| is_whole(a));
    let (mut best, mut rest): (Vec<_>, Vec<_>) = volumes.into_iter().partition(|(_, a)| is_whole(a) == any_is_whole);
    rest.extend(others);
    if best.len() == 1 {
        return taken(best.remove(0), rest, rules);
    }
    best.sort_by(|(_, a), (_, b)| rank::compare(a, b).reverse());
    SeriesSelection::NeedsSelection {
        candidates: verdicts(&best, |_, a| a.against.clone()),
        volumes: best.into_iter().map(|(s, _)| s).collect(),
        rejected: of_others(&rest),
    }
}

/// Nothing fits: what comes closest is said, the details stand beside each series.
pub(super) fn out_of_scope(other: &[Assessed]) -> SeriesSelection {
    let mut reasons = vec!["No sagittal T2-weighted series of the spine".to_owned()];
    let closeness = |(s, a): &&Assessed| {
        let kind_is_right = !matches!(a.pictures.kind, PictureKind::Excluded(_));
        (!s.instances.is_empty(), kind_is_right, a.is_sagittal, std::cmp::Reverse(a.against.len()), a.score, a.sections)
    };
    if let Some((s, a)) = other.iter().max_by_key(closeness) {
        // In short: times and words stand among the reasons of the series.
        let why = a.against.first().and_then(|why| why.split(" (").next()).unwrap_or_default();
        reasons.push(format!("Closest: {} ({why})", plain_name(&s.verdict(a, Vec::new()))));
    }
    SeriesSelection::OutOfScope { reasons, rejected: of_others(other) }
}

/// Description and number without quotation marks.
fn plain_name(verdict: &SeriesVerdict) -> String {
    match (verdict.description.is_empty(), verdict.series_number) {
        (false, _) => verdict.description.clone(),
        (true, Some(number)) => format!("series {number}"),
        (true, None) => "a series without a description".into(),
    }
}

/// Why a volume is not taken that is ranked with no other: what speaks against it, or that it was not asked for.
fn not_taken(a: &Assessment, another: &str) -> Vec<String> {
    if a.fits() { vec![format!("another {another} was named by the user")] } else { a.either() }
}

/// Verdicts on those that do not fit or were not asked for. Volumes of one series with the same reasons share one, unless they could be
/// taken: a measurement of hundreds of time points is one thing to a reader.
fn of_others(other: &[Assessed]) -> Vec<SeriesVerdict> {
    let all = verdicts(other, |_, a| not_taken(a, "series"));
    let alike = |a: &SeriesVerdict, b: &SeriesVerdict| a.uid == b.uid && a.reasons == b.reasons && !a.fits;
    let shared = all.chunk_by(alike).map(|volumes| match volumes {
        [one] => one.clone(),
        [first, ..] => SeriesVerdict {
            selector: first.uid.clone(),
            part: Some(format!("{} volumes", volumes.len())),
            frames: volumes.iter().map(|v| v.frames).sum(),
            ..first.clone()
        },
        [] => SeriesVerdict::default(),
    });
    shared.collect()
}
