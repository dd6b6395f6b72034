//! Which of several fitting series is best.

use std::cmp::Ordering;

use super::assess::Assessment;

/// Pixel areas that differ by less, in mm², are equal.
const SAME_AREA: f64 = 1e-3;

/// The criteria in the order of their weight, with words for each.
fn criteria(a: &Assessment, b: &Assessment) -> [(Ordering, &'static str, String); 4] {
    let area = if (a.pixel_area - b.pixel_area).abs() < SAME_AREA {
        Ordering::Equal
    } else {
        b.pixel_area.total_cmp(&a.pixel_area)
    };
    let side = |a: &Assessment| a.pixel_area.sqrt();
    [
        (a.score.cmp(&b.score), "the rules fit it better", "the rules fit it less well".into()),
        (
            a.sections.cmp(&b.sections),
            "more sections",
            format!("it has fewer sections ({} against {})", a.sections, b.sections),
        ),
        (area, "finer pixels", format!("its pixels are coarser ({:.2} mm against {:.2} mm)", side(a), side(b))),
        (a.when.cmp(&b.when), "acquired later", "it was acquired earlier".into()),
    ]
}

/// Greater is better; equal means that a person must choose.
pub(super) fn compare(a: &Assessment, b: &Assessment) -> Ordering {
    criteria(a, b).into_iter().map(|(order, ..)| order).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Why the better one comes first.
pub(super) fn ahead(better: &Assessment, worse: &Assessment) -> &'static str {
    criteria(better, worse).into_iter().find(|(o, ..)| o.is_gt()).map_or("no difference", |(_, words, _)| words)
}

/// Why the worse one comes behind.
pub(super) fn behind(worse: &Assessment, better: &Assessment) -> String {
    let why = criteria(worse, better).into_iter().find(|(o, ..)| o.is_lt());
    format!("fits, but {}", why.map_or_else(|| "there is no difference".into(), |(.., words)| words))
}

/// True where the middle of one series lies outside the middle half of the other: neck and lower back, for example.
pub(super) fn covers_elsewhere(a: &Assessment, b: &Assessment) -> bool {
    match (a.centre, b.centre) {
        (Some((p, h)), Some((q, k))) => (p[2] - q[2]).abs() > 0.25 * h.min(k),
        _ => false,
    }
}
