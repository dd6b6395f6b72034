use std::path::Path;

use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::result::SeriesVerdict;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use tempfile::tempdir;

use crate::read::limits::FileLimits;
use crate::read::series::{SeriesRules, SeriesSelection, choose};
use crate::read::{input, stack};
use cordline_testkit::{EXPLICIT, Set, Stack, Value, write};

/// The choice from some data sets, with files in this order or the other way round.
pub(super) fn choice_of(sets: &[Set], wanted: Option<&str>, backwards: bool) -> SeriesSelection {
    let folder = tempdir().unwrap();
    let mut sets = sets.to_vec();
    if backwards {
        sets.reverse();
    }
    write(folder.path(), "i", &sets, EXPLICIT);
    chosen(folder.path(), wanted)
}

fn chosen(folder: &Path, wanted: Option<&str>) -> SeriesSelection {
    let files = input::read(&[folder.to_owned()], &FileLimits::default()).unwrap();
    choose(&files, &SeriesRules::default(), &FileLimits::default(), wanted)
}

/// Two stacks as one series; the second is changed, and numbered behind the first.
fn joined(second: &Stack, change: impl Fn(usize, &mut Set)) -> Vec<Set> {
    let first = Stack::t2("1");
    let mut sets = first.all();
    for (k, mut set) in second.all().into_iter().enumerate() {
        set.text(tags::SERIES_INSTANCE_UID, VR::UI, &first.series)
            .text(tags::SOP_INSTANCE_UID, VR::UI, format!("1.9.{k}"))
            .text(tags::INSTANCE_NUMBER, VR::IS, first.sections + k + 1);
        change(k, &mut set);
        sets.push(set);
    }
    sets
}

/// Selector and part of what is chosen, which is the same for files in any order; and the verdicts on the others.
fn picked(sets: &[Set]) -> (String, String, Vec<SeriesVerdict>) {
    let of = |backwards| match choice_of(sets, None, backwards) {
        SeriesSelection::Chosen { series, rejected, .. } => {
            stack::check(&series, &FileLimits::default()).unwrap();
            (series.selector().to_string(), series.part.map(|p| p.words).unwrap_or_default(), rejected)
        }
        other => panic!("{other:?}"),
    };
    let (forwards, backwards) = (of(false), of(true));
    assert_eq!(forwards, backwards, "the order of files decides");
    forwards
}

