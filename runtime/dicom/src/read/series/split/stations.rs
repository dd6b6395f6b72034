//! Volumes that lie apart in their plane, as the stations of a long spine do.

use cordline_core::geometry::{Lps, dot, sub};

use super::piece::{Parts, SeriesFrame};
use crate::read::series::frames::height;
use crate::read::tolerance;

/// Origins that lie nearer to each other inside their plane, in mm, belong to one station.
const APART_MM: f64 = 10.0;

/// Takes stations apart, the upper one first.
pub(super) fn cut<'a>(items: &[SeriesFrame<'a>]) -> Parts<'a> {
    let groups = linked(items, APART_MM);
    // Nearer ones count too where they would otherwise lie on each other.
    let groups: Vec<Vec<SeriesFrame<'a>>> = groups
        .into_iter()
        .flat_map(|group| {
            let shift = tolerance::SHIFT * group[0].frame.spacing.map_or(1.0, |s| s[0].min(s[1]));
            if collides(&group, shift) { linked(&group, shift) } else { vec![group] }
        })
        .collect();
    if groups.len() < 2 {
        return Vec::new();
    }
    let middle = |group: &[SeriesFrame<'a>]| {
        let heights: Vec<f64> =
            group.iter().filter_map(|i| height(i.instance, i.frame)).map(|[low, high]| (low + high) / 2.0).collect();
        heights.iter().sum::<f64>() / heights.len().max(1) as f64
    };
    let mut groups: Vec<(f64, Vec<SeriesFrame<'a>>)> =
        groups.into_iter().map(|group| (middle(&group), group)).collect();
    groups.sort_by(|a, b| b.0.total_cmp(&a.0));
    let top = groups[0].0;
    groups
        .into_iter()
        .enumerate()
        .map(|(n, (middle, group))| match (top - middle).round() {
            0.0 if n == 0 => ("station 1, upper".to_owned(), group),
            0.0 => (format!("station {}", n + 1), group),
            lower => (format!("station {}, {lower:.0} mm lower", n + 1), group),
        })
        .collect()
}

/// Where the first voxel of an item lies inside its plane.
fn in_plane(item: &SeriesFrame<'_>, plane: [Lps; 2]) -> Option<[f64; 2]> {
    let position = item.frame.position.filter(|p| p.iter().all(|v| v.is_finite()))?;
    Some(plane.map(|axis| dot(position, axis)))
}

fn axes(items: &[SeriesFrame<'_>]) -> Option<[Lps; 2]> {
    let [a, b, c, d, e, f] = items.first()?.frame.orientation?;
    Some([[a, b, c], [d, e, f]])
}

/// Groups of items each of which lies within `reach` mm of another of its group; those without a place stay with the first group.
fn linked<'a>(items: &[SeriesFrame<'a>], reach: f64) -> Vec<Vec<SeriesFrame<'a>>> {
    let Some(plane) = axes(items) else { return vec![items.to_vec()] };
    let mut groups: Vec<(Vec<[f64; 2]>, Vec<SeriesFrame<'a>>)> = Vec::new();
    let mut placeless = Vec::new();
    for item in items {
        let Some(place) = in_plane(item, plane) else {
            placeless.push(item.clone());
            continue;
        };
        let near = |places: &Vec<[f64; 2]>| places.iter().any(|p| (p[0] - place[0]).hypot(p[1] - place[1]) <= reach);
        let (mut close, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(places, _)| near(places));
        groups = apart;
        let mut joined = (Vec::new(), Vec::new());
        close.iter_mut().for_each(|(places, members)| {
            joined.0.append(places);
            joined.1.append(members);
        });
        // A place next to a known one adds nothing to compare with.
        if !joined.0.iter().any(|p: &[f64; 2]| (p[0] - place[0]).hypot(p[1] - place[1]) <= reach / 100.0) {
            joined.0.push(place);
        }
        joined.1.push(item.clone());
        groups.push(joined);
    }
    let mut groups: Vec<Vec<SeriesFrame<'a>>> = groups.into_iter().map(|(_, members)| members).collect();
    match groups.first_mut() {
        Some(first) => first.append(&mut placeless),
        None => groups.push(placeless),
    }
    for group in &mut groups {
        group.sort_by(|a, b| a.order().cmp(&b.order()));
    }
    groups
}

/// True where two items lie in one place along the normal, but apart in their plane.
fn collides(items: &[SeriesFrame<'_>], apart: f64) -> bool {
    let (Some(plane), Some(normal)) = (axes(items), crate::read::series::frames::normal(items[0].frame)) else {
        return false;
    };
    let mut placed: Vec<(f64, [f64; 2])> =
        items.iter().filter_map(|item| Some((dot(item.frame.position?, normal), in_plane(item, plane)?))).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    placed.windows(2).any(|w| {
        let aside = sub([w[0].1[0], w[0].1[1], 0.0], [w[1].1[0], w[1].1[1], 0.0]);
        w[1].0 - w[0].0 <= tolerance::PLACE_MM && dot(aside, aside).sqrt() > apart
    })
}
