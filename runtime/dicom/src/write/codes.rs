//! The coded concepts of result objects: one table, each row with the place where it was checked.
//!
//! Codes of classes are not here: they belong to the bundle, because another anatomy asks other questions.
//!
//! All rows are public. A private scheme would be legal, but no reader knows its codes, and validators warn of each: what no public
//! code names is said in words instead.

use std::borrow::Cow;

/// A coded concept: value, coding scheme and meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedConcept {
    /// Code Value; at most 16 characters.
    pub value: Cow<'static, str>,
    /// Coding Scheme Designator, for example `SCT`, `DCM`, `UCUM`.
    pub scheme: Cow<'static, str>,
    /// Code Meaning; at most 64 characters.
    pub meaning: Cow<'static, str>,
}

impl CodedConcept {
    /// A code that is not in the table, for example that of a bundle's class.
    pub fn new(value: impl Into<String>, scheme: impl Into<String>, meaning: impl Into<String>) -> Self {
        Self { value: value.into().into(), scheme: scheme.into().into(), meaning: meaning.into().into() }
    }

    const fn fixed(value: &'static str, scheme: &'static str, meaning: &'static str) -> Self {
        Self { value: Cow::Borrowed(value), scheme: Cow::Borrowed(scheme), meaning: Cow::Borrowed(meaning) }
    }
}

/// Where a row of the table was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Value and meaning stand in pydicom's copy of the DICOM context groups and dictionaries.
    Pydicom,
    /// Value as in pydicom, meaning in the older wording of PS3.16 that dcmqi, Slicer and dciodvfy know.
    PydicomOlderMeaning,
    /// The standard's text (PS3.16): not in pydicom's dictionaries.
    Standard,
}

macro_rules! codes {
    ($($name:ident = $value:literal, $scheme:expr, $meaning:literal, $checked:ident;)+) => {
        $(
            #[doc = concat!($meaning, " (", $value, ").")]
            pub const $name: CodedConcept = CodedConcept::fixed($value, $scheme, $meaning);
        )+
        /// Every row, for tests and documents.
        pub const TABLE: &[(CodedConcept, Checked)] = &[$(($name, Checked::$checked)),+];
    };
}

