//! Images in another size as OpenCV's INTER_LINEAR makes them: linear between two by two neighbours, pixel centres at
//! half-integers, nothing smoothed.
//!
//! The crate of pictures took up to twice the time for this one filter, and a study resizes some fifty images.

use std::ops::Range;

/// A kind of pixel, and what it becomes on the way: first along a row, then from row to row.
pub trait Pixel: Copy {
    /// Share of the second of two neighbours.
    type Share: Copy;
    /// A pixel between its neighbours of the same row.
    type Between: Copy + Default;
    /// A share of 0 to 1.
    fn share(of_second: f32) -> Self::Share;
    /// Between two neighbours of a row.
    fn across(left: Self, right: Self, share: Self::Share) -> Self::Between;
    /// Between two rows.
    fn down(upper: Self::Between, lower: Self::Between, share: Self::Share) -> Self;
}

impl Pixel for f32 {
    type Share = f32;
    type Between = f32;

    fn share(of_second: f32) -> f32 {
        of_second
    }

    fn across(left: f32, right: f32, share: f32) -> f32 {
        left * (1.0 - share) + right * share
    }

    fn down(upper: f32, lower: f32, share: f32) -> f32 {
        upper * (1.0 - share) + lower * share
    }
}

/// Whole numbers, finer than a picture can show: pixels on the way in steps of 1/128, shares in steps of 1/32768.
impl Pixel for u8 {
    type Share = i16;
    type Between = i16;

    fn share(of_second: f32) -> i16 {
        // Saturates: 1 is taken for the step below it.
        (of_second * 32768.0) as i16
    }

    fn across(left: u8, right: u8, share: i16) -> i16 {
        let step = i32::from(right) - i32::from(left);
        ((i32::from(left) << 7) + ((step * i32::from(share)) >> 8)) as i16
    }

    fn down(upper: i16, lower: i16, share: i16) -> u8 {
        // The upper half of a product of 16 bits is one instruction.
        let step = ((i32::from(lower - upper) * i32::from(share)) >> 16) as i16;
        ((upper + 2 * step + 64) >> 7) as u8
    }
}

/// The old pixels that a new one lies between: `first` and the one after it.
#[derive(Debug, Clone, Copy)]
struct SourcePair<S> {
    first: u32,
    share_of_second: S,
}

/// The place of each new pixel along a side that was `from` pixels long and will be `to`.
fn places<P: Pixel>(from: usize, to: usize) -> impl ExactSizeIterator<Item = SourcePair<P::Share>> {
    let step = from as f64 / to as f64;
    (0..to).map(move |i| {
        let at = ((i as f64 + 0.5) * step - 0.5).clamp(0.0, from as f64 - 1.0);
        let first = at as u32;
        SourcePair { first, share_of_second: P::share((at - f64::from(first)) as f32) }
    })
}

/// Resizes pixels that lie row by row; sizes are (rows, columns), none of them 0.
pub fn resize<P: Pixel>(pixels: &[P], from: [usize; 2], size: [usize; 2]) -> Vec<P> {
    let mut resized = Vec::with_capacity(size[0] * size[1]);
    append(pixels, from, size, 0..size[0], &mut resized);
    resized
}

/// Some rows of what [`resize`] gives, appended to `resized`.
pub fn append<P: Pixel>(
    pixels: &[P],
    [rows, columns]: [usize; 2],
    size: [usize; 2],
    wanted: Range<usize>,
    resized: &mut Vec<P>,
) {
    let along: Vec<SourcePair<P::Share>> = places::<P>(columns, size[1]).collect();
    // Old rows as they are, the last pixel twice: each has one after it.
    let mut block: [Vec<P>; AT_ONCE] = std::array::from_fn(|_| Vec::with_capacity(columns + 1));
    // Old rows in their new width. Two blocks are kept: of two neighbouring rows, each may lie in another.
    let mut kept: [[Vec<P::Between>; AT_ONCE]; 2] = Default::default();
    kept.as_flattened_mut().fill(vec![Default::default(); size[1]]);
    let mut next = 0;
    for SourcePair { first, share_of_second } in places::<P>(rows, size[0]).skip(wanted.start).take(wanted.len()) {
        let first = first as usize;
        let second = (first + 1).min(rows - 1);
        next = next.max(first / AT_ONCE * AT_ONCE);
        while next <= second {
            for (k, row) in block.iter_mut().enumerate() {
                row.clear();
                row.extend_from_slice(&pixels[(next + k).min(rows - 1) * columns..][..columns]);
                row.extend_from_within(columns - 1..);
            }
            across(&block, &along, &mut kept[next / AT_ONCE % 2]);
            next += AT_ONCE;
        }
        let [upper, lower] = [first, second].map(|row| &kept[row / AT_ONCE % 2][row % AT_ONCE]);
        resized.extend(upper.iter().zip(lower).map(|(&upper, &lower)| P::down(upper, lower, share_of_second)));
    }
}

/// Old rows that are brought to their new width together: where a pixel lies is looked up once for all of them.
const AT_ONCE: usize = 4;

/// Brings a block of rows to their new width.
fn across<P: Pixel>(block: &[Vec<P>; AT_ONCE], along: &[SourcePair<P::Share>], wide: &mut [Vec<P::Between>; AT_ONCE]) {
    // Of one length, which the compiler sees only here: each place is checked once.
    let length = block[0].len();
    let block = block.each_ref().map(|row| &row[..length]);
    let mut wide = wide.each_mut().map(|row| &mut row[..along.len()]);
    for (i, place) in along.iter().enumerate() {
        let first = place.first as usize;
        for (wide, row) in wide.iter_mut().zip(block) {
            wide[i] = P::across(row[first], row[first + 1], place.share_of_second);
        }
    }
}

