//! Of whom, and of which examination, the files are: a result is of one patient and one study.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use super::input::ScannedInput;
use super::instance::{InstanceHeader, sop_class};
use super::origin::Origin;
use super::series_volume::SeriesVolume;
use crate::source::{Patient, Study};

/// Most ways of writing one patient that are held against all others; a real series has one or two.
const MAX_COMPARED: usize = 50;

/// Why no result can be filed for a series, or none be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// Sections of several patients in one series.
    #[error("the series mixes patients: {one} and {other} belong to different ones")]
    MixedPatients {
        /// A file of one patient.
        one: Origin,
        /// A file of another.
        other: Origin,
    },
    /// Sections of several studies in one series.
    #[error(
        "the sections of the series belong to {count} studies (StudyInstanceUID); a result can be filed under one only"
    )]
    MixedStudies {
        /// How many.
        count: usize,
    },
    /// Series of several patients could be analysed.
    #[error(
        "the input mixes patients: the series of {one} and of {other} both could be analysed and belong to different ones"
    )]
    Crossing {
        /// A file of one patient.
        one: Origin,
        /// A file of another.
        other: Origin,
        /// Both have one SeriesInstanceUID, so that naming it would not tell them apart.
        same_series: bool,
    },
}

impl Diagnose for IdentityError {
    fn code(&self) -> Code {
        match self {
            Self::MixedPatients { .. } | Self::Crossing { .. } => Code::MixedPatients,
            Self::MixedStudies { .. } => Code::MixedStudies,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        let advice = match self {
            Self::MixedPatients { .. } => {
                "Have the series put right in the archive, so that all its sections are of one patient, and send it again."
            }
            Self::MixedStudies { .. } => {
                "Send the series again with one StudyInstanceUID for all its sections; an anonymiser may have given each file a study of its own."
            }
            Self::Crossing { same_series: true, .. } => {
                "Give the files of one patient at a time: both series have the same SeriesInstanceUID."
            }
            Self::Crossing { .. } => {
                "Give the files of one patient at a time, or name the series to analyse with --series."
            }
        };
        advice.into()
    }
}

/// Holds the files of a series against each other. What is filled in one and empty in another is no contradiction.
///
/// Returns what the reader must know: attributes that are written in several ways.
///
/// # Errors
/// Several patients, or several studies.
pub fn check(series: &SeriesVolume) -> Result<Vec<String>, IdentityError> {
    let Some((first, others)) = series.instances.split_first() else { return Ok(Vec::new()) };
    let mut written: BTreeMap<&Patient, &InstanceHeader> = BTreeMap::new();
    for instance in &series.instances {
        written.entry(&instance.patient).or_insert(instance);
    }
    // Each with all: an empty value agrees with two that differ.
    for (one, file) in written.iter().take(MAX_COMPARED) {
        if let Some((_, other)) = written.iter().find(|(other, _)| !same_patient(one, other)) {
            let (one, other) = (file.origin.clone(), other.origin.clone());
            return Err(IdentityError::MixedPatients { one, other });
        }
    }
    let mut studies: Vec<&str> = series.instances.iter().map(|i| i.study.uid.as_str()).collect();
    studies.sort_unstable();
    studies.dedup();
    if studies.len() > 1 {
        return Err(IdentityError::MixedStudies { count: studies.len() });
    }
    type Attribute = fn(&InstanceHeader) -> &str;
    let differs = |of: Attribute| others.iter().any(|other| of(other) != of(first));
    let attributes: [(&str, Attribute); 6] = [
        ("PatientName", |i| &i.patient.name),
        ("PatientID", |i| &i.patient.id),
        ("PatientBirthDate", |i| &i.patient.birth_date),
        ("PatientSex", |i| &i.patient.sex),
        ("AccessionNumber", |i| &i.study.accession_number),
        ("StudyDate", |i| &i.study.date),
    ];
    let several: Vec<&str> = attributes.iter().filter(|(_, of)| differs(*of)).map(|(name, _)| *name).collect();
    if several.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "{} not the same in all files of the series; results carry what most of them say. Compare it with the archive.",
        match several[..] {
            [one] => format!("{one} is"),
            _ => format!("{} are", several.join(", ")),
        }
    )])
}

