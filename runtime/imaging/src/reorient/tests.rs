use cordline_core::findings::{ActivationMap, HeatMap};
use cordline_core::manifest::Manifest;
use cordline_sdk::result::{Lesion, SectionProbability};
use cordline_testkit::example_manifest;
use ndarray::{Array2, Array3, Axis};

use super::*;
use crate::classify;

/// A grid whose voxels are oblong and whose sides differ, so that nothing can be exchanged unseen.
fn training() -> Geometry {
    Geometry::new([3, 5, 4], [3.3, 0.5, 0.8], [7.0, -20.0, 60.0], [RIGHT, DOWN, BACK]).unwrap()
}

/// A grid with the same voxel centres: rows and columns exchanged or not, each axis reversed or not.
fn kept(geometry: &Geometry, transposed: bool, reversed: [bool; 3]) -> Geometry {
    let order = if transposed { [0, 2, 1] } else { [0, 1, 2] };
    let mut first = [0.0; 3];
    (0..3).filter(|k| reversed[*k]).for_each(|k| first[order[k]] = (geometry.shape()[order[k]] - 1) as f64);
    Geometry::new(
        order.map(|k| geometry.shape()[k]),
        order.map(|k| geometry.spacing()[k]),
        geometry.to_patient(first),
        [0, 1, 2].map(|k| signed((geometry.axes()[order[k]], reversed[k]))),
    )
    .unwrap()
}

/// The eight ways to keep a section, in both directions of the stack.
fn ways() -> impl Iterator<Item = (bool, [bool; 3])> {
    (0..16).map(|bits| (bits & 1 > 0, [bits & 2 > 0, bits & 4 > 0, bits & 8 > 0]))
}

/// Says of every voxel where in the patient it lies.
fn places(geometry: &Geometry) -> Array3<[i64; 3]> {
    Array3::from_shape_fn(geometry.shape(), |(s, r, c)| {
        geometry.to_patient([s as f64, r as f64, c as f64]).map(|v| (v * 1e6).round() as i64)
    })
}

fn turned(degrees: f64) -> Geometry {
    let (s, c) = (degrees.to_radians().sin(), degrees.to_radians().cos());
    Geometry::new([3, 5, 4], [3.3, 0.5, 0.8], [7.0, -20.0, 60.0], [RIGHT, [0., s, -c], [0., c, s]]).unwrap()
}

#[test]
fn each_way_to_keep_a_volume_becomes_the_same_one_and_goes_back() {
    let want = places(&training());
    for (transposed, reversed) in ways() {
        let source = kept(&training(), transposed, reversed);
        let way = Reorientation::of(&source);
        assert_eq!(way.is_identity(), !transposed && reversed == [false; 3]);
        let grid = way.geometry(&source);
        assert_eq!((grid.shape(), grid.spacing()), ([3, 5, 4], [3.3, 0.5, 0.8]));
        assert_eq!(places(&grid), want, "{transposed} {reversed:?}");
        let own = places(&source);
        assert_eq!(*way.array(&own), want, "{transposed} {reversed:?}");
        let back = way.array_to_source(want.clone());
        assert!(back.is_standard_layout());
        assert_eq!(back, own, "{transposed} {reversed:?}");
        for (index, section) in want.outer_iter().enumerate() {
            let at = way.section_index_to_source(index);
            assert_eq!(way.section_to_source(section), own.index_axis(Axis(0), at), "{transposed} {reversed:?}");
        }
    }
}

#[test]
fn a_volume_that_lies_right_is_not_copied() {
    let voxels = Array3::from_elem((3, 5, 4), 1.0);
    let volume = Volume { voxels, geometry: training() };
    assert!(matches!(Reorientation::of(&volume.geometry).volume(&volume), Cow::Borrowed(_)));
    let geometry = kept(&training(), false, [true, false, false]);
    let volume = Volume { geometry, ..volume };
    assert!(matches!(Reorientation::of(&volume.geometry).volume(&volume), Cow::Owned(_)));
}

#[test]
fn an_oblique_section_goes_to_the_nearest_axes_and_45_degrees_are_decided_alike() {
    for (degrees, transposed, reversed) in
        [(30.0, false, [false; 2]), (-44.0, false, [false; 2]), (60.0, true, [true, false]), (180.0, false, [true; 2])]
    {
        let way = Reorientation::of(&turned(degrees));
        assert_eq!((way.transposed, [way.reversed[1], way.reversed[2]]), (transposed, reversed), "{degrees}");
    }
    for degrees in [45.0, -45.0, 135.0, 225.0] {
        let want = Reorientation::of(&turned(degrees)).geometry(&turned(degrees));
        for (transposed, reversed) in ways() {
            let source = kept(&turned(degrees), transposed, reversed);
            assert_eq!(places(&Reorientation::of(&source).geometry(&source)), places(&want), "{degrees}");
        }
    }
    // Sections that are not even nearly sagittal in their normal alone: 40 degrees about the long axis, 20 about the left-right one.
    let (s, c) = (40f64.to_radians().sin(), 40f64.to_radians().cos());
    let oblique = Geometry::new([3, 5, 4], [3.3, 0.5, 0.8], [0.0; 3], [[-c, s, 0.], DOWN, [s, c, 0.]]).unwrap();
    assert!(Reorientation::of(&oblique).is_identity());
    for (transposed, reversed) in ways() {
        let source = kept(&oblique, transposed, reversed);
        assert_eq!(places(&Reorientation::of(&source).geometry(&source)), places(&oblique));
    }
}

#[test]
fn findings_are_told_in_the_sections_of_the_source() {
    let source = kept(&training(), true, [true, false, true]);
    let way = Reorientation::of(&source);
    let lesion =
        Lesion { number: 1, volume_ml: 2.0, extent_mm: 3.0, sections: vec![1, 2], centre_lps_mm: [1.0, 2.0, 3.0] };
    let told = way.lesion_to_source(lesion.clone());
    assert_eq!(told, Lesion { sections: vec![2, 3], ..lesion });
    let probability = |section, probability| SectionProbability { section, probability };
    let manifest = Manifest::parse(example_manifest().as_bytes()).unwrap();
    let answer = classify::decide(&manifest.classifiers[0], vec![probability(1, 0.25), probability(2, 0.5)]);
    let told = way.classification_to_source(answer.clone());
    assert_eq!(told.sections, [probability(2, 0.5), probability(3, 0.25)]);
    assert_eq!(told.probabilities, answer.probabilities);
    // A feature grid of 2 x 3 over rows and columns of the training grid.
    let activation = Array2::from_shape_fn((2, 3), |(r, c)| (10 * r + c) as f32);
    let map = HeatMap {
        classifier: "kind".into(),
        question: "?".into(),
        class: "tumour".into(),
        label: "Tumour".into(),
        grid: [5, 4],
        sections: vec![
            ActivationMap { section: 0, activation: activation.clone() },
            ActivationMap { section: 1, activation: activation.mapv(|v| v + 100.0) },
        ],
    };
    let told = way.heat_map_to_source(map);
    assert_eq!((told.grid, told.feature_map()), ([4, 5], [3, 2]));
    assert_eq!(told.sections.iter().map(|s| s.section).collect::<Vec<_>>(), [1, 2]);
    // The rows of the training grid run against the columns of the source.
    assert_eq!(told.sections[1].activation, ndarray::arr2(&[[10.0, 0.0], [11.0, 1.0], [12.0, 2.0]]));
    assert_eq!(told.sections[0].activation[(0, 0)], 110.0);
}
