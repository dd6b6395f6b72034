//! Outlines of the regions of a mask.

use std::fmt::Write;

use ndarray::ArrayView2;

/// A closed line in pixel coordinates (x to the right, y downwards; pixel (row, column) covers the unit square from (column, row)).
pub type Loop = Vec<[f32; 2]>;

/// The outline of one lesion in one section.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Number of the lesion.
    pub lesion: u16,
    /// Outer borders clockwise, borders of holes counter-clockwise.
    pub loops: Vec<Loop>,
    /// First and last row and column that the lesion touches: `[top, bottom, left, right]`.
    pub bounds: [usize; 4],
}

/// The way along a pixel's edge; lesion lies on the right hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    East,
    South,
    West,
    North,
}

impl Way {
    const ALL: [Way; 4] = [Way::East, Way::South, Way::West, Way::North];

    fn step(self) -> (isize, isize) {
        match self {
            Way::East => (0, 1),
            Way::South => (1, 0),
            Way::West => (0, -1),
            Way::North => (-1, 0),
        }
    }

    fn turned(self, quarters: usize) -> Self {
        Self::ALL[(self as usize + quarters) % 4]
    }
}

/// The outline of every lesion that shows in a section, by ascending number. `mask` holds lesion numbers; 0 is background.
///
/// The line joins the middles of the pixel edges between lesion and background: it stays within half a pixel of the mask's own border,
/// and cuts its corners. Pixels that touch only at a corner belong to the same outline, as they do in a lesion.
pub fn outlines(mask: ArrayView2<'_, u16>) -> Vec<Outline> {
    bounds(mask)
        .into_iter()
        .map(|(lesion, bounds)| Outline { lesion, loops: trace(mask, lesion, bounds), bounds })
        .collect()
}

/// The numbers in the mask with the rows and columns that each touches.
fn bounds(mask: ArrayView2<'_, u16>) -> Vec<(u16, [usize; 4])> {
    let mut found: Vec<(u16, [usize; 4])> = Vec::new();
    for (r, row) in mask.outer_iter().enumerate() {
        // Most rows hold no lesion: one quick pass decides.
        if row.iter().fold(0, |any, v| any | v) == 0 {
            continue;
        }
        for (c, &lesion) in row.iter().enumerate().filter(|(_, v)| **v != 0) {
            match found.iter_mut().find(|(n, _)| *n == lesion) {
                Some((_, b)) => *b = [b[0], r, b[2].min(c), b[3].max(c)],
                None => found.push((lesion, [r, r, c, c])),
            }
        }
    }
    found.sort_unstable_by_key(|(n, _)| *n);
    found
}

/// Follows every border of one lesion.
fn trace(mask: ArrayView2<'_, u16>, lesion: u16, [top, bottom, left, right]: [usize; 4]) -> Vec<Loop> {
    let (rows, columns) = (bottom - top + 1, right - left + 1);
    let inside = |r: isize, c: isize| {
        (0..rows as isize).contains(&r)
            && (0..columns as isize).contains(&c)
            && mask[[top + r as usize, left + c as usize]] == lesion
    };
    // The edge that leaves corner (r, c) on `way` has the lesion on its right hand and background on its left.
    let border = |r: isize, c: isize, way: Way| match way {
        Way::East => inside(r, c) && !inside(r - 1, c),
        Way::South => inside(r, c - 1) && !inside(r, c),
        Way::West => inside(r - 1, c - 1) && !inside(r, c - 1),
        Way::North => inside(r - 1, c) && !inside(r - 1, c - 1),
    };
    let mut walked = vec![0u8; (rows + 1) * (columns + 1)];
    let mut loops = Vec::new();
    for r in 0..=rows as isize {
        for c in 0..=columns as isize {
            for way in Way::ALL {
                let free = |walked: &[u8], r: isize, c: isize, way: Way| {
                    walked[r as usize * (columns + 1) + c as usize] & (1 << way as u8) == 0 && border(r, c, way)
                };
                if !free(&walked, r, c, way) {
                    continue;
                }
                let (mut at, mut way) = ((r, c), way);
                let mut points = Loop::new();
                loop {
                    walked[at.0 as usize * (columns + 1) + at.1 as usize] |= 1 << way as u8;
                    let (dr, dc) = way.step();
                    points.push([
                        left as f32 + at.1 as f32 + dc as f32 / 2.0,
                        top as f32 + at.0 as f32 + dr as f32 / 2.0,
                    ]);
                    at = (at.0 + dr, at.1 + dc);
                    // Left first: so the line stays with pixels that touch at this corner.
                    match [3, 0, 1].map(|q| way.turned(q)).into_iter().find(|w| free(&walked, at.0, at.1, *w)) {
                        Some(next) => way = next,
                        None => break,
                    }
                }
                loops.push(without_collinear(&points));
            }
        }
    }
    loops
}

