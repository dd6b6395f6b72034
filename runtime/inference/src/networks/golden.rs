//! A provider must reproduce the stored output of each network within the manifest's tolerance for its precision, or it is not used.

use cordline_core::manifest::Tolerance;
use cordline_device::{Precision, RunError};
use ndarray::{Array4, ArrayD, ArrayView, ArrayView4, Axis, Dimension, IxDyn, Slice};
use safetensors::{Dtype, SafeTensors};

use super::{NetworkError, SEGMENTER};
use crate::bundle::{Bundle, BundleError};

/// How far a network strays from its golden output.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct GoldenDifference {
    /// `segmenter` or the id of a classifier.
    pub network: String,
    /// Of a probability: the segmenter's 99.9th percentile, a classifier's largest.
    pub difference: f32,
    /// What the manifest allows for it.
    pub limit: f32,
    /// Of the segmenter: pixels that changed sides at the threshold, and pixels of the stored mask.
    pub flipped: Option<[usize; 2]>,
    /// Of a classifier: largest difference of a heat map, as a share of its largest value.
    pub heat_map: Option<f32>,
}

impl GoldenDifference {
    /// In words, for people.
    pub fn describe(&self) -> String {
        let Self { difference, limit, .. } = self;
        let first = format!("strays by {difference:.1e} (limit {limit:.0e})");
        match (self.flipped, self.heat_map) {
            (Some([pixels, of]), _) => format!("{first}, {pixels} of {of} mask pixels changed"),
            (None, Some(share)) => format!("{first}, heat map by {:.1} %", 100.0 * share),
            (None, None) => first,
        }
    }

    fn is_within(&self, tolerance: &Tolerance) -> bool {
        let flipped = self.flipped.is_none_or(|[pixels, of]| pixels as f32 <= tolerance.flipped * of as f32);
        // NaN is within nothing.
        self.difference <= self.limit && flipped && self.heat_map.is_none_or(|share| share <= tolerance.heat_map)
    }
}

/// How much of the stored input is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The first image alone: before a single study, whose reader waits.
    FirstImage,
    /// Every image, each by itself.
    Whole,
    /// Every image, all at once: what one leaves behind must not reach the next.
    AtOnce,
}

/// Runs a network on images (image, channel, row, column), and returns its outputs.
pub type Run<'a> = dyn FnMut(ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, RunError> + 'a;

/// Runs one network on its golden input, with `run`: [`SEGMENTER`] or the id of a classifier.
///
/// # Errors
/// The network strays too far, cannot be run, the manifest has no tolerance for this precision, or the stored input and output cannot be read.
pub fn check_network(
    bundle: &Bundle,
    name: &str,
    precision: Precision,
    extent: Extent,
    run: &mut Run<'_>,
) -> Result<GoldenDifference, NetworkError> {
    let manifest = &bundle.manifest;
    let tolerance = manifest
        .golden
        .tolerance
        .of(precision.as_str())
        .ok_or_else(|| unreadable(bundle, format!("the manifest has no tolerance for {precision}")))?;
    let bytes = bundle.read(&manifest.golden.file)?;
    let stored = Stored { bundle, name, tensors: deserialize(bundle, &bytes)? };
    let images = stored.images()?;
    let count = match extent {
        Extent::FirstImage => 1.min(images.len_of(Axis(0))),
        Extent::Whole | Extent::AtOnce => images.len_of(Axis(0)),
    };
    let is_segmenter = name == SEGMENTER;
    let outputs: &[&str] = if is_segmenter { &["probability"] } else { &["probabilities", "cam"] };
    let expected: Vec<ArrayD<f32>> = outputs.iter().map(|output| stored.tensor(output)).collect::<Result<_, _>>()?;
    let mut straying = Straying { threshold: manifest.segmenter.threshold, ..Straying::default() };
    let at_once = if extent == Extent::AtOnce { count.max(1) } else { 1 };
    for first in (0..count).step_by(at_once) {
        let one = Slice::from(first..(first + at_once).min(count));
        let results = run(images.slice_axis(Axis(0), one))?;
        for ((result, expected), output) in results.iter().zip(&expected).zip(outputs) {
            let expected = expected.slice_axis(Axis(0), one);
            if result.shape() != expected.shape() {
                let (stored, given) = (expected.shape(), result.shape());
                let found = format!("gives {output} in shape {given:?} where {stored:?} is stored");
                return Err(strays(name, precision, found));
            }
            match *output {
                "probability" => straying.mask(result.view(), expected),
                "cam" => straying.heat_map(result.view(), expected),
                _ => straying.answer(result.view(), expected),
            }
        }
    }
    let limit = if is_segmenter { tolerance.segmenter } else { tolerance.probability };
    let found = straying.into_difference(name, limit);
    match found.is_within(tolerance) {
        true => Ok(found),
        false => Err(strays(name, precision, found.describe())),
    }
}

