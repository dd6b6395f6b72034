//! What is added to the SeriesNumber of the source: every kind of result is a series of its own, and viewers sort by number.

/// The segmentation.
pub(crate) const SEGMENTATION: i64 = 1000;
/// The structured report.
pub(crate) const REPORT: i64 = 2000;
/// The first heat map; each further one stands [`NEXT_HEAT_MAP`] behind, so that five of them come before the reviews.
pub(crate) const HEAT_MAPS: i64 = 3000;
/// From one heat map to the next.
pub(crate) const NEXT_HEAT_MAP: i64 = 1000;
/// What readers say of the report.
pub(crate) const REVIEWS: i64 = 8000;
/// The secondary capture.
pub(crate) const SECONDARY_CAPTURE: i64 = 9000;
