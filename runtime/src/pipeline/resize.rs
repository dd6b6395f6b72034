//! Between the native grid and the network's, as OpenCV does it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::{Array2, ArrayView2};
use zerocopy::IntoBytes;

/// Resizes with OpenCV's INTER_LINEAR: two by two neighbours, pixel centres at half-integers, no antialiasing.
///
/// `size` is (rows, columns). Antialiasing would smooth where the networks were trained on unsmoothed images.
pub fn linear(image: ArrayView2<'_, f32>, size: [usize; 2]) -> Array2<f32> {
    let (rows, columns) = image.dim();
    if [rows, columns] == size {
        return image.to_owned();
    }
    let image = image.as_standard_layout();
    let mut resized = Array2::<f32>::zeros(size);
    let from = image.as_slice().expect("standard layout is one slice");
    let to = resized.as_slice_mut().expect("a new array is one slice");
    let source =
        ImageRef::new(columns as u32, rows as u32, from.as_bytes(), PixelType::F32).expect("the pixels fill the image");
    let mut target = Image::from_slice_u8(size[1] as u32, size[0] as u32, to.as_mut_bytes(), PixelType::F32)
        .expect("the array has this size");
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Interpolation(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).expect("no crop box is given, so none can lie outside");
    resized
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
    Array2::from_shape_fn((size[0], size[1]), |(r, c)| image[(source(r, row_scale, rows), from_column[c])])
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// INTER_LINEAR written out: weights from half-integer centres, edges repeated.
    fn by_hand(image: &Array2<f32>, size: [usize; 2]) -> Array2<f64> {
        let (rows, columns) = image.dim();
        let at = |i: usize, n: usize, m: usize| {
            let x = ((i as f64 + 0.5) * n as f64 / m as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
            let low = x.floor() as usize;
            (low, (low + 1).min(n - 1), x - low as f64)
        };
        Array2::from_shape_fn((size[0], size[1]), |(r, c)| {
            let (r0, r1, fr) = at(r, rows, size[0]);
            let (c0, c1, fc) = at(c, columns, size[1]);
            let v = |r, c| f64::from(image[(r, c)]);
            (v(r0, c0) * (1.0 - fc) + v(r0, c1) * fc) * (1.0 - fr) + (v(r1, c0) * (1.0 - fc) + v(r1, c1) * fc) * fr
        })
    }

    #[test]
    fn linear_is_opencvs_downwards_and_upwards() {
        let image = Array2::from_shape_fn((61, 47), |(r, c)| 500.0 + ((r * 31 + c * 17) % 101) as f32);
        for size in [[32, 32], [256, 256], [61, 96], [100, 47]] {
            let ours = linear(image.view(), size);
            for (a, b) in ours.iter().zip(by_hand(&image, size).iter()) {
                assert!((f64::from(*a) - b).abs() <= 1e-6 * b, "{a} {b} at {size:?}");
            }
        }
    }

    #[test]
    fn nearest_takes_the_floor() {
        let image = array![[1, 2, 3], [4, 5, 6], [7, 8, 9]];
        assert_eq!(nearest(image.view(), [2, 2]), array![[1, 2], [4, 5]]);
        assert_eq!(nearest(image.view(), [3, 6]).row(0).to_vec(), [1, 1, 2, 2, 3, 3]);
    }
}
