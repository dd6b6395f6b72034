//! SHA-256 of voxels and masks.

use cordline_sdk::sha256::Sha256;
use ndarray::Array3;
use zerocopy::{Immutable, IntoBytes};

/// Of an array (section, row, column), section by section, its numbers as they lie in memory: little-endian on every machine that this
/// program is built for.
pub fn sha256_of_voxels<T: Clone + IntoBytes + Immutable>(voxels: &Array3<T>) -> Sha256 {
    const { assert!(cfg!(target_endian = "little"), "the digest of a volume is that of little-endian numbers") };
    let voxels = voxels.as_standard_layout();
    Sha256::of(voxels.as_slice().expect("standard layout is one slice").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voxels_hash_like_their_bytes() {
        let voxels = Array3::from_shape_vec((2, 1, 2), vec![1u16, 2, 3, 256]).unwrap();
        assert_eq!(sha256_of_voxels(&voxels), Sha256::of([1, 0, 2, 0, 3, 0, 0, 1]));
    }
}
