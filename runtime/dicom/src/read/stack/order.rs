//! The order of sections along their normal, and the grid that they make.

use cordline_core::geometry::{Geometry, Lps, cross, dot, sub};

use super::error::StackError;
use crate::read::instance::{Frame, InstanceHeader};
use crate::read::origin::FrameOrigin;
use crate::read::series_volume::{FrameAt, SeriesVolume};
use crate::read::tolerance;

/// A gap that is this near to a whole multiple of the usual one means that sections are missing.
const MULTIPLE_TOLERANCE: f64 = 0.1;
/// Sections closer than this share of the usual gap lie in one place.
const DOUBLED_SHARE: f64 = 0.01;

/// A series in order.
#[derive(Debug)]
pub(super) struct Ordered {
    /// The grid.
    pub geometry: Geometry,
    /// Where each section comes from, in the order of the volume.
    pub frames: Vec<FrameAt>,
}

/// A section with its place.
struct Section<'a> {
    at: FrameAt,
    instance: &'a InstanceHeader,
    position: Lps,
    /// Distance along the normal, in mm.
    along: f64,
}

impl Section<'_> {
    /// How a person finds it again.
    fn origin(&self) -> FrameOrigin {
        FrameOrigin { file: self.instance.origin.clone(), frame: self.instance.frames[self.at.frame].number }
    }
}

/// Checks that the frames of a series are one stack, and orders them.
pub(super) fn order(series: &SeriesVolume) -> Result<Ordered, StackError> {
    one_frame_of_reference(series)?;
    let cosines = |x: f64, y: f64| (x - y).abs() <= tolerance::COSINE;
    let spacings = |x: f64, y: f64| (x - y).abs() <= tolerance::SPACING * y.abs();
    let orientation =
        same(series, "ImageOrientationPatient", |f| f.orientation, cosines, StackError::MixedOrientation)?;
    let spacing = same(series, "PixelSpacing", |f| f.spacing, spacings, StackError::MixedSpacing)?;
    let [rows, columns] = one_size(series)?;
    if !spacing.iter().all(|s| s.is_finite() && *s > 0.0) {
        return Err(StackError::Spacing(spacing));
    }
    let [a, b, c, d, e, f] = orientation;
    let (row, column) = ([a, b, c], [d, e, f]);
    let unit = |v: Lps| (dot(v, v).sqrt() - 1.0).abs() <= tolerance::COSINE;
    // Written so that NaN is refused.
    if !(unit(row) && unit(column) && dot(row, column).abs() <= tolerance::COSINE) {
        return Err(StackError::NotOrthonormal(orientation));
    }
    let normal = cross(row, column);
    let length = dot(normal, normal).sqrt();
    let normal = normal.map(|v| v / length);
    let sections = sorted(series, normal)?;
    let gap = equal_gaps(&sections)?;
    aligned(&sections, normal, spacing)?;
    let shape = [sections.len(), rows as usize, columns as usize];
    let geometry = Geometry::new(shape, [gap, spacing[0], spacing[1]], sections[0].position, [normal, column, row])?;
    Ok(Ordered { geometry, frames: sections.iter().map(|s| s.at).collect() })
}

fn one_frame_of_reference(series: &SeriesVolume) -> Result<(), StackError> {
    let mut uids: Vec<&str> = series.instances.iter().map(|i| i.series.frame_of_reference_uid.as_str()).collect();
    uids.sort_unstable();
    uids.dedup();
    match uids.as_slice() {
        [one] if !one.is_empty() => Ok(()),
        [_] | [] => Err(StackError::FrameOfReference { count: 0 }),
        many => Err(StackError::FrameOfReference { count: many.len() }),
    }
}

/// An attribute that every frame must have, and have alike: each number `close` to that of the first frame.
fn same<const N: usize>(
    series: &SeriesVolume,
    attribute: &'static str,
    value: impl Fn(&Frame) -> Option<[f64; N]>,
    close: impl Fn(f64, f64) -> bool,
    differs: impl Fn([f64; N], [f64; N]) -> StackError,
) -> Result<[f64; N], StackError> {
    let mut first = None;
    let mut missing = 0;
    let mut lacking = None;
    for (instance, frame) in series.frames() {
        match (value(frame), first) {
            (None, _) => {
                missing += 1;
                lacking = lacking.or(Some(instance));
            }
            (Some(v), None) => first = Some(v),
            (Some(v), Some(f)) => {
                let alike = v.iter().zip(f).all(|(x, y)| close(*x, y));
                // What is not even a number is reported as such, not as a difference.
                if !alike && v.iter().chain(&f).all(|x| x.is_finite()) {
                    return Err(differs(f, v));
                }
                if !v.iter().all(|x| x.is_finite()) {
                    first = Some(v);
                }
            }
        }
    }
    if let Some(instance) = lacking {
        return Err(StackError::MissingAttribute {
            attribute,
            count: missing,
            frames: series.frames().count(),
            file: instance.origin.clone(),
        });
    }
    first.ok_or(StackError::TooFewSections(0))
}

