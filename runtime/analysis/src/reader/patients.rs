//! Of how many patients the files are: who is not analysed must not stand in the way, but a choice of series is never one between patients.

use std::sync::Arc;

use cordline_dicom::read::identity::{self, IdentityError};
use cordline_dicom::read::input::ScannedInput;
use cordline_dicom::read::instance::InstanceHeader;
use cordline_dicom::read::origin::Origin;
use cordline_dicom::read::series::{self, SeriesSelection};
use cordline_dicom::read::series_volume::SeriesVolume;

use super::ReadRequest;

/// Holds a choice against the patients of the input. A series that a person named is taken, whichever other patients are there.
///
/// Returns what the reader must know.
pub(super) fn check(
    files: &ScannedInput,
    choice: &SeriesSelection,
    request: &ReadRequest,
) -> Result<Vec<String>, IdentityError> {
    let mut warnings = match choice {
        SeriesSelection::Chosen { series, .. } => identity::check(series)?,
        _ => Vec::new(),
    };
    let patients = identity::by_patient(files);
    if patients.len() < 2 {
        return Ok(warnings);
    }
    let asked_between = matches!(choice, SeriesSelection::NeedsSelection { volumes, .. } if several(volumes));
    if request.wanted.is_none() || asked_between {
        let could_be: Vec<(Origin, String)> =
            patients.iter().filter_map(|patient| first_file(patient, request)).collect();
        if let [(one, series), (other, another), ..] = &could_be[..] {
            let same_series = series == another;
            return Err(IdentityError::Crossing { one: one.clone(), other: other.clone(), same_series });
        }
    }
    let others = patients.len() - 1;
    warnings.push(match others {
        1 => "The input holds MR images of another patient too; they were left out.".to_owned(),
        n => format!("The input holds MR images of {n} other patients too; they were left out."),
    });
    Ok(warnings)
}

/// The first file of a patient of whom a series could be analysed.
fn first_file(patient: &ScannedInput, request: &ReadRequest) -> Option<(Origin, String)> {
    let named = |i: &Arc<InstanceHeader>| (i.origin.clone(), i.series.uid.clone());
    match series::choose(patient, &request.rules, &request.limits, None) {
        SeriesSelection::Chosen { series, .. } => series.instances.first().map(named),
        SeriesSelection::NeedsSelection { .. } => patient.instances.first().map(named),
        SeriesSelection::OutOfScope { .. } => None,
    }
}

/// True where volumes are of more than one patient.
fn several(volumes: &[SeriesVolume]) -> bool {
    let mut patients = volumes.iter().filter_map(|v| v.instances.first()).map(|i| &i.patient);
    let first = patients.next();
    first.is_some_and(|first| patients.any(|other| !identity::same_patient(first, other)))
}
