//! Shape and type of a raw frame; masks of one bit a voxel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// Type of an element: little-endian, in C order (the last index runs fastest).
    pub enum Element {
        /// One bit, eight to a byte, the first in the lowest bit; the last byte of the frame is filled up with zeros.
        Bit = "bit",
        /// Unsigned, 8 bits.
        U8 = "u8",
        /// Signed, 16 bits.
        I16 = "i16",
        /// Unsigned, 16 bits.
        U16 = "u16",
        /// IEEE 754, 32 bits.
        F32 = "f32",
    }
}

impl Element {
    /// Bits of one element.
    pub fn bits(self) -> u64 {
        match self {
            Self::Bit => 1,
            Self::U8 => 8,
            Self::I16 | Self::U16 => 16,
            Self::F32 => 32,
        }
    }
}

/// What a raw frame holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tensor {
    /// Lengths of the axes; the last runs fastest.
    pub shape: Vec<u64>,
    /// Type of an element.
    pub element: Element,
}

impl Tensor {
    /// Bytes that the frame must have; `None` where the number is beyond any machine.
    pub fn bytes(&self) -> Option<u64> {
        let count = self.shape.iter().try_fold(1u64, |n, side| n.checked_mul(*side))?;
        Some(count.checked_mul(self.element.bits())?.div_ceil(8))
    }
}

/// Packs a mask, first voxel into the lowest bit of the first byte.
pub fn pack_bits(mask: impl IntoIterator<Item = bool>) -> Vec<u8> {
    let mut packed = Vec::new();
    for (i, set) in mask.into_iter().enumerate() {
        if i % 8 == 0 {
            packed.push(0);
        }
        if let Some(last) = packed.last_mut() {
            *last |= u8::from(set) << (i % 8);
        }
    }
    packed
}

/// The first `count` voxels of a packed mask; voxels that are not there are false.
pub fn unpack_bits(packed: &[u8], count: usize) -> Vec<bool> {
    (0..count).map(|i| packed.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_packed_lowest_first_and_come_back() {
        let mask = [true, false, false, false, false, false, false, false, false, true, true];
        assert_eq!(pack_bits(mask), [0b0000_0001, 0b0000_0110]);
        assert_eq!(unpack_bits(&pack_bits(mask), 11), mask);
        assert_eq!(unpack_bits(&[], 2), [false, false]);
    }

    #[test]
    fn a_frame_has_the_bytes_of_its_shape() {
        let tensor = |shape: &[u64], element| Tensor { shape: shape.to_vec(), element };
        assert_eq!(tensor(&[15, 448, 448], Element::I16).bytes(), Some(6_021_120));
        assert_eq!(tensor(&[63, 47], Element::Bit).bytes(), Some(371));
        assert_eq!(tensor(&[u64::MAX, 2], Element::U8).bytes(), None);
        assert_eq!(tensor(&[u64::MAX / 2, 1], Element::F32).bytes(), None);
    }
}
