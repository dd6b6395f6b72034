//! Connected lesions with volume and extent.

use cordline_sdk::result::Lesion;
use ndarray::Array3;

use super::segment::Segmented;
use crate::geometry::Geometry;
use crate::volume::LabelMap;

/// The lesions of a mask (section, row, column): components that touch at a face, an edge or a corner, largest first.
///
/// Components with less than `min_ml` millilitres of core are dropped. Lesion `n` carries the label `n`.
pub fn lesions(segmented: &Segmented, geometry: &Geometry, min_ml: f64) -> (LabelMap, Vec<Lesion>) {
    let Segmented { mask, core } = segmented;
    let mut components = components(mask);
    let core_ml = |voxels: &Vec<Voxel>| voxels.iter().filter(|&&v| core[v]).count() as f64 * geometry.voxel_ml();
    components.retain(|voxels| core_ml(voxels) >= min_ml);
    // Ties are ordered by their first voxel, so that a second run numbers them alike.
    components.sort_by_key(|voxels| (std::cmp::Reverse(voxels.len()), voxels.first().copied()));
    components.truncate(usize::from(u16::MAX));
    let mut labels = LabelMap::zeros(mask.raw_dim());
    let lesions = (1u16..)
        .zip(&components)
        .map(|(number, voxels)| {
            for &voxel in voxels {
                labels[voxel] = number;
            }
            lesion(number, voxels, geometry)
        })
        .collect();
    (labels, lesions)
}

type Voxel = (usize, usize, usize);

/// Voxels of each component, found by a flood that keeps its own stack.
fn components(mask: &Array3<bool>) -> Vec<Vec<Voxel>> {
    let (sections, rows, columns) = mask.dim();
    let around = |i: usize, n: usize| i.saturating_sub(1)..=(i + 1).min(n - 1);
    let mut seen = Array3::from_elem(mask.raw_dim(), false);
    let mut all = Vec::new();
    for (start, _) in mask.indexed_iter().filter(|(_, m)| **m) {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut stack = vec![start];
        let mut voxels = Vec::new();
        while let Some(voxel) = stack.pop() {
            voxels.push(voxel);
            for s in around(voxel.0, sections) {
                for r in around(voxel.1, rows) {
                    for c in around(voxel.2, columns) {
                        if mask[(s, r, c)] && !seen[(s, r, c)] {
                            seen[(s, r, c)] = true;
                            stack.push((s, r, c));
                        }
                    }
                }
            }
        }
        voxels.sort_unstable();
        all.push(voxels);
    }
    all
}

fn lesion(number: u16, voxels: &[Voxel], geometry: &Geometry) -> Lesion {
    let mut sections: Vec<usize> = voxels.iter().map(|v| v.0 + 1).collect();
    sections.dedup();
    let mut sum = [0.0; 3];
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &(s, r, c) in voxels {
        let point = geometry.to_patient([s as f64, r as f64, c as f64]);
        for (total, p) in sum.iter_mut().zip(point) {
            *total += p;
        }
        low = low.min(point[2]);
        high = high.max(point[2]);
    }
    // Half the height of a voxel along the patient's long axis stands out on either side of its centre.
    let voxel_height: f64 =
        geometry.axes().iter().zip(geometry.spacing()).map(|(axis, spacing)| axis[2].abs() * spacing).sum();
    Lesion {
        number,
        volume_ml: voxels.len() as f64 * geometry.voxel_ml(),
        extent_mm: high - low + voxel_height,
        sections,
        centre_lps_mm: sum.map(|v| v / voxels.len() as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry() -> Geometry {
        Geometry::new([4, 50, 40], [3.0, 0.5, 0.5], [-6.0, 0.0, 100.0], [[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]])
            .unwrap()
    }

    /// Boxes of lesion that is sure throughout.
    fn mask(boxes: &[[std::ops::Range<usize>; 3]]) -> Segmented {
        let mut mask = Array3::from_elem((4, 50, 40), false);
        for [s, r, c] in boxes.iter().cloned() {
            mask.slice_mut(ndarray::s![s, r, c]).fill(true);
        }
        Segmented { core: mask.clone(), mask }
    }

    #[test]
    fn volume_extent_sections_and_centre_are_those_of_the_box() {
        let (labels, lesions) = lesions(&mask(&[[1..3, 10..30, 5..9]]), &geometry(), 0.0);
        let [lesion] = lesions.as_slice() else { panic!("{lesions:?}") };
        assert!((lesion.volume_ml - 2.0 * 20.0 * 4.0 * 0.75 / 1000.0).abs() < 1e-12);
        assert!((lesion.extent_mm - 10.0).abs() < 1e-9);
        assert_eq!(lesion.sections, [2, 3]);
        for (a, b) in lesion.centre_lps_mm.iter().zip([-6.0 + 4.5, 3.25, 100.0 - 9.75]) {
            assert!((a - b).abs() < 1e-9);
        }
        assert_eq!(labels.iter().filter(|&&l| l == 1).count(), 160);
    }

    #[test]
    fn corners_connect_and_the_largest_is_number_one() {
        let mask = mask(&[[0..1, 0..2, 0..2], [1..2, 2..4, 2..4], [3..4, 20..30, 20..30]]);
        let (labels, lesions) = lesions(&mask, &geometry(), 0.0);
        assert_eq!(lesions.iter().map(|l| l.sections.clone()).collect::<Vec<_>>(), [vec![4], vec![1, 2]]);
        assert_eq!((labels[(3, 20, 20)], labels[(0, 0, 0)], labels[(1, 3, 3)], labels[(2, 0, 0)]), (1, 2, 2, 0));
    }

    #[test]
    fn specks_are_dropped() {
        let mask = mask(&[[0..1, 0..1, 0..1], [2..3, 20..40, 10..20]]);
        let (labels, lesions) = lesions(&mask, &geometry(), 0.05);
        assert_eq!(lesions.len(), 1);
        assert_eq!(labels[(0, 0, 0)], 0);
    }

    #[test]
    fn a_component_counts_by_its_core_and_keeps_its_outline() {
        let mut segmented = mask(&[[0..1, 5..25, 5..25], [2..3, 20..40, 10..20]]);
        segmented.core.slice_mut(ndarray::s![0, .., ..]).fill(false);
        segmented.core.slice_mut(ndarray::s![2, 20..30, ..]).fill(false);
        let (labels, lesions) = lesions(&segmented, &geometry(), 0.05);
        assert_eq!(lesions.iter().map(|l| l.sections.clone()).collect::<Vec<_>>(), [vec![3]]);
        assert_eq!(labels.iter().filter(|&&l| l > 0).count(), 200);
    }
}
