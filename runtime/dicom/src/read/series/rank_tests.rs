//! Two series of which neither is better by numbers alone.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use tempfile::tempdir;

use super::SeriesSelection;
use super::rules::SeriesRules;
use super::tests::{choose_with, chosen_from};
use cordline_testkit::{EXPLICIT, Stack, write};

/// A study of two series: sections and time of each, and by how many gaps the second one is moved along its normal.
fn two(first: (usize, &str), second: (usize, &str), by: f64) -> SeriesSelection {
    let stack = Stack { sections: first.0, ..Stack::t2("1") };
    let n = stack.normal();
    let origin = [0, 1, 2].map(|k| stack.origin[k] + n[k] * by * stack.gap);
    let moved = Stack { origin, sections: second.0, ..Stack::t2("2") };
    both((stack, first.1), (moved, second.1))
}

/// A study of two series, each with its time.
fn both(first: (Stack, &str), second: (Stack, &str)) -> SeriesSelection {
    let folder = tempdir().unwrap();
    for ((stack, time), name) in [(first, "1"), (second, "2")] {
        let mut sets = stack.all();
        sets.iter_mut().for_each(|s| _ = s.text(tags::SERIES_TIME, VR::TM, time));
        write(folder.path(), name, &sets, EXPLICIT);
    }
    chosen_from(folder.path(), None)
}

#[test]
fn of_two_halves_of_a_stack_none_is_taken_alone() {
    for (by, place) in [(6.0, "beside"), (0.5, "between")] {
        let choice = two((6, "090800"), (6, "091200"), by);
        let SeriesSelection::NeedsSelection { ref candidates, .. } = choice else { panic!("{choice:?}") };
        assert!(candidates[0].reasons.iter().any(|r| r.contains(place)), "{:?}", candidates[0].reasons);
        let problem = choice.problem().unwrap();
        assert!(problem.action.contains("one stack"), "{}", problem.action);
    }
    // At the same place the later one is a second try.
    let again = two((6, "090800"), (6, "091200"), 0.02);
    assert!(matches!(&again, SeriesSelection::Chosen { series, .. } if series.uid == "1.2.826.1.2"), "{again:?}");
}

#[test]
fn stacks_that_were_planned_apart_are_not_said_to_be_one() {
    // The lower one is shifted by half a gap by chance, as one of five is.
    let lumbar = Stack { origin: [10.65, -40.0, -170.0], ..Stack::t2("2") };
    let tie = both((Stack::t2("1"), "090800"), (lumbar.clone(), "091200"));
    let SeriesSelection::NeedsSelection { ref candidates, .. } = tie else { panic!("{tie:?}") };
    assert!(!candidates.iter().flat_map(|c| &c.reasons).any(|r| r.contains("one stack")), "{candidates:?}");
    assert!(!tie.problem().unwrap().action.contains("one stack"));
    let larger = Stack { sections: 7, ..Stack::t2("1") };
    for second in [lumbar, Stack { origin: [9.0 + 20.5 * 3.3, -40.0, 50.0], ..Stack::t2("2") }] {
        let choice = both((larger.clone(), "090800"), (second, "091200"));
        let SeriesSelection::Chosen { warnings, .. } = choice else { panic!("{choice:?}") };
        assert!(warnings.iter().any(|w| w.contains("covers another part")), "{warnings:?}");
        assert!(!warnings.iter().any(|w| w.contains("one stack")), "{warnings:?}");
    }
}

#[test]
fn a_larger_half_is_taken_and_the_other_one_is_told_of() {
    let choice = two((7, "090800"), (6, "091200"), 7.0);
    let SeriesSelection::Chosen { series, warnings, .. } = choice else { panic!("{choice:?}") };
    assert_eq!(series.uid, "1.2.826.1.1");
    assert!(warnings.iter().any(|w| w.contains("covers another part")), "{warnings:?}");
}

#[test]
fn fat_that_is_bright_comes_first_where_both_are_accepted() {
    let folder = tempdir().unwrap();
    for (name, description, time) in [("1", "T2 TSE SAG", "090800"), ("2", "T2 TSE SAG FS", "091200")] {
        let mut sets = Stack { description: description.into(), ..Stack::t2(name) }.all();
        sets.iter_mut().for_each(|s| _ = s.text(tags::SERIES_TIME, VR::TM, time));
        write(folder.path(), name, &sets, EXPLICIT);
    }
    let rules = SeriesRules { allow_fat_suppression: true, ..SeriesRules::default() };
    let SeriesSelection::Chosen { series, rejected, .. } = choose_with(folder.path(), None, &rules) else { panic!() };
    assert_eq!(series.description(), "T2 TSE SAG");
    assert_eq!(rejected[0].reasons, ["fits, but fat is suppressed in it"]);
}

#[test]
fn without_a_time_of_the_series_that_of_its_images_counts() {
    let folder = tempdir().unwrap();
    for (name, time) in [("1", "101500"), ("2", "102500.50")] {
        let mut sets = Stack::t2(name).all();
        for set in &mut sets {
            set.drop(tags::SERIES_DATE).drop(tags::SERIES_TIME);
            set.text(tags::ACQUISITION_DATE, VR::DA, "20260105").text(tags::ACQUISITION_TIME, VR::TM, time);
        }
        write(folder.path(), name, &sets, EXPLICIT);
    }
    let SeriesSelection::Chosen { series, rejected, .. } = chosen_from(folder.path(), None) else { panic!() };
    assert_eq!((series.uid.as_str(), series.acquired().as_deref()), ("1.2.826.1.2", Some("2026-01-05T10:25:00")));
    assert_eq!(rejected[0].reasons, ["fits, but it was acquired earlier"]);
}
