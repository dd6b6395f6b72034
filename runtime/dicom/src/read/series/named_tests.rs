//! A series of several volumes that is named as a whole.

use dicom_core::VR;
use dicom_dictionary_std::tags;
use tempfile::tempdir;

use super::SeriesSelection;
use super::tests::chosen_from;
use cordline_testkit::{EXPLICIT, Set, Stack, write};

const SERIES: &str = "1.2.826.1.1";

/// The choice where a person names a series that is made of these stacks, in a study that holds one more.
fn named(stacks: &[Stack], change: impl Fn(&mut Set)) -> SeriesSelection {
    let folder = tempdir().unwrap();
    let mut sets = Vec::new();
    for stack in stacks {
        for mut set in stack.all() {
            let number = sets.len() + 1;
            set.text(tags::SERIES_INSTANCE_UID, VR::UI, SERIES)
                .text(tags::SOP_INSTANCE_UID, VR::UI, format!("1.9.{number}"))
                .text(tags::INSTANCE_NUMBER, VR::IS, number);
            change(&mut set);
            sets.push(set);
        }
    }
    write(folder.path(), "named", &sets, EXPLICIT);
    Stack { sections: 20, ..Stack::t2("2") }.write(folder.path());
    chosen_from(folder.path(), Some(SERIES))
}

fn upper(sections: usize) -> Stack {
    Stack { sections, ..Stack::t2("1") }
}

/// 220 mm lower.
fn lower(sections: usize) -> Stack {
    Stack { origin: [9.0, -40.0, -170.0], ..upper(sections) }
}

#[test]
fn the_machine_says_why_it_picked_this_volume_and_that_there_are_more() {
    let choice = named(&[upper(9), lower(7)], |_| {});
    let SeriesSelection::Chosen { series, reasons, warnings, rejected, .. } = choice else { panic!("{choice:?}") };
    assert_eq!(series.selector().to_string(), "1.2.826.1.1#1");
    assert_eq!(reasons[0], "the series was named by the user");
    assert!(reasons.iter().any(|r| r == "preferred to 1 other series that fit: more sections"), "{reasons:?}");
    assert!(
        warnings.iter().any(|w| w.contains("covers another part of the spine: analyse it as well")),
        "{warnings:?}"
    );
    let why = |uid: &str| rejected.iter().find(|v| v.uid == uid).unwrap().reasons.clone();
    assert_eq!(why(SERIES), ["fits, but it has fewer sections (7 against 9)"]);
    assert_eq!(why("1.2.826.1.2"), ["another series was named by the user"]);
}

#[test]
fn a_person_is_asked_among_the_volumes_that_are_tied_and_no_others() {
    // Nothing says that it is the spine. The second volume shows the same as the first one, with fewer sections; the third one lies lower.
    let echo = Stack { te: 90.0, ..upper(8) };
    let choice = named(&[upper(9), echo, lower(7)], |s| _ = s.drop(tags::BODY_PART_EXAMINED));
    let SeriesSelection::NeedsSelection { candidates, volumes, rejected } = choice else { panic!("{choice:?}") };
    assert_eq!(candidates.iter().map(|c| c.sections.unwrap()).collect::<Vec<_>>(), [9, 7]);
    assert_eq!(volumes.iter().map(|v| v.frames.len()).collect::<Vec<_>>(), [9, 7]);
    // What is doubtful is told with each.
    assert!(candidates.iter().all(|c| c.reasons.iter().any(|r| r.contains("says that this is the spine"))));
    assert_eq!(rejected[0].reasons, ["fits, but it has fewer sections (8 against 9)"]);
}

#[test]
fn where_the_rules_accept_none_a_person_is_asked_and_each_says_why() {
    let t1 = |stack: Stack| Stack { te: 11.0, tr: 600.0, ..stack };
    let choice = named(&[t1(upper(9)), t1(lower(7))], |_| {});
    let SeriesSelection::NeedsSelection { candidates, .. } = choice else { panic!("{choice:?}") };
    assert_eq!(candidates.len(), 2);
    assert!(candidates.iter().all(|c| c.reasons == ["T1-weighted (TE 11 ms, TR 600 ms)"]), "{candidates:?}");
}

#[test]
fn of_damaged_volumes_none_is_said_to_fit() {
    let folder = tempdir().unwrap();
    for name in ["1", "2"] {
        let mut sets = Stack { sections: 9, ..Stack::t2(name) }.all();
        sets.remove(4);
        write(folder.path(), name, &sets, EXPLICIT);
    }
    let choice = chosen_from(folder.path(), None);
    let SeriesSelection::Chosen { reasons, rejected, .. } = choice else { panic!("{choice:?}") };
    assert!(!reasons.iter().any(|r| r.contains("preferred")), "{reasons:?}");
    assert_eq!(rejected[0].reasons, ["fits, but section 5 is missing"]);
}
