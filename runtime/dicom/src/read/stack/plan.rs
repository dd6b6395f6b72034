//! What keeps a series from being a volume, as far as its headers tell.

use super::error::StackError;
use super::order::{self, Ordered};
use crate::read::limits::FileLimits;
use crate::read::series_volume::SeriesVolume;

/// Whether a series is one stack of sections, by its headers alone.
///
/// # Errors
/// What is wrong with it.
pub fn check(series: &SeriesVolume, limits: &FileLimits) -> Result<(), StackError> {
    plan(series, limits).map(drop)
}

/// The order of the sections and their grid.
pub(super) fn plan(series: &SeriesVolume, limits: &FileLimits) -> Result<Ordered, StackError> {
    if let Some(unreadable) = series.unreadable.first() {
        return Err(StackError::File { file: unreadable.origin.clone(), error: unreadable.error.clone() });
    }
    if let Some((instance, error)) = series.instances.iter().find_map(|i| Some((i, i.error.clone()?))) {
        return Err(StackError::File { file: instance.origin.clone(), error });
    }
    let ordered = order::order(series)?;
    let shape = ordered.geometry.shape();
    let voxels = shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n as u64)).unwrap_or(u64::MAX);
    if voxels > limits.voxels {
        return Err(StackError::TooLarge { shape, limit: limits.voxels });
    }
    Ok(ordered)
}
