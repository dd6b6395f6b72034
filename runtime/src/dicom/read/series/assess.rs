//! One volume held against the rules.

use std::collections::BTreeSet;

use super::contrast::{self, Weighting};
use super::frames::{height, image_type, normal, plane};
use super::image_type::{Derivation, Kind, Pictures, Stated, pictures};
use super::rules::SeriesRules;
use super::{Series, body};
use crate::dicom::read::instance::{Frame, Instance, sop_class};
use crate::geometry::{Lps, dot};

/// Positions closer than this along the normal, in mm, are one.
const SAME_POSITION_MM: f64 = 0.01;
/// Direction cosines may differ by so much inside a volume.
const SAME_ORIENTATION: f64 = 1e-3;

/// What speaks for and against a volume, and what it is ranked by.
#[derive(Debug, Clone, Default)]
pub(super) struct Assessment {
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<String>,
    /// What speaks against it; empty where the rules accept it.
    pub against: Vec<String>,
    /// Why it cannot be read as a volume although the rules accept it.
    pub damage: Option<String>,
    /// How well it fits: two points each for plane, contrast and body part, one where doubtful.
    pub score: u32,
    /// Its own description or protocol says that it is the spine.
    pub says_spine: bool,
    /// Nothing says for certain that it is the spine.
    pub body_is_doubtful: bool,
    /// Kind and origin of its pictures.
    pub pictures: Pictures,
    /// Different positions along the normal.
    pub sections: usize,
    /// Area of a pixel in mm².
    pub pixel_area: f64,
    /// Distance between sections, rows and columns in mm.
    pub spacing_mm: Option<[f64; 3]>,
    /// SeriesDate and SeriesTime.
    pub when: String,
    /// Lowest and highest place along LPS z in mm.
    pub height_mm: Option<[f64; 2]>,
    /// It is sagittal or nearly so.
    pub is_sagittal: bool,
    /// What its contrast is.
    pub weighting: Weighting,
}

impl Assessment {
    /// The rules accept it, and it can be read.
    pub(super) fn fits(&self) -> bool {
        self.against.is_empty() && self.damage.is_none()
    }

    /// What was said of it, for or against.
    pub(super) fn either(&self) -> Vec<String> {
        match &self.damage {
            _ if !self.against.is_empty() => self.against.clone(),
            Some(damage) => vec![format!("fits, but {damage}")],
            None => self.reasons.clone(),
        }
    }
}

/// Judges one volume by its headers.
pub(super) fn assess(series: &Series, rules: &SeriesRules) -> Assessment {
    let mut a = Assessment::default();
    let Some(first) = series.instances.first() else {
        a.against.extend(series.broken.first().map(|b| format!("damaged: {}", b.fault)));
        return a;
    };
    if first.series.modality != "MR" || !series.instances.iter().all(|i| sop_class::is_mr(&i.sop_class_uid)) {
        let modality = if first.series.modality.is_empty() { "no modality" } else { &first.series.modality };
        a.against.push(if modality == "MR" { "not MR images".into() } else { format!("not MR ({modality})") });
        return a;
    }
    a.when = format!("{}{}", first.series.date, first.series.time);
    a.warnings.extend(series.notes.iter().cloned());
    kind(series, rules, &mut a);
    orientation(series, rules, &mut a);
    size(series, rules, &mut a);
    contrast::judge(series, first, rules, &mut a);
    body::judge(first, rules, &mut a);
    if matches!(a.pictures.kind, Kind::Excluded(_)) {
        // One reason is enough: nobody counts the sections of a localizer.
        a.against.truncate(1);
    }
    if let Some(fault) = series.instances.iter().find_map(|i| i.fault.as_ref()) {
        a.warnings.push(format!("a file of it has a fault: {fault}"));
    }
    a
}

/// What kind of picture a frame is.
pub(super) fn pictures_of(instance: &Instance, frame: &Frame, rules: &SeriesRules) -> Pictures {
    let stated = Stated {
        values: image_type(instance, frame),
        component: &frame.component,
        enhanced: sop_class::is_enhanced(&instance.sop_class_uid),
        description: &instance.series.description,
    };
    pictures(&stated, rules)
}