fn one_size(series: &SeriesVolume) -> Result<[u32; 2], StackError> {
    let mut sizes = series.frames().map(|(i, _)| [i.pixels.rows, i.pixels.columns]);
    let first = sizes.next().ok_or(StackError::TooFewSections(0))?;
    match sizes.find(|s| *s != first) {
        Some(other) => Err(StackError::MixedSize(first[0], first[1], other[0], other[1])),
        None => Ok(first),
    }
}

/// The sections along the normal, ascending.
fn sorted(series: &SeriesVolume, normal: Lps) -> Result<Vec<Section<'_>>, StackError> {
    let mut sections = Vec::new();
    let mut lacking = Vec::new();
    for (at, instance, frame) in series.placed_frames() {
        match frame.position {
            Some(position) if position.iter().all(|v| v.is_finite()) => {
                let along = dot(position, normal);
                sections.push(Section { at, instance, position, along });
            }
            Some(position) => return Err(StackError::Position(position)),
            None => lacking.push(instance.origin.clone()),
        }
    }
    if !lacking.is_empty() {
        let (count, frames) = (lacking.len(), sections.len() + lacking.len());
        return Err(StackError::MissingAttribute {
            attribute: "ImagePositionPatient",
            count,
            frames,
            file: lacking.swap_remove(0),
        });
    }
    if sections.len() < 2 {
        return Err(StackError::TooFewSections(sections.len()));
    }
    sections.sort_by(|a, b| a.along.total_cmp(&b.along));
    Ok(sections)
}

/// The distance between sections, where it is the same everywhere.
fn equal_gaps(sections: &[Section<'_>]) -> Result<f64, StackError> {
    let gaps: Vec<f64> = sections.windows(2).map(|w| w[1].along - w[0].along).collect();
    let mut by_size = gaps.clone();
    by_size.sort_by(f64::total_cmp);
    let usual = by_size[(by_size.len() - 1) / 2];
    for (i, (gap, pair)) in gaps.iter().zip(sections.windows(2)).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        if *gap <= usual * DOUBLED_SHARE {
            return Err(StackError::DoubledSection {
                section: i + 1,
                at_mm: before.along,
                one: before.origin(),
                other: after.origin(),
            });
        }
        if (gap - usual).abs() <= usual * tolerance::GAP {
            continue;
        }
        let (section, before_mm, after_mm) = (i + 1, before.along, after.along);
        let (before, after, gap_mm, usual_mm) = (before.origin(), after.origin(), *gap, usual);
        let multiple = (gap / usual).round();
        return Err(if multiple >= 2.0 && (gap / usual - multiple).abs() <= MULTIPLE_TOLERANCE {
            let count = multiple as usize - 1;
            StackError::MissingSection { count, section, before_mm, before, after_mm, after, gap_mm, usual_mm }
        } else {
            StackError::UnequalGaps { section, before_mm, before, after_mm, after, gap_mm, usual_mm }
        });
    }
    let (first, last) = (sections[0].along, sections[sections.len() - 1].along);
    Ok((last - first) / gaps.len() as f64)
}

/// Sections must follow each other along the normal, not shifted inside their plane.
fn aligned(sections: &[Section<'_>], normal: Lps, spacing: [f64; 2]) -> Result<(), StackError> {
    let first = sections[0].position;
    for (i, s) in sections.iter().enumerate() {
        let way = sub(s.position, first);
        let along = dot(way, normal);
        let aside = sub(way, normal.map(|n| n * along));
        let shift_mm = dot(aside, aside).sqrt();
        if shift_mm > tolerance::SHIFT * spacing[0].min(spacing[1]) {
            return Err(StackError::Sheared { section: i + 1, file: s.origin(), shift_mm });
        }
    }
    Ok(())
}
