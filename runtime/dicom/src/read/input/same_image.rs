//! Two files that are one image, written in two ways: compressed and not, or by two archives.

use crate::read::instance::InstanceHeader;
use crate::read::same_frame::{FrameComparison, Sameness};

/// Whether all that is read of two files is the same: whose image it is, how it was acquired, where it lies, and every sample.
pub(super) fn same_image(
    one: &InstanceHeader,
    other: &InstanceHeader,
    comparison: &mut FrameComparison<'_>,
) -> Sameness {
    let headers = one.sop_class_uid == other.sop_class_uid
        && one.patient == other.patient
        && one.study == other.study
        && one.series == other.series
        && one.acquisition == other.acquisition
        && one.frames == other.frames;
    if headers { comparison.instances(one, other) } else { Sameness::Different }
}