/// The new rows that lie between old ones of which one at least is in `touched`, along a side that was `from` pixels long and will be
/// `to`.
pub fn rows_touching(touched: Range<usize>, from: usize, to: usize) -> Range<usize> {
    if touched.is_empty() {
        return 0..0;
    }
    let near = |place: &SourcePair<_>| {
        let (first, second) = (place.first as usize, (place.first as usize + 1).min(from - 1));
        touched.contains(&first) || touched.contains(&second)
    };
    let mut places = places::<f32>(from, to);
    let start = places.position(|place| near(&place)).unwrap_or(to);
    let more = places.take_while(near).count();
    start..(start + 1 + more).min(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INTER_LINEAR written out: weights from half-integer centres, edges repeated.
    fn by_hand<P: Pixel + Into<f64>>(pixels: &[P], [rows, columns]: [usize; 2], size: [usize; 2]) -> Vec<f64> {
        let at = |i: usize, n: usize, m: usize| {
            let x = ((i as f64 + 0.5) * n as f64 / m as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
            let low = x.floor() as usize;
            (low, (low + 1).min(n - 1), x - low as f64)
        };
        let v = |r: usize, c: usize| -> f64 { pixels[r * columns + c].into() };
        let mut all = Vec::new();
        for r in 0..size[0] {
            let (r0, r1, fr) = at(r, rows, size[0]);
            for c in 0..size[1] {
                let (c0, c1, fc) = at(c, columns, size[1]);
                let row = |r: usize| v(r, c0) * (1.0 - fc) + v(r, c1) * fc;
                all.push(row(r0) * (1.0 - fr) + row(r1) * fr);
            }
        }
        all
    }

    const SIZES: [[usize; 2]; 6] = [[32, 32], [256, 256], [61, 96], [100, 47], [61, 47], [1, 1]];

    #[test]
    fn numbers_are_opencvs_downwards_and_upwards() {
        let image: Vec<f32> = (0..61 * 47).map(|i| 500.0 + ((i / 47 * 31 + i % 47 * 17) % 101) as f32).collect();
        for size in SIZES {
            let ours = resize(&image, [61, 47], size);
            assert_eq!(ours.len(), size[0] * size[1]);
            for (a, b) in ours.iter().zip(by_hand(&image, [61, 47], size)) {
                assert!((f64::from(*a) - b).abs() <= 1e-6 * b, "{a} {b} at {size:?}");
            }
        }
    }

    #[test]
    fn grey_levels_are_the_same_to_one_of_256() {
        let image: Vec<u8> = (0..61 * 47).map(|i| (i * 7919 % 256) as u8).collect();
        for size in SIZES {
            for (a, b) in resize(&image, [61, 47], size).into_iter().zip(by_hand(&image, [61, 47], size)) {
                assert!((f64::from(a) - b).abs() <= 0.6, "{a} {b} at {size:?}");
            }
        }
        // The ends of the range are reached.
        assert_eq!(resize(&[255u8; 6], [2, 3], [5, 7]), [255; 35]);
        assert_eq!(resize(&[0u8, 255], [1, 2], [3, 2]), [0, 255, 0, 255, 0, 255]);
    }

    #[test]
    fn a_single_row_or_column_is_repeated() {
        assert_eq!(resize(&[1.0f32, 3.0], [1, 2], [2, 4]), [1.0, 1.5, 2.5, 3.0, 1.0, 1.5, 2.5, 3.0]);
        assert_eq!(resize(&[1.0f32, 3.0], [2, 1], [2, 2]), [1.0, 1.0, 3.0, 3.0]);
    }

    #[test]
    fn some_rows_are_those_of_the_whole() {
        let image: Vec<f32> = (0..61 * 47).map(|i| (i * 31 % 101) as f32).collect();
        let whole = resize(&image, [61, 47], [100, 50]);
        let mut part = vec![-1.0];
        append(&image, [61, 47], [100, 50], 20..33, &mut part);
        assert_eq!(part[0], -1.0);
        assert_eq!(part[1..], whole[20 * 50..33 * 50]);
    }

    #[test]
    fn rows_touching_are_those_that_change() {
        for (from, to) in [(61, 100), (100, 61), (61, 61), (7, 300), (1, 5)] {
            for touched in [0..1, from / 3..from / 2 + 1, from - 1..from, 0..from, 3.min(from)..3.min(from)] {
                let marked: Vec<f32> = (0..from).map(|i| f32::from(u8::from(touched.contains(&i)))).collect();
                let changed: Vec<usize> = resize(&marked, [from, 1], [to, 1])
                    .into_iter()
                    .enumerate()
                    .filter_map(|(i, v)| (v > 0.0).then_some(i))
                    .collect();
                let named = rows_touching(touched.clone(), from, to);
                assert!(changed.iter().all(|i| named.contains(i)), "{touched:?} of {from} to {to}: {named:?}");
                // At most a row on either side that lies on an old row beside it.
                assert!(named.len() <= changed.len() + 2, "{touched:?} of {from} to {to}: {named:?}");
            }
        }
    }
}
