//! Intensities of a volume to 0..1, as in the published method (Zhuo et al., Radiology: Artificial Intelligence 2022, e210292).

use ndarray::Array3;

/// Standardises over the whole volume (population standard deviation), clips at plus and minus `clip` standard deviations, and maps the
/// range that remains to 0..1. A volume of one single value becomes all zero.
pub fn normalise(voxels: &Array3<f32>, clip: f32) -> Array3<f32> {
    let voxels = voxels.as_standard_layout();
    let values = voxels.as_slice().expect("standard layout is one slice");
    let Spread { mean, std, low, high } = Spread::of(values);
    if std <= f64::EPSILON * mean.abs() {
        return Array3::zeros(voxels.raw_dim());
    }
    // Clipping z at +-clip is clipping the values themselves at mean +- clip * std: both are monotonic.
    let low = f64::from(low).max(mean - f64::from(clip) * std);
    let high = f64::from(high).min(mean + f64::from(clip) * std);
    let scale = 1.0 / (high - low); // a product is several times quicker than a quotient
    let normal = values.iter().map(|&v| ((f64::from(v).clamp(low, high) - low) * scale) as f32).collect();
    Array3::from_shape_vec(voxels.raw_dim(), normal).expect("as many values as before")
}

/// How values are spread.
struct Spread {
    mean: f64,
    std: f64,
    low: f32,
    high: f32,
}

impl Spread {
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
        let ours = normalise(&voxels, 5.0);
        for (a, b) in ours.iter().zip(by_the_book(&voxels, 5.0)) {
            assert!((f64::from(*a) - b).abs() <= 1e-6 * b.abs().max(1e-3), "{a} {b}");
        }
        assert_eq!((ours[(2, 2, 3)], ours[(1, 2, 3)]), (0.0, 1.0));
    }

    #[test]
    fn a_flat_volume_is_zero() {
        assert!(normalise(&Array3::from_elem((2, 4, 4), 37.5), 5.0).iter().all(|&v| v == 0.0));
    }
}
