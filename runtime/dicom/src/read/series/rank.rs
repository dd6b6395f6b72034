//! Which of several fitting volumes is best.

use std::cmp::Ordering;

use super::assessment::Assessment;
use super::pictures::{Derivation, PictureKind};
use crate::read::tolerance;

/// Pixel areas are compared in steps of this, in mm².
const SAME_AREA: f64 = 1e-3;
/// Volumes of which each covers so much of the other's height show the same part of the body.
const SAME_PART: f64 = 0.75;
/// Volumes of which less lies where the other one does lie beside each other.
const HALF: f64 = 0.5;

/// A criterion: the order, words for the better one and words against the worse one.
type Criterion = (Ordering, &'static str, String);

/// The criteria in the order of their weight.
fn criteria(a: &Assessment, b: &Assessment) -> [Criterion; 7] {
    let steps = |a: &Assessment| (a.pixel_area / SAME_AREA).round();
    let area = steps(b).total_cmp(&steps(a));
    let side = |a: &Assessment| a.pixel_area.sqrt();
    [
        (a.score.cmp(&b.score), "the rules fit it better", "the rules fit it less well".into()),
        (
            a.says_spine.cmp(&b.says_spine),
            "its own description says spine",
            "only the other one's own description says spine".into(),
        ),
        (
            originality(a).cmp(&originality(b)),
            "its images are as they were acquired",
            format!("its images are computed ({})", a.pictures.name()),
        ),
        (fat(a).cmp(&fat(b)), "fat is bright in it, as in most series", fat_words(a)),
        (
            a.sections.cmp(&b.sections),
            "more sections",
            format!("it has fewer sections ({} against {})", a.sections, b.sections),
        ),
        (area, "finer pixels", format!("its pixels are coarser ({:.2} mm against {:.2} mm)", side(a), side(b))),
        (a.when.cmp(&b.when), "acquired later", "it was acquired earlier".into()),
    ]
}

/// Original and composed pictures before derived ones, those before secondary ones.
fn originality(a: &Assessment) -> u8 {
    match a.pictures.derivation {
        // Dixon images are all computed, and are ranked by themselves.
        _ if a.pictures.kind != PictureKind::Magnitude => 2,
        Derivation::Original | Derivation::Composed => 2,
        Derivation::Derived => 1,
        Derivation::Secondary => 0,
    }
}

/// Without Dixon and fat suppression first, then in phase, then what shows no fat.
fn fat(a: &Assessment) -> u8 {
    match a.pictures.kind {
        PictureKind::Magnitude if !a.fat_suppressed => 2,
        PictureKind::InPhase => 1,
        PictureKind::Magnitude | PictureKind::Water | PictureKind::Excluded(_) => 0,
    }
}

fn fat_words(a: &Assessment) -> String {
    match a.pictures.kind {
        PictureKind::Magnitude => "fat is suppressed in it".into(),
        _ => format!("it is a Dixon {}", a.pictures.name()),
    }
}

/// Greater is better.
pub(super) fn compare(a: &Assessment, b: &Assessment) -> Ordering {
    criteria(a, b).into_iter().map(|(order, ..)| order).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// True where a person must choose between two: they are equal; or they show two parts of the body, and either nothing says for certain
/// that one of them is the spine (then more sections mean nothing: one may be the head), or they differ in time alone (the later one
/// is no second try at the same place then, but another station).
///
/// The same holds for the two halves of one stack: either alone would miss half of the spine.
pub(super) fn tied(a: &Assessment, b: &Assessment) -> bool {
    let [rest @ .., _time] = criteria(a, b);
    let by_time_alone = rest.iter().all(|(order, ..)| order.is_eq());
    if by_time_alone && (beside(a, b) || interleaved(a, b)) {
        return true;
    }
    compare(a, b).is_eq() || (!covers_the_same(a, b) && (by_time_alone || (a.body_is_doubtful && b.body_is_doubtful)))
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

/// How much of a volume's height another one covers, 0 to 1.
fn covered(a: [f64; 2], by: [f64; 2]) -> f64 {
    let shared = (a[1].min(by[1]) - a[0].max(by[0])).max(0.0);
    if a[1] > a[0] { shared / (a[1] - a[0]) } else { 1.0 }
}

/// True where both show the same part of the body.
fn covers_the_same(a: &Assessment, b: &Assessment) -> bool {
    let both = a.height_mm.zip(b.height_mm);
    both.is_some_and(|(a, b)| covered(a, b) >= SAME_PART && covered(b, a) >= SAME_PART)
}

/// True where much of one volume lies above, below or beside the other: neck and lower back, for example.
pub(super) fn covers_elsewhere(a: &Assessment, b: &Assessment) -> bool {
    a.height_mm.zip(b.height_mm).is_some_and(|(a, b)| covered(a, b) < SAME_PART) || apart(a, b)
}

/// What two volumes seem to have been before they were stored.
pub(super) fn were_one(a: &Assessment, b: &Assessment) -> Option<&'static str> {
    let place = match (beside(a, b), interleaved(a, b)) {
        (true, _) => "beside those of another candidate",
        (_, true) => "between those of another candidate",
        _ => return None,
    };
    Some(place)
}

/// True where less than half of each lies where the other does, from right to left.
fn apart(a: &Assessment, b: &Assessment) -> bool {
    let both = a.across_mm.zip(b.across_mm);
    both.is_some_and(|(a, b)| a[1] > a[0] && b[1] > b[0] && covered(a, b) < HALF && covered(b, a) < HALF)
}

/// True where they lie apart at one height: two halves of one stack.
fn beside(a: &Assessment, b: &Assessment) -> bool {
    apart(a, b) && covers_the_same(a, b)
}

/// True where the sections of one lie in the middle between those of the other, at one height: every second section of one stack.
pub(super) fn interleaved(a: &Assessment, b: &Assessment) -> bool {
    let (Some(([x, x_end], [y, y_end])), Some(([gap, ..], [other, ..]))) =
        (a.across_mm.zip(b.across_mm), a.spacing_mm.zip(b.spacing_mm))
    else {
        return false;
    };
    // Stacks that were planned apart lie so by chance, once in five.
    let overlap = x.max(y) < x_end.min(y_end) && covers_the_same(a, b);
    let shift = ((x - y) / gap).rem_euclid(1.0);
    overlap && gap > 0.0 && (gap - other).abs() <= tolerance::GAP * gap && (shift - 0.5).abs() <= 0.1
}
