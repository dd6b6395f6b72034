//! Preprocessing equals numpy and OpenCV on the same arrays, to a relative 1e-6, and to 1e-5 on the way back.
//!
//! `tests/python/opencv_resizes.py` made the arrays; a Python test keeps them true.

use std::path::Path;

use cordline_core::resize;
use cordline_imaging::normalise::Normalised;
use ndarray::{Array2, Array3, ArrayD, Axis, IxDyn};
use safetensors::SafeTensors;

/// Images on their way to a network's grid.
const CASES: [&str; 6] = ["smaller", "larger", "mixed", "one-axis", "half", "strip"];

/// From the network's grid back to one whose size is no power of two: there OpenCV rounds its source coordinates to single precision, up
/// to 64 pixels x 6e-8, and strays that far itself from the exact weights.
const BACK: (&str, f64) = ("back", 1e-5);

struct Arrays(Vec<u8>);

impl Arrays {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/opencv-resizes.safetensors");
        Self(std::fs::read(file).unwrap())
    }

    fn get(&self, name: &str) -> ArrayD<f32> {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let view = tensors.tensor(name).unwrap();
        let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        ArrayD::from_shape_vec(IxDyn(view.shape()), values).unwrap()
    }

    fn image(&self, name: &str) -> Array2<f32> {
        self.get(name).into_dimensionality().unwrap()
    }
}

fn largest_relative_difference<'a>(
    ours: impl IntoIterator<Item = &'a f32>,
    theirs: impl IntoIterator<Item = &'a f32>,
) -> f64 {
    let relative = |(a, b): (&f32, &f32)| {
        if a == b { 0.0 } else { (f64::from(*a) - f64::from(*b)).abs() / f64::from(b.abs()).max(f64::MIN_POSITIVE) }
    };
    // One that is no number is larger than all: `f64::max` would pass it over.
    ours.into_iter()
        .zip(theirs)
        .map(relative)
        .fold(0.0, |largest, next| if next > largest || next.is_nan() { next } else { largest })
}

#[test]
fn a_difference_that_is_no_number_does_not_pass() {
    for ours in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
        assert!(largest_relative_difference(&ours, &[1.0, 1.0]).is_nan(), "{ours:?}");
    }
}

#[test]
fn linear_resize_equals_opencv() {
    let arrays = Arrays::read();
    for (case, tolerance) in CASES.map(|case| (case, 1e-6)).into_iter().chain([BACK]) {
        let theirs = arrays.image(&format!("{case}.linear"));
        let ours = resize::linear(arrays.image(&format!("{case}.image")).view(), theirs.dim().into());
        let difference = largest_relative_difference(&ours, &theirs);
        assert!(difference <= tolerance, "{case}: {difference:.1e}");
    }
}

#[test]
fn nearest_resize_equals_opencv() {
    let arrays = Arrays::read();
    for case in CASES.into_iter().chain([BACK.0]) {
        let theirs = arrays.image(&format!("{case}.nearest"));
        let ours = resize::nearest(arrays.image(&format!("{case}.image")).view(), theirs.dim().into());
        assert_eq!(ours, theirs, "{case}");
    }
}

#[test]
fn a_volume_is_prepared_as_numpy_and_opencv_do_it() {
    let arrays = Arrays::read();
    let volume: Array3<f32> = arrays.get("volume.image").into_dimensionality().unwrap();
    let theirs: Array3<f32> = arrays.get("volume.linear").into_dimensionality().unwrap();
    let (_, rows, columns) = theirs.dim();
    let normalised = Normalised::of(&volume, 5.0);
    for (section, theirs) in theirs.axis_iter(Axis(0)).enumerate() {
        let ours = resize::linear(normalised.section(section).view(), [rows, columns]);
        let difference = largest_relative_difference(&ours, theirs);
        assert!(difference <= 1e-6, "{difference:.1e}");
    }
}
