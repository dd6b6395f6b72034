//! The shown sections at the size in which they fit side by side, each under its heat maps: drawn once, for the montage and for the
//! files.

use std::borrow::Cow;

use super::draw::{self, Marks};
use super::picture::{Canvas, GreyImage, RgbImage};
use super::sections::{RenderedSection, RenderedSections};
use super::text::Text;
use super::{contour, palette};

/// Most pixels that the sections have side by side.
const ROW_WIDTH: usize = 1240;
/// Pixels between two sections.
pub const GAP: usize = 8;
/// Most sections side by side; of more, those with most lesion are taken.
const MAX_SIDE_BY_SIDE: usize = 5;
/// Most pixels a side of a tile: a heat map is far coarser, and long narrow sections would make the montage endless.
const MAX_TILE_WIDTH: usize = 400;
const MAX_TILE_HEIGHT: f64 = 640.0;
/// Below this width a tile has more pixels than the section, or its letters would hide it.
const MIN_TILE_WIDTH: usize = 192;
/// Height of the letters at the edges, and of the numbers of lesions, in pixels.
const LETTERS: f32 = 15.0;

/// The sections of a volume.
#[derive(Debug)]
pub struct Tiles {
    /// Columns and rows of a tile.
    pub size: [usize; 2],
    /// Letters and scale bar of a tile.
    pub marks: Marks,
    /// Places in [`RenderedSections::sections`] of those that stand side by side, ascending, each in grey alone.
    pub side_by_side: Vec<(usize, GreyImage)>,
}

impl Tiles {
    /// The sections that stand side by side in their size; the others are brought to it when they are asked for.
    pub fn of(shown: &RenderedSections) -> Self {
        let chosen = most_lesion(&shown.sections);
        let size = size(shown, chosen.len().max(1));
        let [_, width_mm] = shown.orientation.extent_mm();
        let marks = Marks::new(&shown.orientation.letters(), width_mm / size[0] as f64, size[0], LETTERS);
        let grey = |place: usize| (place, draw::resize(&shown.sections[place].grey, size[0], size[1]));
        Self { size, marks, side_by_side: chosen.into_iter().map(grey).collect() }
    }

    /// Width of the sections side by side in pixels.
    pub fn width(&self) -> usize {
        ((self.size[0] + GAP) * self.side_by_side.len()).saturating_sub(GAP)
    }

    /// A section with the outlines and numbers of its lesions; `grey` is its tile.
    pub fn outlined(&self, grey: &GreyImage, section: &RenderedSection) -> RgbImage {
        let mut picture = grey.to_rgb();
        outlined(&mut picture, section, &self.marks);
        picture
    }

    /// The section at `place` in [`RenderedSections::sections`] under the heat map that was laid over it last, with the outlines of its
    /// lesions in white; `None` where there is no heat map.
    pub fn heated(&self, shown: &RenderedSections, place: usize) -> Option<RgbImage> {
        let (section, [width, height]) = (&shown.sections[place], self.size);
        let heat = section.heat.last()?;
        let side_by_side = self.side_by_side.iter().find(|(drawn, _)| *drawn == place);
        let grey = side_by_side
            .map_or_else(|| Cow::Owned(draw::resize(&section.grey, width, height)), |(_, grey)| Cow::Borrowed(grey));
        let mut picture = draw::heat(&grey, &heat.levels(width, height));
        draw::outlines(&mut picture, &section.outlines, scale(self.size, section), Some([255, 255, 255]));
        self.marks.stamp(&mut picture);
        Some(picture)
    }
}

/// Columns and rows of a tile, with the proportions of the patient.
fn size(shown: &RenderedSections, side_by_side: usize) -> [usize; 2] {
    let [columns, rows] = shown.square_size();
    let widest = ((ROW_WIDTH + GAP) / side_by_side - GAP).min(MAX_TILE_WIDTH).min(columns.max(MIN_TILE_WIDTH));
    let proportion = rows as f64 / columns as f64;
    let height = (widest as f64 * proportion).clamp(16.0, MAX_TILE_HEIGHT);
    let width = ((height / proportion).round() as usize).clamp(16, widest);
    [width, height.round() as usize]
}

/// The places of the sections with most lesion, ascending.
fn most_lesion(sections: &[RenderedSection]) -> Vec<usize> {
    let lesion = |place: &usize| -> usize {
        let outlines = sections[*place].outlines.iter();
        outlines.map(|o| (o.bounds[1] + 1 - o.bounds[0]) * (o.bounds[3] + 1 - o.bounds[2])).sum()
    };
    let mut places: Vec<usize> = (0..sections.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(lesion(place)));
    places.truncate(MAX_SIDE_BY_SIDE);
    places.sort_unstable();
    places
}

/// Draws the outlines and numbers of its lesions over a section.
pub fn outlined(picture: &mut impl Canvas, section: &RenderedSection, marks: &Marks) {
    let [width, height] = picture.size();
    let scale = scale([width, height], section);
    draw::outlines(picture, &section.outlines, scale, None);
    for contour::Outline { lesion, bounds: [top, _, _, right], .. } in &section.outlines {
        let number = Text::rimmed(&lesion.to_string(), LETTERS);
        let x = ((right + 2) as f32 * scale[0]) as usize;
        let y = (*top as f32 * scale[1]) as usize;
        let (x, y) = (x.min(width.saturating_sub(number.width)), y.min(height.saturating_sub(number.height)));
        number.stamp(picture, x, y, palette::lesion(*lesion));
    }
    marks.stamp(picture);
}

/// Pixels of a picture of this width and height to a pixel of the section.
fn scale([width, height]: [usize; 2], section: &RenderedSection) -> [f32; 2] {
    [width as f32 / section.grey.width as f32, height as f32 / section.grey.height as f32]
}