/// Selectors and parts of the candidates of a tie.
pub(super) fn asked(sets: &[Set]) -> Vec<(String, String)> {
    let of = |backwards| match choice_of(sets, None, backwards) {
        SeriesSelection::NeedsSelection { mut candidates, .. } => {
            candidates.sort_by(|a, b| a.selector.cmp(&b.selector));
            candidates.into_iter().map(|c| (c.selector, c.part.unwrap_or_default())).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(of(false), of(true), "the order of files decides");
    of(false)
}

const FIRST: &str = "1.2.826.1.1#1";
const SECOND: &str = "1.2.826.1.1#2";

#[test]
fn the_t2_weighted_echo_of_two_is_taken() {
    let sets = joined(&Stack { te: 14.0, ..Stack::t2("2") }, |_, _| {});
    let (selector, part, rejected) = picked(&sets);
    assert_eq!((selector.as_str(), part.as_str()), (FIRST, "echo 102 ms"));
    assert_eq!(rejected[0].part.as_deref(), Some("echo 14 ms"));
    assert_eq!((rejected[0].selector.as_str(), rejected[0].frames), (SECOND, 6));
    assert_eq!(rejected[0].reasons, ["proton density-weighted (TE 14 ms, TR 3500 ms)"]);
}

#[test]
fn a_derived_mean_stands_behind_the_images_that_it_is_made_of() {
    let sets = joined(&Stack::t2("2"), |_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\M\\MEAN"));
    let (selector, part, rejected) = picked(&sets);
    assert_eq!((selector.as_str(), part.as_str()), (FIRST, "original images"));
    assert_eq!(rejected[0].reasons, ["fits, but its images are computed (mean of several images)"]);
}

#[test]
fn dixon_images_in_one_series_are_told_apart() {
    let sets = joined(&Stack::t2("2"), |_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\DIXON\\FAT"));
    let (selector, _, rejected) = picked(&sets);
    assert_eq!((selector.as_str(), rejected[0].reasons[0].as_str()), (FIRST, "fat image (Dixon)"));
}

#[test]
fn stations_are_asked_for_and_either_can_be_taken() {
    let lower = Stack { origin: [9.0, -40.0, -170.0], ..Stack::t2("2") };
    let sets = joined(&lower, |_, _| {});
    let candidates = asked(&sets);
    assert_eq!(candidates[0], (FIRST.into(), "station 1, upper".into()));
    assert_eq!(candidates[1], (SECOND.into(), "station 2, 220 mm lower".into()));
    for (selector, z) in [(FIRST, 50.0), (SECOND, -170.0)] {
        let SeriesSelection::Chosen { series, reasons, rejected, .. } = choice_of(&sets, Some(selector), true) else {
            panic!()
        };
        assert_eq!(rejected[0].reasons, ["another volume of the series was named by the user"]);
        assert!(reasons.iter().any(|r| r.contains("of 2 of its series: station")), "{reasons:?}");
        stack::check(&series, &FileLimits::default()).unwrap();
        assert_eq!((series.frames().count(), series.frames().next().unwrap().1.position.unwrap()[2]), (6, z));
    }
    // The series as a whole is asked for once more, and a volume that is not there is said to be missing.
    assert!(matches!(choice_of(&sets, Some("1.2.826.1.1"), false), SeriesSelection::NeedsSelection { .. }));
    let SeriesSelection::OutOfScope { reasons, .. } = choice_of(&sets, Some("1.2.826.1.1#3"), false) else { panic!() };
    assert_eq!(reasons, ["The chosen series holds 2 volumes; there is no volume 3"]);
}

#[test]
fn a_series_of_several_volumes_that_is_named_gives_the_one_that_fits() {
    let sets = joined(&Stack { te: 14.0, ..Stack::t2("2") }, |_, _| {});
    let SeriesSelection::Chosen { series, .. } = choice_of(&sets, Some("1.2.826.1.1"), false) else { panic!() };
    assert_eq!(series.selector().to_string(), FIRST);
}

#[test]
fn repeated_measurements_are_asked_for_by_their_numbers() {
    let other_pixels = |_: usize, s: &mut Set| _ = s.put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![7; 128 * 130]));
    let by_time = joined(&Stack::t2("2"), |k, s| {
        other_pixels(k, s);
        s.text(tags::TEMPORAL_POSITION_IDENTIFIER, VR::IS, 2);
    });
    // Only some say at which time point: the acquisition number tells. It may be 0.
    let by_acquisition = |first: usize| {
        let mut sets = by_time.clone();
        sets.iter_mut().enumerate().for_each(|(i, s)| _ = s.text(tags::ACQUISITION_NUMBER, VR::IS, first + i / 6));
        sets
    };
    assert_eq!(asked(&by_acquisition(1))[1], (SECOND.into(), "acquisition 2".into()));
    assert_eq!(asked(&by_acquisition(0))[0], (FIRST.into(), "acquisition 0".into()));
    let mut both = by_time.clone();
    both[..6].iter_mut().for_each(|s| _ = s.text(tags::TEMPORAL_POSITION_IDENTIFIER, VR::IS, 1));
    assert_eq!(asked(&both)[0], (FIRST.into(), "time point 1".into()));
    let mut by_number = joined(&Stack::t2("2"), other_pixels);
    assert_eq!(asked(&by_number)[1], (SECOND.into(), "images 7 to 12".into()));
    by_number[0].text(tags::INSTANCE_NUMBER, VR::IS, i64::MIN);
    assert_eq!(asked(&by_number)[0], (FIRST.into(), "image 1 of 2 in every place".into()));
}

#[test]
fn copies_under_another_uid_are_used_once_and_that_is_said() {
    let sets = joined(&Stack::t2("2"), |_, _| {});
    let SeriesSelection::Chosen { series, warnings, .. } = choice_of(&sets, None, false) else { panic!() };
    assert_eq!((series.frames.len(), series.part.clone()), (6, None));
    assert_eq!(
        warnings,
        ["6 images are in the series twice, under another UID but with the same pixels; each was used once"]
    );
}

#[test]
fn one_section_that_is_there_twice_with_other_pixels_is_named() {
    let again = joined(&Stack { sections: 1, ..Stack::t2("2") }, |_, s| {
        s.put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![7; 128 * 130]));
    });
    let SeriesSelection::Chosen { series, .. } = choice_of(&again, None, false) else { panic!() };
    let error = stack::check(&series, &FileLimits::default()).unwrap_err();
    assert_eq!(error.code(), Code::DoubledSection);
    assert!(error.to_string().contains("i000.dcm") && error.to_string().contains("i006.dcm"), "{error}");
}

