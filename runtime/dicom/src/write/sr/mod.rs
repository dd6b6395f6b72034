//! The answer as a structured report: Comprehensive 3D SR after TID 1500, "Imaging Measurement Report".
//!
//! The tree, top to bottom:
//! - [`observation`]: language, who observed, which procedure
//! - [`image_library`]: the series that was analysed, and why that one
//! - [`lesion_group`]: a measurement group for each lesion (TID 1411)
//! - [`classification_group`]: one for each question that was asked, and a summary (TID 1501)
//! - [`evaluation`]: the words: intended use, models, warnings, questions that were not asked
//!
//! A reader's verdict on it is a report of its own: [`review`].
//!
//! [`content_item`] builds the items, [`evidence`] lists what they refer to.

mod classification_group;
mod content_item;
mod evaluation;
mod evidence;
mod image_library;
mod lesion_group;
mod observation;
pub mod review;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use self::content_item::{ContentItem, Relationship::*};
use super::codes;
use super::context::ResultContext;
use super::dataset::{Dataset, Put, item};
use super::error::ResultError;
use super::module::{patient_study, person, predecessor, series, series_number};
use super::part10;
use super::result_object::ResultObject;

/// Writes the report; `segmentation` is what [`super::seg::write`] gave. Every finding has one, "no lesion" too.
///
/// # Errors
/// The context is inconsistent, a class has no code, or a value cannot be encoded.
pub fn write(ctx: &ResultContext, segmentation: Option<&ResultObject>) -> Result<ResultObject<'static>, ResultError> {
    ctx.check()?;
    let mut d = Dataset::new_empty();
    patient_study::put(&mut d, ctx.source);
    let kind = series::Kind {
        sop_class_uid: uids::COMPREHENSIVE3_DSR_STORAGE,
        modality: "SR",
        name: "structured report",
        series_offset: series_number::REPORT,
        description: &series::description_of(ctx, "findings"),
    };
    series::put(&mut d, ctx, &kind);
    series::put_private_schemes(&mut d, ctx);
    d.items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, vec![]);
    d.items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, vec![]);
    d.text(tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    d.text(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
    if let Some(reader) = ctx.reader {
        person::put_author(&mut d, reader);
    }
    evidence::put(&mut d, ctx, segmentation);
    predecessor::put(&mut d, &ctx.source.study.uid, &kind.instance_uid(ctx), ctx.predecessors);

    let template = item(|t| {
        t.text(tags::MAPPING_RESOURCE, VR::CS, "DCMR");
        t.text(tags::TEMPLATE_IDENTIFIER, VR::CS, "1500");
    });
    let mut root = ContentItem::container(&codes::MEASUREMENT_REPORT).template(template);
    for item in observation::items(ctx) {
        root = root.child(item);
    }
    root.child(image_library::container(ctx).related(Contains))
        .child(measurements(ctx, segmentation)?.related(Contains))
        .child(evaluation::container(ctx).related(Contains))
        .into_root(&mut d);
    part10::write(d, None)
}

/// All measurement groups: lesions, questions, summary.
fn measurements(ctx: &ResultContext, segmentation: Option<&ResultObject>) -> Result<ContentItem, ResultError> {
    let mut all = ContentItem::container(&codes::IMAGING_MEASUREMENTS);
    for lesion in &ctx.findings.lesions {
        all = all.child(lesion_group::group(ctx, lesion, segmentation)?.related(Contains));
    }
    for classification in &ctx.findings.classifications {
        all = all.child(classification_group::group(ctx, classification)?.related(Contains));
    }
    Ok(all.child(classification_group::summary(ctx)?.related(Contains)))
}
