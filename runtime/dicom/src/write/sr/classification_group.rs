//! One question that was asked: the answer, both probabilities, the sections that were looked at (TID 1501). And the summary.
//!
//! A question that was not asked has no group: a probability of 0 would be a lie.

use std::borrow::Cow;

use cordline_sdk::Finding;
use cordline_sdk::result::Classification;

use super::content_item::{ContentItem, Relationship::*};
use super::lesion_group::algorithm;
use crate::write::codes::{self, CodedConcept};
use crate::write::context::ResultContext;
use crate::write::error::ResultError;
use crate::write::module::reference;

/// The measurement group of a question.
pub(super) fn group(ctx: &ResultContext, asked: &Classification) -> Result<ContentItem, ResultError> {
    let mut group = tracked(ctx, &asked.question, &format!("question {}", asked.id))
        .child(ContentItem::code(&codes::FINDING, &codes::LESION).related(Contains));
    let parameters = format!(
        "threshold={}; undecided={} to {}; {}",
        asked.threshold, asked.undecided[0], asked.undecided[1], ctx.algorithm.parameters
    );
    for item in algorithm(ctx, &parameters) {
        group = group.child(item);
    }
    group = group.child(ContentItem::code(&codes::FINDING_SITE, &codes::SPINAL_CORD).related(HasConceptModifier));
    for asked_section in &asked.sections {
        let source = ctx.source_frame(asked_section.section, &asked.question)?;
        let image = reference::instance(source, |_| {});
        group = group.child(ContentItem::image(Some(&codes::SOURCE_OF_MEASUREMENT), image).related(Contains));
    }
    for (class, probability) in asked.in_order() {
        let of = ContentItem::code(&codes::IMPRESSION, ctx.class_code(class)?).related(HasConceptModifier);
        let number = ContentItem::number(&codes::PROBABILITY, probability, &codes::NO_UNITS).child(of);
        group = group.child(number.related(Contains));
    }
    let decision = decided(ctx, &asked.decision)?;
    Ok(group.child(ContentItem::code(&codes::IMPRESSION, &decision).related(Contains)))
}

/// The whole study in one group: how many lesions, and what they are.
pub(super) fn summary(ctx: &ResultContext) -> Result<ContentItem, ResultError> {
    let findings = ctx.findings;
    let lesions = findings.lesions.len();
    let run = if lesions == 0 { &codes::WITHOUT_FINDINGS } else { &codes::WITH_FINDINGS };
    let mut group = tracked(ctx, "Summary", "summary");
    for item in algorithm(ctx, &ctx.algorithm.parameters) {
        group = group.child(item);
    }
    group = group
        .child(ContentItem::code(&codes::FINDING_SITE, &codes::SPINAL_CORD).related(HasConceptModifier))
        .child(ContentItem::number(&codes::NUMBER_OF_LESIONS, lesions as f64, &codes::NO_UNITS).related(Contains))
        .child(ContentItem::code(&codes::RUN_SUMMARY, run).related(Contains));
    for answer in [Some(findings.finding.name.as_str()), findings.finding.subtype.as_deref()].into_iter().flatten() {
        let code = decided(ctx, answer)?;
        group = group.child(ContentItem::code(&codes::IMPRESSION, &code).related(Contains));
    }
    Ok(group.child(ContentItem::text(&codes::COMMENT, &findings.finding.label).related(Contains)))
}

/// An empty group with its tracking identifier.
fn tracked(ctx: &ResultContext, identifier: &str, kind: &str) -> ContentItem {
    ContentItem::container(&codes::MEASUREMENT_GROUP)
        .child(ContentItem::text(&codes::TRACKING_ID, identifier).related(HasObservationContext))
        .child(ContentItem::uid(&codes::TRACKING_UID, &ctx.uid(kind)).related(HasObservationContext))
}

/// Code of an answer: a class of the bundle, "undetermined", or "negative".
fn decided<'a>(ctx: &'a ResultContext, answer: &str) -> Result<Cow<'a, CodedConcept>, ResultError> {
    match answer {
        Finding::UNDECIDED | Finding::INDETERMINATE => Ok(Cow::Owned(codes::UNDETERMINED)),
        Finding::NO_LESION => Ok(Cow::Owned(codes::NEGATIVE)),
        class => ctx.class_code(class).map(Cow::Borrowed),
    }
}
