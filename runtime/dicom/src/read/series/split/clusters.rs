//! What must be alike inside a volume: plane, size, kind of picture, echo, diffusion weighting.

use cordline_core::geometry::dot;

use super::piece::{Parts, SeriesFrame};
use crate::read::series::frames::{normal, plane};
use crate::read::series::words::short;
use crate::read::tolerance;

/// Echo times in ms and diffusion weightings in s/mm² that differ by less are one.
const SAME_ECHO_MS: f64 = 0.5;
const SAME_B: f64 = 5.0;
/// Echo times inside of one stack may differ by this share: scanners round, and adapt them to a section.
const NEAR_ECHO: f64 = 0.1;

/// One way to take a piece apart.
type Cut = for<'a> fn(&[SeriesFrame<'a>]) -> Parts<'a>;

/// A difference that scanners make on purpose: each part is a volume, however few frames it has.
pub(super) struct Purpose {
    /// Takes the parts from each other.
    pub cut: Cut,
    /// What differs, in words.
    pub name: &'static str,
    /// True where the difference is so small that all may be one stack.
    pub slight: fn(&[SeriesFrame<'_>]) -> bool,
}

/// Tried in this order.
pub(super) const PURPOSES: [Purpose; 4] = [
    Purpose { cut: kinds, name: "ImageType", slight: |items| alike_in(items, |i| i.pictures.kind.clone()) },
    Purpose { cut: echoes, name: "EchoTime", slight: |items| near_echoes(items) },
    Purpose {
        cut: weightings,
        name: "DiffusionBValue",
        slight: |items| items.iter().all(|i| i.frame.b_value.is_none_or(|b| b <= SAME_B)),
    },
    Purpose { cut: stacks, name: "StackID", slight: |_| true },
];
/// Differences that may also be a fault of single frames.
pub(super) const GRIDS: [Cut; 3] = [planes, frames_of_reference, sizes];

fn alike_in<T: PartialEq>(items: &[SeriesFrame<'_>], value: impl Fn(&SeriesFrame<'_>) -> T) -> bool {
    items.windows(2).all(|w| value(&w[0]) == value(&w[1]))
}

/// True where the echo times, as far as they are stated, are nearly one.
fn near_echoes(items: &[SeriesFrame<'_>]) -> bool {
    let times = items.iter().filter_map(|i| i.frame.echo_time).filter(|te| te.is_finite());
    let (low, high) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), te| (low.min(te), high.max(te)));
    high <= low * (1.0 + NEAR_ECHO)
}

/// As near as `close`, or the same where they are no numbers.
fn near(x: f64, y: f64, close: f64) -> bool {
    (x - y).abs() <= close || x.to_bits() == y.to_bits()
}

/// Groups items by a value; groups come in the order of their first items.
fn alike<'a, T>(
    items: &[SeriesFrame<'a>],
    value: impl Fn(&SeriesFrame<'a>) -> T,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(T, Vec<SeriesFrame<'a>>)> {
    let mut groups: Vec<(T, Vec<SeriesFrame<'a>>)> = Vec::new();
    for item in items {
        let own = value(item);
        match groups.iter_mut().find(|(first, _)| same(first, &own)) {
            Some((_, group)) => group.push(item.clone()),
            None => groups.push((own, vec![item.clone()])),
        }
    }
    groups
}

fn labelled<'a, T>(groups: Vec<(T, Vec<SeriesFrame<'a>>)>, label: impl Fn(&T) -> String) -> Parts<'a> {
    groups.into_iter().map(|(value, items)| (label(&value), items)).collect()
}

/// Original, derived, in phase, water, fat, phase ...
fn kinds<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    labelled(alike(items, |i| i.pictures.clone(), |a, b| a == b), |pictures| pictures.name())
}

