//! The pictures on disk: each shown section plain, with outlines, and with each heat map.

use png::EncodingError;

use super::draw::{self, Marks};
use super::palette;
use super::picture::{Canvas, GreyImage, RgbImage};
use super::sections::{Shown, ShownSection};
use super::text::Text;
use super::tinted::TintedImage;

/// Sections with no more pixels than this a side keep them all under a heat map.
const LEAST: f64 = 192.0;

/// A PNG file to be written.
#[derive(Debug)]
pub struct PictureFile {
    /// Name of the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The grey pictures of the shown sections as PNG files, one pixel a voxel.
pub fn greys(shown: &Shown) -> Result<Vec<Vec<u8>>, EncodingError> {
    shown.sections.iter().map(|s| s.grey.to_png()).collect()
}

/// All pictures of a volume; `greys` as [`greys`] made them. Pixels are square, so the proportions are those of the patient.
pub fn files(shown: &Shown, greys: &[Vec<u8>]) -> Result<Vec<PictureFile>, EncodingError> {
    let [width, height] = shown.square_size();
    // A heat map is far coarser than the section: half the pixels a side show it as well, in a quarter of the time.
    let share = (LEAST / width.max(height) as f64).clamp(0.5, 1.0);
    let half = [width, height].map(|side| ((side as f64 * share).round() as usize).max(1));
    let marks = |width: usize| {
        let [_, width_mm] = shown.orientation.extent_mm();
        Marks::new(
            &shown.orientation.letters(),
            width_mm / width as f64,
            width,
            (width as f32 / 26.0).clamp(13.0, 24.0),
        )
    };
    let (large, small) = (marks(width), marks(half[0]));
    let mut files = Vec::new();
    for (section, png) in shown.sections.iter().zip(greys) {
        let name = |what: &str| format!("section-{:02}{what}.png", section.index + 1);
        let grey = draw::resize(&section.grey, width, height);
        let same = (grey.width, grey.height) == (section.grey.width, section.grey.height);
        files.push(PictureFile { name: name(""), bytes: if same { png.clone() } else { grey.to_png()? } });
        if !section.outlines.is_empty() {
            files.push(PictureFile { name: name("-lesions"), bytes: lesions(&grey, section, &large).to_png()? });
        }
        if section.heat.is_empty() {
            continue;
        }
        let grey = draw::resize(&section.grey, half[0], half[1]);
        for heat in &section.heat {
            let id = file_name(&shown.questions[heat.question].classifier);
            let bytes = heated(&grey, section, &heat.levels, &small).to_png()?;
            files.push(PictureFile { name: name(&format!("-heat-{id}")), bytes });
        }
    }
    Ok(files)
}

/// The section with the outlines and numbers of its lesions, for a file.
fn lesions(grey: &GreyImage, section: &ShownSection, marks: &Marks) -> TintedImage {
    let mut picture = TintedImage::of(grey);
    outlined(&mut picture, section, marks);
    picture
}

/// Draws the outlines and numbers of its lesions over a section.
pub(super) fn outlined(picture: &mut impl Canvas, section: &ShownSection, marks: &Marks) {
    let [width, height] = picture.size();
    let scale = scale([width, height], section);
    draw::outlines(picture, &section.outlines, scale, None);
    for outline in &section.outlines {
        let [top, _, _, right] = outline.bounds;
        let number = Text::rimmed(&outline.lesion.to_string(), 15.0);
        let x = ((right + 2) as f32 * scale[0]) as usize;
        let y = (top as f32 * scale[1]) as usize;
        let (x, y) = (x.min(width.saturating_sub(number.width)), y.min(height.saturating_sub(number.height)));
        number.stamp(picture, x, y, palette::lesion(outline.lesion));
    }
    marks.stamp(picture);
}

/// The section under a heat map, with the outlines of its lesions in white.
pub(super) fn heated(grey: &GreyImage, section: &ShownSection, levels: &GreyImage, marks: &Marks) -> RgbImage {
    let mut picture = draw::heat(grey, &draw::resize(levels, grey.width, grey.height));
    draw::outlines(&mut picture, &section.outlines, scale([grey.width, grey.height], section), Some([255, 255, 255]));
    marks.stamp(&mut picture);
    picture
}

/// Pixels of a picture of this width and height to a pixel of the section.
fn scale([width, height]: [usize; 2], section: &ShownSection) -> [f32; 2] {
    [width as f32 / section.grey.width as f32, height as f32 / section.grey.height as f32]
}

/// A bundle's id as part of a file name: letters, digits and hyphens only.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
