//! Which series of the input is the sagittal T2-weighted one of the spine, and why.
//!
//! Every volume of every series gets a verdict with reasons in words. One that fits is chosen; several equally good ones are put to a
//! person; where none fits, that is said.
//!
//! - [`split`]: the volumes of a series
//! - [`assessment`]: what is said of a volume; [`assess`](mod@assess), [`image_type`], [`image_description`], [`contrast`],
//!   [`body`]: which [`pictures`] they are, and by which [`rules`] and [`words`]
//! - [`rank`]: which one is best; [`t1c`]: the T1-weighted one that goes with it
//! - [`selection`]: the outcome in words; [`describe`]: a volume in words

mod assess;
mod assessment;
mod body;
mod contrast;
mod describe;
mod frames;
mod image_description;
mod image_type;
mod pictures;
mod rank;
mod rules;
mod selection;
mod split;
mod t1c;
mod words;

use cordline_sdk::selector::Selector;

pub use describe::named;
pub use rules::SeriesRules;
pub use selection::{SeriesSelection, scope_problem, selection_problem};

use super::input::ScannedInput;
use super::limits::FileLimits;
use super::same_frame::{FrameComparison, Sameness};
use super::series_volume::SeriesVolume;
use super::stack;
use assess::assess;
use assessment::Assessed;
use describe::verdicts;

/// Groups the instances by SeriesInstanceUID, in the order in which they were found.
pub fn group(scanned: &ScannedInput) -> Vec<SeriesVolume> {
    let mut uids: Vec<&str> = Vec::new();
    let found = scanned.instances.iter().map(|i| &i.series.uid).chain(scanned.unreadable.iter().map(|b| &b.series_uid));
    let mut seen = std::collections::HashSet::new();
    uids.extend(found.map(String::as_str).filter(|uid| seen.insert(*uid)));
    let mut instances = std::collections::HashMap::<&str, Vec<_>>::new();
    for instance in &scanned.instances {
        instances.entry(&instance.series.uid).or_default().push(instance.clone());
    }
    let series = uids.into_iter().map(|uid| {
        let unreadable = scanned.unreadable.iter().filter(|b| b.series_uid == uid).cloned().collect();
        SeriesVolume::whole(uid.to_owned(), instances.remove(uid).unwrap_or_default(), unreadable)
    });
    series.collect()
}

/// Every volume of the input, judged by its headers, and held against what a stack of sections must be where the rules accept it.
fn look(scanned: &ScannedInput, rules: &SeriesRules, limits: &FileLimits) -> Vec<Assessed> {
    let mut comparison = FrameComparison::new(limits);
    let volumes = group(scanned)
        .into_iter()
        .flat_map(|s| split::volumes(s, rules, &mut |a, i, b, k| comparison.frames(a, i, b, k) == Sameness::Same));
    let looked = volumes.map(|series| {
        let mut a = assess(&series, rules);
        if a.against.is_empty() {
            a.damage = stack::check(&series, limits).err().map(|e| e.brief());
        }
        (series, a)
    });
    looked.collect()
}

/// Chooses the volume to analyse. One that is named by `wanted` (a UID, or `UID#N`) is taken whatever speaks against it, and that is said.
pub fn choose(
    scanned: &ScannedInput,
    rules: &SeriesRules,
    limits: &FileLimits,
    wanted: Option<&str>,
) -> SeriesSelection {
    let looked = look(scanned, rules, limits);
    match wanted {
        Some(wanted) => named_by_person(looked, wanted, rules),
        None => best(looked, Vec::new(), rules),
    }
}

/// The best of all that fit; `besides` are volumes that were not asked for.
fn best(looked: Vec<Assessed>, besides: Vec<Assessed>, rules: &SeriesRules) -> SeriesSelection {
    let (mut accepted, mut other): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(_, a)| a.against.is_empty());
    other.extend(besides);
    accepted.sort_by(|(_, a), (_, b)| rank::compare(a, b).reverse());
    let (mut fitting, damaged): (Vec<_>, Vec<_>) = accepted.into_iter().partition(|(_, a)| a.fits());
    let Some((_, first)) = fitting.first() else {
        return match damaged.is_empty() {
            true => selection::out_of_scope(&other),
            // Its fault ends the analysis, and says what is wrong.
            false => selection::chosen(damaged, other, Vec::new(), rules),
        };
    };
    let (mut tied, behind): (Vec<_>, Vec<_>) = {
        let first = first.clone();
        fitting.drain(..).partition(|(_, a)| rank::tied(a, &first))
    };
    if tied.len() > 1 {
        return selection::needs_selection(&tied, &behind, &damaged, &other);
    }
    tied.extend(behind);
    selection::chosen(tied, other, damaged, rules)
}

/// The volume that a person named.
fn named_by_person(mut looked: Vec<Assessed>, wanted: &str, rules: &SeriesRules) -> SeriesSelection {
    let all = |looked: &[Assessed]| verdicts(looked.iter(), |_, a| a.either());
    let selector = Selector::parse(wanted.trim());
    let of_series = |s: &SeriesVolume| selector.as_ref().is_some_and(|w| w.uid == s.uid) && !s.instances.is_empty();
    let volumes = looked.iter().filter(|(s, _)| of_series(s)).count();
    let number = selector.as_ref().and_then(|w| w.volume).map(|n| n.get() as usize);
    let is_it = |s: &SeriesVolume| of_series(s) && s.part.as_ref().map_or(1, |p| p.number) == number.unwrap_or(1);
    if volumes == 0 {
        let reasons = vec!["The chosen series is not in the input, or none of its files can be read".to_owned()];
        return SeriesSelection::OutOfScope { reasons, rejected: all(&looked) };
    }
    if volumes > 1 && number.is_none() {
        // The series as a whole was named: its volumes are judged like series, and no other one is taken.
        let (volumes, others): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(s, _)| of_series(s));
        if volumes.iter().all(|(_, a)| !a.against.is_empty()) {
            return selection::against_the_rules(volumes, others, rules);
        }
        return selection::of_the_named(best(volumes, others, rules));
    }
    match looked.iter().position(|(s, _)| is_it(s)) {
        Some(at) => {
            let chosen = looked.remove(at);
            selection::taken(chosen, looked, rules)
        }
        None => {
            let holds = if volumes == 1 { "1 volume".to_owned() } else { format!("{volumes} volumes") };
            let reasons = vec![format!("The chosen series holds {holds}; there is no volume {}", number.unwrap_or(1))];
            SeriesSelection::OutOfScope { reasons, rejected: all(&looked) }
        }
    }
}

#[cfg(test)]
mod named_tests;
#[cfg(test)]
mod rank_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wording_tests;
