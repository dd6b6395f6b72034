use std::path::Path;

use cordline_sdk::problem::Code;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use tempfile::tempdir;

use super::*;
use crate::read::input;
use crate::read::limits::FileLimits;
use cordline_testkit::{EXPLICIT, LEGACY_MR, Set, Stack, Value, write};

pub(super) fn chosen_from(folder: &Path, forced: Option<&str>) -> SeriesSelection {
    choose_with(folder, forced, &SeriesRules::default())
}

pub(super) fn choose_with(folder: &Path, forced: Option<&str>, rules: &SeriesRules) -> SeriesSelection {
    let scanned = input::read(&[folder.to_owned()], &FileLimits::default()).unwrap();
    choose(&scanned, rules, &FileLimits::default(), forced)
}

/// The choice from the sections of one series, changed.
fn one(stack: &Stack, change: impl Fn(usize, &mut Set)) -> SeriesSelection {
    let folder = tempdir().unwrap();
    let mut sets = stack.all();
    sets.iter_mut().enumerate().for_each(|(i, s)| change(i, s));
    write(folder.path(), "i", &sets, EXPLICIT);
    chosen_from(folder.path(), None)
}

/// The reasons against the only series of a study.
pub(super) fn against(change: impl Fn(usize, &mut Set)) -> String {
    match one(&Stack::t2("1"), change) {
        SeriesSelection::OutOfScope { rejected, .. } => rejected[0].reasons.join("; "),
        other => panic!("{other:?}"),
    }
}

