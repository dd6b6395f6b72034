//! The volumes of a series: one SeriesInstanceUID may hold several planes, echoes, kinds of picture, stations or time points.
//!
//! - [`clusters`]: what must be alike inside a volume
//! - [`stations`]: volumes that lie apart
//! - [`repeats`]: several frames in one place
//! - [`strays`]: single frames that differ are a fault of their volume, not a volume of their own
//!
//! The same files give the same volumes in the same order, however they lie in the folder.

mod clusters;
mod repeats;
mod stations;
mod strays;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::frames::FrameAt;
use super::image_type::{Kind, Pictures};
use super::{Part, Series};
use crate::dicom::read::instance::{Frame, Instance, sop_class};

/// Tells whether two frames show the same, sample by sample.
pub(super) type SamePixels<'a> = dyn FnMut(&Instance, usize, &Instance, usize) -> bool + 'a;

/// A frame with all that is known of it.
#[derive(Clone)]
struct Item<'a> {
    at: FrameAt,
    instance: &'a Instance,
    frame: &'a Frame,
    pictures: Pictures,
}

/// Some frames of a series, and what tells them from the others.
#[derive(Clone, Default)]
struct Piece<'a> {
    items: Vec<Item<'a>>,
    labels: Vec<String>,
    notes: Vec<String>,
}

/// A piece taken apart: each part with its label.
type Parts<'a> = Vec<(String, Vec<Item<'a>>)>;

/// Takes a series apart into its volumes; a series that is one volume stays as it is.
pub(super) fn volumes(
    whole: Series,
    pictures: &dyn Fn(&Instance, &Frame) -> Pictures,
    same: &mut SamePixels<'_>,
) -> Vec<Series> {
    let mut items = Vec::new();
    let mut lacking = Vec::new();
    let mut others = 0;
    for (i, instance) in whole.instances.iter().enumerate() {
        if instance.frames.is_empty() {
            match sop_class::is_mr(&instance.sop_class_uid) {
                true => lacking.push(i),
                false => others += 1,
            }
        }
        for (k, frame) in instance.frames.iter().enumerate() {
            let at = FrameAt { instance: i, frame: k };
            items.push(Item { at, instance: instance.as_ref(), frame, pictures: pictures(instance, frame) });
        }
    }
    if items.is_empty() {
        return vec![whole];
    }
    items.sort_by(|a, b| a.order().cmp(&b.order()));
    let notes = match others {
        0 => Vec::new(),
        1 => vec!["1 object of the series is no MR image and was left out".to_owned()],
        _ => vec![format!("{others} objects of the series are no MR images and were left out")],
    };
    let mut pieces = vec![Piece { items, notes, ..Piece::default() }];
    for cut in clusters::PURPOSES {
        pieces = pieces.into_iter().flat_map(|piece| piece.cut(cut)).collect();
    }
    pieces = pieces.into_iter().flat_map(on_one_grid).collect();
    let (out, rest): (Vec<_>, Vec<_>) = pieces.into_iter().partition(Piece::is_out);
    pieces = rest.into_iter().flat_map(|piece| repeats::take_apart(piece, same)).chain(out).collect();
    pieces.sort_by(|a, b| a.items[0].order().cmp(&b.items[0].order()));
    assemble(&whole, &lacking, pieces)
}

/// Takes a piece apart whose frames do not lie on one grid.
fn on_one_grid(piece: Piece<'_>) -> Vec<Piece<'_>> {
    if piece.is_out() {
        return vec![piece];
    }
    let labels = piece.labels.clone();
    let mut pieces = vec![piece];
    for cut in clusters::GRIDS {
        pieces = pieces.into_iter().flat_map(|piece| piece.cut(cut)).collect();
    }
    let pieces = pieces.into_iter().flat_map(|piece| piece.cut(stations::cut)).collect();
    strays::give_back(pieces, &labels)
}

impl Item<'_> {
    /// Where it comes among the frames of its series: as scanners number them.
    fn order(&self) -> (i64, &str, usize) {
        (self.frame.instance_number.unwrap_or(0), &self.instance.sop_instance_uid, self.at.frame)
    }
}

impl<'a> Piece<'a> {
    /// Nothing of it will be analysed, so it need not be one volume: a localizer stays one thing to a reader.
    fn is_out(&self) -> bool {
        self.items.first().is_some_and(|item| matches!(item.pictures.kind, Kind::Excluded(_)))
    }

    /// The parts of a cut, each with its label where there are several.
    fn cut(self, how: fn(&[Item<'a>]) -> Parts<'a>) -> Vec<Piece<'a>> {
        let parts = how(&self.items);
        if parts.len() < 2 {
            return vec![self];
        }
        parts.into_iter().map(|(label, items)| self.part(label, items)).collect()
    }

    fn part(&self, label: String, items: Vec<Item<'a>>) -> Self {
        let mut labels = self.labels.clone();
        labels.push(label);
        Piece { items, labels, notes: self.notes.clone() }
    }
}

/// Makes a series of each piece. Files without a frame that can be placed go with all of them: any may lack a section.
fn assemble(whole: &Series, lacking: &[usize], pieces: Vec<Piece<'_>>) -> Vec<Series> {
    let of = pieces.len();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let series = pieces.into_iter().enumerate().map(|(n, piece)| {
        let mut used: BTreeSet<usize> = piece.items.iter().map(|item| item.at.instance).collect();
        used.extend(lacking);
        let place: BTreeMap<usize, usize> = used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let mut frames: Vec<FrameAt> =
            piece.items.iter().map(|item| FrameAt { instance: place[&item.at.instance], ..item.at }).collect();
        frames.sort_unstable();
        let mut words = piece.labels.join(", ");
        if words.is_empty() || !taken.insert(words.clone()) {
            words = format!("{words}{}volume {}", if words.is_empty() { "" } else { ", " }, n + 1);
        }
        Series {
            uid: whole.uid.clone(),
            instances: used.iter().map(|i| Arc::clone(&whole.instances[*i])).collect(),
            frames,
            broken: whole.broken.clone(),
            part: (of > 1).then_some(Part { number: n + 1, of, words }),
            notes: piece.notes,
        }
    });
    series.collect()
}
