//! The sections that a reader is shown, each with what lies in it.

use cordline_core::findings::HeatMap;
use cordline_core::geometry::Geometry;
use cordline_core::resize::bilinear;
use cordline_core::volume::{LabelMap, Volume};
use cordline_sdk::result::Lesion;
use ndarray::{Array2, Axis};

use super::contour::{self, Outline};
use super::orientation::{self, Orientation};
use super::picture::GreyImage;
use super::window::Window;

/// Where there is no lesion, this many sections about the middle show what was looked at.
const SECTIONS_WITHOUT_LESION: usize = 3;
/// They lie at least about this far apart in mm, so that a volume of thin sections does not show the same thing thrice.
const MIN_DISTANCE_MM: f64 = 3.5;
/// By how much the sides of a pixel may differ where it counts as square.
const NEARLY_SQUARE: f64 = 0.01;
/// Most pixels a side of a picture on disk.
const MAX_PICTURE_SIDE: f64 = 2048.0;

/// One section, turned as the reader sees it.
#[derive(Debug)]
pub struct RenderedSection {
    /// Section index from 0.
    pub index: usize,
    /// Where it lies: "L 3.2 mm".
    pub position: String,
    /// Its voxels in grey levels, one pixel a voxel.
    pub grey: GreyImage,
    /// The outlines of its lesions, in pixels of `grey`.
    pub outlines: Vec<Outline>,
    /// Its heat maps, over the whole of `grey`, in the order of the questions.
    pub heat: Vec<RenderedHeatMap>,
}

/// A heat map over a section.
#[derive(Debug)]
pub struct RenderedHeatMap {
    /// Place in [`RenderedSections::questions`].
    pub question: usize,
    /// Values 0 to 1 on the network's feature grid (row, column), turned like the section.
    pub activation: Array2<f32>,
}

impl RenderedHeatMap {
    /// The map as a picture of `width` by `height` pixels, linear between its values: 0 to 1 as 0 to 255. What is not a number counts
    /// as 0.
    pub fn levels(&self, width: usize, height: usize) -> GreyImage {
        // `max` turns NaN into 0, which would otherwise spread to its neighbours.
        let activation: Vec<f32> = self.activation.iter().map(|v| v.max(0.0)).collect();
        let values = bilinear::resize(&activation, self.activation.dim().into(), [height, width]);
        // A float becomes u8 saturating.
        GreyImage { width, height, pixels: values.iter().map(|v| (v * 255.0 + 0.5) as u8).collect() }
    }
}

/// A question that has heat maps.
#[derive(Debug)]
pub struct RenderedQuestion {
    /// Id of the classifier in the bundle.
    pub classifier: String,
    /// Words for the question.
    pub question: String,
    /// Words for the answer that the maps explain.
    pub answer: String,
    /// Rows and columns of the network's own map.
    pub feature_map: [usize; 2],
}

/// What a reader is shown of a volume.
#[derive(Debug)]
pub struct RenderedSections {
    /// How the sections are held.
    pub orientation: Orientation,
    /// Number of sections in the volume.
    pub section_count: usize,
    /// Every section with lesion, in the order of the volume; without any lesion the middle ones.
    pub sections: Vec<RenderedSection>,
    /// The questions that have heat maps.
    pub questions: Vec<RenderedQuestion>,
}

impl RenderedSections {
    /// Picks, turns and outlines the sections. Heat maps are laid over them as the questions are answered.
    pub fn of(volume: &Volume, lesions: &[Lesion], labels: &LabelMap) -> Self {
        let orientation = Orientation::of(&volume.geometry);
        let window = Window::of(&volume.voxels);
        let section_count = volume.geometry.shape()[0];
        let sections = chosen(lesions, &volume.geometry)
            .into_iter()
            .map(|index| RenderedSection {
                index,
                position: orientation::section_position(&volume.geometry, index),
                grey: window.grey(orientation.show(volume.voxels.index_axis(Axis(0), index))),
                outlines: contour::outlines(orientation.show(labels.index_axis(Axis(0), index))),
                heat: Vec::new(),
            })
            .collect();
        Self { orientation, section_count, sections, questions: Vec::new() }
    }