/// Reasons and warnings for the only series of a study.
pub(super) fn accepted(change: impl Fn(usize, &mut Set)) -> (String, String) {
    match one(&Stack::t2("1"), change) {
        SeriesSelection::Chosen { reasons, warnings, .. } => (reasons.join("; "), warnings.join("; ")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_reasons_are_plain_sentences() {
    let (reasons, warnings) = accepted(|_, _| {});
    assert_eq!(
        reasons,
        "sagittal (normal 1.00 along x); 6 sections of 128 x 130 pixels; T2-weighted: TE 102 ms, TR 3500 ms, spin echo; spine (body part CSPINE)"
    );
    assert_eq!(warnings, "");
}

#[test]
fn other_contrasts_are_named() {
    let times =
        |te: f64, tr: f64| against(move |_, s| _ = s.ds(tags::ECHO_TIME, &[te]).ds(tags::REPETITION_TIME, &[tr]));
    assert_eq!(times(11.0, 600.0), "T1-weighted (TE 11 ms, TR 600 ms)");
    assert_eq!(times(14.0, 3000.0), "proton density-weighted (TE 14 ms, TR 3000 ms)");
    assert_eq!(times(45.0, 3000.0), "not T2-weighted (TE 45 ms, TR 3000 ms)");
    assert_eq!(times(100.0, 900.0), "not T2-weighted: the repetition time is too short (TE 100 ms, TR 900 ms)");
    let sequence = |code: &str, te: f64| {
        let code = code.to_owned();
        against(move |_, s| _ = s.text(tags::SCANNING_SEQUENCE, VR::CS, &code).ds(tags::ECHO_TIME, &[te]))
    };
    assert_eq!(sequence("GR", 18.0), "T2*-weighted gradient echo (TE 18 ms, TR 3500 ms)");
    assert_eq!(sequence("EP\\SE", 80.0), "echo planar");
    assert_eq!(sequence("SE\\IR", 60.0), "STIR or another inversion recovery");
    assert_eq!(against(|_, s| _ = s.ds(tags::INVERSION_TIME, &[160.0])), "STIR");
    assert_eq!(against(|_, s| _ = s.text(tags::SERIES_DESCRIPTION, VR::LO, "T2 TIRM SAG")), "STIR");
    assert_eq!(
        against(|_, s| _ = s.text(tags::SCANNING_SEQUENCE, VR::CS, "SE\\IR").ds(tags::INVERSION_TIME, &[2200.0])),
        "FLAIR"
    );
    assert_eq!(against(|_, s| _ = s.text(tags::SCAN_OPTIONS, VR::CS, "PFP\\FS")), "fat-suppressed");
    assert_eq!(
        against(|_, s| _ = s.put(tags::DIFFUSION_B_VALUE, VR::FD, Value::Fd(vec![800.0]))),
        "diffusion-weighted"
    );
}

#[test]
fn other_planes_and_kinds_are_named() {
    let plane = |o: [f64; 6]| against(move |_, s| _ = s.ds(tags::IMAGE_ORIENTATION_PATIENT, &o));
    assert!(plane([1., 0., 0., 0., 1., 0.]).starts_with("axial, not sagittal"));
    assert!(plane([1., 0., 0., 0., 0., -1.]).starts_with("coronal, not sagittal"));
    assert!(against(|_, s| _ = s.drop(tags::IMAGE_ORIENTATION_PATIENT)).starts_with("plane unknown"));
    assert_eq!(against(|_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER")), "localizer");
    assert_eq!(against(|_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY\\MPR")), "reformatted (MPR)");
    assert_eq!(against(|_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\ADC")), "diffusion (ADC map)");
    assert_eq!(against(|_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\SUBTRACTION")), "subtraction");
    accepted(|_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\M\\COMPOSED"));
    assert_eq!(against(|_, s| _ = s.text(tags::MODALITY, VR::CS, "CT")), "not MR (CT)");
    let small = Stack { rows: 96, columns: 120, ..Stack::t2("1") };
    let SeriesSelection::OutOfScope { rejected, .. } = one(&small, |_, _| {}) else { panic!() };
    assert_eq!(rejected[0].reasons, ["96 x 120 pixels, at least 128 x 128 are needed"]);
    let short = Stack { sections: 4, ..Stack::t2("1") };
    let SeriesSelection::OutOfScope { rejected, .. } = one(&short, |_, _| {}) else { panic!() };
    assert_eq!(rejected[0].reasons, ["only 4 sections, at least 5 are needed"]);
}

#[test]
fn oblique_planes_pass_with_a_warning() {
    let (s, c) = (0.72f64, (1.0f64 - 0.72 * 0.72).sqrt());
    let stack = Stack { row: [-c, s, 0.0], ..Stack::t2("1") };
    let SeriesSelection::Chosen { reasons, warnings, .. } = one(&stack, |_, _| {}) else { panic!() };
    assert_eq!(reasons[0], "oblique, nearest to sagittal (normal 0.72 along x)");
    assert!(warnings[0].contains("oblique"));
}

#[test]
fn missing_attributes_are_doubts_and_never_pass_in_silence() {
    let (_, w) = accepted(|_, s| _ = s.drop(tags::SCANNING_SEQUENCE));
    assert_eq!(w, "contrast not certain: ScanningSequence does not say spin echo");
    let (_, w) = accepted(|_, s| _ = s.drop(tags::ECHO_TIME));
    assert_eq!(w, "contrast not certain: EchoTime is missing");
    let (_, w) = accepted(|_, s| _ = s.ds(tags::ECHO_TIME, &[55.0]));
    assert_eq!(w, "contrast not certain: the echo time of 55 ms is short for T2 weighting");
    assert_eq!(
        against(|_, s| _ = s.drop(tags::ECHO_TIME).text(tags::SERIES_DESCRIPTION, VR::LO, "SAG")),
        "contrast unknown (EchoTime is missing)"
    );
    // Words alone are never enough.
    assert_eq!(
        against(|_, s| _ = s.drop(tags::ECHO_TIME).drop(tags::REPETITION_TIME)),
        "contrast unknown (EchoTime and RepetitionTime are missing)"
    );
    let (_, w) = accepted(|_, s| _ = s.drop(tags::BODY_PART_EXAMINED));
    assert_eq!(w, "neither BodyPartExamined nor a description says that this is the spine");
}

#[test]
fn the_body_part_decides_before_words() {
    let with = |part: &str, description: &str| {
        let (part, description) = (part.to_owned(), description.to_owned());
        move |_: usize, s: &mut Set| {
            s.text(tags::BODY_PART_EXAMINED, VR::CS, &part).text(tags::SERIES_DESCRIPTION, VR::LO, &description);
        }
    };
    assert_eq!(against(with("BRAIN", "T2 SAG SPINE")), "body part BRAIN, not spine");
    assert_eq!(against(with("KNEE", "T2 SAG")), "body part KNEE, not spine");
    assert_eq!(against(with("", "T2 SAG KNIE")), "another part of the body (\"knie\" in the description)");
    for words in ["T2 HWS SAG", "t2_tse_sag_c-spine", "T2 CSpine", "Wirbelsäule sag", "T2 cord"] {
        let (reasons, warnings) = accepted(with("", words));
        assert!(reasons.contains("in the description"), "{words}: {reasons}");
        assert_eq!(warnings, "");
    }
    // "Spin echo" is no spine.
    let (_, warnings) = accepted(with("", "T2 SPINECHO SAG"));
    assert!(warnings.contains("neither"));
    let (_, warnings) = accepted(with("CHEST", "T2 SAG thoracolumbar"));
    assert!(warnings.contains("only the description says spine"));
}

#[test]
fn the_better_series_wins_and_the_other_says_why_not() {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    Stack { sections: 9, ..Stack::t2("2") }.write(folder.path());
    Stack::t1("3").write(folder.path());
    let SeriesSelection::Chosen { series, reasons, rejected, t1c, .. } = chosen_from(folder.path(), None) else {
        panic!()
    };
    assert_eq!(series.uid, "1.2.826.1.2");
    assert_eq!(reasons[4], "preferred to 1 other series that fit: more sections");
    assert_eq!(rejected[0].reasons, ["fits, but it has fewer sections (6 against 9)"]);
    assert_eq!(rejected[1].reasons, ["T1-weighted (TE 11 ms, TR 600 ms)"]);
    assert!(t1c.is_none());
}

#[test]
fn finer_pixels_then_later_series_win() {
    let choose_two = |a: &Stack, change: &dyn Fn(&mut Set)| {
        let folder = tempdir().unwrap();
        Stack::t2("1").write(folder.path());
        let mut sets = a.all();
        sets.iter_mut().for_each(change);
        write(folder.path(), "b", &sets, EXPLICIT);
        let SeriesSelection::Chosen { series, warnings, .. } = chosen_from(folder.path(), None) else { panic!() };
        (series.uid, warnings.join(";"))
    };
    let fine = Stack { spacing: [0.5, 0.5], ..Stack::t2("2") };
    assert_eq!(choose_two(&fine, &|_| {}).0, "1.2.826.1.2");
    let coarse = Stack { spacing: [0.7, 0.5], ..Stack::t2("2") };
    assert_eq!(choose_two(&coarse, &|_| {}).0, "1.2.826.1.1");
    let again = Stack::t2("2");
    assert_eq!(choose_two(&again, &|s| _ = s.text(tags::SERIES_TIME, VR::TM, "093000")).0, "1.2.826.1.2");
    assert_eq!(choose_two(&again, &|s| _ = s.text(tags::SERIES_TIME, VR::TM, "083000")).0, "1.2.826.1.1");
    // A doubtful one never beats a clear one, however fine.
    assert_eq!(choose_two(&fine, &|s| _ = s.ds(tags::ECHO_TIME, &[55.0])).0, "1.2.826.1.1");
    let lumbar = Stack { origin: [9.0, -40.0, -200.0], spacing: [0.7, 0.5], ..Stack::t2("2") };
    let (uid, warnings) = choose_two(&lumbar, &|_| {});
    assert_eq!(uid, "1.2.826.1.1");
    assert!(warnings.contains("covers another part of the spine"), "{warnings}");
}

#[test]
fn a_tie_is_put_to_a_person_with_both_listed() {
    let folder = tempdir().unwrap();
    for name in ["1", "2"] {
        Stack::t2(name).write(folder.path());
    }
    let choice = chosen_from(folder.path(), None);
    let problem = choice.problem().unwrap();
    assert_eq!(problem.code, Code::NeedsSelection);
    assert_eq!(
        problem.message,
        "2 series fit equally well: \"T2 TSE SAG\" (series 3), 09:08; \"T2 TSE SAG\" (series 3), 09:08."
    );
    let SeriesSelection::NeedsSelection { candidates, rejected, .. } = choice else { panic!() };
    assert_eq!((candidates.len(), rejected.len()), (2, 0));
    let SeriesSelection::Chosen { series, reasons, warnings, rejected, .. } =
        chosen_from(folder.path(), Some("1.2.826.1.2"))
    else {
        panic!()
    };
    assert_eq!((series.uid.as_str(), reasons[0].as_str(), warnings.len()), ("1.2.826.1.2", "named by the user", 0));
    assert_eq!(rejected[0].reasons, ["another series was named by the user"]);
}

#[test]
fn a_named_series_is_taken_against_the_rules_and_that_is_said() {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    Stack::t1("2").write(folder.path());
    let SeriesSelection::Chosen { series, warnings, .. } = chosen_from(folder.path(), Some("1.2.826.1.2")) else {
        panic!()
    };
    assert_eq!(series.uid, "1.2.826.1.2");
    assert_eq!(
        warnings,
        ["the series was named by the user although the rules speak against it: T1-weighted (TE 11 ms, TR 600 ms)"]
    );
    let SeriesSelection::OutOfScope { reasons, .. } = chosen_from(folder.path(), Some("9.9")) else { panic!() };
    assert_eq!(reasons, ["The chosen series is not in the input, or none of its files can be read"]);
}

#[test]
fn contrast_enhanced_t1_goes_with_the_choice_by_frame_of_reference() {
    let try_agent = |change: &dyn Fn(&mut Set), frame_of_reference: &str| {
        let folder = tempdir().unwrap();
        Stack::t2("1").write(folder.path());
        let mut sets = Stack { frame_of_reference: frame_of_reference.into(), ..Stack::t1("2") }.all();
        sets.iter_mut().for_each(change);
        write(folder.path(), "b", &sets, EXPLICIT);
        let SeriesSelection::Chosen { t1c, warnings, .. } = chosen_from(folder.path(), None) else { panic!() };
        (t1c.map(|s| s.uid), warnings.join(";"))
    };
    let agent = |s: &mut Set| _ = s.text(tags::CONTRAST_BOLUS_AGENT, VR::LO, "Gadovist");
    let words = |s: &mut Set| _ = s.text(tags::SERIES_DESCRIPTION, VR::LO, "T1 SAG +GD");
    let none = |s: &mut Set| _ = s.text(tags::CONTRAST_BOLUS_AGENT, VR::LO, "NONE");
    let before = |s: &mut Set| _ = s.text(tags::SERIES_DESCRIPTION, VR::LO, "T1 SAG PRE GD");
    let uid = Some("1.2.826.1.2".to_owned());
    assert_eq!(try_agent(&agent, "1.2.826.9"), (uid.clone(), String::new()));
    assert_eq!(try_agent(&words, "1.2.826.9").0, uid);
    let height = std::cell::Cell::new(0.0);
    let axial = |s: &mut Set| {
        agent(s);
        height.set(height.get() + 4.0);
        s.ds(tags::IMAGE_ORIENTATION_PATIENT, &[1., 0., 0., 0., 1., 0.]);
        s.ds(tags::IMAGE_POSITION_PATIENT, &[0., 0., height.get()]);
    };
    assert_eq!(try_agent(&axial, "1.2.826.9").0, None);
    assert_eq!(try_agent(&none, "1.2.826.9").0, None);
    assert_eq!(try_agent(&before, "1.2.826.9").0, None);
    // The protocol is that of the whole examination; it counts where the series has no description.
    let examination = |s: &mut Set| _ = s.text(tags::PROTOCOL_NAME, VR::LO, "CSPINE W CONTRAST");
    let undescribed = |s: &mut Set| examination(s.drop(tags::SERIES_DESCRIPTION));
    assert_eq!(try_agent(&examination, "1.2.826.9").0, None);
    assert_eq!(try_agent(&undescribed, "1.2.826.9").0, uid);
    let (t1c, warnings) = try_agent(&agent, "1.2.826.8");
    assert_eq!(t1c, None);
    assert!(warnings.contains("left out: it has another FrameOfReferenceUID"));
}

#[test]
fn an_agent_tag_that_stayed_filled_does_not_spoil_t2() {
    let (reasons, _) = accepted(|_, s| _ = s.text(tags::CONTRAST_BOLUS_AGENT, VR::LO, "Gadovist"));
    assert!(reasons.contains("T2-weighted"));
}

#[test]
fn enhanced_and_legacy_converted_files_are_judged_by_their_functional_groups() {
    let choose_set = |change: &dyn Fn(&mut Set)| {
        let folder = tempdir().unwrap();
        let mut set = Stack::t2("1").enhanced(&[4, 2, 0, 1, 3, 5]);
        change(&mut set);
        write(folder.path(), "e", &[set], EXPLICIT);
        match chosen_from(folder.path(), None) {
            SeriesSelection::Chosen { reasons, .. } => reasons.join("; "),
            SeriesSelection::OutOfScope { rejected, .. } => format!("NOT {}", rejected[0].reasons.join("; ")),
            other => panic!("{other:?}"),
        }
    };
    let by_te = "sagittal (normal 1.00 along x); 6 sections of 128 x 130 pixels; T2-weighted: TE 102 ms, TR 3500 ms, spin echo; spine (body part CSPINE)";
    assert_eq!(choose_set(&|_| {}), by_te);
    assert_eq!(choose_set(&|s| _ = s.drop(tags::ACQUISITION_CONTRAST)), by_te);
    assert_eq!(choose_set(&|s| _ = s.text(tags::SOP_CLASS_UID, VR::UI, LEGACY_MR)), by_te);
    assert_eq!(
        choose_set(&|s| _ = s.text(tags::ACQUISITION_CONTRAST, VR::CS, "T1")),
        "NOT T1-weighted (TE 102 ms, TR 3500 ms)"
    );
    assert_eq!(choose_set(&|s| _ = s.text(tags::ACQUISITION_CONTRAST, VR::CS, "STIR")), "NOT STIR");
    assert_eq!(
        choose_set(&|s| _ = s.text(tags::ECHO_PULSE_SEQUENCE, VR::CS, "GRADIENT").drop(tags::ACQUISITION_CONTRAST)),
        "NOT T2*-weighted gradient echo (TE 102 ms, TR 3500 ms)"
    );
}

#[test]
fn rules_are_configuration() {
    let folder = tempdir().unwrap();
    let mut sets = Stack::t2("1").all();
    sets.iter_mut().for_each(|s| _ = s.text(tags::SCAN_OPTIONS, VR::CS, "FS"));
    write(folder.path(), "i", &sets, EXPLICIT);
    let rules: SeriesRules = toml::from_str("allow_fat_suppression = true\necho_time_ms = 80.0").unwrap();
    assert!(matches!(choose_with(folder.path(), None, &rules), SeriesSelection::Chosen { .. }));
    let rules: SeriesRules =
        toml::from_str("allow_fat_suppression = true\ndoubtful_echo_time_ms = 120.0\necho_time_ms = 120.0").unwrap();
    assert!(matches!(choose_with(folder.path(), None, &rules), SeriesSelection::OutOfScope { .. }));
}

#[test]
fn out_of_scope_lists_every_series_and_no_patient() {
    let SeriesSelection::OutOfScope { reasons, .. } = one(&Stack::t1("1"), |_, _| {}) else { panic!() };
    assert_eq!(reasons, ["No sagittal T2-weighted series of the spine", "Closest: T1 TSE SAG (T1-weighted)"]);
    let message = one(&Stack::t1("1"), |_, _| {}).problem().unwrap().message;
    assert_eq!(message, "No sagittal T2-weighted series of the spine. Closest: T1 TSE SAG (T1-weighted).");
}

/// The choice between series, each a stack with a change.
type Changed<'a> = (&'a str, usize, &'a dyn Fn(&mut Set));

fn between(series: &[Changed<'_>]) -> SeriesSelection {
    let folder = tempdir().unwrap();
    for (name, sections, change) in series {
        let mut sets = Stack { sections: *sections, ..Stack::t2(name) }.all();
        sets.iter_mut().for_each(change);
        write(folder.path(), name, &sets, EXPLICIT);
    }
    chosen_from(folder.path(), None)
}

/// Says of a series what it is of, and of its study.
fn told(s: &mut Set, description: &str, part: &str, study: &str) {
    s.text(tags::SERIES_DESCRIPTION, VR::LO, description).text(tags::BODY_PART_EXAMINED, VR::CS, part).text(
        tags::STUDY_DESCRIPTION,
        VR::LO,
        study,
    );
}

#[test]
fn the_words_of_a_series_come_before_those_of_its_study() {
    let both = "MRI BRAIN AND CERVICAL SPINE";
    let pick = |a: [&str; 2], b: [&str; 2], study: &str| {
        let choice = between(&[("1", 21, &|s| told(s, a[0], a[1], study)), ("2", 7, &|s| told(s, b[0], b[1], study))]);
        match choice {
            SeriesSelection::Chosen { series, reasons, .. } => (series.uid.clone(), reasons.join("; ")),
            SeriesSelection::NeedsSelection { .. } => ("asked".into(), String::new()),
            SeriesSelection::OutOfScope { reasons, .. } => ("none".into(), reasons.join("; ")),
        }
    };
    // The head has three times as many sections.
    assert_eq!(pick(["SAG T2 CUBE BRAIN", ""], ["SAG T2 FRFSE C-SPINE", ""], both).0, "1.2.826.1.2");
    assert_eq!(pick(["T2 SPACE SAG", ""], ["T2 TSE SAG HWS", ""], "Kopf und HWS").0, "1.2.826.1.2");
    // BodyPartExamined is often set for the whole examination.
    assert_eq!(pick(["SAG T2 CUBE BRAIN", "SPINE"], ["SAG T2 C-SPINE", "SPINE"], both).0, "1.2.826.1.2");
    assert_eq!(pick(["SAG T2 CUBE", "SPINE"], ["SAG T2 C-SPINE", "SPINE"], both).0, "1.2.826.1.2");
    // So is the protocol.
    let protocol = |s: &mut Set, description: &str| {
        told(s, description, "", both);
        s.text(tags::PROTOCOL_NAME, VR::LO, "BRAIN + C-SPINE");
    };
    let choice = between(&[("1", 21, &|s| protocol(s, "SAG T2 BRAIN")), ("2", 7, &|s| protocol(s, "SAG T2 CSPINE"))]);
    assert!(matches!(&choice, SeriesSelection::Chosen { series, .. } if series.uid == "1.2.826.1.2"), "{choice:?}");
    // A study of the spine speaks for series that say nothing.
    let (uid, reasons) = pick(["T2 SAG", ""], ["SAG T2 BRAIN", ""], "MR CERVICAL SPINE");
    assert_eq!(uid, "1.2.826.1.1");
    assert!(reasons.contains("(\"cervical\" in the study's description)"), "{reasons}");
    assert_eq!(pick(["T2 SAG", ""], ["T2 SAG FINE", ""], "MR BRAIN").0, "none");
}

#[test]
fn two_series_of_which_one_may_be_the_head_are_put_to_a_person() {
    // The second lies 200 mm lower, and neither says what it shows.
    let lower = |s: &mut Set, study: &str| {
        told(s, "T2 SAG", "", study);
        let (_, _, Value::Text(position)) = s.0.iter().find(|(t, ..)| *t == tags::IMAGE_POSITION_PATIENT).unwrap()
        else {
            panic!()
        };
        let mut at: Vec<f64> = position.split('\\').map(|v| v.parse().unwrap()).collect();
        at[2] -= 200.0;
        s.ds(tags::IMAGE_POSITION_PATIENT, &at);
    };
    for study in ["MRI BRAIN AND CERVICAL SPINE", ""] {
        let choice = between(&[("1", 21, &|s| told(s, "T2 SAG", "", study)), ("2", 7, &|s| lower(s, study))]);
        let message = choice.problem().map(|p| p.message).unwrap_or_default();
        assert!(
            matches!(&choice, SeriesSelection::NeedsSelection { candidates, .. } if candidates.len() == 2),
            "{choice:?}"
        );
        assert!(message.contains("upper part") && message.contains("200 mm lower"), "{message}");
    }
    // Alone, it is analysed, and the doubt is said.
    let SeriesSelection::Chosen { warnings, .. } =
        between(&[("1", 7, &|s| told(s, "T2 SAG", "", "MRI BRAIN AND CERVICAL SPINE"))])
    else {
        panic!()
    };
    assert!(warnings[0].contains("the series does not say what it shows"), "{warnings:?}");
}

#[test]
fn of_the_dixon_images_in_phase_is_taken_then_water_and_never_the_others() {
    let kind = |value: &'static str| {
        move |s: &mut Set| _ = s.text(tags::IMAGE_TYPE, VR::CS, format!("DERIVED\\PRIMARY\\DIXON\\{value}"))
    };
    let (in_phase, water) = (kind("IN_PHASE"), kind("WATER"));
    let (opposed, fat) = (kind("OUT_OF_PHASE"), kind("FAT"));
    let SeriesSelection::Chosen { series, warnings, rejected, .. } =
        between(&[("1", 6, &opposed), ("2", 6, &fat), ("3", 6, &water), ("4", 6, &in_phase)])
    else {
        panic!()
    };
    assert_eq!((series.uid.as_str(), warnings.len()), ("1.2.826.1.4", 0));
    let reason = |uid: &str| rejected.iter().find(|v| v.uid == uid).unwrap().reasons.join("; ");
    assert_eq!(reason("1.2.826.1.1"), "opposed-phase image (Dixon)");
    assert_eq!(reason("1.2.826.1.2"), "fat image (Dixon)");
    assert_eq!(reason("1.2.826.1.3"), "fits, but it is a Dixon water image");
    let SeriesSelection::Chosen { series, warnings, .. } =
        between(&[("1", 6, &opposed), ("2", 6, &fat), ("3", 6, &water)])
    else {
        panic!()
    };
    assert_eq!(series.uid, "1.2.826.1.3");
    assert!(warnings[0].contains("fat is dark in a water image"), "{warnings:?}");
    assert!(matches!(between(&[("1", 6, &opposed), ("2", 9, &fat)]), SeriesSelection::OutOfScope { .. }));
}

#[test]
fn images_as_acquired_come_before_computed_ones_with_more_sections() {
    let derived = |s: &mut Set| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY\\OTHER");
    let SeriesSelection::Chosen { series, rejected, .. } = between(&[("1", 6, &|_| {}), ("2", 20, &derived)]) else {
        panic!()
    };
    assert_eq!(series.uid, "1.2.826.1.1");
    assert_eq!(rejected[0].reasons, ["fits, but its images are computed (derived images)"]);
    let SeriesSelection::Chosen { warnings, .. } = between(&[("2", 20, &derived)]) else { panic!() };
    assert!(warnings[0].contains("computed after the examination"), "{warnings:?}");
}

#[test]
fn a_damaged_series_loses_against_a_whole_one_and_that_is_said() {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    let mut better = Stack { sections: 9, ..Stack::t2("2") }.all();
    better.remove(4);
    write(folder.path(), "b", &better, EXPLICIT);
    let SeriesSelection::Chosen { series, warnings, rejected, .. } = chosen_from(folder.path(), None) else { panic!() };
    assert_eq!(series.uid, "1.2.826.1.1");
    assert_eq!(warnings, ["\"T2 TSE SAG\" (series 3), 8 sections, would fit better, but section 5 is missing"]);
    assert_eq!((rejected[0].reasons.join(""), rejected[0].fits), ("fits, but section 5 is missing".into(), false));
    // Alone, it is taken: its fault is what the result says.
    let alone = tempdir().unwrap();
    write(alone.path(), "b", &better, EXPLICIT);
    let SeriesSelection::Chosen { series, .. } = chosen_from(alone.path(), None) else { panic!() };
    assert_eq!(series.uid, "1.2.826.1.2");
}
