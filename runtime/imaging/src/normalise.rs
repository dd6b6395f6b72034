//! Intensities of a volume to 0..1, as in the published method (Zhuo et al., Radiology: Artificial Intelligence 2022, e210292).

use ndarray::{Array2, Array3, Axis};

/// A volume (section, row, column) whose intensities are brought to 0..1 section by section, when they are asked for: a copy of the whole
/// would cost more than the arithmetic.
#[derive(Debug, Clone)]
pub struct Normalised<'a> {
    voxels: &'a Array3<f32>,
    /// The ends of the range of intensities that becomes 0..1.
    low: f64,
    high: f64,
    /// 1 / (high - low); 0 for a volume of one single value, which becomes all zero.
    scale: f64,
}

impl<'a> Normalised<'a> {
    /// Standardises over the whole volume (population standard deviation), clips at plus and minus `clip` standard deviations, and maps
    /// the range that remains to 0..1.
    pub fn of(voxels: &'a Array3<f32>, clip: f32) -> Self {
        let standard = voxels.as_standard_layout();
        let Intensities { mean, std, low, high } =
            Intensities::of(standard.as_slice().expect("standard layout is one slice"));
        // Clipping z at +-clip is clipping the values themselves at mean +- clip * std: both are monotonic.
        let low = f64::from(low).max(mean - f64::from(clip) * std);
        let high = f64::from(high).min(mean + f64::from(clip) * std);
        // A product is several times quicker than a quotient.
        let scale = if std <= f64::EPSILON * mean.abs() { 0.0 } else { 1.0 / (high - low) };
        Self { voxels, low, high, scale }
    }

    /// The number of sections, and of rows and columns of each.
    pub fn shape(&self) -> [usize; 3] {
        self.voxels.dim().into()
    }

    /// A section (row, column). NaN stays NaN.
    pub fn section(&self, section: usize) -> Array2<f32> {
        let Self { low, high, scale, .. } = *self;
        self.voxels.index_axis(Axis(0), section).mapv(|v| {
            let v = f64::from(v);
            let clipped = if v < low { low } else { v };
            let clipped = if clipped > high { high } else { clipped };
            ((clipped - low) * scale) as f32
        })
    }
}

/// How values are spread.
struct Intensities {
    mean: f64,
    std: f64,
    low: f32,
    high: f32,
}

impl Intensities {
    fn of(values: &[f32]) -> Self {
        // Side by side, so that no sum waits for the one before it.
        const LANES: usize = 8;
        let (mut sums, mut squares) = ([0.0f64; LANES], [0.0f64; LANES]);
        let (mut lows, mut highs) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let mut add = |lane: usize, v: f32| {
            sums[lane] += f64::from(v);
            squares[lane] += f64::from(v) * f64::from(v);
            lows[lane] = if v < lows[lane] { v } else { lows[lane] };
            highs[lane] = if v > highs[lane] { v } else { highs[lane] };
        };
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (lane, &v) in chunk.iter().enumerate() {
                add(lane, v);
            }
        }
        rest.iter().for_each(|&v| add(0, v));
        let count = values.len().max(1) as f64;
        let mean = sums.iter().sum::<f64>() / count;
        Self {
            mean,
            std: (squares.iter().sum::<f64>() / count - mean * mean).max(0.0).sqrt(),
            low: lows.into_iter().fold(f32::INFINITY, f32::min),
            high: highs.into_iter().fold(f32::NEG_INFINITY, f32::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array;

    use super::*;

    /// The formula as published, step by step in double precision.
    fn by_the_book(voxels: &Array3<f32>, clip: f64) -> Vec<f64> {
        let n = voxels.len() as f64;
        let mean = voxels.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let std = (voxels.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt();
        let z: Vec<f64> = voxels.iter().map(|&v| ((f64::from(v) - mean) / std).clamp(-clip, clip)).collect();
        let (low, high) = z.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        z.iter().map(|v| (v - low) / (high - low)).collect()
    }

    #[test]
    fn equals_the_published_formula_with_outliers_on_both_sides() {
        let mut voxels = Array::from_shape_fn((3, 20, 30), |(s, r, c)| (s * 100 + r * 7 + (c * 13) % 31) as f32);
        voxels[(1, 2, 3)] = 1e5;
        voxels[(2, 2, 3)] = -1e5;
        let normalised = Normalised::of(&voxels, 5.0);
        let ours: Vec<Array2<f32>> = (0..3).map(|s| normalised.section(s)).collect();
        for (a, b) in ours.iter().flatten().zip(by_the_book(&voxels, 5.0)) {
            assert!((f64::from(*a) - b).abs() <= 1e-6 * b.abs().max(1e-3), "{a} {b}");
        }
        assert_eq!((ours[2][(2, 3)], ours[1][(2, 3)]), (0.0, 1.0));
    }

    #[test]
    fn a_flat_volume_is_zero() {
        let flat = Array3::from_elem((2, 4, 4), 37.5);
        let normalised = Normalised::of(&flat, 5.0);
        assert_eq!(normalised.shape(), [2, 4, 4]);
        assert!((0..2).all(|s| normalised.section(s).iter().all(|&v| v == 0.0)));
    }

    #[test]
    fn a_voxel_that_is_no_number_stays_one_and_ends_nothing() {
        let mut voxels = Array3::from_elem((1, 2, 2), f32::NAN);
        assert!(Normalised::of(&voxels, 5.0).section(0).iter().all(|v| v.is_nan()));
        voxels[(0, 1, 1)] = 7.0;
        assert!(Normalised::of(&voxels, 5.0).section(0)[(0, 0)].is_nan());
    }
}
