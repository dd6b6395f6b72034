//! SHA-256 as lower-case hexadecimal digits: of files, of voxels, of masks.

use ndarray::Array3;
use sha2::{Digest, Sha256};
use zerocopy::{Immutable, IntoBytes};

/// Of bytes.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Of an array (section, row, column), section by section, its numbers as they lie in memory: little-endian on every box that this
/// program is built for.
pub fn sha256_of_voxels<T: Clone + IntoBytes + Immutable>(voxels: &Array3<T>) -> String {
    const { assert!(cfg!(target_endian = "little"), "the digest of a volume is that of little-endian numbers") };
    let voxels = voxels.as_standard_layout();
    sha256(voxels.as_slice().expect("standard layout is one slice").as_bytes())
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn voxels_hash_like_their_bytes() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let voxels = Array3::from_shape_vec((2, 1, 2), vec![1u16, 2, 3, 256]).unwrap();
        assert_eq!(sha256_of_voxels(&voxels), sha256(&[1, 0, 2, 0, 3, 0, 0, 1]));
    }
}
