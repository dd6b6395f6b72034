//! The pictures on disk: each shown section plain, with outlines, and with each heat map.

use png::EncodingError;

use super::draw::{self, Marks};
use super::error::ReportError;
use super::indexed_image::IndexedImage;
use super::picture::{GreyImage, Packing};
use super::sections::{RenderedSection, RenderedSections};
use super::tiles::{Tiles, outlined};

/// Takes the name of a picture and the bytes of its PNG file.
pub type SavePicture<'a> = dyn FnMut(String, &[u8]) -> Result<(), ReportError> + 'a;

/// The grey pictures of the shown sections as PNG files, one pixel a voxel; compressed, for the page holds them too.
///
/// # Errors
/// The encoder fails.
pub fn greys(shown: &RenderedSections) -> Result<Vec<Vec<u8>>, EncodingError> {
    shown.sections.iter().map(|s| s.grey.to_png(Packing::Compressed)).collect()
}

/// Hands over all pictures of a volume, one after the other; `greys` as [`greys`] made them. Pixels are square, so the proportions are
/// those of the patient.
///
/// A heat map is far coarser than the section: it is shown at the size of the tiles.
///
/// # Errors
/// A picture cannot be encoded, or `keep` fails.
pub fn each(
    shown: &RenderedSections,
    tiles: &Tiles,
    greys: &[Vec<u8>],
    keep: &mut SavePicture<'_>,
) -> Result<(), ReportError> {
    let [width, height] = shown.square_size();
    let [_, width_mm] = shown.orientation.extent_mm();
    let letters = (width as f32 / 26.0).clamp(13.0, 24.0);
    let marks = Marks::new(&shown.orientation.letters(), width_mm / width as f64, width, letters);
    for (place, (section, png)) in shown.sections.iter().zip(greys).enumerate() {
        let name = |what: &str| format!("section-{:02}{what}.png", section.index + 1);
        let grey = draw::resize(&section.grey, width, height);
        let same = (grey.width, grey.height) == (section.grey.width, section.grey.height);
        if same {
            keep(name(""), png)?;
        } else {
            keep(name(""), &grey.to_png(Packing::Stored)?)?;
        }
        if !section.outlines.is_empty() {
            keep(name("-lesions"), &lesions(&grey, section, &marks).to_png(Packing::Stored)?)?;
        }
        if section.heat.is_empty() {
            continue;
        }
        for (heat, picture) in section.heat.iter().zip(&tiles.at(shown, place).heated) {
            let id = file_name(&shown.questions[heat.question].classifier);
            keep(name(&format!("-heat-{id}")), &picture.to_png(Packing::Stored)?)?;
        }
    }
    Ok(())
}

/// The section with the outlines and numbers of its lesions, for a file.
fn lesions(grey: &GreyImage, section: &RenderedSection, marks: &Marks) -> IndexedImage {
    let mut picture = IndexedImage::of(grey);
    outlined(&mut picture, section, marks);
    picture
}

/// A bundle's id as part of a file name: letters, digits and hyphens only.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
