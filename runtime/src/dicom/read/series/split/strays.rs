//! Single frames that differ from the others of their plane: a fault of the volume, which must not shrink in silence.

use super::super::frames::normal;
use super::super::image_type::Kind;
use super::Piece;
use crate::geometry::dot;

/// At most so many frames are strays.
const FEW: usize = 2;
/// At least so many frames are a volume that may have lost some.
const MANY: usize = 4;
/// Cosine of the angle within which planes are the same for a person: 15 degrees.
const SAME_PLANE: f64 = 0.966;

/// Gives strays back to the volume that they seem to belong to, so that it is refused with its reason instead of being analysed without
/// them.
pub(super) fn give_back(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let (few, mut many): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|p| p.items.len() <= FEW);
    let mut kept = Vec::new();
    for stray in few {
        let host = many
            .iter_mut()
            .filter(|host| {
                host.items.len() >= MANY && host.items.len() > 2 * stray.items.len() && belongs(&stray, host)
            })
            .max_by_key(|host| host.items.len());
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
        only.labels.clear();
    }
    many
}

/// The same kind of picture in about the same plane. A frame without an orientation belongs anywhere.
fn belongs(stray: &Piece<'_>, host: &Piece<'_>) -> bool {
    let (one, other) = (&stray.items[0], &host.items[0]);
    if matches!(one.pictures.kind, Kind::Excluded(_)) || one.pictures.kind != other.pictures.kind {
        return false;
    }
    match (normal(one.frame), normal(other.frame)) {
        (Some(a), Some(b)) => dot(a, b).abs() >= SAME_PLANE,
        _ => true,
    }
}
