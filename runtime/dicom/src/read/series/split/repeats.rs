//! Several frames in one place: time points, acquisitions and the like are taken apart, copies are left out.

use std::collections::{BTreeMap, BTreeSet};

use cordline_core::geometry::dot;

use super::piece::{Piece, SamePixels, SeriesFrame};
use crate::read::series::frames::{image_type, normal};
use crate::read::series::words::short;
use crate::read::tolerance;

/// Larger pieces are not compared pixel by pixel: they are no stack that could be analysed.
const MAX_COMPARED: usize = 800;

/// A value that tells frames in one place apart, and its name.
type Key = (&'static str, fn(&SeriesFrame<'_>) -> Option<String>);

/// Tried in this order.
const KEYS: [Key; 6] = [
    ("time point", |i| Some(format!("{:09}", i.frame.time_point?))),
    ("acquisition", |i| Some(format!("{:09}", i.frame.acquisition_number?))),
    ("ImageType", |i| Some(image_type(i.instance, i.frame).join("/"))),
    ("trigger time", |i| Some(format!("{:012.1}", i.frame.trigger_time?))),
    ("acquisition time", |i| Some(i.frame.acquired.clone()).filter(|time| !time.is_empty())),
    ("series time", |i| Some(format!("{} {}", i.instance.series.date, i.instance.series.time))),
];

/// Takes a piece apart in which several frames lie in one place.
pub(super) fn take_apart<'a>(piece: Piece<'a>, same: &mut SamePixels<'_>) -> Vec<Piece<'a>> {
    if most_in_one_place(&piece.items) < 2 {
        return vec![piece];
    }
    for (name, key) in KEYS {
        if let Some(parts) = by_key(&piece, name, key) {
            return parts.into_iter().flat_map(|part| take_apart(part, same)).collect();
        }
    }
    let piece = without_copies(piece, same);
    in_turn(&piece).unwrap_or_else(|| vec![piece])
}

/// Parts by a value, where that takes frames apart that lie in one place and makes no more parts than there are frames in a place.
fn by_key<'a>(piece: &Piece<'a>, name: &str, key: fn(&SeriesFrame<'_>) -> Option<String>) -> Option<Vec<Piece<'a>>> {
    let mut groups: BTreeMap<String, Vec<SeriesFrame<'a>>> = BTreeMap::new();
    for item in &piece.items {
        groups.entry(key(item)?).or_default().push(item.clone());
    }
    let before = most_in_one_place(&piece.items);
    let fewer = groups.values().all(|items| most_in_one_place(items) < before);
    if groups.len() < 2 || groups.len() > before || !fewer {
        return None;
    }
    let of = groups.len();
    let label = |n: usize, value: &str| match name {
        "ImageType" => format!("ImageType {value}"),
        "trigger time" => format!("trigger time {} ms", short(value.parse().unwrap_or_default())),
        "series time" | "acquisition time" => format!("{name} {n} of {of}"),
        _ => format!("{name} {}", value.parse::<u64>().unwrap_or_default()),
    };
    Some(groups.into_iter().enumerate().map(|(n, (value, items))| piece.part(label(n + 1, &value), items)).collect())
}

/// Leaves out frames that show the same as another one in their place, and says so.
fn without_copies<'a>(mut piece: Piece<'a>, same: &mut SamePixels<'_>) -> Piece<'a> {
    if piece.items.len() > MAX_COMPARED {
        return piece;
    }
    let mut kept: Vec<SeriesFrame<'a>> = Vec::new();
    let mut copies = 0;
    for place in places(&piece.items) {
        let first = kept.len();
        for item in place {
            let mut known = kept[first..].iter();
            if known.any(|k| same(k.instance, k.at.frame, item.instance, item.at.frame)) {
                copies += 1;
            } else {
                kept.push(item);
            }
        }
    }
    if copies > 0 {
        let were = if copies == 1 { "1 image is in the series twice" } else { "images are in the series twice" };
        let count = if copies == 1 { String::new() } else { format!("{copies} ") };
        piece.notes.push(format!("{count}{were}, under another UID but with the same pixels; each was used once"));
        kept.sort_by(|a, b| a.order().cmp(&b.order()));
        piece.items = kept;
    }
    piece
}

/// The first, second ... frame of every place by InstanceNumber (in a multi-frame file, by the number of the frame), where all places
/// hold equally many and their numbers differ; else by the time of acquisition.
fn in_turn<'a>(piece: &Piece<'a>) -> Option<Vec<Piece<'a>>> {
    let places = places(&piece.items);
    let many = places.first()?.len();
    let number = |i: &SeriesFrame<'a>| i.frame.instance_number.or(i.frame.number.map(i64::from));
    let numbers = |items: &[SeriesFrame<'a>]| items.iter().filter_map(number).collect::<BTreeSet<i64>>();
    if many < 2 || places.len() < 2 || !places.iter().all(|items| items.len() == many) {
        return None;
    }
    if !places.iter().all(|items| numbers(items).len() == many) {
        return by_time(piece, places, many);
    }
    let turns = (0..many).map(|turn| {
        let mut items: Vec<SeriesFrame<'a>> = places.iter().map(|items| items[turn].clone()).collect();
        items.sort_by(|a, b| a.order().cmp(&b.order()));
        let numbers = numbers(&items);
        let label = match (numbers.first(), numbers.last()) {
            // Any number may stand there.
            (Some(first), Some(last)) if last.checked_sub(*first) == i64::try_from(items.len() - 1).ok() => {
                format!("images {first} to {last}")
            }
            _ => format!("image {} of {many} in every place", turn + 1),
        };
        piece.part(label, items)
    });
    Some(turns.collect())
}

