//! SHA-256 as lower-case hexadecimal digits: of files, of voxels, of masks.

use ndarray::Array3;
use sha2::{Digest, Sha256};

/// Of bytes.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Of an array (section, row, column), section by section, each element as `bytes` writes it.
pub fn sha256_of_voxels<T: Copy, const N: usize>(voxels: &Array3<T>, bytes: fn(T) -> [u8; N]) -> String {
    let mut hash = Sha256::new();
    // A plain copy through one buffer: collecting byte by byte cost more than the hash.
    let mut buffer = Vec::new();
    for section in voxels.outer_iter() {
        buffer.resize(section.len() * N, 0);
        for (to, &v) in buffer.chunks_exact_mut(N).zip(&section) {
            to.copy_from_slice(&bytes(v));
        }
        hash.update(&buffer);
    }
    hexadecimal(&hash.finalize())
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
        assert_eq!(sha256_of_voxels(&voxels, u16::to_le_bytes), sha256(&[1, 0, 2, 0, 3, 0, 0, 1]));
    }
}
