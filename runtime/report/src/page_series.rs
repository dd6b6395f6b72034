//! The part of the page on series: the chosen one, and what tells the others apart.

use cordline_sdk::result::{SeriesChoice, SeriesVerdict};
use minijinja::Value;
use serde::Serialize;

use super::page_panels::data_uri;
use super::page_parts::plain;

/// A series, or one volume of it, with its reasons.
#[derive(Debug, Serialize)]
pub(super) struct VerdictView {
    uid: String,
    selector: String,
    description: String,
    /// What tells it from the other volumes of its series.
    part: Option<String>,
    number: Option<i32>,
    acquired: Option<String>,
    frames: usize,
    sections: Option<usize>,
    spacing: Option<String>,
    height: Option<String>,
    image_type: String,
    picture: Option<Value>,
    reasons: Vec<String>,
}

/// The series that was chosen, and the others.
#[derive(Debug, Serialize)]
pub(super) struct SeriesView {
    uid: Option<String>,
    study_uid: Option<String>,
    description: Option<String>,
    number: Option<i32>,
    acquired: Option<String>,
    reasons: Vec<String>,
    candidates: Vec<VerdictView>,
    rejected: Vec<VerdictView>,
    grid: Option<String>,
    t1c_uid: Option<String>,
    pixel_sha256: Option<String>,
}

/// The series, with reasons. `thumbnail` gives the PNG file of a candidate where there is one.
pub(super) fn series(series: &SeriesChoice, thumbnail: &dyn Fn(&str) -> Option<Vec<u8>>) -> SeriesView {
    let text = |s: &Option<String>| s.as_deref().map(plain);
    let view = |v: &SeriesVerdict| verdict(v, thumbnail);
    SeriesView {
        uid: text(&series.uid),
        study_uid: text(&series.study_uid),
        description: text(&series.description),
        number: series.series_number,
        acquired: series.acquired.as_deref().map(moment),
        reasons: series.reasons.iter().map(|r| plain(r)).collect(),
        candidates: series.candidates.iter().map(view).collect(),
        rejected: series.rejected.iter().map(view).collect(),
        grid: series.shape.zip(series.spacing_mm).map(|([n, r, c], [gap, row, column])| {
            format!("{n} sections of {r} × {c} pixels; {row:.2} × {column:.2} mm a pixel, sections {gap:.2} mm apart")
        }),
        t1c_uid: text(&series.t1c_uid),
        pixel_sha256: text(&series.pixel_sha256),
    }
}

fn verdict(verdict: &SeriesVerdict, thumbnail: &dyn Fn(&str) -> Option<Vec<u8>>) -> VerdictView {
    VerdictView {
        uid: plain(&verdict.uid),
        selector: plain(verdict.selector()),
        description: plain(&verdict.description),
        part: verdict.part.as_deref().map(plain),
        number: verdict.series_number,
        acquired: verdict.acquired.as_deref().map(moment),
        frames: verdict.frames,
        sections: verdict.sections,
        spacing: verdict
            .spacing_mm
            .map(|[gap, row, column]| format!("{row:.2} × {column:.2} mm a pixel, sections {gap:.1} mm apart")),
        height: verdict.height_mm.map(|[low, high]| height(low, high)),
        image_type: plain(&verdict.image_type.join(" / ")),
        picture: verdict.thumbnail.as_deref().and_then(thumbnail).map(|png| data_uri(&png)),
        reasons: verdict.reasons.iter().map(|r| plain(r)).collect(),
    }
}

/// "H 120 to F 140 mm": from head to foot, as sections are written.
fn height(low: f64, high: f64) -> String {
    let place = |z: f64| format!("{} {:.0}", if z < 0.0 { 'F' } else { 'H' }, z.abs());
    format!("{} to {} mm", place(high), place(low))
}

/// Date and time as people write them.
fn moment(iso: &str) -> String {
    plain(iso).replace('T', " ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn heights_are_said_from_head_to_foot() {
        assert_eq!(super::height(-140.2, 119.7), "H 120 to F 140 mm");
        assert_eq!(super::moment("2026-01-05T10:15:00"), "2026-01-05 10:15:00");
    }
}
