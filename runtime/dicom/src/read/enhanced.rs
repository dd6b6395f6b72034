//! Enhanced MR and Legacy Converted Enhanced MR: attributes that lie in functional groups, shared by all frames or for each.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::elements::DataSet;
use super::instance::{Acquisition, Frame, SeriesAttributes};

/// Where the functional groups of a frame lie: its own, then those shared by all.
struct Groups<'a> {
    shared: Option<DataSet<'a>>,
    own: Option<DataSet<'a>>,
}

impl<'a> Groups<'a> {
    /// The first item of a functional group, of the frame itself or shared.
    fn group(&self, tag: Tag) -> Option<DataSet<'a>> {
        self.own.and_then(|own| own.item(tag)).or_else(|| self.shared.and_then(|shared| shared.item(tag)))
    }

    /// What a converter of classic images could not put into a group of its own.
    fn converted(&self) -> impl Iterator<Item = DataSet<'a>> + use<'a> {
        let own = self.own.and_then(|own| own.item(tags::UNASSIGNED_PER_FRAME_CONVERTED_ATTRIBUTES_SEQUENCE));
        let shared = self.shared.and_then(|s| s.item(tags::UNASSIGNED_SHARED_CONVERTED_ATTRIBUTES_SEQUENCE));
        own.into_iter().chain(shared)
    }

    /// A number from a group, else from the converted attributes.
    fn number(&self, group: Tag, tag: Tag) -> Option<f64> {
        self.group(group).and_then(|g| g.number(tag)).or_else(|| self.converted().find_map(|c| c.number(tag)))
    }
}

/// The functional groups of the first frame: what the whole file is judged by.
fn first_groups<'a>(set: &DataSet<'a>) -> Groups<'a> {
    Groups {
        shared: set.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE),
        own: set.item(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE),
    }
}

/// Completes how the file was acquired from its functional groups.
pub fn acquisition(set: &DataSet<'_>, acquisition: &mut Acquisition, series: &mut SeriesAttributes) {
    let groups = first_groups(set);
    let yes = |set: &DataSet<'_>, tag| set.code(tag).is_some_and(|v| v == "YES");
    let frame_type = groups.group(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE);
    if let Some(frame_type) = frame_type {
        if acquisition.contrast.is_empty() || acquisition.contrast == "MIXED" {
            acquisition.contrast = frame_type.code(tags::ACQUISITION_CONTRAST).unwrap_or_default();
        }
        if acquisition.image_type.is_empty() {
            acquisition.image_type = frame_type.codes(tags::FRAME_TYPE);
        }
    }
    acquisition.repetition_time = acquisition
        .repetition_time
        .or_else(|| groups.number(tags::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, tags::REPETITION_TIME));
    let modifier = groups.group(tags::MR_MODIFIER_SEQUENCE);
    let inverted = modifier.is_some_and(|m| yes(&m, tags::INVERSION_RECOVERY));
    acquisition.inversion_time = acquisition
        .inversion_time
        .or_else(|| modifier.filter(|_| inverted).and_then(|m| m.number(tags::INVERSION_TIMES)))
        .or_else(|| groups.converted().find_map(|c| c.number(tags::INVERSION_TIME)));
    if acquisition.scanning_sequence.is_empty() {
        acquisition.scanning_sequence =
            groups.converted().find_map(|c| filled(c.codes(tags::SCANNING_SEQUENCE))).unwrap_or_default();
    }
    if acquisition.scanning_sequence.is_empty() {
        let echo = set.code(tags::ECHO_PULSE_SEQUENCE).unwrap_or_default();
        let code = |code: &str, holds: bool| holds.then(|| code.to_owned());
        acquisition.scanning_sequence = [
            code("SE", matches!(echo.as_str(), "SPIN" | "BOTH")),
            code("GR", matches!(echo.as_str(), "GRADIENT" | "BOTH")),
            code("IR", inverted),
            code("EP", yes(set, tags::ECHO_PLANAR_PULSE_SEQUENCE)),
        ]
        .into_iter()
        .flatten()
        .collect();
    }
    let suppression = |set: &DataSet<'_>| set.code(tags::SPECTRALLY_SELECTED_SUPPRESSION);
    let suppressed = modifier.and_then(|m| suppression(&m)).or_else(|| suppression(set)).unwrap_or_default();
    acquisition.fat_suppressed |= matches!(suppressed.as_str(), "FAT" | "FAT_AND_WATER");
    acquisition.diffusion |=
        groups.number(tags::MR_DIFFUSION_SEQUENCE, tags::DIFFUSION_B_VALUE).is_some_and(|b| b > 0.0);
    if series.body_part.is_empty() {
        series.body_part = groups
            .group(tags::FRAME_ANATOMY_SEQUENCE)
            .or(Some(*set))
            .and_then(|s| s.item(tags::ANATOMIC_REGION_SEQUENCE))
            .and_then(|region| region.text(tags::CODE_MEANING))
            .unwrap_or_default();
    }
}