fn strays(network: &str, precision: Precision, found: String) -> NetworkError {
    BundleError::Golden { network: network.into(), precision: precision.to_string(), found }.into()
}

/// The golden file, as far as it is about one network.
struct Stored<'a> {
    bundle: &'a Bundle,
    name: &'a str,
    tensors: SafeTensors<'a>,
}

impl Stored<'_> {
    /// (image, channel, row, column), 0 to 1; stored as float32, or as bytes of which 255 is 1.
    fn images(&self) -> Result<Array4<f32>, NetworkError> {
        let images = self.tensor("image")?.into_dimensionality();
        images.map_err(|_| unreadable(self.bundle, format!("{}.image has not four axes", self.name)))
    }

    fn tensor(&self, what: &str) -> Result<ArrayD<f32>, NetworkError> {
        let name = format!("{}.{what}", self.name);
        let wrong = |what: &str| unreadable(self.bundle, format!("the tensor {name} {what}"));
        let view = self.tensors.tensor(&name).map_err(|_| wrong("is missing"))?;
        let values = match view.dtype() {
            Dtype::F32 => view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::U8 => view.data().iter().map(|byte| f32::from(*byte) / 255.0).collect(),
            _ => return Err(wrong("is neither float32 nor bytes")),
        };
        ArrayD::from_shape_vec(IxDyn(view.shape()), values).map_err(|e| wrong(&format!("is malformed: {e}")))
    }
}

fn deserialize<'a>(bundle: &Bundle, bytes: &'a [u8]) -> Result<SafeTensors<'a>, NetworkError> {
    SafeTensors::deserialize(bytes).map_err(|e| unreadable(bundle, format!("it is no safetensors file: {e}")))
}

fn unreadable(bundle: &Bundle, reason: String) -> NetworkError {
    BundleError::Unreadable { path: bundle.folder().join(&bundle.manifest.golden.file), reason }.into()
}

/// What was seen so far. A value that is no number is infinitely far away.
#[derive(Debug, Default)]
struct Straying {
    threshold: f32,
    /// Differences of the mask's probability, of every pixel.
    pixels: Vec<f32>,
    flipped: [usize; 2],
    answer: f32,
    heat_map: Option<f32>,
}

impl Straying {
    fn mask<D: Dimension>(&mut self, found: ArrayView<'_, f32, D>, expected: ArrayView<'_, f32, D>) {
        for (&a, &b) in found.iter().zip(&expected) {
            self.pixels.push(distance(a, b));
            self.flipped[0] += usize::from((a >= self.threshold) != (b >= self.threshold));
            self.flipped[1] += usize::from(b >= self.threshold);
        }
    }

    fn answer<D: Dimension>(&mut self, found: ArrayView<'_, f32, D>, expected: ArrayView<'_, f32, D>) {
        self.answer = self.answer.max(largest(&found, &expected));
    }

    fn heat_map<D: Dimension>(&mut self, found: ArrayView<'_, f32, D>, expected: ArrayView<'_, f32, D>) {
        let peak = expected.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let share = largest(&found, &expected) / peak;
        self.heat_map = Some(self.heat_map.unwrap_or_default().max(share));
    }

    fn into_difference(mut self, network: &str, limit: f32) -> GoldenDifference {
        let (difference, flipped) = match self.pixels.len() {
            0 => (self.answer, None),
            count => {
                let rank = (count - 1) * 999 / 1000;
                (*self.pixels.select_nth_unstable_by(rank, f32::total_cmp).1, Some(self.flipped))
            }
        };
        GoldenDifference { network: network.into(), difference, limit, flipped, heat_map: self.heat_map }
    }
}

fn distance(a: f32, b: f32) -> f32 {
    let distance = (a - b).abs();
    if distance.is_nan() { f32::INFINITY } else { distance }
}

fn largest<D: Dimension>(found: &ArrayView<'_, f32, D>, expected: &ArrayView<'_, f32, D>) -> f32 {
    found.iter().zip(expected).map(|(&a, &b)| distance(a, b)).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests;
