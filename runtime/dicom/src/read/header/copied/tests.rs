use dicom_core::VR;

use super::*;
use crate::read::limits::FileLimits;
use crate::read::prescan::{Encoding, Walk, walk};
use crate::read::text::TextDoubt;
use cordline_testkit::{EXPLICIT, Set, Value};

/// What is taken from a data set with these attributes, and the doubts.
fn taken<T>(fill: impl FnOnce(&mut Set), take: impl FnOnce(&mut Copier<'_, '_>) -> T) -> (T, Vec<Doubt>) {
    let mut set = Set::default();
    fill(&mut set);
    let bytes = set.encode(EXPLICIT, false);
    let walked = walk(&bytes, 0, bytes.len() as u64, Encoding::EXPLICIT_LITTLE, None, &FileLimits::default());
    let Ok((Walk::Complete(scan), _)) = walked else { panic!() };
    let (set, mut doubts) = (DataSet::new(&bytes, &scan.nodes), Vec::new());
    let value = take(&mut Copier { set: &set, doubts: &mut doubts });
    (value, doubts)
}

/// Patient and study of a data set with these attributes, and the doubts.
fn copied(fill: impl FnOnce(&mut Set)) -> (Patient, Study, Vec<Doubt>) {
    let ((patient, study), doubts) = taken(fill, |copier| (copier.patient(), copier.study("1.2".into())));
    (patient, study, doubts)
}

#[test]
fn how_a_picture_was_compressed_is_carried_over_where_it_is_legal() {
    let (ratio, method) = (tags::LOSSY_IMAGE_COMPRESSION_RATIO, tags::LOSSY_IMAGE_COMPRESSION_METHOD);
    let both = |ratio_words: &str, method_words: &str| {
        taken(
            |s| _ = s.text(ratio, VR::DS, ratio_words).text(method, VR::CS, method_words),
            |copier| (copier.decimals(ratio, "ratio"), copier.codes(method, "method")),
        )
    };
    let kept = both("7.5 \\ 1.2e1", "iso_10918_1\\ISO_15444_1");
    assert_eq!(kept, (("7.5\\1.2E1".into(), "ISO_10918_1\\ISO_15444_1".into()), vec![]));
    let illegal = [
        ("1:10", "JPEG-2000"),
        ("unknown", "wavelet, lossy"),
        ("inf", "A CODE OF SEVENTEEN"),
        ("7.12345678901234567", "é"),
    ];
    for (ratio_words, method_words) in illegal {
        let left_out = both(ratio_words, method_words);
        assert_eq!(left_out, ((String::new(), String::new()), ["ratio", "method"].map(Doubt::NoSuchValue).to_vec()));
    }
}

#[test]
fn dates_and_times_of_older_forms_are_brought_into_todays() {
    for (written, date) in [("20260105", "20260105"), ("2026.01.05", "20260105"), ("2026-01-05", "20260105")] {
        let (_, study, doubts) = copied(|s| _ = s.text(tags::STUDY_DATE, VR::DA, written));
        assert_eq!((study.date.as_str(), doubts.len()), (date, 0));
    }
    for (written, time) in [
        ("10", "10"),
        ("1015", "1015"),
        ("101500.5", "101500.5"),
        ("10:15:00", "101500"),
        ("235960", "235960"),
        ("101500.123456789", "101500.123456"),
    ] {
        let (_, study, doubts) = copied(|s| _ = s.text(tags::STUDY_TIME, VR::TM, written));
        assert_eq!((study.time.as_str(), doubts.len()), (time, 0), "{written}");
    }
    for (written, age) in [("034Y", "034Y"), ("45Y", "045Y"), ("6m", "006M")] {
        let (patient, _, doubts) = copied(|s| _ = s.text(tags::PATIENT_AGE, VR::AS, written));
        assert_eq!((patient.age.as_str(), doubts.len()), (age, 0));
    }
}

#[test]
fn what_is_no_value_of_its_kind_is_left_out_and_told() {
    let (patient, study, doubts) = copied(|s| {
        s.text(tags::STUDY_DATE, VR::DA, "yesterday")
            .text(tags::STUDY_TIME, VR::TM, "2560")
            .text(tags::PATIENT_BIRTH_DATE, VR::DA, "19800000")
            .text(tags::PATIENT_SEX, VR::CS, "W")
            .text(tags::PATIENT_AGE, VR::AS, "old");
    });
    assert_eq!((patient, study), (Patient::default(), Study { uid: "1.2".into(), ..Study::default() }));
    let names = ["PatientBirthDate", "PatientSex", "PatientAge", "StudyDate", "StudyTime"];
    assert_eq!(doubts, names.map(Doubt::NoSuchValue));
}

#[test]
fn text_is_legal_whole_and_told_of() {
    let (patient, study, doubts) = copied(|s| {
        s.put(tags::PATIENT_NAME, VR::PN, Value::Bytes(b"M\xFCller^A\\B ".to_vec()))
            .text(tags::PATIENT_ID, VR::LO, "X".repeat(80))
            .text(tags::STUDY_DESCRIPTION, VR::LO, "a\tb")
            .text(tags::DEIDENTIFICATION_METHOD, VR::LO, "one\\two")
            .text(tags::ACCESSION_NUMBER, VR::SH, "Y".repeat(2000));
    });
    assert_eq!(patient.name, "Müller^A/B");
    assert_eq!((patient.id.len(), study.description.as_str()), (80, "a b"));
    assert_eq!(patient.deidentification_method, "one\\two", "this may have several values");
    assert_eq!(study.accession_number.len(), 1024);
    let undeclared = Doubt::Text { attribute: "PatientName", doubt: TextDoubt::Undeclared("Latin-1") };
    for doubt in [
        undeclared,
        Doubt::ForbiddenCharacters("PatientName"),
        Doubt::TooLong("PatientID"),
        Doubt::ForbiddenCharacters("StudyDescription"),
        Doubt::Cut("AccessionNumber"),
    ] {
        assert!(doubts.contains(&doubt), "{doubt:?} in {doubts:?}");
    }
}
