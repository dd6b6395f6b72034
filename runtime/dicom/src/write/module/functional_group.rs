//! Functional groups: the geometry of a frame, and the source frame behind it. A group is shared or per frame, never both.

use cordline_core::geometry::Lps;
use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::reference;
use crate::source::SourceFrame;
use crate::write::codes::{self, CodedConcept};
use crate::write::context::ResultContext;
use crate::write::dataset::{Dataset, Put, item};

/// Shared groups: pixel measures and plane orientation, one for all frames.
pub(crate) fn put_grid(shared: &mut Dataset, ctx: &ResultContext) {
    let [section, row, column] = ctx.geometry.spacing();
    let measures = item(|m| {
        m.decimals(tags::PIXEL_SPACING, &[row, column]);
        m.decimals(tags::SLICE_THICKNESS, &[ctx.source.slice_thickness_mm.unwrap_or(section)]);
        m.decimals(tags::SPACING_BETWEEN_SLICES, &[section]);
    });
    shared.items(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]);

    // ImageOrientationPatient: first the direction along a row (the column index grows), then along a column.
    let [_, row, column] = ctx.geometry.axes();
    let cosines: Vec<f64> = column.into_iter().chain(row).collect();
    let orientation = item(|o| o.decimals(tags::IMAGE_ORIENTATION_PATIENT, &cosines));
    shared.items(tags::PLANE_ORIENTATION_SEQUENCE, vec![orientation]);
}

/// Frame Content: the dimension indices of a frame, each from 1.
pub(crate) fn put_frame_content(frame: &mut Dataset, indices: &[u32]) {
    frame.items(tags::FRAME_CONTENT_SEQUENCE, vec![item(|c| c.ul(tags::DIMENSION_INDEX_VALUES, indices))]);
}

/// Plane Position: the centre of the first voxel in LPS mm.
pub(crate) fn put_position(frame: &mut Dataset, position: Lps) {
    frame.items(tags::PLANE_POSITION_SEQUENCE, vec![item(|p| p.decimals(tags::IMAGE_POSITION_PATIENT, &position))]);
}

/// Derivation Image: from which source frame, and how.
pub(crate) fn put_derivation(
    frame: &mut Dataset,
    source: &SourceFrame,
    derivation: &CodedConcept,
    description: Option<&str>,
) {
    let image = reference::instance(source, |r| {
        r.text(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, "YES");
        r.codes(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, &[&codes::SOURCE_FOR_PROCESSING]);
    });
    let derivation = item(|d| {
        if let Some(words) = description {
            d.text(tags::DERIVATION_DESCRIPTION, VR::ST, words);
        }
        d.codes(tags::DERIVATION_CODE_SEQUENCE, &[derivation]);
        d.items(tags::SOURCE_IMAGE_SEQUENCE, vec![image]);
    });
    frame.items(tags::DERIVATION_IMAGE_SEQUENCE, vec![derivation]);
}
