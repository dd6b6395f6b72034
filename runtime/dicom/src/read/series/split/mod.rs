//! The volumes of a series: one SeriesInstanceUID may hold several planes, echoes, kinds of picture, stations or time points.
//!
//! - [`piece`]: some frames of a series
//! - [`clusters`]: what must be alike inside a volume; [`one_stack`]: where it need not be
//! - [`stations`]: volumes that lie apart
//! - [`repeats`]: several frames in one place
//! - [`strays`]: single frames that differ are a fault of their volume, not a volume of their own
//!
//! The same files give the same volumes in the same order, however they lie in the folder.

mod clusters;
mod one_stack;
#[cfg(test)]
mod one_stack_tests;
mod piece;
mod repeats;
mod stations;
mod strays;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::image_type::{Stated, pictures};
use super::pictures::Pictures;
use super::rules::SeriesRules;
use crate::read::instance::sop_class;
use crate::read::series_volume::{FrameAt, SeriesVolume, VolumePart};
use piece::{Piece, SamePixels, SeriesFrame};

/// Takes a series apart into its volumes; a series that is one volume stays as it is.
pub(super) fn volumes(whole: SeriesVolume, rules: &SeriesRules, same: &mut SamePixels<'_>) -> Vec<SeriesVolume> {
    let mut items = Vec::new();
    let mut known: BTreeMap<Stated<'_>, Pictures> = BTreeMap::new();
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
            let told = known.entry(Stated::of(instance, frame)).or_insert_with_key(|stated| pictures(stated, rules));
            items.push(SeriesFrame { at, instance: instance.as_ref(), frame, pictures: told.clone() });
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
    for purpose in &clusters::PURPOSES {
        pieces = pieces.into_iter().flat_map(|piece| one_stack::cut_unless(piece, purpose)).collect();
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
    let whole = piece.clone();
    let mut pieces = vec![piece];
    for cut in clusters::GRIDS {
        pieces = pieces.into_iter().flat_map(|piece| piece.cut(cut)).collect();
    }
    let pieces: Vec<_> = pieces.into_iter().flat_map(|piece| piece.cut(stations::cut)).collect();
    if strays::all_are(&pieces) {
        return vec![whole];
    }
    strays::give_back(pieces, &labels)
}

/// Makes a series of each piece. Files without a frame that can be placed go with all of them: any may lack a section.
fn assemble(whole: &SeriesVolume, lacking: &[usize], pieces: Vec<Piece<'_>>) -> Vec<SeriesVolume> {
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
        SeriesVolume {
            uid: whole.uid.clone(),
            instances: used.iter().map(|i| Arc::clone(&whole.instances[*i])).collect(),
            frames,
            unreadable: whole.unreadable.clone(),
            part: (of > 1).then_some(VolumePart { number: n + 1, of, words }),
            notes: piece.notes,
        }
    });
    series.collect()
}
