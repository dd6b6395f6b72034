//! Is there a picture in the voxels? Looked at before any network, whether they come from files or from a viewer.
//!
//! The networks answer "no lesion" to anything in which they see none, also to nothing at all. So a volume that holds no picture is
//! refused by name, and what hides lesions in a part of it is said.
//!
//! - [`survey`]: what is counted, in one pass
//! - [`refusal`]: what ends the analysis
//! - [`doubt`]: what is said beside the answer

mod doubt;
mod refusal;
mod survey;

use ndarray::Array3;

pub use refusal::NoPicture;
use survey::Survey;

/// Looks at a volume (section, row, column). What a reader must know of it, in words; an error where nothing can be said of it.
///
/// # Errors
/// There is no picture in the voxels.
pub fn check(voxels: &Array3<f32>) -> Result<Vec<String>, NoPicture> {
    let standard = voxels.as_standard_layout();
    let values = standard.as_slice().expect("standard layout is one slice");
    let (sections, rows, columns) = voxels.dim();
    if values.is_empty() {
        return Err(NoPicture::NoSpread { value: 0.0 });
    }
    let survey = Survey::of(values, [rows, columns]);
    refusal::refuse(&survey, values)?;
    Ok(doubt::warnings(&survey, sections))
}

#[cfg(test)]
mod tests;
