//! Single frames that differ from the others of their plane: a fault of the volume, which must not shrink in silence.

use cordline_core::geometry::{dot, sub};

use super::piece::Piece;
use crate::read::series::frames::normal;
use crate::read::series::pictures::PictureKind;

/// At most so many frames are strays: they would be no volume by themselves.
const MAX_STRAYS: usize = 4;
/// Strays that lie farther away in their plane, in mm, are a station of which the rest did not come.
const NEAR_MM: f64 = 50.0;
/// Cosine of the angle within which planes are the same for a person: 15 degrees.
const SAME_PLANE: f64 = 0.966;

/// Gives strays back to the volume that they seem to belong to, so that it is refused with its reason instead of being analysed without
/// them.
///
/// `labels` are those that all pieces had before they were taken apart.
pub(super) fn give_back<'a>(pieces: Vec<Piece<'a>>, labels: &[String]) -> Vec<Piece<'a>> {
    let (few, mut many): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|p| p.items.len() <= MAX_STRAYS);
    let mut kept = Vec::new();
    for stray in few {
        let host = many.iter_mut().filter(|host| belongs(&stray, host)).max_by_key(|host| host.items.len());
        match host {
            Some(host) => {
                host.items.extend(stray.items);
                host.items.sort_by(|a, b| a.order().cmp(&b.order()));
            }
            None => kept.push(stray),
        }
    }
    many.append(&mut kept);
    if let [only] = many.as_mut_slice() {
        only.labels = labels.to_vec();
    }
    many
}

/// True where no piece would be a volume, yet all of them together seem to be one: its fault is told then, not a lack of sections.
pub(super) fn all_are(pieces: &[Piece<'_>]) -> bool {
    let [first, others @ ..] = pieces else { return false };
    let frames: usize = pieces.iter().map(|piece| piece.items.len()).sum();
    frames > MAX_STRAYS
        && pieces.iter().all(|piece| piece.items.len() <= MAX_STRAYS)
        && !others.is_empty()
        && others.iter().all(|piece| belongs(piece, first))
}

/// The same kind of picture in about the same plane and place. A frame without an orientation belongs anywhere.
fn belongs(stray: &Piece<'_>, host: &Piece<'_>) -> bool {
    let (one, other) = (&stray.items[0], &host.items[0]);
    if matches!(one.pictures.kind, PictureKind::Excluded(_)) || one.pictures != other.pictures {
        return false;
    }
    let near = match one.frame.position.zip(other.frame.position) {
        Some((a, b)) if a.iter().chain(&b).all(|v| v.is_finite()) => {
            let way = sub(a, b);
            let along = normal(other.frame).map_or(0.0, |n| dot(way, n));
            (dot(way, way) - along * along).max(0.0).sqrt() <= NEAR_MM
        }
        _ => true,
    };
    let same_plane = match (normal(one.frame), normal(other.frame)) {
        (Some(a), Some(b)) => dot(a, b).abs() >= SAME_PLANE,
        _ => true,
    };
    near && same_plane
}
