//! Between the way a file keeps its sections and the way the networks were taught to see them.
//!
//! A network knows no geometry: shown a picture that lies on its side, or a mirrored one, it finds nothing and says so calmly. So every
//! section is brought to the training orientation before the networks, and whatever they say goes back to the grid of the source at once.
//! Both grids have the same voxel centres: nothing is resampled, whole axes are exchanged and reversed.

mod findings;

use std::borrow::Cow;

use cordline_core::geometry::{Geometry, Lps, dot};
use cordline_core::volume::Volume;
use ndarray::{Array3, ArrayView2, ArrayView3, Axis};

/// Training orientation: where the row index grows to, in patient coordinates (LPS). To the feet.
const DOWN: Lps = [0.0, 0.0, -1.0];
/// Training orientation: where the column index grows to. To the back.
const BACK: Lps = [0.0, 1.0, 0.0];
/// Training orientation: where the section index grows to. To the patient's right: the normal (row x column) of such sections, along which
/// DICOM stacks are sorted. Sections are seen one at a time, so this decides only on the order of sums and on which middle comes first.
const RIGHT: Lps = [-1.0, 0.0, 0.0];
/// Weight of what decides where a section is turned by exactly 45 degrees, so that two orientations are equally near: the right edge of the
/// picture then points up. Far above the rounding of direction cosines in files, far below any angle that matters.
const TIE: f64 = 1e-6;

/// The way from the grid of a volume to the training orientation of sagittal sections, and back: each axis of the array goes to the nearest
/// axis of the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reorientation {
    /// The columns of the source become rows.
    transposed: bool,
    /// The axes (section, row, column) of the training grid whose index runs against that of the source.
    reversed: [bool; 3],
    /// Sections, rows and columns of the source.
    shape: [usize; 3],
}

impl Reorientation {
    /// From the grid of a volume of sagittal (or nearly sagittal) sections.
    pub fn of(geometry: &Geometry) -> Self {
        let [section, row, column] = geometry.axes();
        let mut best = (f64::NEG_INFINITY, false, [false; 2]);
        for transposed in [false, true] {
            let (down, back) = if transposed { (column, row) } else { (row, column) };
            for reversed in [[false, false], [false, true], [true, false], [true, true]] {
                let [down, back] = [(down, reversed[0]), (back, reversed[1])].map(signed);
                let likeness = dot(down, DOWN) + dot(back, BACK) - TIE * dot(back, DOWN);
                if likeness > best.0 {
                    best = (likeness, transposed, reversed);
                }
            }
        }
        let (_, transposed, [rows, columns]) = best;
        Self { transposed, reversed: [dot(section, RIGHT) < 0.0, rows, columns], shape: geometry.shape() }
    }

    /// True where the source lies in the training orientation already.
    pub fn is_identity(&self) -> bool {
        !self.transposed && self.reversed == [false; 3]
    }

    /// The grid in training orientation: the same voxel centres under other indices.
    pub fn geometry(&self, source: &Geometry) -> Geometry {
        if self.is_identity() {
            return source.clone();
        }
        let order = if self.transposed { [0, 2, 1] } else { [0, 1, 2] };
        let mut first = [0.0; 3];
        for (axis, reversed) in order.into_iter().zip(self.reversed) {
            first[axis] = if reversed { (self.shape[axis] - 1) as f64 } else { 0.0 };
        }
        let axes = [0, 1, 2].map(|k| signed((source.axes()[order[k]], self.reversed[k])));
        let (shape, spacing) = (order.map(|axis| source.shape()[axis]), order.map(|axis| source.spacing()[axis]));
        // Exchanged and reversed axes are as long and as perpendicular as before.
        Geometry::new(shape, spacing, source.to_patient(first), axes)
            .expect("the axes of a grid in another order are a grid")
    }

    /// A volume in training orientation; the volume itself where it lies so already.
    pub fn volume<'a>(&self, source: &'a Volume) -> Cow<'a, Volume> {
        match self.array(&source.voxels) {
            Cow::Borrowed(_) => Cow::Borrowed(source),
            Cow::Owned(voxels) => Cow::Owned(Volume { voxels, geometry: self.geometry(&source.geometry) }),
        }
    }

    /// An array on the grid of the source (section, row, column) in training orientation, in standard layout.
    pub fn array<'a, T: Clone>(&self, source: &'a Array3<T>) -> Cow<'a, Array3<T>> {
        if self.is_identity() {
            return Cow::Borrowed(source);
        }
        let mut view = source.view();
        if self.transposed {
            view.swap_axes(1, 2);
        }
        Cow::Owned(standard(self.reverse(view)))
    }

    /// An array in training orientation on the grid of the source, in standard layout.
    pub fn array_to_source<T: Clone>(&self, array: Array3<T>) -> Array3<T> {
        if self.is_identity() {
            return array;
        }
        let mut view = self.reverse(array.view());
        if self.transposed {
            view.swap_axes(1, 2);
        }
        standard(view)
    }

    /// A section, or what lies over the whole of it on a coarser grid, as the source has it (row, column).
    pub fn section_to_source<'a, T>(&self, section: ArrayView2<'a, T>) -> ArrayView2<'a, T> {
        let mut section = section;
        let [_, rows, columns] = self.reversed;
        for (axis, reversed) in [rows, columns].into_iter().enumerate() {
            if reversed {
                section.invert_axis(Axis(axis));
            }
        }
        if self.transposed { section.reversed_axes() } else { section }
    }

    /// The index of a section in the source, of that in training orientation; both from 0.
    pub fn section_index_to_source(&self, section: usize) -> usize {
        if self.reversed[0] { self.shape[0] - 1 - section } else { section }
    }

    fn reverse<'a, T>(&self, mut view: ArrayView3<'a, T>) -> ArrayView3<'a, T> {
        for (axis, reversed) in self.reversed.into_iter().enumerate() {
            if reversed {
                view.invert_axis(Axis(axis));
            }
        }
        view
    }
}

fn signed((axis, reversed): (Lps, bool)) -> Lps {
    if reversed { axis.map(|v| -v) } else { axis }
}

/// A copy in the order of its indices.
fn standard<T: Clone>(view: ArrayView3<'_, T>) -> Array3<T> {
    view.as_standard_layout().into_owned()
}

#[cfg(test)]
mod tests;
