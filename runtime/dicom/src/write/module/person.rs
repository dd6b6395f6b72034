//! A reader: the name under which a person corrected a mask or judged an answer.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::write::dataset::{Dataset, Put, item};

/// The name as a person name (PN). Characters that would split it are spaces; of one component alone, which is a retired form, there is a second,
/// empty one.
pub(crate) fn name(reader: &str) -> String {
    let plain: String = reader.chars().map(|c| if matches!(c, '^' | '=' | '\\') { ' ' } else { c }).collect();
    let plain: String = plain.trim().chars().take(63).collect();
    format!("{}^", plain.trim_end())
}

/// Author Observer: who made the content of a report.
pub(crate) fn put_author(d: &mut Dataset, reader: &str) {
    let author = item(|a| {
        a.text(tags::OBSERVER_TYPE, VR::CS, "PSN");
        a.text(tags::PERSON_NAME, VR::PN, &name(reader));
        a.items(tags::PERSON_IDENTIFICATION_CODE_SEQUENCE, vec![]);
        a.text(tags::INSTITUTION_NAME, VR::LO, "");
        a.items(tags::INSTITUTION_CODE_SEQUENCE, vec![]);
    });
    d.items(tags::AUTHOR_OBSERVER_SEQUENCE, vec![author]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_split_its_value() {
        assert_eq!(name("R. Meyer"), "R. Meyer^");
        assert_eq!(name(" a^b=c\\d "), "a b c d^");
        assert_eq!(name(&"ü".repeat(64)).chars().count(), 64);
    }
}
