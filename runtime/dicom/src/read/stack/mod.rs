//! From the frames of a series to one volume.
//!
//! - [`plan`](mod@plan), [`order`]: whether its sections are one stack, and in which order
//! - [`middle`](mod@middle): the section in the middle alone
//! - [`resample`](mod@resample): one volume on the grid of another

mod error;
mod middle;
mod order;
mod plan;
mod resample;

use ndarray::Array3;

pub use error::StackError;
pub use middle::middle;
pub use plan::check;
pub use resample::resample;

use cordline_core::volume::Volume;

use super::decode::Decoder;
use super::identity;
use super::instance::{Frame, InstanceHeader};
use super::limits::FileLimits;
use super::series_volume::{FrameAt, SeriesVolume};
use super::syntax::Syntax;
use crate::source::{SourceFrame, SourceSeries};
use plan::plan;

/// Decodes a series and orders its frames along the normal n = row x column direction, ascending.
///
/// Returns the volume, what result objects carry over from the series, and what the reader must know.
///
/// # Errors
/// The frames are no stack, or one of them cannot be decoded.
pub fn load(series: &SeriesVolume, limits: &FileLimits) -> Result<(Volume, SourceSeries, Vec<String>), StackError> {
    let ordered = plan(series, limits)?;
    let geometry = ordered.geometry;
    let shape = geometry.shape();
    let mut voxels = Array3::zeros(shape);
    let mut decoder = Decoder::new(limits);
    {
        let all = voxels.as_slice_mut().expect("a fresh array lies in standard order");
        let mut planes: Vec<(usize, usize, &mut [f32])> = ordered
            .frames
            .iter()
            .zip(all.chunks_exact_mut(shape[1] * shape[2]))
            .map(|(at, plane)| (at.instance, at.frame, plane))
            .collect();
        // Each instance is opened once, and its frames are read as they lie.
        planes.sort_by_key(|(instance, frame, _)| (*instance, *frame));
        let mut planes = planes.into_iter().peekable();
        while let Some((instance, frame, plane)) = planes.next() {
            let mut wanted = vec![(frame, plane)];
            while let Some((_, frame, plane)) = planes.next_if(|(i, ..)| *i == instance) {
                wanted.push((frame, plane));
            }
            let instance = &series.instances[instance];
            decoder
                .decode(instance, &mut wanted)
                .map_err(|error| StackError::File { file: instance.origin.clone(), error })?;
        }
    }
    let source = source(series, &ordered.frames);
    let mut warnings = Vec::new();
    if source.lossy {
        warnings.push("the images were compressed with loss before they came here".to_owned());
    }
    if decoder.saw_padding() {
        warnings.push(
            "Samples that hold no measurement by the word of the header (PixelPaddingValue) were given the lowest value of their section."
                .to_owned(),
        );
    }
    if decoder.saw_unextended() {
        warnings.push(
            "Samples with the sign bit set are read as negative, as the header says (PixelRepresentation 1), though the bits above are not: where the picture is dark in bright places, export the series again from the scanner."
                .to_owned(),
        );
    }
    Ok((Volume { voxels, geometry }, source, warnings))
}

fn source_frame(instance: &InstanceHeader, frame: &Frame) -> SourceFrame {
    SourceFrame {
        sop_class_uid: instance.sop_class_uid.clone(),
        sop_instance_uid: instance.sop_instance_uid.clone(),
        frame_number: frame.number,
    }
}

/// What result objects copy. Attributes of the series, and its thickness, are those of the first of the ordered sections.
fn source(series: &SeriesVolume, sections: &[FrameAt]) -> SourceSeries {
    let of = |at: &FrameAt| (&*series.instances[at.instance], &series.instances[at.instance].frames[at.frame]);
    let Some((first, frame)) = sections.first().map(of) else { return SourceSeries::default() };
    let lossy = series.instances.iter().find(|i| is_lossy(i));
    let (patient, study) = identity::common(series);
    SourceSeries {
        patient,
        study,
        series_uid: series.uid.clone(),
        series_number: first.series.number,
        frame_of_reference_uid: first.series.frame_of_reference_uid.clone(),
        position_reference_indicator: first.series.position_reference_indicator.clone(),
        slice_thickness_mm: frame.thickness.filter(|t| t.is_finite() && *t > 0.0),
        lossy: lossy.is_some(),
        lossy_ratio: lossy.map(|i| i.acquisition.lossy_ratio.clone()).unwrap_or_default(),
        lossy_method: lossy.map(|i| i.acquisition.lossy_method.clone()).unwrap_or_default(),
        frames: sections.iter().map(of).map(|(instance, frame)| source_frame(instance, frame)).collect(),
    }
}

/// Lossy by its own word; JPEG 2000 and JPEG-LS of the kind that may be lossy count as such unless the file denies it.
fn is_lossy(instance: &InstanceHeader) -> bool {
    let may_be = matches!(instance.syntax, Syntax::Jpeg2000 | Syntax::JpegLsNear);
    instance.acquisition.lossy || (may_be && !instance.acquisition.lossless)
}

#[cfg(test)]
mod tests;
