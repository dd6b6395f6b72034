//! Patient, General Study and Frame of Reference: copied, never invented, so that the archive files results under the same patient and
//! examination.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::source::SourceSeries;
use crate::write::dataset::{Dataset, Put};

/// Patient, Patient Study and General Study. Type 2 attributes stand there even when empty.
pub(crate) fn put(d: &mut Dataset, source: &SourceSeries) {
    let patient = &source.patient;
    d.copied(tags::PATIENT_NAME, VR::PN, &patient.name);
    d.copied(tags::PATIENT_ID, VR::LO, &patient.id);
    d.copied_if_present(tags::ISSUER_OF_PATIENT_ID, VR::LO, &patient.issuer_of_id);
    d.copied(tags::PATIENT_BIRTH_DATE, VR::DA, &patient.birth_date);
    d.copied(tags::PATIENT_SEX, VR::CS, &patient.sex);
    d.copied_if_present(tags::PATIENT_AGE, VR::AS, &patient.age);
    d.copied_if_present(tags::PATIENT_IDENTITY_REMOVED, VR::CS, &patient.identity_removed);
    if !patient.deidentification_method.is_empty() {
        d.copied(tags::DEIDENTIFICATION_METHOD, VR::LO, &patient.deidentification_method);
    } else if patient.identity_removed == "YES" {
        // The standard wants a method here; the source may state its own as codes.
        d.text(tags::DEIDENTIFICATION_METHOD, VR::LO, "As stated in the source images");
    }

    let study = &source.study;
    d.uid(tags::STUDY_INSTANCE_UID, &study.uid);
    d.copied(tags::STUDY_DATE, VR::DA, &study.date);
    d.copied(tags::STUDY_TIME, VR::TM, &study.time);
    d.copied(tags::ACCESSION_NUMBER, VR::SH, &study.accession_number);
    d.copied(tags::REFERRING_PHYSICIAN_NAME, VR::PN, &study.referring_physician);
    d.copied(tags::STUDY_ID, VR::SH, &study.id);
    d.copied_if_present(tags::STUDY_DESCRIPTION, VR::LO, &study.description);
}

/// Frame of Reference: the source's, because results lie in the same coordinates.
pub(crate) fn put_frame_of_reference(d: &mut Dataset, source: &SourceSeries) {
    d.uid(tags::FRAME_OF_REFERENCE_UID, &source.frame_of_reference_uid);
    d.copied(tags::POSITION_REFERENCE_INDICATOR, VR::LO, &source.position_reference_indicator);
}
