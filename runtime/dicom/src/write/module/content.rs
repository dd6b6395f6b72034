//! What a derived image says of itself: label, creator, loss of quality, and the words for people.

use cordline_sdk::RESEARCH_USE;
use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::person;
use crate::write::context::ResultContext;
use crate::write::dataset::{Dataset, Put};

/// Content Identification: `label` at most 16 capital letters, digits or underscores.
pub(crate) fn put_identification(d: &mut Dataset, ctx: &ResultContext, label: &str, description: &str) {
    d.text(tags::CONTENT_LABEL, VR::CS, label);
    d.text(tags::CONTENT_DESCRIPTION, VR::LO, description);
    d.text(tags::CONTENT_CREATOR_NAME, VR::PN, &person::name(&ctx.algorithm.name));
}

/// LossyImageCompression: once lost, always lost.
pub(crate) fn put_lossy(d: &mut Dataset, ctx: &ResultContext) {
    d.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, if ctx.source.lossy { "01" } else { "00" });
    if ctx.source.lossy {
        d.copied_if_present(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, &ctx.source.lossy_ratio);
        d.copied_if_present(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, &ctx.source.lossy_method);
    }
}

/// The notice, the models and the warnings, for people who look at the header.
pub(crate) fn put_comments(d: &mut Dataset, ctx: &ResultContext) {
    d.text(tags::IMAGE_COMMENTS, VR::LT, &notice(ctx).join("\n"));
}

/// The notice, the models that answered, and every warning: one sentence each.
pub(crate) fn notice(ctx: &ResultContext) -> Vec<String> {
    let mut lines = vec![format!("{RESEARCH_USE}."), models(ctx)];
    lines.extend(warnings(ctx));
    lines
}

/// Which models answered, and on whom they were trained.
pub(crate) fn models(ctx: &ResultContext) -> String {
    let bundle = ctx.bundle;
    format!(
        "Bundle {} {} (sha256 {}), trained on {}; {} {}.",
        bundle.id,
        bundle.version,
        bundle.sha256,
        // The field's values are `phantom` and `patients`.
        if bundle.cohort == "phantom" { "phantoms" } else { &bundle.cohort },
        ctx.algorithm.name,
        ctx.algorithm.version
    )
}

/// The bundle's own warning first, then those of this study; none twice.
pub(crate) fn warnings(ctx: &ResultContext) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for warning in ctx.bundle.warning.iter().chain(ctx.warnings) {
        if !warning.trim().is_empty() && !all.contains(warning) {
            all.push(warning.clone());
        }
    }
    all
}
