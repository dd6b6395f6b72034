//! Connected lesions with volume and extent.

use cordline_core::geometry::Geometry;
use cordline_core::volume::LabelMap;
use cordline_sdk::result::Lesion;
use ndarray::{Ix1, Ix3, SliceInfo, SliceInfoElem, s};

use super::components::{MAX_LESIONS, Run, Scattered, components};
use super::segment::Segmented;

/// The lesions of a mask (section, row, column): components that touch at a face, an edge or a corner, largest first.
///
/// Components with less than `min_ml` millilitres of core are dropped. Lesion `n` carries the label `n`.
///
/// # Errors
/// [`Scattered`] where more than [`MAX_LESIONS`] are left: to keep the largest would drop the others in silence.
pub fn lesions(segmented: &Segmented, geometry: &Geometry, min_ml: f64) -> Result<(LabelMap, Vec<Lesion>), Scattered> {
    let Segmented { mask, core } = segmented;
    let mut components = components(mask)?;
    let core_voxels = |run: &Run| core.slice(place(run)).iter().filter(|&&sure| sure).count();
    components.retain(|runs| runs.iter().map(core_voxels).sum::<usize>() as f64 * geometry.voxel_ml() >= min_ml);
    if components.len() > MAX_LESIONS {
        return Err(Scattered);
    }
    // Those of one size stay in the order of the volume, so that a second run numbers them alike.
    components.sort_by_key(|runs| std::cmp::Reverse(voxels(runs)));
    let mut labels = LabelMap::zeros(mask.raw_dim());
    let lesions = (1u16..)
        .zip(&components)
        .map(|(number, runs)| {
            for run in runs {
                labels.slice_mut(place(run)).fill(number);
            }
            lesion(number, runs, geometry)
        })
        .collect();
    Ok((labels, lesions))
}

/// Where a run lies in an array.
fn place(run: &Run) -> SliceInfo<[SliceInfoElem; 3], Ix3, Ix1> {
    s![run.section, run.row, run.columns.clone()]
}

fn voxels(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.columns.len()).sum()
}

fn lesion(number: u16, runs: &[Run], geometry: &Geometry) -> Lesion {
    let mut sections: Vec<usize> = runs.iter().map(|run| run.section + 1).collect();
    sections.dedup();
    let mut sum = [0.0; 3];
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for run in runs {
        let point = |column: f64| geometry.to_patient([run.section as f64, run.row as f64, column]);
        // A run is straight: its middle stands for all of its voxels, and no voxel lies higher or lower than its ends.
        let (first, last) = (run.columns.start as f64, (run.columns.end - 1) as f64);
        for (total, middle) in sum.iter_mut().zip(point((first + last) / 2.0)) {
            *total += middle * run.columns.len() as f64;
        }
        for [_, _, height] in [point(first), point(last)] {
            low = low.min(height);
            high = high.max(height);
        }
    }
    let voxels = voxels(runs) as f64;
    // Half the height of a voxel along the patient's long axis stands out on either side of its centre.
    let voxel_height: f64 =
        geometry.axes().iter().zip(geometry.spacing()).map(|(axis, spacing)| axis[2].abs() * spacing).sum();
    Lesion {
        number,
        volume_ml: voxels * geometry.voxel_ml(),
        extent_mm: high - low + voxel_height,
        sections,
        centre_lps_mm: sum.map(|v| v / voxels),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

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
        let (labels, lesions) = lesions(&mask(&[[1..3, 10..30, 5..9]]), &geometry(), 0.0).unwrap();
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
        let (labels, lesions) = lesions(&mask, &geometry(), 0.0).unwrap();
        assert_eq!(lesions.iter().map(|l| l.sections.clone()).collect::<Vec<_>>(), [vec![4], vec![1, 2]]);
        assert_eq!((labels[(3, 20, 20)], labels[(0, 0, 0)], labels[(1, 3, 3)], labels[(2, 0, 0)]), (1, 2, 2, 0));
    }

    #[test]
    fn specks_are_dropped() {
        let mask = mask(&[[0..1, 0..1, 0..1], [2..3, 20..40, 10..20]]);
        let (labels, lesions) = lesions(&mask, &geometry(), 0.05).unwrap();
        assert_eq!(lesions.len(), 1);
        assert_eq!(labels[(0, 0, 0)], 0);
    }

    #[test]
    fn specks_without_number_are_refused_and_none_is_dropped_in_silence() {
        let specks = |n: usize| {
            let mut every_second = mask(&[]);
            let places = (0..50).step_by(2).flat_map(|r| (0..40).step_by(2).map(move |c| (0, r, c)));
            places.take(n).for_each(|place| every_second.mask[place] = true);
            Segmented { core: every_second.mask.clone(), ..every_second }
        };
        assert_eq!(lesions(&specks(MAX_LESIONS), &geometry(), 0.0).unwrap().1.len(), MAX_LESIONS);
        assert_eq!(lesions(&specks(MAX_LESIONS + 1), &geometry(), 0.0).unwrap_err(), Scattered);
        // Those that are too small to be lesions count for none.
        assert!(lesions(&specks(MAX_LESIONS + 1), &geometry(), 0.05).unwrap().1.is_empty());
    }

    #[test]
    fn a_component_counts_by_its_core_and_keeps_its_outline() {
        let mut segmented = mask(&[[0..1, 5..25, 5..25], [2..3, 20..40, 10..20]]);
        segmented.core.slice_mut(ndarray::s![0, .., ..]).fill(false);
        segmented.core.slice_mut(ndarray::s![2, 20..30, ..]).fill(false);
        let (labels, lesions) = lesions(&segmented, &geometry(), 0.05).unwrap();
        assert_eq!(lesions.iter().map(|l| l.sections.clone()).collect::<Vec<_>>(), [vec![3]]);
        assert_eq!(labels.iter().filter(|&&l| l > 0).count(), 200);
    }
}
