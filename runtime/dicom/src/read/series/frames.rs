//! The frames of a volume: which ones, and where they lie.

use cordline_core::geometry::{Lps, cross, dot};

use crate::read::instance::{Frame, InstanceHeader};

/// Values of FrameType, or of ImageType where there are none.
pub(super) fn image_type<'a>(instance: &'a InstanceHeader, frame: &'a Frame) -> &'a [String] {
    if frame.frame_type.is_empty() { &instance.acquisition.image_type } else { &frame.frame_type }
}

/// The unit normal of a frame's plane (row x column); none where the orientation is missing or unusable.
pub(super) fn normal(frame: &Frame) -> Option<Lps> {
    let [a, b, c, d, e, f] = frame.orientation?;
    let n = cross([a, b, c], [d, e, f]);
    let length = dot(n, n).sqrt();
    (length >= 0.1).then(|| n.map(|v| v / length))
}

/// The name of the plane that lies nearest to a normal.
pub(super) fn plane(normal: Lps) -> &'static str {
    let [x, y, z] = normal.map(f64::abs);
    if x >= y && x >= z {
        "sagittal"
    } else if y >= z {
        "coronal"
    } else {
        "axial"
    }
}

/// Lowest and highest place of a frame along the patient's long axis (LPS z, mm), edges of pixels included.
pub(super) fn height(instance: &InstanceHeader, frame: &Frame) -> Option<[f64; 2]> {
    let (p, o, s) = (frame.position?, frame.orientation?, frame.spacing?);
    let (rows, columns) = (f64::from(instance.pixels.rows), f64::from(instance.pixels.columns));
    // Along a row the column index grows, and the other way round.
    let along = |index: f64, k: usize, spacing: f64| o[k] * index * spacing;
    let ends = [-0.5, columns - 0.5].into_iter().flat_map(|c| [-0.5, rows - 0.5].map(|r| (c, r)));
    let z = ends.map(|(c, r)| p[2] + along(c, 2, s[1]) + along(r, 5, s[0]));
    let (low, high) = z.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)));
    (low.is_finite() && high.is_finite()).then_some([low, high])
}