codes! {
    // Anatomy and findings
    ALTERED_STRUCTURE = "49755003", "SCT", "Morphologically Altered Structure", PydicomOlderMeaning;
    LESION = "52988006", "SCT", "Lesion", Pydicom;
    SPINAL_CORD = "2748008", "SCT", "Spinal cord", Pydicom;
    UNDETERMINED = "373068000", "SCT", "Undetermined", Pydicom;
    NEGATIVE = "260385009", "SCT", "Negative", Pydicom;
    // Measurements
    VOLUME = "118565006", "SCT", "Volume", Pydicom;
    LENGTH = "410668003", "SCT", "Length", Pydicom;
    NUMBER_OF_LESIONS = "246206008", "SCT", "Number of lesions", PydicomOlderMeaning;
    PROBABILITY = "122157", "DCM", "Probability", Pydicom;
    HEAD_FOOT_AXIS = "110861", "DCM", "Head-Foot Axis", Pydicom;
    MEASUREMENT_METHOD = "370129005", "SCT", "Measurement Method", Pydicom;
    QUANTITY = "246205007", "SCT", "Quantity", Pydicom;
    CLASS_ACTIVATION = "130403", "DCM", "Gradient-weighted class activation", Pydicom;
    CUBIC_MILLIMETRE = "mm3", "UCUM", "cubic millimeter", Pydicom;
    MILLIMETRE = "mm", "UCUM", "mm", Pydicom;
    NO_UNITS = "1", "UCUM", "no units", Pydicom;
    // Derivation of images
    SEGMENTATION = "113076", "DCM", "Segmentation", Pydicom;
    SPATIAL_RESAMPLING = "113085", "DCM", "Spatial resampling", Pydicom;
    SOURCE_FOR_PROCESSING = "121322", "DCM", "Source image for image processing operation", Pydicom;
    ARTIFICIAL_INTELLIGENCE = "123110", "DCM", "Artificial Intelligence", Pydicom;
    // Report: document, language, observer
    MEASUREMENT_REPORT = "126000", "DCM", "Imaging Measurement Report", Pydicom;
    LANGUAGE = "121049", "DCM", "Language of Content Item and Descendants", Pydicom;
    ENGLISH = "en-US", "RFC5646", "English (United States)", Standard;
    OBSERVER_TYPE = "121005", "DCM", "Observer Type", Pydicom;
    PERSON = "121006", "DCM", "Person", Pydicom;
    PERSON_NAME = "121008", "DCM", "Person Observer Name", Pydicom;
    DEVICE = "121007", "DCM", "Device", Pydicom;
    DEVICE_UID = "121012", "DCM", "Device Observer UID", Pydicom;
    DEVICE_NAME = "121013", "DCM", "Device Observer Name", Pydicom;
    DEVICE_MANUFACTURER = "121014", "DCM", "Device Observer Manufacturer", Pydicom;
    DEVICE_MODEL = "121015", "DCM", "Device Observer Model Name", Pydicom;
    DEVICE_SERIAL = "121016", "DCM", "Device Observer Serial Number", Pydicom;
    PROCEDURE_REPORTED = "121058", "DCM", "Procedure reported", Pydicom;
    MR_EXAMINATION = "25056-3", "LN", "MRI unspecified body region", Pydicom;
    // Report: image library
    IMAGE_LIBRARY = "111028", "DCM", "Image Library", Pydicom;
    IMAGE_LIBRARY_GROUP = "126200", "DCM", "Image Library Group", Pydicom;
    MODALITY = "121139", "DCM", "Modality", Pydicom;
    MAGNETIC_RESONANCE = "MR", "DCM", "Magnetic Resonance", Pydicom;
    TARGET_REGION = "123014", "DCM", "Target Region", Pydicom;
    FRAME_OF_REFERENCE = "112227", "DCM", "Frame of Reference UID", Pydicom;
    // Report: measurement groups
    IMAGING_MEASUREMENTS = "126010", "DCM", "Imaging Measurements", Pydicom;
    MEASUREMENT_GROUP = "125007", "DCM", "Measurement Group", Pydicom;
    TRACKING_ID = "112039", "DCM", "Tracking Identifier", Pydicom;
    TRACKING_UID = "112040", "DCM", "Tracking Unique Identifier", Pydicom;
    FINDING = "121071", "DCM", "Finding", Pydicom;
    FINDING_SITE = "363698007", "SCT", "Finding Site", Pydicom;
    ALGORITHM_NAME = "111001", "DCM", "Algorithm Name", Pydicom;
    ALGORITHM_VERSION = "111003", "DCM", "Algorithm Version", Pydicom;
    ALGORITHM_PARAMETERS = "111002", "DCM", "Algorithm Parameters", Pydicom;
    REFERENCED_SEGMENT = "121191", "DCM", "Referenced Segment", Pydicom;
    SOURCE_FOR_SEGMENTATION = "121233", "DCM", "Source image for segmentation", Pydicom;
    SOURCE_OF_MEASUREMENT = "121112", "DCM", "Source of Measurement", Pydicom;
    IMPRESSION = "111023", "DCM", "Differential Diagnosis/Impression", Pydicom;
    RUN_SUMMARY = "111017", "DCM", "CAD Processing and Findings Summary", Pydicom;
    WITHOUT_FINDINGS = "111241", "DCM", "All algorithms succeeded; without findings", Pydicom;
    WITH_FINDINGS = "111242", "DCM", "All algorithms succeeded; with findings", Pydicom;
    // Report: words
    QUALITATIVE_EVALUATIONS = "C0034375", "UMLS", "Qualitative Evaluations", Standard;
    COMMENT = "121106", "DCM", "Comment", Pydicom;
    // Review of a result
    ASSESSMENT = "111005", "DCM", "Assessment Category", Pydicom;
    AGREEMENT = "122775", "DCM", "Agreement with prior findings", Pydicom;
    DISAGREEMENT = "122776", "DCM", "Disagreement with prior findings", Pydicom;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_fits_its_attributes_and_stands_once() {
        for (i, (code, _)) in TABLE.iter().enumerate() {
            assert!(code.value.len() <= 16 && code.scheme.len() <= 16 && code.meaning.len() <= 64, "{code:?}");
            assert!(
                TABLE[..i].iter().all(|(other, _)| (&other.value, &other.scheme) != (&code.value, &code.scheme)),
                "{code:?} stands twice"
            );
        }
    }
}
