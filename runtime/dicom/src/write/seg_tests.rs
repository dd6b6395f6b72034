//! Frames follow each other without padding; labels and lesions agree.

use ndarray::Array3;

use super::*;

/// Unpacks by the definition: bit `n` of the stream is bit `n % 8` of byte `n / 8`.
fn unpack(bytes: &[u8], lesion: usize, shape: [usize; 3]) -> Array3<bool> {
    let [_, rows, columns] = shape;
    let frame = rows * columns;
    Array3::from_shape_fn(shape, |(s, r, c)| {
        let bit = (lesion * shape[0] + s) * frame + r * columns + c;
        bytes[bit / 8] >> (bit % 8) & 1 == 1
    })
}

#[test]
fn frames_of_63_by_47_by_3_are_packed_contiguously() {
    let shape = [3, 47, 63];
    // 47 x 63 is odd: every frame but the first starts inside a byte.
    let mut state = 1u32;
    let labels = Array3::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 30) as u16
    });
    let bytes = pack(labels.view(), 3, shape).unwrap();
    assert_eq!(bytes.len(), (3 * 3 * 47 * 63usize).div_ceil(8));
    for lesion in 0..3 {
        assert_eq!(
            unpack(&bytes, lesion, shape),
            labels.mapv(|l| usize::from(l) == lesion + 1),
            "lesion {}",
            lesion + 1
        );
    }
}

#[test]
fn the_first_voxel_is_the_lowest_bit() {
    let mut labels = Array3::zeros([1, 2, 8]);
    labels[[0, 0, 0]] = 1;
    labels[[0, 1, 7]] = 1;
    assert_eq!(pack(labels.view(), 1, [1, 2, 8]).unwrap(), [0b0000_0001, 0b1000_0000]);
}

#[test]
fn an_array_in_another_memory_order_gives_the_same_bytes() {
    let labels = Array3::from_shape_fn([3, 5, 7], |(s, r, c)| u16::from((s + 2 * r + 3 * c) % 4 == 0));
    let mut fortran = Array3::zeros(ndarray::ShapeBuilder::f((3, 5, 7)));
    fortran.assign(&labels);
    assert_eq!(pack(fortran.view(), 1, [3, 5, 7]).unwrap(), pack(labels.view(), 1, [3, 5, 7]).unwrap());
}

#[test]
fn a_mask_that_contradicts_the_list_of_lesions_is_refused() {
    let mut labels = Array3::zeros([2, 3, 4]);
    labels[[1, 2, 3]] = 2;
    let shape = [2, 3, 4];
    assert!(matches!(pack(labels.view(), 1, shape), Err(ResultError::UnknownLabel { label: 2, lesions: 1 })));
    assert!(matches!(pack(labels.view(), 2, shape), Err(ResultError::EmptyLesion(1))));
    assert!(matches!(pack(labels.view(), 0, shape), Err(ResultError::UnknownLabel { label: 2, lesions: 0 })));
    assert!(matches!(pack(labels.view(), 2, [2, 3, 5]), Err(ResultError::Shape { .. })));
}

#[test]
fn a_mask_of_gigabytes_is_refused_before_it_is_made() {
    let labels = Array3::zeros([1, 32, 32]);
    assert!(matches!(pack(labels.view(), 1 << 23, [1, 32, 32]), Err(ResultError::TooLarge(1_073_741_824))));
}