/// Patient and study of a series, attribute by attribute what most of its files say.
pub fn common(series: &SeriesVolume) -> (Patient, Study) {
    let Some(first) = series.instances.first() else { return Default::default() };
    let all = &series.instances;
    if all.iter().all(|i| i.patient == first.patient && i.study == first.study) {
        return (first.patient.clone(), first.study.clone());
    }
    let most = |of: fn(&InstanceHeader) -> &str| most_said(all.iter().map(|i| of(i)));
    let patient = Patient {
        name: most(|i| &i.patient.name),
        id: most(|i| &i.patient.id),
        issuer_of_id: most(|i| &i.patient.issuer_of_id),
        birth_date: most(|i| &i.patient.birth_date),
        sex: most(|i| &i.patient.sex),
        age: most(|i| &i.patient.age),
        identity_removed: most(|i| &i.patient.identity_removed),
        deidentification_method: most(|i| &i.patient.deidentification_method),
    };
    let study = Study {
        uid: most(|i| &i.study.uid),
        date: most(|i| &i.study.date),
        time: most(|i| &i.study.time),
        accession_number: most(|i| &i.study.accession_number),
        referring_physician: most(|i| &i.study.referring_physician),
        id: most(|i| &i.study.id),
        description: most(|i| &i.study.description),
    };
    (patient, study)
}

/// The value that is said most often, the first of several; one that is empty only where all are.
fn most_said<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for value in values.filter(|v| !v.is_empty()) {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, n)) => *n += 1,
            None => counts.push((value, 1)),
        }
    }
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or_default();
    counts.iter().find(|(_, n)| *n == most).map(|(value, _)| (*value).to_owned()).unwrap_or_default()
}

/// The MR images of the input by patient: for each one an input of its own, in the order in which they were found.
pub fn by_patient(scanned: &ScannedInput) -> Vec<ScannedInput> {
    let mut all: Vec<(Vec<&Patient>, ScannedInput)> = Vec::new();
    for instance in scanned.instances.iter().filter(|i| sop_class::is_mr(&i.sop_class_uid)) {
        let patient = &instance.patient;
        let fits = |written: &[&Patient]| {
            written.contains(&patient) || written.iter().take(MAX_COMPARED).all(|known| same_patient(known, patient))
        };
        match all.iter_mut().find(|(written, _)| fits(written)) {
            Some((written, known)) => {
                if written.len() < MAX_COMPARED && !written.contains(&patient) {
                    written.push(patient);
                }
                known.instances.push(instance.clone());
            }
            None => {
                all.push((vec![patient], ScannedInput { instances: vec![instance.clone()], ..ScannedInput::default() }))
            }
        }
    }
    all.into_iter().map(|(_, scanned)| scanned).collect()
}

/// True unless the attributes say that these are two patients.
///
/// What is empty on one side agrees with everything. PatientIDs must be equal, and so must their issuers and birth dates. Another name alone
/// is another patient only where a birth date or a PatientID is missing, because one name is often written in several ways; where both are
/// there, another name and another sex together are.
pub fn same_patient(a: &Patient, b: &Patient) -> bool {
    let differ = |x: &str, y: &str| !x.is_empty() && !y.is_empty() && x != y;
    if differ(&a.id, &b.id) || differ(&a.issuer_of_id, &b.issuer_of_id) || differ(&a.birth_date, &b.birth_date) {
        return false;
    }
    let both = |x: &str, y: &str| !x.is_empty() && !y.is_empty();
    let names_agree = same_name(&a.name, &b.name);
    if both(&a.id, &b.id) && both(&a.birth_date, &b.birth_date) {
        // A name may have been corrected or changed; name and sex together are another person.
        return names_agree || !differ(&a.sex, &b.sex);
    }
    names_agree
}

/// True where two names can be one, written in two ways: in other case, with other delimiters, cut, or with a group more.
fn same_name(a: &str, b: &str) -> bool {
    let groups = |name: &str| name.split('=').map(plain).collect::<Vec<_>>();
    let (x, y) = (groups(a), groups(b));
    let mut both = x.iter().zip(&y).filter(|(one, other)| !one.is_empty() && !other.is_empty()).peekable();
    both.peek().is_none() || both.any(|(one, other)| one.starts_with(other.as_str()) || other.starts_with(one.as_str()))
}

/// A name without case, delimiters and blanks.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests;
