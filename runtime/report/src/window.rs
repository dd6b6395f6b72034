//! Which voxel values are shown black and which white.

use ndarray::{Array3, ArrayView2};

use super::picture::GreyImage;

/// Share of the voxels that may be black, and that may be white: a few bright voxels (fat next to the coil, vessels) must not darken the rest.
const BLACK: f64 = 0.01;
const WHITE: f64 = 0.995;
/// Voxels that are looked at for the percentiles.
const SAMPLES: usize = 12_000;

/// Display range in the units of the voxels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Shown black, as is everything below.
    pub low: f32,
    /// Shown white, as is everything above.
    pub high: f32,
}

impl Window {
    /// The range between two robust percentiles of a volume. Values that are not finite are left out.
    pub fn of(voxels: &Array3<f32>) -> Self {
        // Voxels at equal steps; the step is odd, so that it does not keep falling on the same columns of common matrix sizes.
        let step = (voxels.len() / SAMPLES).max(1) | 1;
        let mut sample: Vec<f32> = match voxels.as_slice() {
            Some(all) => all.iter().step_by(step).copied().filter(|v| v.is_finite()).collect(),
            None => voxels.iter().step_by(step).copied().filter(|v| v.is_finite()).collect(),
        };
        if sample.is_empty() {
            return Self { low: 0.0, high: 1.0 };
        }
        let last = sample.len() - 1;
        let mut at = |share: f64| {
            let (_, value, _) = sample.select_nth_unstable_by((last as f64 * share).round() as usize, f32::total_cmp);
            *value
        };
        let (low, high) = (at(BLACK), at(WHITE));
        // A constant volume is shown black.
        Self { low, high: if high > low { high } else { low + 1.0 } }
    }

    /// A section in grey levels of 0 to 255. Values that are not numbers are shown black.
    pub fn grey(&self, section: ArrayView2<'_, f32>) -> GreyImage {
        let (height, width) = section.dim();
        let scale = 255.0 / (self.high - self.low);
        // A float becomes u8 saturating, and NaN becomes 0.
        let level = |v: f32| ((v - self.low) * scale + 0.5) as u8;
        let pixels = match section.as_slice() {
            Some(all) => all.iter().map(|v| level(*v)).collect(),
            None => section.iter().map(|v| level(*v)).collect(),
        };
        GreyImage { width, height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn single_hot_voxels_do_not_darken_the_picture() {
        let mut voxels = Array3::from_shape_fn((4, 50, 50), |(_, r, c)| (r * 50 + c) as f32 / 2499.0 * 1000.0);
        voxels[[0, 0, 0]] = 1e9;
        voxels[[1, 7, 7]] = f32::NAN;
        let w = Window::of(&voxels);
        assert!((5.0..=15.0).contains(&w.low), "{w:?}");
        assert!((985.0..=1000.0).contains(&w.high), "{w:?}");
    }

    #[test]
    fn a_constant_or_empty_volume_is_black_and_not_a_division_by_zero() {
        let w = Window::of(&Array3::from_elem((2, 3, 3), 7.0));
        assert_eq!(w.grey(arr2(&[[7.0, 7.0]]).view()).pixels, [0, 0]);
        let w = Window::of(&Array3::from_elem((1, 1, 1), f32::NAN));
        assert_eq!(w.grey(arr2(&[[f32::NAN]]).view()).pixels, [0]);
    }

    #[test]
    fn grey_levels_saturate_at_both_ends() {
        let w = Window { low: 10.0, high: 265.0 };
        assert_eq!(w.grey(arr2(&[[-50.0, 10.0, 110.0, 265.0, 9e9]]).view()).pixels, [0, 0, 100, 255, 255]);
    }
}
