//! Images in another size, as OpenCV does it: between the native grid and the network's, and for pictures.

pub mod bilinear;

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

/// Resizes with OpenCV's INTER_LINEAR: two by two neighbours, pixel centres at half-integers, no antialiasing.
///
/// `size` is (rows, columns). Antialiasing would smooth where the networks were trained on unsmoothed images.
pub fn linear(image: ArrayView2<'_, f32>, size: [usize; 2]) -> Array2<f32> {
    linear_rows(image, size, 0..size[0])
}

/// Some rows of what [`linear`] gives.
pub fn linear_rows(image: ArrayView2<'_, f32>, size: [usize; 2], rows: Range<usize>) -> Array2<f32> {
    let shape = [rows.len(), size[1]];
    let mut resized = Vec::with_capacity(shape[0] * shape[1]);
    append_linear(image, size, rows, &mut resized);
    Array2::from_shape_vec(shape, resized).expect("the pixels fill the rows that were asked for")
}

/// Some rows of what [`linear`] gives, row by row at the end of `resized`.
pub fn append_linear(image: ArrayView2<'_, f32>, size: [usize; 2], rows: Range<usize>, resized: &mut Vec<f32>) {
    let from: [usize; 2] = image.dim().into();
    let image = image.as_standard_layout();
    let pixels = image.as_slice().expect("standard layout is one slice");
    if from == size {
        resized.extend_from_slice(&pixels[rows.start * size[1]..rows.end * size[1]]);
    } else {
        bilinear::append(pixels, from, size, rows, resized);
    }
}

/// The rows from the first that holds something to the last; none where none does.
pub fn rows_from_first_to_last(mut holds: impl DoubleEndedIterator<Item = bool> + ExactSizeIterator) -> Range<usize> {
    let Some(first) = holds.position(|row| row) else { return 0..0 };
    first..first + 1 + holds.rposition(|row| row).map_or(0, |more| more + 1)
}

/// Resizes with OpenCV's INTER_NEAREST: the source index is floor(target index x source / target).
///
/// `size` is (rows, columns).
pub fn nearest<T: Copy>(image: ArrayView2<'_, T>, size: [usize; 2]) -> Array2<T> {
    let (rows, columns) = image.dim();
    let row_scale = rows as f64 / size[0] as f64;
    let column_scale = columns as f64 / size[1] as f64;
    let source = |i: usize, scale: f64, n: usize| ((i as f64 * scale).floor() as usize).min(n - 1);
    let from_column: Vec<usize> = (0..size[1]).map(|c| source(c, column_scale, columns)).collect();
    let image = image.as_standard_layout();
    let pixels = image.as_slice().expect("standard layout is one slice");
    let mut resized = Vec::with_capacity(size[0] * size[1]);
    for r in 0..size[0] {
        let row = &pixels[source(r, row_scale, rows) * columns..][..columns];
        resized.extend(from_column.iter().map(|&c| row[c]));
    }
    Array2::from_shape_vec(size, resized).expect("the pixels fill the size that was asked for")
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_that_hold_nothing_are_left_out_at_both_ends_only() {
        let rows = |holds: &[u8]| rows_from_first_to_last(holds.iter().map(|h| *h > 0));
        assert_eq!(rows(&[0, 1, 0, 0, 1, 0]), 1..5);
        assert_eq!([rows(&[1, 0]), rows(&[0, 1]), rows(&[1, 1])], [0..1, 1..2, 0..2]);
        assert!(rows(&[0, 0]).is_empty() && rows(&[]).is_empty());
    }

    #[test]
    fn nearest_takes_the_floor() {
        let image = array![[1, 2, 3], [4, 5, 6], [7, 8, 9]];
        assert_eq!(nearest(image.view(), [2, 2]), array![[1, 2], [4, 5]]);
        assert_eq!(nearest(image.view(), [3, 6]).row(0).to_vec(), [1, 1, 2, 2, 3, 3]);
    }
}
