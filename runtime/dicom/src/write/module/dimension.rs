//! Multi-frame Dimension: how the frames of an object are indexed.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use crate::write::dataset::{Dataset, Put, item};

/// One index: the attribute that it follows, the functional group in which that stands, and words.
pub(crate) struct Index {
    pub attribute: Tag,
    pub group: Tag,
    pub label: &'static str,
}

/// Frames indexed by their segment.
pub(crate) const SEGMENT: Index = Index {
    attribute: tags::REFERENCED_SEGMENT_NUMBER,
    group: tags::SEGMENT_IDENTIFICATION_SEQUENCE,
    label: "Segment Number",
};

/// Frames indexed by where they lie along the normal.
pub(crate) const POSITION: Index = Index {
    attribute: tags::IMAGE_POSITION_PATIENT,
    group: tags::PLANE_POSITION_SEQUENCE,
    label: "Image Position (Patient)",
};

/// The module. `volume` is true where all frames together are one stack of equally spaced planes.
pub(crate) fn put(d: &mut Dataset, organization_uid: &str, indices: &[Index], volume: bool) {
    let organization = item(|o| o.uid(tags::DIMENSION_ORGANIZATION_UID, organization_uid));
    d.items(tags::DIMENSION_ORGANIZATION_SEQUENCE, vec![organization]);
    if volume {
        d.text(tags::DIMENSION_ORGANIZATION_TYPE, VR::CS, "3D");
    }
    let items = indices.iter().map(|index| {
        item(|i| {
            i.pointer(tags::DIMENSION_INDEX_POINTER, index.attribute);
            i.pointer(tags::FUNCTIONAL_GROUP_POINTER, index.group);
            i.uid(tags::DIMENSION_ORGANIZATION_UID, organization_uid);
            i.text(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, index.label);
        })
    });
    d.items(tags::DIMENSION_INDEX_SEQUENCE, items.collect());
}
