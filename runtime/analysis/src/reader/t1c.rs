//! The contrast-enhanced T1-weighted series beside the chosen one: taken where the bundle wants it and the study has it.

use std::borrow::Cow;

use cordline_core::manifest::T1cUse;
use cordline_core::volume::Volume;
use cordline_dicom::read::series_volume::SeriesVolume;
use cordline_dicom::read::{identity, stack};
use cordline_dicom::source::SourceSeries;
use cordline_sdk::problem::{Code, Diagnose};
use ndarray::Array3;
use thiserror::Error;

use super::ReadRequest;
use crate::early_end::EarlyEnd;

/// True where a second series is of the patient of the first; that one is left out otherwise, and it is said.
pub(super) fn is_of_patient(t1c: &SeriesVolume, chosen: &SeriesVolume, warnings: &mut Vec<String>) -> bool {
    let (patient, _) = identity::common(chosen);
    let is = t1c.instances.iter().all(|i| identity::same_patient(&patient, &i.patient));
    if is {
        warnings.extend(t1c.warnings());
    } else {
        warnings.push("A contrast-enhanced T1-weighted series was left out: it is of another patient.".into());
    }
    is
}

/// The series on the grid of the chosen one, as far as the bundle wants it and the study has it.
pub(super) fn load(
    request: &ReadRequest,
    series: Option<&SeriesVolume>,
    volume: &Volume,
    warnings: &mut Vec<String>,
) -> Result<Option<(SourceSeries, Array3<f32>)>, EarlyEnd> {
    let series = match (request.t1c, series) {
        (T1cUse::Unused, _) => return Ok(None),
        (wanted, None) => {
            warnings.push(missing(wanted, "none of the input fits the T2-weighted series")?);
            return Ok(None);
        }
        (_, Some(series)) => series,
    };
    match stack::load(series, &request.limits) {
        Ok((t1c, source, more)) => {
            warnings.extend(more);
            Ok(Some((source, stack::resample(&t1c, &volume.geometry))))
        }
        Err(error) if request.t1c == T1cUse::Optional => {
            let why = error.to_string();
            warnings.push(format!("The contrast-enhanced T1-weighted series was left out: {why}"));
            Ok(None)
        }
        Err(error) => Err(required(&error.to_string())),
    }
}

/// The warning that no such series is there, for the reason `why`.
///
/// # Errors
/// The bundle cannot do without.
pub fn missing(wanted: T1cUse, why: &str) -> Result<String, EarlyEnd> {
    match wanted {
        T1cUse::Required => Err(required(why)),
        _ => {
            Ok("No contrast-enhanced T1-weighted series fits; the answers rest on the T2-weighted series alone.".into())
        }
    }
}

/// A bundle needs the series, and it is not there.
#[derive(Debug, Error)]
#[error("this bundle needs a contrast-enhanced T1-weighted series, and {why}")]
struct T1cMissing {
    why: String,
}

impl Diagnose for T1cMissing {
    fn code(&self) -> Code {
        Code::T1cMissing
    }

    fn action(&self) -> Cow<'_, str> {
        "add that series to the input, or have it analysed with a bundle that does without it".into()
    }
}

fn required(why: &str) -> EarlyEnd {
    EarlyEnd::out_of_scope(T1cMissing { why: why.into() })
}
