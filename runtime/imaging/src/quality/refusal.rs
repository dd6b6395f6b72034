//! What ends the analysis: voxels in which there is no picture.

use std::borrow::Cow;

use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use super::survey::Survey;

/// Fewest different values of a picture. MR has hundreds, even in 8 bits and windowed; masks, label maps and test patterns have a handful.
const MIN_VALUES: usize = 16;
/// Where more than this share of the sections is empty, most of the spine was never seen.
const MAX_EMPTY: f64 = 0.5;

/// Why nothing can be said of a volume.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NoPicture {
    /// Some voxels are NaN or infinite.
    #[error("{count} of {of} voxels are no finite numbers, the first in section {section}")]
    NotFinite {
        /// How many.
        count: usize,
        /// Out of how many.
        of: usize,
        /// The first section with one, from 1.
        section: usize,
    },
    /// The voxels reach too far apart to be computed with.
    #[error("the voxels reach from {low:e} to {high:e}: no scanner measures such values")]
    OutOfRange {
        /// Lowest value.
        low: f32,
        /// Highest value.
        high: f32,
    },
    /// All voxels are alike.
    #[error("there is no picture: every voxel has the value {value}")]
    NoSpread { value: f32 },
    /// A handful of values.
    #[error("there is no MR picture: the voxels have only {values} different values, as those of a mask have")]
    FewValues {
        /// How many different ones.
        values: usize,
    },
    /// Most sections are empty.
    #[error("{} of {sections} sections hold no picture (section {})", .empty.len(), numbered(.empty))]
    EmptySections {
        /// Their numbers from 1.
        empty: Vec<usize>,
        /// Number of sections.
        sections: usize,
    },
}

impl Diagnose for NoPicture {
    fn code(&self) -> Code {
        match self {
            Self::NotFinite { .. } => Code::VoxelsNotFinite,
            Self::OutOfRange { .. } => Code::VoxelsOutOfRange,
            Self::NoSpread { .. } => Code::NoPicture,
            Self::FewValues { .. } => Code::FewValues,
            Self::EmptySections { .. } => Code::EmptySections,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::NotFinite { .. } | Self::OutOfRange { .. } => {
                "Export the series again from the scanner or the archive: RescaleSlope or RescaleIntercept may be damaged. From a viewer, hand over a volume without NaN and infinity."
            }
            Self::NoSpread { .. } | Self::EmptySections { .. } => {
                "Look at the series in a viewer, and export it again from the scanner or the archive: its pixels were lost on the way."
            }
            Self::FewValues { .. } => {
                "Give the MR images themselves, not a mask, a label map or a picture made of them."
            }
        };
        advice.into()
    }
}

/// Refuses a volume in which there is no picture. `values`: all of its voxels, section after section.
pub(super) fn refuse(survey: &Survey, values: &[f32]) -> Result<(), NoPicture> {
    let (low, high, sections) = (survey.low, survey.high, survey.sections.len());
    if !survey.finite {
        let count = values.iter().filter(|v| !v.is_finite()).count();
        let first = values.iter().position(|v| !v.is_finite()).unwrap_or(0);
        return Err(NoPicture::NotFinite { count, of: values.len(), section: first * sections / values.len() + 1 });
    }
    if !(high - low).is_finite() {
        return Err(NoPicture::OutOfRange { low, high });
    }
    if low == high {
        return Err(NoPicture::NoSpread { value: low });
    }
    let few = different(values);
    if few < MIN_VALUES {
        return Err(NoPicture::FewValues { values: few });
    }
    let empty = survey.numbers(|section| section.is_empty());
    if empty.len() as f64 > MAX_EMPTY * sections as f64 {
        return Err(NoPicture::EmptySections { empty, sections });
    }
    Ok(())
}

/// How many different values there are; [`MIN_VALUES`] where there are at least so many. A picture has them within its first rows.
fn different(values: &[f32]) -> usize {
    let mut seen: Vec<f32> = Vec::with_capacity(MIN_VALUES);
    for &value in values {
        if !seen.contains(&value) {
            seen.push(value);
            if seen.len() == MIN_VALUES {
                break;
            }
        }
    }
    seen.len()
}

/// Ascending numbers as a person writes them: `1 to 4, 7`.
pub(super) fn numbered(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => one.to_string(),
        [one, other] => format!("{one}, {other}"),
        run => format!("{} to {}", run[0], run[run.len() - 1]),
    });
    runs.collect::<Vec<_>>().join(", ")
}
