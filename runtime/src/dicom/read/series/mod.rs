//! Which series of the input is the sagittal T2-weighted one of the spine, and why.
//!
//! Every volume of every series gets a verdict with reasons in words. One that fits is chosen; several equally good ones are put to a
//! person; none is said.
//!
//! - [`volume`]: a series, or one volume of it
//! - [`split`]: the volumes of a series
//! - [`assess`](mod@assess), [`image_type`], [`contrast`], [`body`]: what speaks for and against one, by [`rules`] and [`words`]
//! - [`rank`]: which one is best; [`t1c`]: the T1-weighted one that goes with it
//! - [`choice`]: the outcome in words

mod assess;
mod body;
mod choice;
mod contrast;
mod describe;
mod frames;
mod image_type;
mod rank;
mod rules;
mod split;
mod t1c;
mod volume;
mod words;

use cordline_sdk::result::SeriesVerdict;
use cordline_sdk::selector::Selector;

pub use choice::{Choice, scope_problem, selection_problem};
pub use describe::named;
pub use frames::FrameAt;
pub use rules::SeriesRules;
pub use volume::{Part, Series};

use super::input::Intake;
use super::limits::Limits;
use super::stack;
use assess::{Assessment, assess};

/// A volume with what was said of it.
type Looked = (Series, Assessment);

/// Groups the instances by SeriesInstanceUID, in the order in which they were found.
pub fn group(intake: &Intake) -> Vec<Series> {
    let mut uids: Vec<&str> = Vec::new();
    let found = intake.instances.iter().map(|i| &i.series.uid).chain(intake.broken.iter().map(|b| &b.series_uid));
    let mut seen = std::collections::HashSet::new();
    uids.extend(found.map(String::as_str).filter(|uid| seen.insert(*uid)));
    let mut instances = std::collections::HashMap::<&str, Vec<_>>::new();
    for instance in &intake.instances {
        instances.entry(&instance.series.uid).or_default().push(instance.clone());
    }
    let series = uids.into_iter().map(|uid| {
        let broken = intake.broken.iter().filter(|b| b.series_uid == uid).cloned().collect();
        Series::whole(uid.to_owned(), instances.remove(uid).unwrap_or_default(), broken)
    });
    series.collect()
}

/// Every volume of the input, judged by its headers, and held against what a stack of sections must be where the rules accept it.
fn look(intake: &Intake, rules: &SeriesRules, limits: &Limits) -> Vec<Looked> {
    let pictures = |instance: &_, frame: &_| assess::pictures_of(instance, frame, rules);
    let mut copies = stack::Copies::new(limits);
    let volumes =
        group(intake).into_iter().flat_map(|s| split::volumes(s, &pictures, &mut |a, i, b, k| copies.same(a, i, b, k)));
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
pub fn choose(intake: &Intake, rules: &SeriesRules, limits: &Limits, wanted: Option<&str>) -> Choice {
    let looked = look(intake, rules, limits);
    match wanted {
        Some(wanted) => named_by_person(looked, wanted, rules),
        None => best(looked, rules),
    }
}

/// The best of all that fit.
fn best(looked: Vec<Looked>, rules: &SeriesRules) -> Choice {
    let (mut accepted, other): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(_, a)| a.against.is_empty());
    accepted.sort_by(|(_, a), (_, b)| rank::compare(a, b).reverse());
    let (mut fitting, damaged): (Vec<_>, Vec<_>) = accepted.into_iter().partition(|(_, a)| a.fits());
    let Some((_, first)) = fitting.first() else {
        return match damaged.is_empty() {
            true => choice::out_of_scope(&other),
            // Its fault ends the analysis, and says what is wrong.
            false => choice::chosen(damaged, other, Vec::new(), rules),
        };
    };
    let (mut tied, behind): (Vec<_>, Vec<_>) = {
        let first = first.clone();
        fitting.drain(..).partition(|(_, a)| rank::tied(a, &first))
    };
    if tied.len() > 1 {
        return choice::needs_selection(&tied, &behind, &damaged, &other);
    }
    tied.extend(behind);
    choice::chosen(tied, other, damaged, rules)
}

/// The volume that a person named.
fn named_by_person(mut looked: Vec<Looked>, wanted: &str, rules: &SeriesRules) -> Choice {
    let all = |looked: &[Looked]| verdicts(looked.iter(), |_, a| a.either());
    let selector = Selector::parse(wanted);
    let of_series = |s: &Series| selector.as_ref().is_some_and(|w| w.uid == s.uid) && !s.instances.is_empty();
    let volumes = looked.iter().filter(|(s, _)| of_series(s)).count();
    let number = selector.as_ref().and_then(|w| w.volume).map(|n| n.get() as usize);
    let is_it = |s: &Series| of_series(s) && s.part.as_ref().map_or(1, |p| p.number) == number.unwrap_or(1);
    if volumes == 0 {
        let reasons = vec!["The chosen series is not in the input, or none of its files can be read".to_owned()];
        return Choice::OutOfScope { reasons, rejected: all(&looked) };
    }
    if volumes > 1 && number.is_none() {
        // The series as a whole was named: its volumes are judged like series, and nothing else is looked at.
        let (volumes, others): (Vec<_>, Vec<_>) = looked.into_iter().partition(|(s, _)| of_series(s));
        return choice::among_volumes(volumes, others, rules);
    }
    match looked.iter().position(|(s, _)| is_it(s)) {
        Some(at) => {
            let chosen = looked.remove(at);
            choice::taken(chosen, looked, rules)
        }
        None => {
            let holds = if volumes == 1 { "1 volume".to_owned() } else { format!("{volumes} volumes") };
            let reasons = vec![format!("The chosen series holds {holds}; there is no volume {}", number.unwrap_or(1))];
            Choice::OutOfScope { reasons, rejected: all(&looked) }
        }
    }
}

/// Verdicts with the reasons that `why` gives.
fn verdicts<'a>(
    looked: impl IntoIterator<Item = &'a Looked>,
    why: impl Fn(&Series, &Assessment) -> Vec<String>,
) -> Vec<SeriesVerdict> {
    looked.into_iter().map(|(s, a)| s.verdict(a, why(s, a))).collect()
}

#[cfg(test)]
mod tests;
