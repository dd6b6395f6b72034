//! Result objects that lie in a folder since an earlier run: whose they are, and how others refer to them.

use std::path::Path;

use cordline_sdk::wire::request::Predecessor;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::{InMemDicomObject, OpenFileOptions, ReadError};

/// Name of the report in a folder of results.
pub const REPORT_FILE: &str = "structured-report.dcm";
/// Name of the segmentation.
pub const SEGMENTATION_FILE: &str = "segmentation.dcm";

/// Attributes of the study; those of the patient are all of groups 0010 and 0012.
const OF_THE_STUDY: [Tag; 7] = [
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_ID,
    tags::STUDY_DESCRIPTION,
];

/// An object as far as others need it: no pixels.
pub(super) struct EarlierObject {
    dataset: InMemDicomObject,
}

impl EarlierObject {
    /// Reads an object; `None` where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, ReadError> {
        if !path.exists() {
            return Ok(None);
        }
        let file = OpenFileOptions::new().read_until(tags::PIXEL_DATA).open_file(path)?;
        Ok(Some(Self { dataset: file.into_inner() }))
    }

    /// Patient and study, as they stand there.
    pub(super) fn patient_and_study(&self) -> InMemDicomObject {
        let belongs = |tag: Tag| matches!(tag.group(), 0x0010 | 0x0012) || OF_THE_STUDY.contains(&tag);
        InMemDicomObject::from_element_iter(self.dataset.iter().filter(|e| belongs(e.header().tag)).cloned())
    }

    /// A text of it; empty where it has none.
    pub(super) fn text(&self, tag: Tag) -> String {
        let element = self.dataset.element_opt(tag).ok().flatten();
        element
            .and_then(|e| e.to_str().ok())
            .map(|text| text.trim_end_matches(['\0', ' ']).to_owned())
            .unwrap_or_default()
    }

    /// How others refer to it.
    pub(super) fn reference(&self) -> Predecessor {
        Predecessor {
            series_uid: self.text(tags::SERIES_INSTANCE_UID),
            sop_class_uid: self.text(tags::SOP_CLASS_UID),
            sop_uid: self.text(tags::SOP_INSTANCE_UID),
        }
    }
}

/// Report and segmentation of a folder of results, as an object that follows them names them.
///
/// # Errors
/// An object is there and cannot be read.
pub fn references(folder: &Path) -> Result<Vec<Predecessor>, ReadError> {
    let mut found = Vec::new();
    for name in [SEGMENTATION_FILE, REPORT_FILE] {
        found.extend(EarlierObject::read(&folder.join(name))?.map(|object| object.reference()));
    }
    Ok(found)
}