/// Every frame with its place, echo and rescaling: one for each item of PerFrameFunctionalGroupsSequence, but no more than `most`.
pub fn frames(set: &DataSet<'_>, most: usize) -> Vec<Frame> {
    let shared = set.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    set.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
        .take(most)
        .zip(1u32..)
        .map(|(own, number)| {
            let groups = Groups { shared, own: Some(own) };
            let measures = groups.group(tags::PIXEL_MEASURES_SEQUENCE);
            let rescale = groups.group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
            let content = groups.group(tags::FRAME_CONTENT_SEQUENCE);
            let kind = groups.group(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE);
            Frame {
                number: Some(number),
                position: groups
                    .group(tags::PLANE_POSITION_SEQUENCE)
                    .and_then(|p| p.vector(tags::IMAGE_POSITION_PATIENT)),
                orientation: groups
                    .group(tags::PLANE_ORIENTATION_SEQUENCE)
                    .and_then(|p| p.vector(tags::IMAGE_ORIENTATION_PATIENT)),
                spacing: measures.and_then(|m| m.vector(tags::PIXEL_SPACING)),
                thickness: measures.and_then(|m| m.number(tags::SLICE_THICKNESS)),
                echo_time: groups
                    .number(tags::MR_ECHO_SEQUENCE, tags::EFFECTIVE_ECHO_TIME)
                    .or_else(|| groups.converted().find_map(|c| c.number(tags::ECHO_TIME))),
                time_point: content.and_then(|c| c.count(tags::TEMPORAL_POSITION_INDEX)),
                acquisition_number: content.and_then(|c| c.count(tags::FRAME_ACQUISITION_NUMBER)),
                acquired: content.and_then(|c| c.text(tags::FRAME_ACQUISITION_DATE_TIME)).unwrap_or_default(),
                trigger_time: groups
                    .group(tags::CARDIAC_SYNCHRONIZATION_SEQUENCE)
                    .and_then(|g| g.number(tags::NOMINAL_CARDIAC_TRIGGER_DELAY_TIME)),
                b_value: groups.group(tags::MR_DIFFUSION_SEQUENCE).and_then(|g| g.number(tags::DIFFUSION_B_VALUE)),
                stack_id: content.and_then(|c| c.text(tags::STACK_ID)).unwrap_or_default(),
                frame_type: kind.map(|k| k.codes(tags::FRAME_TYPE)).unwrap_or_default(),
                contrast: kind.and_then(|k| k.code(tags::ACQUISITION_CONTRAST)).unwrap_or_default(),
                component: kind
                    .and_then(|k| k.code(tags::COMPLEX_IMAGE_COMPONENT))
                    .or_else(|| set.code(tags::COMPLEX_IMAGE_COMPONENT))
                    .unwrap_or_default(),
                instance_number: None,
                slope: rescale.and_then(|r| r.number(tags::RESCALE_SLOPE)).unwrap_or(1.0),
                intercept: rescale.and_then(|r| r.number(tags::RESCALE_INTERCEPT)).unwrap_or(0.0),
            }
        })
        .collect()
}

fn filled(values: Vec<String>) -> Option<Vec<String>> {
    (!values.is_empty()).then_some(values)
}
