//! One volume on the grid of another, by geometry alone.

use cordline_core::geometry::{Geometry, Lps, dot};
use cordline_core::volume::Volume;
use ndarray::Array3;

/// Resamples a volume onto a grid of the same frame of reference, trilinearly; 0 outside of the volume.
///
/// A voxel centre up to half a voxel outside of the outermost centres still takes the value of the edge.
pub fn resample(volume: &Volume, onto: &Geometry) -> Array3<f32> {
    let from = &volume.geometry;
    let shape = from.shape();
    let origin = from.to_index(onto.origin());
    // Index steps in `volume` for one step along each axis of `onto`: the mapping is affine.
    let step = [0, 1, 2]
        .map(|k| onto.axes()[k].map(|a| a * onto.spacing()[k]))
        .map(|way: Lps| [0, 1, 2].map(|axis| dot(way, from.axes()[axis]) / from.spacing()[axis]));
    let voxels = volume.voxels.view();
    Array3::from_shape_fn(onto.shape(), |(s, r, c)| {
        let (s, r, c) = (s as f64, r as f64, c as f64);
        let mut low = [0usize; 3];
        let mut part = [0f32; 3];
        for axis in 0..3 {
            let i = origin[axis] + s * step[0][axis] + r * step[1][axis] + c * step[2][axis];
            let last = (shape[axis] - 1) as f64;
            if !(-0.5..=last + 0.5).contains(&i) {
                return 0.0;
            }
            let i = i.clamp(0.0, last);
            low[axis] = (i.floor() as usize).min(shape[axis].saturating_sub(2));
            part[axis] = (i - low[axis] as f64) as f32;
        }
        let high = [0, 1, 2].map(|axis| (low[axis] + 1).min(shape[axis] - 1));
        let at = |s: usize, r: usize| {
            let (a, b) = (voxels[[s, r, low[2]]], voxels[[s, r, high[2]]]);
            a + (b - a) * part[2]
        };
        let row = |s: usize| {
            let (a, b) = (at(s, low[1]), at(s, high[1]));
            a + (b - a) * part[1]
        };
        let (a, b) = (row(low[0]), row(high[0]));
        a + (b - a) * part[0]
    })
}
