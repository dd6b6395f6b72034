//! One series held against the rules.

use super::contrast::{self, Weighting};
use super::rules::{SeriesRules, find_word, words};
use super::{Series, body};
use crate::dicom::read::instance::{Instance, sop_class};
use crate::geometry::{Lps, cross, dot};

/// Positions closer than this along the normal, in mm, are one.
const SAME_POSITION_MM: f64 = 0.01;
/// Direction cosines may differ by so much inside a series.
const SAME_ORIENTATION: f64 = 1e-3;

/// What speaks for and against a series, and what it is ranked by.
#[derive(Debug, Clone, Default)]
pub(super) struct Assessment {
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<String>,
    /// What speaks against it; empty where it fits.
    pub against: Vec<String>,
    /// How well it fits: two points each for plane, contrast and body part, one where doubtful.
    pub score: u32,
    /// Different positions along the normal.
    pub sections: usize,
    /// Area of a pixel in mm².
    pub pixel_area: f64,
    /// SeriesDate and SeriesTime.
    pub when: String,
    /// Centre of the section in the middle in LPS mm, and the height of a section in mm.
    pub centre: Option<(Lps, f64)>,
    /// It is sagittal or nearly so.
    pub is_sagittal: bool,
    /// What its contrast is.
    pub weighting: Weighting,
}

impl Assessment {
    /// What was said of it, for or against.
    pub(super) fn either(&self) -> Vec<String> {
        if self.against.is_empty() { self.reasons.clone() } else { self.against.clone() }
    }
}

/// Judges one series.
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
    image_type(series, rules, &mut a);
    plane(series, rules, &mut a);
    size(series, rules, &mut a);
    contrast::judge(series, first, rules, &mut a);
    body::judge(first, rules, &mut a);
    if let Some(fault) = series.instances.iter().find_map(|i| i.fault.as_ref()) {
        a.warnings.push(format!("a file of it has a fault: {fault}"));
    }
    a
}

/// Localizers, reformats, projections and maps are out.
fn image_type(series: &Series, rules: &SeriesRules, a: &mut Assessment) {
    let mut kinds: Vec<&[String]> = series.instances.iter().map(|i| i.acquisition.image_type.as_slice()).collect();
    kinds.dedup();
    let excluded = kinds.into_iter().find_map(|kind| {
        let words: Vec<String> = kind.iter().flat_map(|v| words(v)).collect();
        find_word(&words, &rules.image_type_excluded)
    });
    if let Some(word) = excluded {
        a.against.push(match word.as_str() {
            "localizer" => "localizer".into(),
            "mpr" => "reformatted (MPR)".into(),
            "adc" => "diffusion (ADC map)".into(),
            w if w.starts_with("subtract") => "subtraction".into(),
            w => format!("ImageType says {}", w.to_uppercase()),
        });
    }
}

/// Plane, and the positions along its normal.
fn plane(series: &Series, rules: &SeriesRules, a: &mut Assessment) {
    let mut orientations = series.frames().filter_map(|(_, f)| f.orientation);
    let Some(o) = orientations.next() else {
        a.against.push("plane unknown (ImageOrientationPatient is missing)".into());
        return;
    };
    if orientations.any(|other| !other.iter().zip(o).all(|(x, y)| (x - y).abs() <= SAME_ORIENTATION)) {
        a.against.push("sections of several orientations".into());
        return;
    }
    let n = cross([o[0], o[1], o[2]], [o[3], o[4], o[5]]);
    let length = dot(n, n).sqrt();
    if length.is_nan() || length < 0.1 {
        a.against.push("plane unknown (ImageOrientationPatient is not usable)".into());
        return;
    }
    let n = n.map(|v| v / length);
    let [x, y, z] = n.map(f64::abs);
    if x >= y && x >= z && x >= rules.sagittal_normal {
        a.score += 2;
        a.is_sagittal = true;
        a.reasons.push(format!("sagittal (normal {x:.2} along x)"));
    } else if x >= y && x >= z && x >= rules.oblique_normal {
        a.score += 1;
        a.is_sagittal = true;
        a.reasons.push(format!("oblique, nearest to sagittal (normal {x:.2} along x)"));
        a.warnings.push(format!("the sections are oblique: their normal is only {x:.2} along x"));
    } else {
        let name = if z >= x && z >= y {
            "axial"
        } else if y >= x {
            "coronal"
        } else {
            "oblique"
        };
        a.against.push(format!("{name}, not sagittal"));
    }
    positions(series, n, rules, a);
}

/// Counts sections; several frames at every position are echoes or time points.
fn positions(series: &Series, n: Lps, rules: &SeriesRules, a: &mut Assessment) {
    let mut along: Vec<(f64, Lps)> = series
        .frames()
        .filter_map(|(_, f)| f.position)
        .map(|p| (dot(p, n), p))
        .filter(|(d, _)| d.is_finite())
        .collect();
    along.sort_by(|a, b| a.0.total_cmp(&b.0));
    let frames = series.frames().count();
    let unplaced = frames - along.len();
    let mut counts: Vec<usize> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (d, _) in &along {
        match counts.last_mut() {
            Some(count) if d - last <= SAME_POSITION_MM => *count += 1,
            _ => counts.push(1),
        }
        last = *d;
    }
    a.sections = counts.len() + unplaced;
    let many = counts.iter().copied().min().unwrap_or(1);
    if many > 1 {
        let kinds = |value: fn(&Instance, &crate::dicom::read::instance::Frame) -> Option<u64>| {
            let mut all: Vec<_> = series.frames().filter_map(|(i, f)| value(i, f)).collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        let what = if kinds(|_, f| f.echo_time.map(f64::to_bits)) > 1 {
            "echoes"
        } else if kinds(|_, f| f.time_point) > 1 {
            "time points"
        } else {
            "images"
        };
        a.against.push(format!("{many} {what} at every position"));
    }
    if a.sections < rules.min_sections {
        a.against.push(format!("only {} sections, at least {} are needed", a.sections, rules.min_sections));
    } else if a.sections > rules.max_sections {
        a.against.push(format!("{} sections, at most {} are accepted", a.sections, rules.max_sections));
    }
    if let Some((_, middle)) = along.get(along.len() / 2)
        && let Some((i, f)) = series.frames().find(|(_, f)| f.position == Some(*middle))
        && let (Some(o), Some(s)) = (f.orientation, f.spacing)
    {
        let (w, h) = (s[1] * f64::from(i.pixels.columns), s[0] * f64::from(i.pixels.rows));
        let centre = [0, 1, 2].map(|k| middle[k] + o[k] * w / 2.0 + o[k + 3] * h / 2.0);
        a.centre = Some((centre, h));
    }
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
