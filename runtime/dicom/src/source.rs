//! The series that was analysed, with all that result objects must carry over from it.

use serde::{Deserialize, Serialize};

/// The chosen series: one volume's worth of frames in section order, and the attributes that SEG, SR and heat map copy.
///
/// Text is kept as decoded Unicode; an attribute that the source lacks is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceSeries {
    /// Who was imaged.
    pub patient: Patient,
    /// The examination.
    pub study: Study,
    /// SeriesInstanceUID.
    pub series_uid: String,
    /// SeriesNumber, 0 where absent.
    pub series_number: i32,
    /// FrameOfReferenceUID.
    pub frame_of_reference_uid: String,
    /// PositionReferenceIndicator.
    pub position_reference_indicator: String,
    /// SliceThickness of the first section in mm, where stated.
    pub slice_thickness_mm: Option<f64>,
    /// True where the source was compressed with loss at any time; then LossyImageCompressionRatio and Method follow where stated legally.
    pub lossy: bool,
    /// LossyImageCompressionRatio, one or several.
    pub lossy_ratio: String,
    /// LossyImageCompressionMethod, one or several.
    pub lossy_method: String,
    /// One frame for each section of the volume, in section order.
    pub frames: Vec<SourceFrame>,
}

/// Patient Module and Patient Study Module.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Patient {
    /// PatientName.
    pub name: String,
    /// PatientID.
    pub id: String,
    /// IssuerOfPatientID, empty where absent.
    pub issuer_of_id: String,
    /// PatientBirthDate.
    pub birth_date: String,
    /// PatientSex.
    pub sex: String,
    /// PatientAge.
    pub age: String,
    /// PatientIdentityRemoved, empty where absent.
    pub identity_removed: String,
    /// DeidentificationMethod, empty where absent.
    pub deidentification_method: String,
}

/// General Study Module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// StudyInstanceUID.
    pub uid: String,
    /// StudyDate.
    pub date: String,
    /// StudyTime.
    pub time: String,
    /// AccessionNumber.
    pub accession_number: String,
    /// ReferringPhysicianName.
    pub referring_physician: String,
    /// StudyID.
    pub id: String,
    /// StudyDescription.
    pub description: String,
}

/// Where a section comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceFrame {
    /// SOPClassUID of the instance.
    pub sop_class_uid: String,
    /// SOPInstanceUID of the instance.
    pub sop_instance_uid: String,
    /// Frame number from 1 in an Enhanced MR instance; absent for a classic one.
    pub frame_number: Option<u32>,
}