/// Drops points that lie on the straight line between their neighbours.
fn without_collinear(points: &[[f32; 2]]) -> Loop {
    let n = points.len();
    let bends = |i: usize| {
        let (a, b, c) = (points[(i + n - 1) % n], points[i], points[(i + 1) % n]);
        (b[0] - a[0]) * (c[1] - b[1]) != (b[1] - a[1]) * (c[0] - b[0])
    };
    (0..n).filter(|i| bends(*i)).map(|i| points[i]).collect()
}

/// The loops as the `d` of an SVG path, in pixel coordinates.
pub fn svg_path(loops: &[Loop]) -> String {
    let mut d = String::with_capacity(loops.iter().map(|l| l.len() * 10 + 2).sum());
    for points in loops {
        for (i, [x, y]) in points.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(d, "{}{x} {y}", if i == 0 { 'M' } else { 'L' });
        }
        d.push('Z');
    }
    d
}

/// Area that the loops enclose, in pixels; holes subtract.
#[cfg(test)]
fn area(loops: &[Loop]) -> f32 {
    let twice = |l: &Loop| -> f32 {
        (0..l.len()).map(|i| (l[i], l[(i + 1) % l.len()])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
    };
    loops.iter().map(twice).sum::<f32>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr2};

    #[test]
    fn a_pixel_becomes_a_diamond_about_its_centre() {
        let mut mask = Array2::zeros((5, 6));
        mask[[2, 3]] = 1;
        let [o] = &outlines(mask.view())[..] else { panic!("one outline") };
        assert_eq!(o.bounds, [2, 2, 3, 3]);
        assert_eq!(o.loops, [vec![[3.5, 2.0], [4.0, 2.5], [3.5, 3.0], [3.0, 2.5]]]);
        assert_eq!(svg_path(&o.loops), "M3.5 2L4 2.5L3.5 3L3 2.5Z");
    }

    #[test]
    fn a_rectangle_loses_only_its_corners() {
        let mut mask = Array2::zeros((8, 9));
        mask.slice_mut(ndarray::s![1..6, 2..9]).fill(4);
        let o = &outlines(mask.view())[0];
        assert_eq!((o.lesion, o.bounds), (4, [1, 5, 2, 8]));
        // Four corners of an eighth of a pixel each.
        assert_eq!(area(&o.loops), 35.0 - 0.5);
        assert_eq!(o.loops[0].len(), 8);
    }

    #[test]
    fn a_hole_is_a_loop_of_its_own_and_subtracts() {
        let mask = arr2(&[[1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1u16]]);
        let o = &outlines(mask.view())[0];
        assert_eq!(o.loops.len(), 2);
        // The outer corners are cut, and so are those of the hole.
        assert_eq!(area(&o.loops), 12.0 - 0.5 - (2.0 - 0.5));
    }

    #[test]
    fn pixels_that_touch_at_a_corner_share_an_outline() {
        let falling = arr2(&[[1, 0], [0, 1u16]]);
        let rising = arr2(&[[0, 1], [1, 0u16]]);
        assert_eq!(outlines(falling.view())[0].loops.len(), 1);
        assert_eq!(outlines(rising.view())[0].loops.len(), 1);
    }

    #[test]
    fn neighbouring_lesions_have_outlines_of_their_own() {
        let mask = arr2(&[[2, 1], [2, 1u16]]);
        let all = outlines(mask.view());
        assert_eq!(all.iter().map(|o| o.lesion).collect::<Vec<_>>(), [1, 2]);
        assert!(all.iter().all(|o| (area(&o.loops) - 1.5).abs() < 1e-6));
        assert!(outlines(Array2::zeros((3, 3)).view()).is_empty());
    }
}