fn planes<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    let same = |a: &Option<[f64; 6]>, b: &Option<[f64; 6]>| match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(x, y)| near(*x, *y, tolerance::COSINE)),
        (None, None) => true,
        _ => false,
    };
    let groups = alike(items, |i| i.frame.orientation, same);
    let names: Vec<&str> =
        groups.iter().map(|(_, items)| normal(items[0].frame).map_or("plane unknown", plane)).collect();
    let first = groups.first().and_then(|(_, items)| normal(items[0].frame));
    let label = |at: usize, items: &[SeriesFrame<'_>]| {
        let name = names[at];
        let twins = names.iter().filter(|n| **n == name).count();
        let angle = first.zip(normal(items[0].frame)).map(|(a, b)| dot(a, b).abs().min(1.0).acos().to_degrees());
        match angle {
            Some(angle) if twins > 1 && at > 0 => format!("{name}, turned by {angle:.0} degrees"),
            _ => name.to_owned(),
        }
    };
    groups.iter().enumerate().map(|(at, (_, items))| (label(at, items), items.clone())).collect()
}

fn frames_of_reference<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    let groups = alike(items, |i| i.instance.series.frame_of_reference_uid.clone(), |a, b| a == b);
    let label = |at: usize| format!("position {} of the patient on the table", at + 1);
    groups.into_iter().enumerate().map(|(at, (_, items))| (label(at), items)).collect()
}

/// Matrix and pixel spacing.
fn sizes<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    type Size = ([u32; 2], Option<[f64; 2]>);
    let same = |a: &Size, b: &Size| {
        let spacing = match (a.1, b.1) {
            (Some(a), Some(b)) => a.iter().zip(b).all(|(x, y)| near(*x, y, tolerance::SPACING * y.abs())),
            (None, None) => true,
            _ => false,
        };
        a.0 == b.0 && spacing
    };
    let groups = alike(items, |i| ([i.instance.pixels.rows, i.instance.pixels.columns], i.frame.spacing), same);
    let matrices: std::collections::BTreeSet<[u32; 2]> = groups.iter().map(|((matrix, _), _)| *matrix).collect();
    labelled(groups, |([rows, columns], spacing)| match spacing {
        Some([row, column]) if matrices.len() == 1 => format!("pixels of {row:.2} x {column:.2} mm"),
        _ => format!("{rows} x {columns} pixels"),
    })
}

fn echoes<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    by_number(
        items,
        |i| i.frame.echo_time,
        SAME_ECHO_MS,
        |te| match te {
            Some(te) => format!("echo {} ms", short(te)),
            None => "echo time not stated".into(),
        },
    )
}

fn weightings<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    by_number(
        items,
        |i| i.frame.b_value,
        SAME_B,
        |b| match b {
            Some(b) => format!("b {}", short(b)),
            None => "no diffusion weighting".into(),
        },
    )
}

/// Neighbouring values belong together where they lie close enough.
fn by_number<'a>(
    items: &[SeriesFrame<'a>],
    value: impl Fn(&SeriesFrame<'a>) -> Option<f64>,
    close: f64,
    label: impl Fn(Option<f64>) -> String,
) -> Parts<'a> {
    let own = |i: &SeriesFrame<'a>| value(i).filter(|v| v.is_finite());
    let mut values: Vec<f64> = items.iter().filter_map(own).collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|later, before| *later - *before <= close);
    // The lowest value of the cluster that a value lies in.
    let cluster = |v: f64| values.iter().copied().rev().find(|low| *low <= v);
    labelled(alike(items, |i| own(i).and_then(cluster), |a, b| a == b), |low| label(*low))
}

/// StackID, unless each frame has one of its own.
fn stacks<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    let groups = alike(items, |i| i.frame.stack_id.clone(), |a, b| a == b);
    if groups.iter().any(|(_, items)| items.len() < 2) {
        return Vec::new();
    }
    labelled(groups, |id| if id.is_empty() { "no stack stated".into() } else { format!("stack {id}") })
}