/// The first, second ... frame of every place by the time of acquisition, where no place holds two of one time.
fn by_time<'a>(piece: &Piece<'a>, mut places: Vec<Vec<SeriesFrame<'a>>>, many: usize) -> Option<Vec<Piece<'a>>> {
    for items in &mut places {
        items.sort_by(|a, b| a.frame.acquired.cmp(&b.frame.acquired));
        let told = items[0].frame.acquired.as_str() != "";
        if !told || items.windows(2).any(|w| w[0].frame.acquired == w[1].frame.acquired) {
            return None;
        }
    }
    let turns = (0..many).map(|turn| {
        let mut items: Vec<SeriesFrame<'a>> = places.iter().map(|items| items[turn].clone()).collect();
        items.sort_by(|a, b| a.order().cmp(&b.order()));
        piece.part(format!("image {} of {many} in every place, by time", turn + 1), items)
    });
    Some(turns.collect())
}

fn most_in_one_place(items: &[SeriesFrame<'_>]) -> usize {
    places(items).iter().map(Vec::len).max().unwrap_or(0)
}

/// Items by their place along the normal, each place in the order of their numbers; those without a place are places of their own.
fn places<'a>(items: &[SeriesFrame<'a>]) -> Vec<Vec<SeriesFrame<'a>>> {
    let normal = items.first().and_then(|i| normal(i.frame));
    let along = |i: &SeriesFrame<'a>| normal.zip(i.frame.position).map(|(n, p)| dot(n, p)).filter(|d| d.is_finite());
    let mut placed: Vec<(f64, &SeriesFrame<'a>)> = items.iter().filter_map(|i| Some((along(i)?, i))).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.order().cmp(&b.1.order())));
    let mut places: Vec<Vec<SeriesFrame<'a>>> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (d, item) in placed {
        match places.last_mut() {
            Some(place) if d - last <= tolerance::PLACE_MM => place.push(item.clone()),
            _ => places.push(vec![item.clone()]),
        }
        last = d;
    }
    for place in &mut places {
        place.sort_by(|a, b| a.order().cmp(&b.order()));
    }
    places.extend(items.iter().filter(|i| along(i).is_none()).map(|i| vec![i.clone()]));
    places
}
