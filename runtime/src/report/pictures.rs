//! The pictures on disk: each shown section plain, with outlines, and with each heat map.

use png::EncodingError;

use super::draw::{self, Marks};
use super::palette;
use super::picture::{GreyImage, RgbImage};
use super::sections::{Shown, ShownSection};
use super::text::Text;

/// A PNG file to be written.
#[derive(Debug)]
pub struct PictureFile {
    /// Name of the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All pictures of a volume. Pixels are square, so the proportions are those of the patient.
pub fn files(shown: &Shown) -> Result<Vec<PictureFile>, EncodingError> {
    let [width, height] = shown.square_size();
    let [_, width_mm] = shown.orientation.extent_mm();
    let marks = Marks::new(&shown.orientation.letters(), width_mm / width as f64, width, 17.0);
    let mut files = Vec::new();
    for section in &shown.sections {
        let number = section.index + 1;
        let grey = draw::resize(&section.grey, width, height);
        files.push(PictureFile { name: format!("section-{number:02}.png"), bytes: plain(&grey, &marks).to_png()? });
        if !section.outlines.is_empty() {
            let bytes = outlined(&grey, section, &marks).to_png()?;
            files.push(PictureFile { name: format!("section-{number:02}-lesions.png"), bytes });
        }
        for (question, levels) in &section.heat {
            let id = file_name(&shown.questions[*question].classifier);
            let bytes = heated(&grey, section, levels, &marks).to_png()?;
            files.push(PictureFile { name: format!("section-{number:02}-heat-{id}.png"), bytes });
        }
    }
    Ok(files)
}

/// The section with its marks.
fn plain(grey: &GreyImage, marks: &Marks) -> RgbImage {
    let mut picture = grey.to_rgb();
    marks.stamp(&mut picture);
    picture
}

/// The section with the outlines and numbers of its lesions.
pub(super) fn outlined(grey: &GreyImage, section: &ShownSection, marks: &Marks) -> RgbImage {
    let mut picture = grey.to_rgb();
    let scale = scale(grey, section);
    draw::outlines(&mut picture, &section.outlines, scale, None);
    for outline in &section.outlines {
        let [top, _, _, right] = outline.bounds;
        let number = Text::rimmed(&outline.lesion.to_string(), 15.0);
        let x = ((right + 2) as f32 * scale[0]) as usize;
        let y = (top as f32 * scale[1]) as usize;
        let (x, y) = (x.min(grey.width.saturating_sub(number.width)), y.min(grey.height.saturating_sub(number.height)));
        number.stamp(&mut picture, x, y, palette::lesion(outline.lesion));
    }
    marks.stamp(&mut picture);
    picture
}

/// The section under a heat map, with the outlines of its lesions in white.
pub(super) fn heated(
    grey: &GreyImage,
    section: &ShownSection,
    levels: &ndarray::Array2<u8>,
    marks: &Marks,
) -> RgbImage {
    let mut picture = grey.to_rgb();
    if levels.dim() == (grey.height, grey.width) {
        draw::heat(&mut picture, levels.view());
    } else {
        let (rows, columns) = levels.dim();
        let pixels = levels.iter().copied().collect();
        let fitted = draw::resize(&GreyImage { width: columns, height: rows, pixels }, grey.width, grey.height);
        let view = ndarray::ArrayView2::from_shape((grey.height, grey.width), &fitted.pixels);
        draw::heat(&mut picture, view.expect("a grey picture holds width x height bytes"));
    }
    draw::outlines(&mut picture, &section.outlines, scale(grey, section), Some([255, 255, 255]));
    marks.stamp(&mut picture);
    picture
}

/// Pixels of a picture to a pixel of the section.
fn scale(grey: &GreyImage, section: &ShownSection) -> [f32; 2] {
    [grey.width as f32 / section.grey.width as f32, grey.height as f32 / section.grey.height as f32]
}

/// A bundle's id as part of a file name: letters, digits and hyphens only.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
