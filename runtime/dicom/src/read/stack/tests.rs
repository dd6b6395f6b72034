use std::path::Path;

use cordline_sdk::problem::{Code, Diagnose};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use ndarray::Array3;
use tempfile::tempdir;

use super::*;
use crate::read::input;
use crate::read::series;
use cordline_core::geometry::Geometry;
use cordline_testkit::{BIG, EXPLICIT, IMPLICIT, Set, Stack, Value, write};

fn series_of(folder: &Path) -> SeriesVolume {
    let scanned = input::read(&[folder.to_owned()], &FileLimits::default()).unwrap();
    let mut all = series::group(&scanned);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn load_sets(sets: &[Set], syntax: &str) -> Result<(Volume, SourceSeries, Vec<String>), StackError> {
    let folder = tempdir().unwrap();
    write(folder.path(), "i", sets, syntax);
    load(&series_of(folder.path()), &FileLimits::default())
}

/// The error that a change of the standard series leads to.
fn refused(change: impl Fn(usize, &mut Set)) -> StackError {
    let mut sets = Stack::t2("1").all();
    sets.iter_mut().enumerate().for_each(|(i, s)| change(i, s));
    load_sets(&sets, EXPLICIT).expect_err("this series must be refused")
}

/// Every voxel of the standard series is where and what it should be.
fn assert_standard(volume: &Volume, source: &SourceSeries, stack: &Stack) {
    let g = &volume.geometry;
    assert_eq!(g.shape(), [stack.sections, stack.rows.into(), stack.columns.into()]);
    assert!((g.spacing()[0] - stack.gap).abs() < 1e-6);
    assert_eq!(&g.spacing()[1..], stack.spacing);
    for ((s, r, c), value) in volume.voxels.indexed_iter() {
        assert_eq!(*value, f32::from(Stack::stored(s, r, c)), "voxel {s} {r} {c}");
    }
    // The patient position of a voxel, straight from the definition in PS3.3 C.7.6.2.1.1.
    let (s, r, c) = (2usize, 10.0, 20.0);
    let first = stack.position(s);
    let expected =
        [0, 1, 2].map(|k| first[k] + stack.row[k] * stack.spacing[1] * c + stack.column[k] * stack.spacing[0] * r);
    for (a, b) in g.to_patient([s as f64, r, c]).iter().zip(expected) {
        assert!((a - b).abs() < 1e-6);
    }
    let uids: Vec<_> = source.frames.iter().map(|f| f.sop_instance_uid.clone()).collect();
    assert_eq!(uids, (0..stack.sections).map(|k| stack.sop_uid(k)).collect::<Vec<_>>());
}

#[test]
fn native_series_become_the_same_volume_in_every_uncompressed_syntax() {
    let stack = Stack::t2("1");
    for syntax in [EXPLICIT, IMPLICIT, BIG] {
        let (volume, source, warnings) = load_sets(&stack.all(), syntax).unwrap();
        assert_standard(&volume, &source, &stack);
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(source.patient.name, "CANARY^NAME");
        assert_eq!((source.series_number, source.slice_thickness_mm), (3, Some(3.0)));
    }
}

#[test]
fn order_of_files_and_instance_numbers_do_not_matter() {
    let stack = Stack::t2("1");
    let mut sets = stack.all();
    sets.reverse();
    sets.swap(1, 4);
    for (i, set) in sets.iter_mut().enumerate() {
        set.text(tags::INSTANCE_NUMBER, VR::IS, i + 1);
    }
    let (volume, source, _) = load_sets(&sets, EXPLICIT).unwrap();
    assert_standard(&volume, &source, &stack);
}

#[test]
fn sections_ascend_along_the_normal_on_oblique_and_mirrored_planes() {
    let (s, c) = (0.3f64.sin(), 0.3f64.cos());
    let oblique = Stack { row: [-s, c, 0.0], column: [0.0, 0.0, -1.0], ..Stack::t2("1") };
    let mirrored = Stack { row: [0.0, -1.0, 0.0], ..Stack::t2("1") };
    for stack in [oblique, mirrored] {
        let (volume, source, _) = load_sets(&stack.all(), EXPLICIT).unwrap();
        assert_standard(&volume, &source, &stack);
        let [n, ..] = volume.geometry.axes();
        for (a, b) in n.iter().zip(stack.normal()) {
            assert!((a - b).abs() < 1e-9);
        }
    }
}

#[test]
fn enhanced_frames_are_ordered_by_position_and_rescaled_one_by_one() {
    let stack = Stack::t2("1");
    let (volume, source, _) = load_sets(&[stack.enhanced(&[3, 0, 5, 1, 4, 2])], EXPLICIT).unwrap();
    for ((s, r, c), value) in volume.voxels.indexed_iter() {
        assert_eq!(*value, f32::from(Stack::stored(s, r, c)) * (1.0 + s as f32) - 5.0);
    }
    let numbers: Vec<_> = source.frames.iter().filter_map(|f| f.frame_number).collect();
    assert_eq!(numbers, [2, 4, 6, 1, 5, 3]);
    let implicit = load_sets(&[stack.enhanced(&[3, 0, 5, 1, 4, 2])], IMPLICIT).unwrap();
    assert_eq!(implicit.0.pixel_sha256(), volume.pixel_sha256());
}

#[test]
fn signed_and_rescaled_values_and_padding_are_kept() {
    let stack = Stack::t2("1");
    let mut sets = stack.all();
    for (k, set) in sets.iter_mut().enumerate() {
        let pixels = stack.plane(k).iter().map(|v| v.wrapping_sub(2000)).collect();
        set.us(tags::BITS_STORED, 16).us(tags::HIGH_BIT, 15).us(tags::PIXEL_REPRESENTATION, 1);
        set.put(tags::PIXEL_PADDING_VALUE, VR::SS, Value::Us(vec![63536])); // -2000, the value of the first voxel
        set.ds(tags::RESCALE_SLOPE, &[0.5]).ds(tags::RESCALE_INTERCEPT, &[10.0]);
        set.put(tags::PIXEL_DATA, VR::OW, Value::Us(pixels));
    }
    let (volume, ..) = load_sets(&sets, EXPLICIT).unwrap();
    for ((s, r, c), value) in volume.voxels.indexed_iter() {
        assert_eq!(*value, (f32::from(Stack::stored(s, r, c)) - 2000.0) * 0.5 + 10.0);
    }
    assert_eq!(volume.voxels[[0, 0, 0]], -990.0);
}

#[test]
fn lossy_sources_are_flagged() {
    let mut sets = Stack::t2("1").all();
    sets[4].text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01").text(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, "7.5");
    let (_, source, warnings) = load_sets(&sets, EXPLICIT).unwrap();
    assert!(source.lossy);
    assert_eq!(source.lossy_ratio, "7.5");
    assert!(warnings[0].contains("compressed with loss"));
}

#[test]
fn a_missing_section_is_named_by_position_and_neighbours() {
    let mut sets = Stack::t2("1").all();
    sets.remove(3);
    let error = load_sets(&sets, EXPLICIT).unwrap_err();
    let StackError::MissingSection { count: 1, section: 3, before_mm, after_mm, .. } = &error else {
        panic!("{error:?}")
    };
    assert!((after_mm - before_mm - 6.6).abs() < 1e-6);
    assert!(error.to_string().contains("i002.dcm") && error.to_string().contains("i003.dcm"), "{error}");
    assert_eq!(error.problem().code, Code::MissingSection);
}

#[test]
fn gaps_may_differ_by_five_percent_and_no_more() {
    let moved = |by: f64| {
        let stack = Stack::t2("1");
        let mut sets = stack.all();
        let mut p = stack.position(3);
        p[0] -= by;
        sets[3].ds(tags::IMAGE_POSITION_PATIENT, &p);
        load_sets(&sets, EXPLICIT)
    };
    assert!(moved(3.3 * 0.045).is_ok());
    assert!(matches!(moved(3.3 * 0.055).unwrap_err(), StackError::UnequalGaps { section: 3 | 4, .. }));
}

#[test]
fn a_doubled_section_is_named() {
    let stack = Stack::t2("1");
    let error = refused(|i, s| {
        if i == 4 {
            s.ds(tags::IMAGE_POSITION_PATIENT, &stack.position(2));
        }
    });
    assert!(matches!(&error, StackError::DoubledSection { section: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("i002.dcm") && error.to_string().contains("i004.dcm"));
}

#[test]
fn geometry_that_is_none_is_refused_by_name() {
    let with = |tag, text: &str| refused(|_, s| _ = s.text(tag, VR::DS, text)).code();
    for bad in ["0\\0.5", "-0.5\\0.5", "NaN\\0.5", "inf\\0.5"] {
        assert_eq!(with(tags::PIXEL_SPACING, bad), Code::InvalidSpacing, "{bad}");
    }
    for bad in ["0\\1\\0\\0\\0.1\\-1", "0\\2\\0\\0\\0\\-1", "0\\1\\0\\0\\NaN\\-1", "0\\0\\0\\0\\0\\0"] {
        assert_eq!(with(tags::IMAGE_ORIENTATION_PATIENT, bad), Code::OrientationNotOrthonormal, "{bad}");
    }
    // A change of the third section, or of all.
    let third = |change: fn(&mut Set)| {
        refused(|i, s| {
            if i == 2 {
                change(s)
            }
        })
        .code()
    };
    let all = |change: fn(&mut Set)| refused(|_, s| change(s)).code();
    assert_eq!(third(|s| _ = s.us(tags::ROWS, 65).us(tags::COLUMNS, 256)), Code::MixedSize);
    assert_eq!(third(|s| _ = s.ds(tags::PIXEL_SPACING, &[0.6, 0.7])), Code::MixedSpacing);
    assert_eq!(third(|s| _ = s.ds(tags::IMAGE_ORIENTATION_PATIENT, &[0., 1., 0., 0., 0., 1.])), Code::MixedOrientation);
    assert_eq!(third(|s| _ = s.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2")), Code::FrameOfReference);
    assert_eq!(all(|s| _ = s.drop(tags::FRAME_OF_REFERENCE_UID)), Code::MissingAttribute);
    assert_eq!(third(|s| _ = s.drop(tags::IMAGE_POSITION_PATIENT)), Code::MissingAttribute);
    assert_eq!(all(|s| _ = s.drop(tags::PIXEL_SPACING)), Code::MissingAttribute);
    assert_eq!(third(|s| _ = s.text(tags::IMAGE_POSITION_PATIENT, VR::DS, "1\\NaN\\2")), Code::InvalidPosition);
    let stack = Stack::t2("1");
    let shifted = |i: usize| format!("{}\\{i}\\0", stack.position(i)[0]);
    assert_eq!(refused(|i, s| _ = s.text(tags::IMAGE_POSITION_PATIENT, VR::DS, shifted(i))).code(), Code::ShearedStack);
}

#[test]
fn a_volume_beyond_the_limit_is_refused_before_it_is_allocated() {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    let limits = FileLimits { voxels: 6 * 128 * 130 - 1, ..FileLimits::default() };
    assert_eq!(load(&series_of(folder.path()), &limits).unwrap_err().code(), Code::VolumeTooLarge);
}

#[test]
fn resampling_follows_geometry() {
    // A ramp along patient y in one grid must be the same ramp in another.
    let grid = |shape, spacing, origin, axes| Geometry::new(shape, spacing, origin, axes).unwrap();
    let from = grid([6, 30, 40], [3.0, 1.0, 0.5], [8., -10., 15.], [[-1., 0., 0.], [0., 0., -1.], [0., 1., 0.]]);
    let value = |p: [f64; 3]| (2.0 * p[0] + 3.0 * p[1] - p[2] + 100.0) as f32;
    let voxels =
        Array3::from_shape_fn(from.shape(), |(s, r, c)| value(from.to_patient([s as f64, r as f64, c as f64])));
    let volume = Volume { voxels, geometry: from.clone() };
    let (s, c) = (0.2f64.sin(), 0.2f64.cos());
    let onto = grid([5, 9, 11], [1.7, 0.9, 0.8], [3., -6., 6.], [[-c, -s, 0.], [0., 0., -1.], [-s, c, 0.]]);
    let out = resample(&volume, &onto);
    let mut inside = 0;
    for ((s, r, c), got) in out.indexed_iter() {
        let p = onto.to_patient([s as f64, r as f64, c as f64]);
        let i = from.to_index(p);
        if i.iter().zip(from.shape()).all(|(i, n)| (0.0..=(n - 1) as f64).contains(i)) {
            inside += 1;
            assert!((got - value(p)).abs() < 1e-3, "{got} {}", value(p));
        }
    }
    assert!(inside > 300, "{inside}");
    assert_eq!(resample(&volume, &from), volume.voxels);
    let away = grid([2, 2, 2], [1.; 3], [500., 0., 0.], from.axes());
    assert!(resample(&volume, &away).iter().all(|v| *v == 0.0));
}
