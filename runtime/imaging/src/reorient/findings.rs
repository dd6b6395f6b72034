//! What was found in training orientation, as the source counts its sections.

use cordline_core::findings::HeatMap;
use cordline_sdk::result::{Classification, Lesion};

use super::Reorientation;

impl Reorientation {
    /// A lesion with the section numbers of the source, ascending. The rest of it is in patient coordinates, and stays.
    pub fn lesion_to_source(&self, mut lesion: Lesion) -> Lesion {
        for number in &mut lesion.sections {
            *number = self.section_number_to_source(*number);
        }
        lesion.sections.sort_unstable();
        lesion
    }

    /// An answer with the section numbers of the source, ascending.
    pub fn classification_to_source(&self, mut answer: Classification) -> Classification {
        for said in &mut answer.sections {
            said.section = self.section_number_to_source(said.section);
        }
        answer.sections.sort_by_key(|said| said.section);
        answer
    }

    /// A heat map over the sections of the source.
    pub fn heat_map_to_source(&self, mut map: HeatMap) -> HeatMap {
        if self.is_identity() {
            return map;
        }
        if self.transposed {
            map.grid.reverse();
        }
        for section in &mut map.sections {
            section.section = self.section_index_to_source(section.section);
            let activation = self.section_to_source(section.activation.view());
            section.activation = activation.as_standard_layout().into_owned();
        }
        map.sections.sort_by_key(|section| section.section);
        map
    }

    /// Both from 1.
    fn section_number_to_source(&self, number: usize) -> usize {
        self.section_index_to_source(number - 1) + 1
    }
}
