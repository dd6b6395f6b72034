//! The words of the report: intended use, models, warnings, the answer in a sentence, and the questions that were not asked.

use cordline_sdk::RESEARCH_USE;

use super::content_item::{ContentItem, Relationship::*};
use crate::dicom::write::codes;
use crate::dicom::write::module::content;
use crate::dicom::write::result_object::ResultContext;

/// The container.
pub(super) fn container(ctx: &ResultContext) -> ContentItem {
    let mut all = ContentItem::container(&codes::QUALITATIVE_EVALUATIONS)
        .child(ContentItem::text(&codes::NOTICE, &format!("{RESEARCH_USE}.")).related(Contains))
        .child(ContentItem::text(&codes::MODELS, &content::models(ctx)).related(Contains));
    for warning in content::warnings(ctx) {
        all = all.child(ContentItem::text(&codes::WARNING, &warning).related(Contains));
    }
    for question in &ctx.findings.not_asked {
        let words = format!("{} Not asked: {}", question.question, question.reason);
        all = all.child(ContentItem::text(&codes::NOT_ASKED, &words).related(Contains));
    }
    all
}
