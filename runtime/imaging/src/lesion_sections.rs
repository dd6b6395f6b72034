//! What the classifiers see of a study.

use std::ops::Range;

use cordline_core::manifest::Channel;
use cordline_core::resize;
use cordline_core::volume::LabelMap;
use ndarray::{Array2, Array4, ArrayView2, ArrayView4, s};

use super::normalise::Normalised;

/// The images of a study as the classifiers see them: only the sections with lesion, on the network's grid.
#[derive(Debug, Clone)]
pub struct LesionSections {
    /// Section index of each.
    pub sections: Vec<usize>,
    images: Vec<LesionRows>,
    /// (rows, columns) of the network's grid.
    size: [usize; 2],
    /// (rows, columns) of the volume's own.
    pub(super) native: [usize; 2],
}

/// One section from the first row with lesion to the last; all others are 0 to the classifiers.
#[derive(Debug, Clone)]
struct LesionRows {
    rows: Range<usize>,
    /// 0 or 1.
    mask: Array2<f32>,
    /// Images inside the mask, 0 outside of it.
    t2w: Array2<f32>,
    t1c: Option<Array2<f32>>,
}

impl LesionSections {
    /// Brings the sections with lesion to the network's grid of `size` (rows, columns): images linearly, the mask by nearest neighbour.
    ///
    /// `t2w` and `t1c` lie on one grid with `labels`, the lesion numbers.
    pub fn new(t2w: &Normalised<'_>, t1c: Option<&Normalised<'_>>, labels: &LabelMap, size: [usize; 2]) -> Self {
        let (_, rows, columns) = labels.dim();
        let (sections, images) = labels
            .outer_iter()
            .enumerate()
            .filter(|(_, labels)| labels.fold(0, |any, &label| any | label) > 0) // no early end, and so vectorised
            .map(|(section, labels)| (section, LesionRows::new(section, t2w, t1c, labels, size)))
            .unzip();
        Self { sections, images, size, native: [rows, columns] }
    }

    /// True where no section is left to ask.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
}

/// The input of a classifier: several sections at once, in room that is used again.
pub(super) struct SectionBatch<'a> {
    sections: &'a LesionSections,
    channels: &'a [Channel],
    /// (image, channel, row, column); 0 but for the rows that are held.
    images: Array4<f32>,
    /// Of each image.
    held: Vec<Range<usize>>,
}

impl<'a> SectionBatch<'a> {
    /// Without any section yet.
    pub(super) fn new(sections: &'a LesionSections, channels: &'a [Channel]) -> Self {
        Self { sections, channels, images: Array4::zeros((0, 0, 0, 0)), held: Vec::new() }
    }

    /// These sections, by their place among those with lesion, and as many empty images as `batch` has more: (image, channel, row, column).
    pub(super) fn hold(&mut self, which: Range<usize>, batch: usize) -> ArrayView4<'_, f32> {
        if self.held.len() < batch {
            let [rows, columns] = self.sections.size;
            self.images = Array4::zeros((batch, self.channels.len(), rows, columns));
            self.held = vec![0..0; batch];
        }
        let mut wanted = which.map(|k| &self.sections.images[k]);
        for (mut image, held) in self.images.outer_iter_mut().zip(&mut self.held).take(batch) {
            let section = wanted.next();
            let rows = section.map_or(0..0, |section| section.rows.clone());
            for (mut target, channel) in image.outer_iter_mut().zip(self.channels) {
                target.slice_mut(s![held.clone(), ..]).fill(0.0);
                let content = section.and_then(|section| match channel {
                    Channel::Mask => Some(&section.mask),
                    Channel::T2wInMask => Some(&section.t2w),
                    Channel::T1cInMask => section.t1c.as_ref(),
                });
                if let Some(content) = content {
                    target.slice_mut(s![rows.clone(), ..]).assign(content);
                }
            }
            *held = rows;
        }
        self.images.slice(s![..batch, .., .., ..])
    }
}

impl LesionRows {
    fn new(
        section: usize,
        t2w: &Normalised<'_>,
        t1c: Option<&Normalised<'_>>,
        labels: ArrayView2<'_, u16>,
        size: [usize; 2],
    ) -> Self {
        let mut small = resize::nearest(labels, size);
        if small.iter().all(|&label| label == 0) {
            small = every_voxel(labels, size);
        }
        let labels = small;
        let rows = resize::rows_from_first_to_last(labels.outer_iter().map(|row| row.iter().any(|&label| label > 0)));
        let mask = labels.slice(s![rows.clone(), ..]).mapv(|label| f32::from(u8::from(label > 0)));
        let inside =
            |volume: &Normalised<'_>| resize::linear_rows(volume.section(section).view(), size, rows.clone()) * &mask;
        let (t2w, t1c) = (inside(t2w), t1c.map(inside));
        Self { rows, mask, t2w, t1c }
    }
}

/// The labels on a grid of `size` (rows, columns), each voxel where it lies there: a lesion between the places that the nearest neighbour
/// looks at would be gone, and "no lesion" the answer.
fn every_voxel(labels: ArrayView2<'_, u16>, size: [usize; 2]) -> Array2<u16> {
    let (rows, columns) = labels.dim();
    let mut small = Array2::zeros(size);
    for ((row, column), &label) in labels.indexed_iter().filter(|(_, label)| **label > 0) {
        small[[row * size[0] / rows, column * size[1] / columns]] = label;
    }
    small
}
