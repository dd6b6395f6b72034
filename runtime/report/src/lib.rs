//! The page and the pictures for people.
//!
//! In the order in which they build on each other:
//! - [`picture`], [`indexed_image`], [`text`], [`palette`]: pixels, letters (`glyph.rs`) and colours
//! - [`window`], [`orientation`], [`contour`]: which voxels are white, which way up, where a lesion ends
//! - [`answer`], [`sections`]: what is shown of the answers and of a volume
//! - [`draw`], [`tiles`]: lines, letters and heat over a section
//! - [`pictures`], [`montage`]: PNG files, and the one picture for archives that show nothing else
//! - [`page`]: `report.html`, one file that needs neither network nor script
//! - [`evaluate`]: figures of a cohort, as tables and as a picture
//!
//! Absent from here: DICOM, networks, and everything that names a patient.

pub mod answer;
pub mod contour;
pub mod draw;
mod error;
pub mod evaluate;
mod glyph;
pub mod indexed_image;
pub mod montage;
pub mod orientation;
pub mod page;
mod page_panels;
mod page_parts;
mod page_series;
pub mod palette;
pub mod picture;
pub mod pictures;
pub mod sections;
pub mod text;
pub mod tiles;
pub mod window;

#[cfg(test)]
pub(crate) mod tests;

use std::fs;
use std::io;
use std::path::Path;

use cordline_sdk::FileKind;
use cordline_sdk::result::{AnalysisResult, OutputFile};

pub use error::ReportError;
pub use picture::RgbImage;
pub use sections::RenderedSections;
pub use tiles::Tiles;

/// Name of the page in the output folder.
pub const PAGE: &str = "report.html";
/// Folder of the pictures in the output folder.
pub const PICTURES: &str = "pictures";

/// Keeps a file of the result: its name in the output folder, as `pictures/section-01.png`, and its bytes.
pub type KeepFile<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// Makes `report.html` and, where a volume was read, `pictures/*.png`, and hands each to `keep`. Returns what was kept.
///
/// `dir` is the output folder, in which the pictures of the series to choose among lie already. `drawn` comes from
/// [`RenderedSections::of`] and [`Tiles::of`]; absent where no volume was read (a series must be chosen, nothing fits, the input is at
/// fault).
///
/// # Errors
/// A picture or the page cannot be made, or not be kept.
pub fn write(
    dir: &Path,
    result: &AnalysisResult,
    drawn: Option<(&RenderedSections, &Tiles)>,
    keep: &mut KeepFile<'_>,
) -> Result<Vec<OutputFile>, ReportError> {
    let shown = drawn.map(|(shown, _)| shown);
    let greys = shown.map(pictures::greys).transpose()?.unwrap_or_default();
    // Pictures that cannot be read back are left out of the page: the choice can be made without them.
    let thumbnail = |path: &str| fs::read(dir.join(path)).ok();
    let page = page::render(result, shown, &greys, &thumbnail)?;
    let mut written = Vec::new();
    let mut save = |kind: FileKind, path: String, bytes: &[u8]| -> Result<(), ReportError> {
        keep(&path, bytes).map_err(|source| ReportError::Write { path: dir.join(&path), source })?;
        written.push(OutputFile { kind: kind.to_string(), path, sop_instance_uid: None });
        Ok(())
    };
    save(FileKind::Report, PAGE.into(), page.as_bytes())?;
    if let Some((shown, tiles)) = drawn {
        pictures::each(shown, tiles, &greys, &mut |name, png| {
            save(FileKind::Picture, format!("{PICTURES}/{name}"), png)
        })?;
    }
    Ok(written)
}
