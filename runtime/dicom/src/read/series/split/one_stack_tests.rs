//! Stacks that differ in an attribute and are whole, and those that are not whole and must say why.

use cordline_sdk::problem::{Code, Diagnose};
use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::tests::{asked, choice_of};
use crate::read::limits::FileLimits;
use crate::read::series::SeriesSelection;
use crate::read::stack;
use cordline_testkit::{Set, Stack, Value};

fn nine() -> Stack {
    Stack { sections: 9, ..Stack::t2("1") }
}

/// Frames and warnings of what is chosen from a stack that is changed.
fn chosen(change: impl Fn(usize, &mut Set)) -> (usize, String) {
    let mut sets = nine().all();
    sets.iter_mut().enumerate().for_each(|(k, set)| change(k, set));
    match choice_of(&sets, None, false) {
        SeriesSelection::Chosen { series, warnings, .. } => {
            stack::check(&series, &FileLimits::default()).unwrap();
            (series.frames().count(), warnings.join("; "))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_differs_from_section_to_section_takes_no_section_away() {
    let every_second = chosen(|k, s| {
        if k % 2 == 1 {
            s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\M\\ND");
        }
    });
    assert_eq!(every_second, (9, "ImageType is not the same in all sections of the stack".into()));
    let last = chosen(|k, s| {
        if k == 8 {
            s.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY\\M\\ND");
        }
    });
    assert_eq!(last.0, 9);
    let (frames, warnings) = chosen(|k, s| _ = s.ds(tags::ECHO_TIME, &[102.0 + 1.2 * (k % 2) as f64]));
    assert_eq!((frames, warnings.as_str()), (9, "EchoTime is not the same in all sections of the stack"));
    let (frames, _) = chosen(|k, s| {
        if k > 6 {
            s.drop(tags::ECHO_TIME);
        }
    });
    assert_eq!(frames, 9);
}

#[test]
fn a_small_difference_between_two_pictures_of_one_place_still_makes_two_volumes() {
    let mut sets = nine().all();
    for (k, mut set) in nine().all().into_iter().enumerate() {
        set.text(tags::SOP_INSTANCE_UID, VR::UI, format!("1.9.{k}")).ds(tags::ECHO_TIME, &[98.0]);
        set.put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![7; 128 * 130]));
        sets.push(set);
    }
    let parts: Vec<String> = asked(&sets).into_iter().map(|(_, part)| part).collect();
    assert_eq!(parts, ["echo 102 ms", "echo 98 ms"]);
}

#[test]
fn a_stack_of_which_each_section_lies_in_a_frame_of_its_own_says_so() {
    let mut sets = nine().all();
    for (k, set) in sets.iter_mut().enumerate() {
        set.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, format!("1.7.{k}"));
    }
    let SeriesSelection::Chosen { series, .. } = choice_of(&sets, None, false) else {
        panic!("it is damaged, not out of scope")
    };
    assert_eq!(stack::check(&series, &FileLimits::default()).unwrap_err().code(), Code::FrameOfReference);
}

#[test]
fn images_that_only_the_time_of_acquisition_tells_apart_are_asked_for() {
    let twice = |time: fn(usize, usize) -> String| {
        let mut sets = Vec::new();
        for pass in 0..2 {
            for (k, mut set) in nine().all().into_iter().enumerate() {
                set.text(tags::SOP_INSTANCE_UID, VR::UI, format!("1.9.{pass}.{k}"));
                set.text(tags::ACQUISITION_TIME, VR::TM, time(pass, k));
                set.put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![7 + pass as u16; 128 * 130]));
                sets.push(set);
            }
        }
        asked(&sets).into_iter().map(|(_, part)| part).collect::<Vec<_>>()
    };
    // Each pass at once, and section by section.
    let at_once = twice(|pass, _| format!("1015{pass:02}"));
    assert_eq!(at_once, ["acquisition time 1 of 2", "acquisition time 2 of 2"]);
    let one_by_one = twice(|pass, k| format!("10{:02}{k:02}", 15 + pass));
    assert_eq!(one_by_one, ["image 1 of 2 in every place, by time", "image 2 of 2 in every place, by time"]);
}
