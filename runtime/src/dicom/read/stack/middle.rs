//! The section in the middle of a series, for people who must tell it from others.

use ndarray::Array3;

use super::{StackError, plan};
use crate::dicom::read::decode::Decoder;
use crate::dicom::read::limits::Limits;
use crate::dicom::read::series::Series;
use crate::geometry::Geometry;
use crate::volume::Volume;

/// Decodes the middle section alone: a volume of one section.
pub fn middle(series: &Series, limits: &Limits) -> Result<Volume, StackError> {
    let ordered = plan(series, limits)?;
    let whole = &ordered.geometry;
    let [sections, rows, columns] = whole.shape();
    let at = ordered.frames[sections / 2];
    let mut voxels = Array3::zeros([1, rows, columns]);
    let plane = voxels.as_slice_mut().expect("a fresh array lies in standard order");
    let instance = &series.instances[at.instance];
    Decoder::new(limits)
        .decode(instance, &mut [(at.frame, plane)])
        .map_err(|fault| StackError::File { file: instance.origin.to_string(), fault })?;
    let origin = whole.to_patient([(sections / 2) as f64, 0.0, 0.0]);
    let geometry = Geometry::new([1, rows, columns], whole.spacing(), origin, whole.axes())?;
    Ok(Volume { voxels, geometry })
}
