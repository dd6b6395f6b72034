//! The page and the pictures for people.
//!
//! In the order in which they build on each other:
//! - [`picture`], [`indexed_image`], [`text`], [`palette`]: pixels, letters (`glyph.rs`) and colours
//! - [`window`], [`orientation`], [`contour`]: which voxels are white, which way up, where a lesion ends
//! - [`answer`], [`sections`]: what is shown of the answers and of a volume
//! - [`draw`], [`tiles`]: lines, letters and heat over a section
//! - [`pictures`]: what is drawn before the answers are known, the PNG files among it
//! - [`montage`]: the one picture for archives that show nothing else
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
pub use pictures::Pictures;
pub use sections::RenderedSections;

/// Name of the page in the output folder.
pub const PAGE: &str = "report.html";
/// Folder of the pictures in the output folder.
pub const PICTURES: &str = "pictures";

/// Keeps a file of the result: its name in the output folder, as `pictures/section-01.png`, and its bytes.
pub type KeepFile<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// Makes `report.html` and hands it to `keep`. Returns all files of the report: the page, and the pictures that were kept when they were drawn.
///
/// `dir` is the output folder, in which the pictures of the series to choose among lie already. There are no `pictures` where no volume was
/// read (a series must be chosen, nothing fits, the input is at fault).
///
/// # Errors
/// The page cannot be made, or not be kept.
pub fn write(
    dir: &Path,
    result: &AnalysisResult,
    pictures: Option<&Pictures>,
    keep: &mut KeepFile<'_>,
) -> Result<Vec<OutputFile>, ReportError> {
    // Pictures that cannot be read back are left out of the page: the choice can be made without them.
    let thumbnail = |path: &str| fs::read(dir.join(path)).ok();
    let page = page::render(result, pictures, &thumbnail)?;
    keep(PAGE, page.as_bytes()).map_err(|source| ReportError::Write { path: dir.join(PAGE), source })?;
    let page = OutputFile { kind: FileKind::Report.to_string(), path: PAGE.into(), sop_instance_uid: None };
    let pictures = pictures.map(Pictures::files).unwrap_or_default();
    Ok([page].into_iter().chain(pictures).collect())
}
