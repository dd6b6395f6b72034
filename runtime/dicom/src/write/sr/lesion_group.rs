//! One lesion: where it is in the segmentation, how large it is, and from which images (TID 1411).

use cordline_sdk::result::Lesion;
use dicom_dictionary_std::tags;

use super::content_item::{ContentItem, Relationship::*};
use crate::write::codes;
use crate::write::context::ResultContext;
use crate::write::dataset::{Put, item};
use crate::write::error::ResultError;
use crate::write::module::reference;
use crate::write::result_object::ResultObject;

/// The measurement group of a lesion.
pub(super) fn group(
    ctx: &ResultContext,
    lesion: &Lesion,
    segmentation: Option<&ResultObject>,
) -> Result<ContentItem, ResultError> {
    let (tracking_id, tracking_uid) = ctx.lesion_tracking(lesion.number);
    // Craniocaudal: along the long axis of the patient, whatever the plane of the sections.
    let extent = ContentItem::number(&codes::LENGTH, lesion.extent_mm, &codes::MILLIMETRE)
        .child(ContentItem::code(&codes::MEASUREMENT_METHOD, &codes::HEAD_FOOT_AXIS).related(HasConceptModifier));
    let volume = ContentItem::number(&codes::VOLUME, lesion.volume_ml * 1000.0, &codes::CUBIC_MILLIMETRE);
    let mut group = ContentItem::container(&codes::MEASUREMENT_GROUP)
        .child(ContentItem::text(&codes::TRACKING_ID, &tracking_id).related(HasObservationContext))
        .child(ContentItem::uid(&codes::TRACKING_UID, &tracking_uid).related(HasObservationContext))
        .child(ContentItem::code(&codes::FINDING, &codes::LESION).related(Contains));
    if let Some(segmentation) = segmentation {
        let segment = item(|r| {
            reference::put_instance(r, &segmentation.sop_class_uid, &segmentation.sop_instance_uid);
            r.us(tags::REFERENCED_SEGMENT_NUMBER, &[lesion.number]);
        });
        group = group.child(ContentItem::image(Some(&codes::REFERENCED_SEGMENT), segment).related(Contains));
    }
    let what = format!("lesion {}", lesion.number);
    for section in &lesion.sections {
        let image = reference::instance(ctx.source_frame(*section, &what)?, |_| {});
        group = group.child(ContentItem::image(Some(&codes::SOURCE_FOR_SEGMENTATION), image).related(Contains));
    }
    for item in algorithm(ctx, &ctx.algorithm.parameters) {
        group = group.child(item);
    }
    Ok(group
        .child(ContentItem::code(&codes::FINDING_SITE, &codes::SPINAL_CORD).related(HasConceptModifier))
        .child(volume.related(Contains))
        .child(extent.related(Contains)))
}

/// What computed the values of a group: name, version with that of the models, parameters.
pub(super) fn algorithm(ctx: &ResultContext, parameters: &str) -> Vec<ContentItem> {
    let version = format!("{}, bundle {} {}", ctx.algorithm.version, ctx.bundle.id, ctx.bundle.version);
    let mut items = vec![
        ContentItem::text(&codes::ALGORITHM_NAME, &ctx.algorithm.name).related(HasConceptModifier),
        ContentItem::text(&codes::ALGORITHM_VERSION, &version).related(HasConceptModifier),
    ];
    if !parameters.is_empty() {
        items.push(ContentItem::text(&codes::ALGORITHM_PARAMETERS, parameters).related(HasConceptModifier));
    }
    items
}
