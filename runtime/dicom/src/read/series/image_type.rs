//! What kind of pictures these are: by the whole values of ImageType or FrameType, never by words inside them.
//!
//! Descriptions are asked only where the values are silent (`image_description.rs`).

use super::frames::image_type;
use super::image_description;
use super::pictures::{Derivation, PictureKind, Pictures};
use super::rules::SeriesRules;
use super::words::matches;
use crate::read::instance::{Frame, InstanceHeader, sop_class};

/// What is known of the kind of a picture: the same for hundreds of frames, and judged once for all of them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stated<'a> {
    /// Values of ImageType, or of FrameType.
    pub values: &'a [String],
    /// ComplexImageComponent.
    pub component: &'a str,
    /// Values are those of Enhanced MR: the fourth is the derived contrast.
    pub enhanced: bool,
    /// SeriesDescription, or ProtocolName where there is none.
    pub description: &'a str,
}

impl<'a> Stated<'a> {
    /// What the header of an instance says of one of its frames.
    pub(super) fn of(instance: &'a InstanceHeader, frame: &'a Frame) -> Self {
        Self {
            values: image_type(instance, frame),
            component: &frame.component,
            enhanced: sop_class::is_enhanced(&instance.sop_class_uid),
            description: instance.series.described(),
        }
    }
}

const FAT: &[&str] = &["fat", "f", "fat image", "fat only"];
const FRACTION: &[&str] = &["fat fraction", "fatfraction", "fat frac", "ff", "pdff", "water fraction", "water frac"];
const OPPOSED: &[&str] = &[
    "out of phase",
    "outofphase",
    "out phase",
    "outphase",
    "opp phase",
    "opposed phase",
    "opposed",
    "opp",
    "op",
    "oop",
];
const IN_PHASE: &[&str] = &["in phase", "inphase", "ip"];
const WATER: &[&str] = &["water", "w", "water image", "water only"];
const COMPOSED: &[&str] = &["composed*", "comp sp", "comp ad", "comp di", "comp an", "pasted", "stitched"];
/// Values of the fourth place that are maps where the picture is a derived one of Enhanced MR.
const MAPS: &[&str] = &["t1", "t2", "t2 star", "r1", "r2", "r2 star"];
/// Tells what kind of pictures these are.
pub(super) fn pictures(stated: &Stated<'_>, rules: &SeriesRules) -> Pictures {
    let values: Vec<String> = stated.values.iter().map(|v| plain(v)).collect();
    let is = |at: usize, value: &str| values.get(at).is_some_and(|v| v == value);
    let rest = values.get(2..).unwrap_or_default();
    let has = |list: &[&str]| rest.iter().any(|v| list.iter().any(|pattern| matches(pattern, v)));
    let derived = is(0, "derived");
    let derivation = match (derived, is(1, "secondary")) {
        (true, _) if has(COMPOSED) => Derivation::Composed,
        (true, true) => Derivation::Secondary,
        (true, false) => Derivation::Derived,
        (false, _) => Derivation::Original,
    };
    let map = values.get(3).filter(|v| stated.enhanced && derived && MAPS.contains(&v.as_str()));
    let excluded = values.iter().find(|v| rules.image_type_excluded.iter().any(|e| matches(&plain(e), v)));
    let component = plain(stated.component);
    let kind = if has(FRACTION) {
        PictureKind::fraction()
    } else if has(FAT) {
        PictureKind::fat()
    } else if has(OPPOSED) {
        PictureKind::opposed()
    } else if let Some(value) = excluded {
        PictureKind::Excluded(words_for(value))
    } else if matches!(component.as_str(), "phase" | "real" | "imaginary") {
        PictureKind::Excluded(words_for(&component))
    } else if let Some(map) = map {
        PictureKind::Excluded(format!("map ({})", map.to_uppercase()))
    } else if has(IN_PHASE) {
        PictureKind::InPhase
    } else if has(WATER) {
        PictureKind::Water
    } else {
        image_description::kind(stated.description, derived || values.is_empty())
    };
    Pictures { kind, derivation, mean: has(&["mean"]) }
}

/// A value in lower case, with blanks for underscores and hyphens: writers differ in these.
fn plain(value: &str) -> String {
    let blank = |c: char| matches!(c, '_' | '-' | ' ');
    value.split(blank).filter(|part| !part.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// How a reader calls what a value excludes.
fn words_for(value: &str) -> String {
    let shown = value.to_uppercase();
    match value {
        "localizer" | "localiser" | "scout" | "survey" => "localizer".into(),
        "adc" | "eadc" | "adc map" => "diffusion (ADC map)".into(),
        "phase" | "p" | "phase map" => "phase image".into(),
        "real" | "r" => "real part of the signal".into(),
        "imaginary" | "i" => "imaginary part of the signal".into(),
        v if v.starts_with("p ") => "phase image".into(),
        v if v.starts_with("r ") => "real part of the signal".into(),
        v if v.starts_with("i ") => "imaginary part of the signal".into(),
        v if v.starts_with("diffusion") || v.starts_with("trace") => "diffusion-weighted".into(),
        v if v.contains("subtract") || v == "sub" => "subtraction".into(),
        v if v.contains("mpr") || v.contains("cpr") || v == "reformatted" => format!("reformatted ({shown})"),
        v if v.starts_with("projection") || v.contains("mip") || v.ends_with("max ip") || v.ends_with("min ip") => {
            format!("projection ({shown})")
        }
        "vrt" => "volume rendering (VRT)".into(),
        v if v.starts_with("volren") => format!("volume rendering ({shown})"),
        v if v.ends_with("map") => format!("map ({shown})"),
        _ => format!("ImageType says {shown}"),
    }
}

#[cfg(test)]
#[path = "image_type_tests.rs"]
mod tests;
