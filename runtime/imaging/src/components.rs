//! Connected components of a mask. Lesions are solid, so they are joined by runs: a few hundred stand for ten thousand voxels.

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::Array3;
use thiserror::Error;

/// Most runs of a mask: lesions have some hundreds, noise has millions, and each takes memory.
const MAX_RUNS: usize = 1 << 20;
/// Most components of a mask that are lesions. Each is a segment with a frame a section in the result, a row in the report.
pub const MAX_LESIONS: usize = 256;

/// The mask is no drawing of lesions: it falls into too many pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the mask falls into more than {MAX_LESIONS} separate pieces")]
pub struct Scattered;

/// Voxels of lesion side by side in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Section index from 0.
    pub section: usize,
    /// Row index from 0.
    pub row: usize,
    /// Column indices from 0.
    pub columns: Range<usize>,
}

/// The runs of each component of a mask (section, row, column): voxels that touch at a face, an edge or a corner belong together.
///
/// Components, and the runs of each, come in the order of the volume.
///
/// # Errors
/// [`Scattered`] where there are more than a million runs.
pub fn components(mask: &Array3<bool>) -> Result<Vec<Vec<Run>>, Scattered> {
    let (_, rows, _) = mask.dim();
    let (runs, starts) = runs(mask)?;
    let mut sets = Sets((0..runs.len()).collect());
    for (i, run) in runs.iter().enumerate() {
        // Of the 26 neighbours of a voxel, those that come before it lie in these rows.
        let before = [(0, -1), (-1, -1), (-1, 0), (-1, 1)];
        for (section, row) in before.map(|(s, r)| (run.section.checked_add_signed(s), run.row.checked_add_signed(r))) {
            let (Some(section), Some(row)) = (section, row) else { continue };
            if row >= rows {
                continue;
            }
            let line = section * rows + row;
            let there = starts[line]..starts[line + 1];
            // They stand in order: from the first that does not end before this one, to the first that begins behind it.
            let first = there.start + runs[there.clone()].partition_point(|r| r.columns.end < run.columns.start);
            let touching = (first..there.end).take_while(|&j| runs[j].columns.start <= run.columns.end);
            for j in touching {
                sets.join(i, j);
            }
        }
    }
    let mut components: BTreeMap<usize, Vec<Run>> = BTreeMap::new();
    for (i, run) in runs.into_iter().enumerate() {
        components.entry(sets.first(i)).or_default().push(run);
    }
    Ok(components.into_values().collect())
}

/// All runs in the order of the volume, and for each row of each section (and the end) where its runs begin among them.
fn runs(mask: &Array3<bool>) -> Result<(Vec<Run>, Vec<usize>), Scattered> {
    let (_, rows, columns) = mask.dim();
    let mask = mask.as_standard_layout();
    let voxels = mask.as_slice().expect("standard layout is one slice");
    let (mut runs, mut starts) = (Vec::new(), vec![0]);
    for (line, row) in voxels.chunks_exact(columns.max(1)).enumerate() {
        // No early end, and so vectorised: most rows are empty.
        let mut at = if row.iter().fold(false, |any, &v| any | v) { 0 } else { columns };
        while let Some(skipped) = row[at..].iter().position(|&v| v) {
            let start = at + skipped;
            at = row[start..].iter().position(|&v| !v).map_or(columns, |length| start + length);
            if runs.len() == MAX_RUNS {
                return Err(Scattered);
            }
            runs.push(Run { section: line / rows, row: line % rows, columns: start..at });
        }
        starts.push(runs.len());
    }
    Ok((runs, starts))
}

/// Which runs belong together: each points to one that came before it, or to itself.
struct Sets(Vec<usize>);

impl Sets {
    /// The first run of a run's component.
    fn first(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            // Path halving: the next look-up takes half as many steps.
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask of one section for each text, drawn with `#`.
    fn drawn(sections: &[&str]) -> Array3<bool> {
        let rows = sections[0].lines().count();
        let voxels: Vec<bool> =
            sections.iter().flat_map(|s| s.lines()).flat_map(|l| l.chars()).map(|c| c == '#').collect();
        let columns = voxels.len() / sections.len() / rows;
        Array3::from_shape_vec((sections.len(), rows, columns), voxels).unwrap()
    }

    fn sizes(mask: &Array3<bool>) -> Vec<usize> {
        components(mask).unwrap().iter().map(|runs| runs.iter().map(|run| run.columns.len()).sum()).collect()
    }

    #[test]
    fn a_face_an_edge_and_a_corner_join_and_a_gap_does_not() {
        assert_eq!(sizes(&drawn(&["#...\n.#..", "....\n....", "#...\n...#"])), [2, 1, 1]);
        // Over a corner from section to section, both ways.
        assert_eq!(sizes(&drawn(&["#..\n...", "...\n.#."])), [2]);
        assert_eq!(sizes(&drawn(&["...\n..#", ".#.\n..."])), [2]);
        assert_eq!(sizes(&drawn(&["#..\n...", "...\n..#"])), [1, 1]);
    }

    #[test]
    fn noise_is_refused_before_it_takes_memory() {
        let every_second = Array3::from_shape_fn((2, 1024, 1028), |(_, _, c)| c % 2 == 0);
        assert_eq!(components(&every_second), Err(Scattered));
        // Also where all of it lies in one row.
        assert_eq!(components(&every_second.into_shape_with_order((1, 1, 2 * 1024 * 1028)).unwrap()), Err(Scattered));
    }

    #[test]
    fn long_rows_of_many_runs_take_no_longer_for_lying_side_by_side() {
        // Each run against all of the row above would be 10^11 comparisons.
        let every_second = Array3::from_shape_fn((1, 2, 1 << 20), |(_, _, c)| c % 2 == 0);
        assert_eq!(components(&every_second).unwrap().len(), 1 << 19);
    }

    #[test]
    fn branches_that_meet_late_are_one() {
        assert_eq!(sizes(&drawn(&["#.#.#\n#.#.#\n#####"])), [11]);
        assert_eq!(sizes(&drawn(&["#####\n....#\n#.###\n#...."])), [9, 2]);
    }

    /// How many voxels each component has, by a flood over all 26 neighbours.
    fn flooded(mask: &Array3<bool>) -> Vec<usize> {
        let mut left = mask.clone();
        let mut sizes = Vec::new();
        for (start, _) in mask.indexed_iter().filter(|(_, m)| **m) {
            let (mut stack, mut size) = (vec![start], 0);
            while let Some((s, r, c)) = stack.pop() {
                if std::mem::replace(&mut left[(s, r, c)], false) {
                    size += 1;
                    let around = |i: usize, n: usize| i.saturating_sub(1)..(i + 2).min(n);
                    for s in around(s, mask.dim().0) {
                        for r in around(r, mask.dim().1) {
                            stack.extend(around(c, mask.dim().2).map(|c| (s, r, c)));
                        }
                    }
                }
            }
            sizes.extend((size > 0).then_some(size));
        }
        sizes
    }

    #[test]
    fn runs_join_as_a_flood_does() {
        let mut state = 1u32;
        let mut seen = 0;
        for share in [2, 4, 8, 16] {
            let mask = Array3::from_shape_simple_fn((5, 13, 17), || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16).is_multiple_of(share)
            });
            assert_eq!(sizes(&mask), flooded(&mask));
            seen += flooded(&mask).len();
        }
        assert!(seen > 50, "{seen} components are few");
        assert!(components(&Array3::from_elem((2, 3, 4), false)).unwrap().is_empty());
    }
}
