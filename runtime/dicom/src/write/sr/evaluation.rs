//! The words of the report: intended use, models, warnings, and the questions that were not asked.

use cordline_sdk::RESEARCH_USE;

use super::content_item::{ContentItem, Relationship::*};
use crate::write::codes;
use crate::write::context::ResultContext;
use crate::write::module::content;

/// The container: a comment a sentence, the notice first.
pub(super) fn container(ctx: &ResultContext) -> ContentItem {
    let mut lines = vec![format!("{RESEARCH_USE}."), content::models(ctx)];
    lines.extend(content::warnings(ctx).iter().map(|w| format!("Warning: {w}")));
    lines.extend(ctx.findings.not_asked.iter().map(|q| format!("{} Not asked: {}", q.question, q.reason)));
    lines.iter().fold(ContentItem::container(&codes::QUALITATIVE_EVALUATIONS), |all, line| {
        all.child(ContentItem::text(&codes::COMMENT, line).related(Contains))
    })
}
