//! The new series, the equipment that made it, and the instance's own identity.

use std::collections::BTreeSet;

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::write::context::ResultContext;
use crate::write::dataset::{Dataset, Put, item};

/// Most bytes of a Series Description. The standard counts characters (VR LO); validators and older archives count bytes of UTF-8.
const LONGEST: usize = 64;

/// What tells one kind of result from another.
pub(crate) struct Kind<'a> {
    pub sop_class_uid: &'a str,
    pub modality: &'a str,
    /// What the UIDs are derived from, beside source and models.
    pub name: &'a str,
    /// Added to the number of the source series.
    pub series_offset: i64,
    /// Series Description.
    pub description: &'a str,
}

impl Kind<'_> {
    /// SOP Instance UID of the object of this kind.
    pub(crate) fn instance_uid(&self, ctx: &ResultContext) -> String {
        ctx.uid(&format!("{} instance", self.name))
    }
}

/// SOP Common, General Series and (Enhanced) General Equipment.
pub(crate) fn put(d: &mut Dataset, ctx: &ResultContext, kind: &Kind) {
    let (date, time) = (ctx.created.date(), ctx.created.time());
    d.uid(tags::SOP_CLASS_UID, kind.sop_class_uid);
    d.uid(tags::SOP_INSTANCE_UID, &kind.instance_uid(ctx));
    d.text(tags::INSTANCE_CREATION_DATE, VR::DA, &date);
    d.text(tags::INSTANCE_CREATION_TIME, VR::TM, &time);

    d.text(tags::MODALITY, VR::CS, kind.modality);
    d.uid(tags::SERIES_INSTANCE_UID, &ctx.uid(&format!("{} series", kind.name)));
    d.integers(tags::SERIES_NUMBER, &[i64::from(ctx.source.series_number) + kind.series_offset]);
    d.text(tags::SERIES_DESCRIPTION, VR::LO, kind.description);
    d.text(tags::SERIES_DATE, VR::DA, &date);
    d.text(tags::SERIES_TIME, VR::TM, &time);
    d.integers(tags::INSTANCE_NUMBER, &[1]);
    d.text(tags::CONTENT_DATE, VR::DA, &date);
    d.text(tags::CONTENT_TIME, VR::TM, &time);

    let device = &ctx.device;
    d.text(tags::MANUFACTURER, VR::LO, &device.manufacturer);
    d.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, &device.model);
    d.text(tags::DEVICE_SERIAL_NUMBER, VR::LO, &device.serial);
    let mut versions = device.software_versions.clone();
    versions.push(bundle_name(ctx));
    d.texts(tags::SOFTWARE_VERSIONS, VR::LO, &versions);
}

/// Says whose the private coding schemes are (designators from 99 on) in which a bundle may name its classes.
pub(crate) fn put_private_schemes(d: &mut Dataset, ctx: &ResultContext) {
    let schemes: BTreeSet<&str> =
        ctx.class_codes.values().map(|c| &*c.scheme).filter(|s| s.starts_with("99")).collect();
    if schemes.is_empty() {
        return;
    }
    let named = |scheme: &str| {
        item(|s| {
            s.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
            s.text(tags::CODING_SCHEME_NAME, VR::ST, &format!("Classes of the bundle {}", bundle_name(ctx)));
        })
    };
    d.items(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, schemes.into_iter().map(named).collect());
}

/// Identifier and version of the bundle.
pub(crate) fn bundle_name(ctx: &ResultContext) -> String {
    format!("{} {}", ctx.bundle.id, ctx.bundle.version)
}

/// Series Description of `what`: after a correction it says so, and by whom, so that it is not taken for the result of the algorithm alone.
pub(crate) fn description_of(ctx: &ResultContext, what: &str) -> String {
    let words = match (ctx.semiautomatic, ctx.reader) {
        (true, Some(reader)) => vec![format!("{what} corrected by {reader}"), format!("corrected by {reader}")],
        (true, None) => vec![format!("{what} corrected by a reader"), "corrected by a reader".into()],
        _ => vec![format!("{what}, {}", bundle_name(ctx)), format!("{what}, {}", ctx.bundle.version)],
    };
    description(&words)
}

/// The first of `candidates` that fits into a Series Description, with the research-use notice in front; else the last, cut.
pub(crate) fn description(candidates: &[String]) -> String {
    let with_notice = |words: &String| format!("Research use only: {words}");
    let fits = |words: &String| words.len() <= LONGEST;
    let cut = |words: String| {
        let end = (0..=LONGEST.min(words.len())).rev().find(|end| words.is_char_boundary(*end));
        words[..end.unwrap_or(0)].to_owned()
    };
    candidates
        .iter()
        .map(with_notice)
        .find(fits)
        .or_else(|| candidates.last().map(|words| cut(with_notice(words))))
        .unwrap_or_else(|| "Research use only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notice_survives_long_descriptions() {
        assert_eq!(description(&["x".repeat(60), "short".into()]), "Research use only: short");
        let cut = description(&["x".repeat(60)]);
        assert!(cut.starts_with("Research use only: xxx"));
        assert_eq!(cut.len(), 64);
        assert_eq!(description(&["á".repeat(40)]).len(), 63, "no letter is cut in two");
        assert_eq!(description(&[]), "Research use only");
    }
}
