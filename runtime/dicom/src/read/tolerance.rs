//! By how much the sections of one stack may differ. Taking a series apart, judging it and stacking it must agree: what is kept together as
//! one stack is not refused as none.

/// Frames closer than this along the normal, in mm, lie in one place.
pub(super) const PLACE_MM: f64 = 0.01;
/// Direction cosines may differ by so much, and stray so far from unit length and right angles.
pub(super) const COSINE: f64 = 1e-3;
/// Pixel spacings may differ by this share.
pub(super) const SPACING: f64 = 1e-3;
/// A gap may differ by this share from the usual one.
pub(super) const GAP: f64 = 0.05;
/// Sections may be shifted inside their plane by this share of a pixel.
pub(super) const SHIFT: f64 = 0.5;