/// Localizers, reformats, projections, maps, fat and opposed phase are out; what was computed is said.
fn kind(series: &Series, rules: &SeriesRules, a: &mut Assessment) {
    let kinds: BTreeSet<Pictures> = series.frames().map(|(i, f)| pictures_of(i, f, rules)).collect();
    a.pictures = kinds.iter().next().cloned().unwrap_or_default();
    let excluded = kinds.iter().find_map(|p| match &p.kind {
        Kind::Excluded(what) => Some(what.clone()),
        _ => None,
    });
    match (excluded, &a.pictures.kind) {
        (Some(what), _) => a.against.push(what),
        (None, Kind::InPhase) => a.reasons.push("in-phase image (Dixon)".into()),
        (None, Kind::Water) => {
            a.reasons.push("water image (Dixon)".into());
            if !rules.allow_fat_suppression {
                a.warnings.push(
                    "fat is dark in a water image (Dixon): the models were trained on images without fat suppression"
                        .into(),
                );
            }
        }
        _ => {}
    }
    if a.pictures.mean {
        a.warnings.push("the images are the mean of several, not as they were acquired".into());
    } else if a.pictures.derivation == Derivation::Secondary {
        a.warnings.push("the images were computed after the examination (ImageType DERIVED, SECONDARY)".into());
    }
}

/// Plane, and the positions along its normal.
fn orientation(series: &Series, rules: &SeriesRules, a: &mut Assessment) {
    let mut all = series.frames().filter_map(|(_, f)| Some((f, f.orientation?)));
    let Some((first, o)) = all.next() else {
        a.against.push("plane unknown (ImageOrientationPatient is missing)".into());
        return;
    };
    if all.any(|(_, other)| !other.iter().zip(o).all(|(x, y)| (x - y).abs() <= SAME_ORIENTATION)) {
        a.damage = Some("its sections differ in orientation".into());
    }
    let Some(n) = normal(first) else {
        a.against.push("plane unknown (ImageOrientationPatient is not usable)".into());
        return;
    };
    let (x, plane) = (n[0].abs(), plane(n));
    if plane == "sagittal" && x >= rules.sagittal_normal {
        a.score += 2;
        a.is_sagittal = true;
        a.reasons.push(format!("sagittal (normal {x:.2} along x)"));
    } else if plane == "sagittal" && x >= rules.oblique_normal {
        a.score += 1;
        a.is_sagittal = true;
        a.reasons.push(format!("oblique, nearest to sagittal (normal {x:.2} along x)"));
        a.warnings.push(format!("the sections are oblique: their normal is only {x:.2} along x"));
    } else {
        let name = if plane == "sagittal" { "oblique" } else { plane };
        a.against.push(format!("{name}, not sagittal"));
    }
    positions(series, n, rules, a);
}

/// Counts sections, and measures what they cover.
fn positions(series: &Series, n: Lps, rules: &SeriesRules, a: &mut Assessment) {
    let mut along: Vec<f64> =
        series.frames().filter_map(|(_, f)| f.position).map(|p| dot(p, n)).filter(|d| d.is_finite()).collect();
    let unplaced = series.frames.len() - along.len();
    along.sort_by(f64::total_cmp);
    along.dedup_by(|later, before| *later - *before <= SAME_POSITION_MM);
    a.sections = along.len() + unplaced;
    if a.sections < rules.min_sections {
        let sections = if a.sections == 1 { "section" } else { "sections" };
        a.against.push(format!("only {} {sections}, at least {} are needed", a.sections, rules.min_sections));
    } else if a.sections > rules.max_sections {
        a.against.push(format!("{} sections, at most {} are accepted", a.sections, rules.max_sections));
    }
    let mut gaps: Vec<f64> = along.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let spacing = series.frames().find_map(|(_, f)| f.spacing).filter(|s| s.iter().all(|v| v.is_finite()));
    a.spacing_mm = gaps.get(gaps.len() / 2).zip(spacing).map(|(gap, [row, column])| [*gap, row, column]);
    let heights = series.frames().filter_map(|(i, f)| height(i, f));
    a.height_mm = heights.reduce(|[low, high], [l, h]| [low.min(l), high.max(h)]);
}

/// Matrix and pixel size.
fn size(series: &Series, rules: &SeriesRules, a: &mut Assessment) {
    let Some((instance, frame)) = series.frames().find(|(i, _)| i.pixels.rows > 0) else { return };
    let (rows, columns) = (instance.pixels.rows, instance.pixels.columns);
    if rows.min(columns) < rules.min_matrix {
        a.against.push(format!("{rows} x {columns} pixels, at least {0} x {0} are needed", rules.min_matrix));
    }
    if rows.max(columns) > rules.max_matrix {
        a.against.push(format!("{rows} x {columns} pixels, at most {0} x {0} are accepted", rules.max_matrix));
    }
    a.pixel_area = frame.spacing.map_or(f64::INFINITY, |s| s[0] * s[1]);
    a.reasons.push(format!("{} sections of {rows} x {columns} pixels", a.sections));
}
