//! The images that were looked at, and why that series was chosen.

use super::content_item::{ContentItem, Relationship::*};
use crate::source::SourceSeries;
use crate::write::codes;
use crate::write::context::ResultContext;
use crate::write::module::reference;

/// One group for each series: the T2-weighted one, and the contrast-enhanced one where it was used.
pub(super) fn container(ctx: &ResultContext) -> ContentItem {
    let chosen = group(ctx.source, ctx.series_reasons);
    let mut library = ContentItem::container(&codes::IMAGE_LIBRARY).child(chosen.related(Contains));
    if let Some(t1c) = ctx.t1c {
        let reason =
            ["Contrast-enhanced T1-weighted series in the same frame of reference, used as a second input.".into()];
        library = library.child(group(t1c, &reason).related(Contains));
    }
    library
}

fn group(series: &SourceSeries, reasons: &[String]) -> ContentItem {
    let mut group = ContentItem::container(&codes::IMAGE_LIBRARY_GROUP)
        .child(ContentItem::code(&codes::MODALITY, &codes::MAGNETIC_RESONANCE).related(HasAcquisitionContext))
        .child(ContentItem::code(&codes::TARGET_REGION, &codes::SPINAL_CORD).related(HasAcquisitionContext))
        .child(
            ContentItem::uid(&codes::FRAME_OF_REFERENCE, &series.frame_of_reference_uid).related(HasAcquisitionContext),
        );
    for reason in reasons.iter().filter(|r| !r.trim().is_empty()) {
        let words = format!("Why this series: {reason}");
        group = group.child(ContentItem::text(&codes::COMMENT, &words).related(HasAcquisitionContext));
    }
    for image in reference::items(reference::instances(series)) {
        group = group.child(ContentItem::image(None, image).related(Contains));
    }
    group
}
