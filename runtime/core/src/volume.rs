//! Voxels together with where they lie.

use ndarray::Array3;

use crate::digest;
use crate::geometry::Geometry;

/// An image volume; voxels in the order (section, row, column), in the units of the scanner after rescaling.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Voxel values, (section, row, column).
    pub voxels: Array3<f32>,
    /// The grid; its shape equals that of `voxels`.
    pub geometry: Geometry,
}

/// A mask on the grid of a volume, (section, row, column): 0 is background, `n` is lesion number `n`.
pub type LabelMap = Array3<u16>;

impl Volume {
    /// SHA-256 over the voxels as little-endian float32, section by section: says for which pixels a result holds.
    pub fn pixel_sha256(&self) -> String {
        digest::sha256_of_voxels(&self.voxels).to_string()
    }
}
