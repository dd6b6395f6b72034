//! One volume held against the rules.

use std::collections::BTreeSet;

use cordline_core::geometry::{Lps, dot};

use super::assessment::Assessment;
use super::frames::{height, normal, plane};
use super::image_type::{Stated, pictures};
use super::pictures::{Derivation, PictureKind, Pictures};
use super::rules::SeriesRules;
use super::{body, contrast};
use crate::read::instance::sop_class;
use crate::read::series_volume::SeriesVolume;
use crate::read::tolerance;

/// Judges one volume by its headers.
pub(super) fn assess(series: &SeriesVolume, rules: &SeriesRules) -> Assessment {
    let mut a = Assessment::default();
    let Some(first) = series.instances.first() else {
        a.against.extend(series.unreadable.first().map(|b| format!("damaged: {}", b.error)));
        return a;
    };
    let modality = first.series.modality.as_str();
    // The SOP class says more of a file than a word that a converter has left out.
    let may_be_mr = matches!(modality, "MR" | "" | "MRI");
    if !may_be_mr || !series.instances.iter().all(|i| sop_class::is_mr(&i.sop_class_uid)) {
        a.against.push(match modality {
            "MR" => "not MR images".into(),
            "" => "not MR (no modality)".into(),
            other => format!("not MR ({other})"),
        });
        return a;
    }
    if modality.is_empty() {
        a.warnings.push("Modality is empty; that it is MR is told by the SOP class of its images".into());
    }
    a.when = series.moment().map(|(date, time)| format!("{date}{time}")).unwrap_or_default();
    a.warnings.extend(series.notes.iter().cloned());
    kind(series, rules, &mut a);
    orientation(series, rules, &mut a);
    size(series, rules, &mut a);
    contrast::judge(series, first, rules, &mut a);
    body::judge(first, rules, &mut a);
    if matches!(a.pictures.kind, PictureKind::Excluded(_)) {
        // One reason is enough: the number of sections of a localizer tells a reader nothing.
        a.against.truncate(1);
    }
    if let Some(error) = series.instances.iter().find_map(|i| i.error.as_ref()) {
        a.warnings.push(format!("a file of it has a fault: {error}"));
    }
    a
}

/// Localizers, reformats, projections, maps, fat and opposed phase are out; what was computed is said.
fn kind(series: &SeriesVolume, rules: &SeriesRules, a: &mut Assessment) {
    let stated: BTreeSet<Stated<'_>> = series.frames().map(|(instance, frame)| Stated::of(instance, frame)).collect();
    let kinds: BTreeSet<Pictures> = stated.iter().map(|stated| pictures(stated, rules)).collect();
    a.pictures = kinds.iter().next().cloned().unwrap_or_default();
    let excluded = kinds.iter().find_map(|p| match &p.kind {
        PictureKind::Excluded(what) => Some(what.clone()),
        _ => None,
    });
    match (excluded, &a.pictures.kind) {
        (Some(what), _) => a.against.push(what),
        (None, PictureKind::InPhase) => a.reasons.push("in-phase image (Dixon)".into()),
        (None, PictureKind::Water) => {
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
fn orientation(series: &SeriesVolume, rules: &SeriesRules, a: &mut Assessment) {
    let mut all = series.frames().filter_map(|(_, f)| Some((f, f.orientation?)));
    let Some((first, o)) = all.next() else {
        a.against.push("plane unknown (ImageOrientationPatient is missing)".into());
        return;
    };
    if all.any(|(_, other)| !other.iter().zip(o).all(|(x, y)| (x - y).abs() <= tolerance::COSINE)) {
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
fn positions(series: &SeriesVolume, n: Lps, rules: &SeriesRules, a: &mut Assessment) {
    let mut along: Vec<f64> =
        series.frames().filter_map(|(_, f)| f.position).map(|p| dot(p, n)).filter(|d| d.is_finite()).collect();
    let unplaced = series.frames.len() - along.len();
    along.sort_by(f64::total_cmp);
    along.dedup_by(|later, before| *later - *before <= tolerance::PLACE_MM);
    a.sections = along.len() + unplaced;
    // The same way for all volumes, whichever way their normals point.
    a.across_mm =
        along.first().zip(along.last()).map(|(low, high)| if n[0] < 0.0 { [-high, -low] } else { [*low, *high] });
    // Files of it that cannot be read would be sections too.
    if a.sections < rules.min_sections && series.unreadable.is_empty() {
        let (sections, place) = if a.sections == 1 { ("section", "place") } else { ("sections", "places") };
        let images = series.frames.len();
        a.against.push(match images > 2 * a.sections {
            // A measurement over time, or positions that an anonymiser removed.
            true => format!(
                "its {images} images lie in only {} {place}, at least {} are needed",
                a.sections, rules.min_sections
            ),
            false => format!("only {} {sections}, at least {} are needed", a.sections, rules.min_sections),
        });
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
fn size(series: &SeriesVolume, rules: &SeriesRules, a: &mut Assessment) {
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
