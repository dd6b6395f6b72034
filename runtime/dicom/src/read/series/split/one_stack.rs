//! Frames that differ in an attribute and yet are one stack: each lies in a place of its own, and the places are equally far apart.
//!
//! Taken apart, such a stack would lose every second section, or those at its ends, though nothing is wrong with it: converters, filters
//! and rounding leave such differences.

use cordline_core::geometry::{dot, sub};

use super::clusters::Purpose;
use super::piece::{Piece, SeriesFrame};
use crate::read::series::frames::normal;
use crate::read::tolerance;

/// Fewer frames make no stack that could be recognised.
const MIN_FRAMES: usize = 5;

/// Takes a piece apart for a purpose, unless it is one stack all the same; then that is noted.
pub(super) fn cut_unless<'a>(mut piece: Piece<'a>, purpose: &Purpose) -> Vec<Piece<'a>> {
    if (purpose.slight)(&piece.items) && is_one(&piece.items) {
        if (purpose.cut)(&piece.items).len() > 1 {
            piece.notes.push(format!("{} is not the same in all sections of the stack", purpose.name));
        }
        return vec![piece];
    }
    piece.cut(purpose.cut)
}

/// True where the frames lie on one grid, one in each place, at equal distances.
fn is_one(items: &[SeriesFrame<'_>]) -> bool {
    let Some(first) = items.first().filter(|_| items.len() >= MIN_FRAMES) else { return false };
    let (Some(normal), Some(origin)) = (normal(first.frame), first.frame.position) else { return false };
    let Some(spacing) = first.frame.spacing else { return false };
    let of = |i: &SeriesFrame<'_>| [i.instance.pixels.rows, i.instance.pixels.columns];
    let near = |x: &f64, y: &f64, close: f64| (x - y).abs() <= close;
    let on_grid = |i: &SeriesFrame<'_>| {
        let orientation = i.frame.orientation.zip(first.frame.orientation);
        let turned = orientation.is_none_or(|(a, b)| !a.iter().zip(&b).all(|(x, y)| near(x, y, tolerance::COSINE)));
        let scaled =
            i.frame.spacing.is_none_or(|s| !s.iter().zip(&spacing).all(|(x, y)| near(x, y, tolerance::SPACING * y)));
        // A place that is no number lies nowhere.
        let aligned = i.frame.position.is_some_and(|p| {
            let way = sub(p, origin);
            let along = dot(way, normal);
            let aside = (dot(way, way) - along * along).max(0.0).sqrt();
            along.is_finite() && aside <= tolerance::SHIFT * spacing[0].min(spacing[1])
        });
        of(i) == of(first) && !turned && !scaled && aligned
    };
    if !items.iter().all(on_grid) {
        return false;
    }
    let mut along: Vec<f64> = items.iter().filter_map(|i| i.frame.position).map(|p| dot(p, normal)).collect();
    along.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = along.windows(2).map(|w| w[1] - w[0]).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    mean > 0.0 && gaps.iter().all(|gap| near(gap, &mean, tolerance::GAP * mean))
}
