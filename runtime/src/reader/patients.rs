//! Of how many patients the files are: who is not analysed must not stand in the way, but a choice of series is never one between patients.

use super::intake::Ask;
use crate::dicom::read::identity::{self, IdentityError};
use crate::dicom::read::input::Intake;
use crate::dicom::read::series::{self, Choice};

/// Holds a choice against the patients of the input. A series that a person named is taken, whoever else is there.
///
/// Returns what the reader must know.
pub(super) fn check(files: &Intake, choice: &Choice, ask: &Ask) -> Result<Vec<String>, IdentityError> {
    let mut warnings = match choice {
        Choice::Chosen { series, .. } => identity::check(series)?,
        _ => Vec::new(),
    };
    let patients = identity::by_patient(files);
    if patients.len() < 2 {
        return Ok(warnings);
    }
    if ask.wanted.is_none() {
        let could_be: Vec<String> = patients.iter().filter_map(|patient| first_file(patient, ask)).collect();
        if let [one, other, ..] = &could_be[..] {
            return Err(IdentityError::Crossing { one: one.clone(), other: other.clone() });
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
fn first_file(patient: &Intake, ask: &Ask) -> Option<String> {
    match series::choose(patient, &ask.rules, &ask.limits, None) {
        Choice::Chosen { series, .. } => series.instances.first().map(|i| i.origin.to_string()),
        Choice::NeedsSelection { .. } => patient.instances.first().map(|i| i.origin.to_string()),
        Choice::OutOfScope { .. } => None,
    }
}
