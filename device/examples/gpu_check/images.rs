//! The same images in every run: those of the bundle, and then made-up ones, noise with a bright disc of another place and size in each.

use ndarray::{Array4, ArrayView4, s};

use crate::bundle::Network;

/// Images for one network.
pub(crate) struct Images(Array4<f32>);

impl Images {
    pub(crate) fn of(network: &Network, count: usize) -> Self {
        let [channels, rows, columns] = network.shape;
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // The upper 24 bits are a fraction that a float holds.
            (state >> 40) as f32 / (1u32 << 24) as f32
        };
        let mut images = Array4::zeros((count, channels, rows, columns));
        for (place, mut image) in images.outer_iter_mut().enumerate() {
            if let Some(golden) = network.golden.chunks_exact(image.len()).nth(place) {
                image.iter_mut().zip(golden).for_each(|(value, golden)| *value = *golden);
                continue;
            }
            let [row, column] = [random() * rows as f32, random() * columns as f32];
            let radius = (0.05 + 0.1 * random()) * rows as f32;
            for ((_, y, x), value) in image.indexed_iter_mut() {
                let is_in_disc = (y as f32 - row).hypot(x as f32 - column) < radius;
                *value = if is_in_disc { 0.8 + 0.2 * random() } else { 0.5 * random() };
            }
        }
        Self(images)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len_of(ndarray::Axis(0))
    }

    /// The first so many.
    pub(crate) fn first(&self, count: usize) -> ArrayView4<'_, f32> {
        self.0.slice(s![..count, .., .., ..])
    }

    pub(crate) fn one(&self, index: usize) -> ArrayView4<'_, f32> {
        self.0.slice(s![index..=index, .., .., ..])
    }
}
