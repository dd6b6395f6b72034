//! Overlays that old files keep in the bits of PixelData that no grey value uses (PS3.3, C.9.2; retired since, and still in archives).

use dicom_core::Tag;

use super::elements::DataSet;

/// Groups of overlay planes; only even ones are.
const GROUPS: std::ops::RangeInclusive<u16> = 0x6000..=0x60FF;
/// Elements of such a group.
const OVERLAY_BITS_ALLOCATED: u16 = 0x0100;
const OVERLAY_BIT_POSITION: u16 = 0x0102;

/// The bits of a sample of `bits_allocated` in which the header says that overlays lie; bit 0 is the lowest.
pub(super) fn bits_in_pixels(set: &DataSet<'_>, bits_allocated: u32) -> u16 {
    set.tags_in(GROUPS)
        .filter(|tag| tag.group().is_multiple_of(2) && tag.element() == OVERLAY_BIT_POSITION)
        .filter(|tag| set.count(Tag(tag.group(), OVERLAY_BITS_ALLOCATED)) == Some(bits_allocated.into()))
        .filter_map(|tag| set.count(tag).filter(|position| *position < bits_allocated.min(16).into()))
        .fold(0, |bits, position| bits | 1 << position)
}
