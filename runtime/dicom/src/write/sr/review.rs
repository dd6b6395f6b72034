//! A reader's verdict on a result, as a report of its own (Comprehensive 3D SR after TID 1500): the reader is author and observer, and the report
//! that was judged its predecessor.
//!
//! VerificationFlag stays UNVERIFIED: a name of a token is no signature, and nothing here is for clinical use.

use std::path::Path;

use chrono::{DateTime, FixedOffset};
use cordline_sdk::RESEARCH_USE;
use cordline_sdk::review::{Review, Verdict};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::ReadError;
use thiserror::Error;

use super::content_item::{ContentItem, Relationship::*};
use super::observation;
use crate::write::codes;
use crate::write::context::Device;
use crate::write::dataset::{Dataset, Put, item};
use crate::write::earlier_object::{EarlierObject, REPORT_FILE, references};
use crate::write::error::ResultError;
use crate::write::module::{person, predecessor, series, series_number};
use crate::write::part10;
use crate::write::timestamp::Timestamp;
use crate::write::uid;

/// Why a review cannot be written.
#[derive(Debug, Error)]
pub enum ReviewError {
    /// The objects that are judged cannot be read.
    #[error("the results that are judged cannot be read: {0}")]
    Read(#[from] Box<ReadError>),
    /// The review itself.
    #[error(transparent)]
    Write(#[from] ResultError),
}

/// The Part 10 file of the review with this number (from 1) of the results in `folder`; `None` where they hold no report, as those of a volume.
///
/// # Errors
/// The report of the job cannot be read, or the review not be encoded.
pub fn write(
    folder: &Path,
    review: &Review,
    number: usize,
    device: &Device,
    moment: DateTime<FixedOffset>,
) -> Result<Option<Vec<u8>>, ReviewError> {
    let Some(report) = EarlierObject::read(&folder.join(REPORT_FILE)).map_err(Box::new)? else { return Ok(None) };
    let judged = references(folder).map_err(Box::new)?;
    let created = Timestamp::from(moment);
    let mut d = report.patient_and_study();
    let at = review.at_ms.to_string();
    let identity = |what| {
        uid::derived(["review", what, &report.reference().sop_uid, review.verdict.as_str(), &review.reader, &at])
    };
    put_series(&mut d, &report, review, number, &created);
    put_equipment(&mut d, device);
    let itself = identity("instance");
    d.uid(tags::SOP_INSTANCE_UID, &itself);
    d.uid(tags::SERIES_INSTANCE_UID, &identity("series"));
    person::put_author(&mut d, &review.reader);
    predecessor::put(&mut d, &report.text(tags::STUDY_INSTANCE_UID), &itself, &judged);
    content(review).into_root(&mut d);
    let mut bytes = Vec::new();
    part10::write(d, None)?.write_to(&mut bytes).expect("memory takes what is written");
    Ok(Some(bytes))
}

fn put_series(d: &mut Dataset, report: &EarlierObject, review: &Review, number: usize, created: &Timestamp) {
    let (date, time) = (created.date(), created.time());
    d.uid(tags::SOP_CLASS_UID, uids::COMPREHENSIVE3_DSR_STORAGE);
    d.text(tags::INSTANCE_CREATION_DATE, VR::DA, &date);
    d.text(tags::INSTANCE_CREATION_TIME, VR::TM, &time);
    d.text(tags::MODALITY, VR::CS, "SR");
    let judged: i64 = report.text(tags::SERIES_NUMBER).trim().parse().unwrap_or(0);
    d.integers(tags::SERIES_NUMBER, &[judged - series_number::REPORT + series_number::REVIEWS]);
    let words = format!("AI result {} by {}", review.verdict.as_str(), review.reader);
    d.text(tags::SERIES_DESCRIPTION, VR::LO, &series::description(&[words]));
    d.text(tags::SERIES_DATE, VR::DA, &date);
    d.text(tags::SERIES_TIME, VR::TM, &time);
    d.integers(tags::INSTANCE_NUMBER, &[number as i64]);
    d.text(tags::CONTENT_DATE, VR::DA, &date);
    d.text(tags::CONTENT_TIME, VR::TM, &time);
    d.items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, vec![]);
    d.items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, vec![]);
    d.text(tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    d.text(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
}

fn put_equipment(d: &mut Dataset, device: &Device) {
    d.text(tags::MANUFACTURER, VR::LO, &device.manufacturer);
    d.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, &device.model);
    d.text(tags::DEVICE_SERIAL_NUMBER, VR::LO, &device.serial);
    d.texts(tags::SOFTWARE_VERSIONS, VR::LO, &device.software_versions);
}

/// Who says it, and what: as a code for programs where there is one, and as a sentence for people.
fn content(review: &Review) -> ContentItem {
    let template = item(|t| {
        t.text(tags::MAPPING_RESOURCE, VR::CS, "DCMR");
        t.text(tags::TEMPLATE_IDENTIFIER, VR::CS, "1500");
    });
    let mut root = ContentItem::container(&codes::MEASUREMENT_REPORT).template(template).child(observation::language());
    for item in observation::person(&review.reader) {
        root = root.child(item);
    }
    let mut said = ContentItem::container(&codes::QUALITATIVE_EVALUATIONS);
    let opinion = match review.verdict {
        Verdict::Accepted => Some(&codes::AGREEMENT),
        Verdict::Rejected => Some(&codes::DISAGREEMENT),
        // Neither any more: no code says that.
        Verdict::Withdrawn => None,
    };
    if let Some(opinion) = opinion {
        said = said.child(ContentItem::code(&codes::ASSESSMENT, opinion).related(Contains));
    }
    let sentence = match review.verdict {
        Verdict::Withdrawn => format!("Earlier verdict on the AI result {}.", review.line()),
        _ => format!("AI result {}.", review.line()),
    };
    for line in [format!("{RESEARCH_USE}."), sentence] {
        said = said.child(ContentItem::text(&codes::COMMENT, &line).related(Contains));
    }
    root.child(observation::procedure()).child(said.related(Contains))
}