#[test]
fn a_single_section_of_another_size_or_lean_is_never_left_out_in_silence() {
    let unreadable = |change: &dyn Fn(&mut Set)| {
        let mut sets = Stack::t2("1").all();
        change(&mut sets[0]);
        let SeriesSelection::Chosen { series, .. } = choice_of(&sets, None, false) else { panic!() };
        stack::check(&series, &FileLimits::default()).unwrap_err().code()
    };
    let leaning = |s: &mut Set| _ = s.ds(tags::IMAGE_ORIENTATION_PATIENT, &[0., 1., 0.01, 0., 0.01, -1.]);
    assert_eq!(unreadable(&leaning), Code::MixedOrientation);
    assert_eq!(unreadable(&|s| _ = s.ds(tags::PIXEL_SPACING, &[0.7, 0.5])), Code::MixedSpacing);
    assert_eq!(unreadable(&|s| _ = s.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.5")), Code::FrameOfReference);
    assert_eq!(unreadable(&|s| _ = s.drop(tags::IMAGE_POSITION_PATIENT)), Code::MissingAttribute);
}

#[test]
fn an_axial_reference_image_in_the_series_does_not_stop_it() {
    let sets = joined(&Stack { sections: 1, ..Stack::t2("2") }, |_, s| {
        s.ds(tags::IMAGE_ORIENTATION_PATIENT, &[1., 0., 0., 0., 1., 0.]);
    });
    let (selector, part, rejected) = picked(&sets);
    assert_eq!((selector.as_str(), part.as_str()), (FIRST, "sagittal"));
    assert_eq!(rejected[0].part.as_deref(), Some("axial"));
}

#[test]
fn a_localizer_in_three_planes_is_no_candidate() {
    let mut sets = Stack { sections: 3, ..Stack::t2("1") }.all();
    let planes = [([1., 0., 0., 0., 1., 0.], [0., 0., 8.]), ([1., 0., 0., 0., 0., -1.], [0., 8., 0.])];
    for (k, (plane, step)) in planes.into_iter().enumerate() {
        for i in 0..3 {
            let mut set = Stack::t2("1").section(i);
            set.ds(tags::IMAGE_ORIENTATION_PATIENT, &plane)
                .ds(tags::IMAGE_POSITION_PATIENT, &step.map(|mm| mm * i as f64))
                .text(tags::SOP_INSTANCE_UID, VR::UI, format!("1.8.{k}.{i}"))
                .text(tags::INSTANCE_NUMBER, VR::IS, 4 + k * 3 + i);
            sets.push(set);
        }
    }
    let SeriesSelection::OutOfScope { rejected, .. } = choice_of(&sets, None, false) else { panic!() };
    let parts: Vec<_> = rejected.iter().map(|v| v.part.clone().unwrap_or_default()).collect();
    assert_eq!(parts, ["sagittal", "axial", "coronal"]);
}

#[test]
fn frames_of_one_enhanced_file_are_told_apart_by_frame_type_and_echo() {
    // Frames 1 to 6 are PD, 7 to 12 are T2.
    let mut set = Stack::t2("1").enhanced(&[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
    let frames = set.0.iter_mut().find(|(t, ..)| *t == tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).unwrap();
    let Value::Items(frames) = &mut frames.2 else { panic!() };
    for (k, frame) in frames.iter_mut().enumerate() {
        let (contrast, te, mm) = if k < 6 { ("PROTON_DENSITY", 14.0, 3.0) } else { ("T2", 98.0, 4.0) };
        let (mut echo, mut kind, mut measures) = (Set::default(), Set::default(), Set::default());
        measures.ds(tags::PIXEL_SPACING, &[0.6, 0.5]).ds(tags::SLICE_THICKNESS, &[mm]);
        frame.items(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]);
        echo.put(tags::EFFECTIVE_ECHO_TIME, VR::FD, Value::Fd(vec![te]));
        kind.text(tags::ACQUISITION_CONTRAST, VR::CS, contrast).text(
            tags::FRAME_TYPE,
            VR::CS,
            "ORIGINAL\\PRIMARY\\MULTIECHO\\NONE",
        );
        frame.items(tags::MR_ECHO_SEQUENCE, vec![echo]).items(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE, vec![kind]);
    }
    set.text(tags::ACQUISITION_CONTRAST, VR::CS, "MIXED").text(
        tags::IMAGE_TYPE,
        VR::CS,
        "MIXED\\PRIMARY\\MULTIECHO\\MIXED",
    );
    let (selector, part, rejected) = picked(&[set.clone()]);
    assert_eq!((selector.as_str(), part.as_str()), (SECOND, "echo 98 ms"));
    assert!(rejected[0].reasons[0].starts_with("proton density-weighted"), "{rejected:?}");
    let folder = tempdir().unwrap();
    write(folder.path(), "e", &[set], EXPLICIT);
    let SeriesSelection::Chosen { series, .. } = chosen(folder.path(), None) else { panic!() };
    let (_, source, _) = stack::load(&series, &FileLimits::default()).unwrap();
    let numbers: Vec<_> = source.frames.iter().map(|f| f.frame_number.unwrap()).collect();
    assert_eq!(numbers, [7, 8, 9, 10, 11, 12]);
    assert_eq!(source.slice_thickness_mm, Some(4.0));
}