    /// Lays the heat map of the next question over its sections; the places of these in `sections`, ascending.
    pub fn add(&mut self, map: &HeatMap) -> Vec<usize> {
        let question = self.questions.len();
        self.questions.push(RenderedQuestion {
            classifier: map.classifier.clone(),
            question: map.question.clone(),
            answer: map.label.clone(),
            feature_map: map.feature_map(),
        });
        let mut places = Vec::new();
        for (place, section) in self.sections.iter_mut().enumerate() {
            let Some(asked) = map.sections.iter().find(|asked| asked.section == section.index) else { continue };
            let activation = self.orientation.show(asked.activation.view()).to_owned();
            section.heat.push(RenderedHeatMap { question, activation });
            places.push(place);
        }
        places
    }

    /// Width and height of a picture with square pixels: the finer of both spacings decides, up to `MAX_PICTURE_SIDE` pixels a side. Pixels that
    /// are nearly square stay as they are: resampled they would be blurred, for a difference that cannot be seen.
    pub fn square_size(&self) -> [usize; 2] {
        square_size(self.orientation.extent_mm(), self.orientation.spacing())
    }
}

/// Width and height in square pixels of a picture of (height, width) mm with this (row, column) spacing in mm.
fn square_size([height, width]: [f64; 2], [row, column]: [f64; 2]) -> [usize; 2] {
    let pixel = row.min(column).max(height.max(width) / MAX_PICTURE_SIDE);
    let spacing = [column, row].map(|own| if (own / pixel - 1.0).abs() <= NEARLY_SQUARE { own } else { pixel });
    [width / spacing[0], height / spacing[1]].map(|pixels| pixels.round().max(1.0) as usize)
}

/// Indices of the sections to show, ascending.
fn chosen(lesions: &[Lesion], geometry: &Geometry) -> Vec<usize> {
    let count = geometry.shape()[0];
    let numbers = lesions.iter().flat_map(|l| &l.sections);
    let mut indices: Vec<usize> = numbers.filter_map(|n| n.checked_sub(1)).filter(|i| *i < count).collect();
    indices.sort_unstable();
    indices.dedup();
    if indices.is_empty() {
        let step = (MIN_DISTANCE_MM / geometry.spacing()[0]).round().max(1.0) as usize;
        let step = step.min((count / SECTIONS_WITHOUT_LESION).max(1));
        let first = (count / 2).saturating_sub(step * (SECTIONS_WITHOUT_LESION / 2));
        indices = (0..SECTIONS_WITHOUT_LESION).map(|i| first + i * step).filter(|i| *i < count).collect();
    }
    indices
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn only_pixels_that_are_visibly_oblong_are_resampled() {
        // Rows 0.5 % apart more than columns: 200 rows stay 200.
        assert_eq!(square_size([201.0, 100.0], [1.005, 1.0]), [100, 200]);
        assert_eq!(square_size([204.0, 100.0], [1.02, 1.0]), [100, 204]);
        assert_eq!(square_size([100.0, 100.0], [1.0, 0.5]), [200, 200]);
    }

    #[test]
    fn heat_maps_change_their_size_without_shifting() {
        let heat = |activation| RenderedHeatMap { question: 0, activation };
        // A ramp from left to right keeps its value at every place.
        let ramp = Array2::from_shape_fn((300, 512), |(_, c)| (c as f32 + 0.5) / 512.0);
        let small = heat(ramp).levels(128, 75);
        assert_eq!((small.width, small.height, small.pixels.len()), (128, 75, 128 * 75));
        for (i, v) in small.pixels[..128].iter().enumerate() {
            let expected = (i as f32 + 0.5) / 128.0 * 255.0;
            assert!((f32::from(*v) - expected).abs() <= 1.0, "{i}: {v} {expected}");
        }
        assert_eq!(heat(arr2(&[[0.0, 1.0, f32::NAN, 7.0]])).levels(4, 1).pixels, [0, 255, 0, 255]);
    }
}
