//! The section in the middle of a series, for people who must tell it from others.

use cordline_core::geometry::Geometry;
use cordline_core::volume::Volume;
use ndarray::Array3;

use super::error::StackError;
use super::plan::plan;
use crate::read::decode::Decoder;
use crate::read::limits::FileLimits;
use crate::read::series_volume::SeriesVolume;

/// Decodes the middle section alone: a volume of one section.
///
/// # Errors
/// The frames are no stack, or the one in the middle cannot be decoded.
pub fn middle(series: &SeriesVolume, limits: &FileLimits) -> Result<Volume, StackError> {
    let ordered = plan(series, limits)?;
    let whole = &ordered.geometry;
    let [sections, rows, columns] = whole.shape();
    let at = ordered.frames[sections / 2];
    let mut voxels = Array3::zeros([1, rows, columns]);
    let plane = voxels.as_slice_mut().expect("a fresh array lies in standard order");
    let instance = &series.instances[at.instance];
    Decoder::new(limits)
        .decode(instance, &mut [(at.frame, plane)])
        .map_err(|error| StackError::File { file: instance.origin.clone(), error })?;
    let origin = whole.to_patient([(sections / 2) as f64, 0.0, 0.0]);
    let geometry = Geometry::new([1, rows, columns], whole.spacing(), origin, whole.axes())?;
    Ok(Volume { voxels, geometry })
}
