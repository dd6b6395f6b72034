//! Files that carry one SOPInstanceUID.

use cordline_sdk::problem::Code;

use super::*;
use cordline_testkit::{RLE, rle_literal};

#[test]
fn identical_copies_are_left_out_and_different_ones_refused() {
    let stack = Stack::t2("1");
    let folder = folder_with("copy.dcm", &stack.section(2).file(EXPLICIT));
    let scanned = read_one(folder.path()).unwrap();
    assert_eq!(scanned.instances.len(), 6);
    assert_eq!(scanned.notes, ["1 file was an identical copy of another and was left out"]);
    let twice = [folder.path().to_owned(), folder.path().join("copy.dcm")];
    assert_eq!(read(&twice, &FileLimits::default()).unwrap().instances.len(), 6);
    // The same image, written by two archives.
    let mut again = stack.section(2);
    again.us(tags::SMALLEST_IMAGE_PIXEL_VALUE, 1);
    for bytes in [again.file(EXPLICIT), again.file(IMPLICIT)] {
        let scanned = read_one(folder_with("again.dcm", &bytes).path()).unwrap();
        assert!(scanned.unreadable.is_empty());
        assert_eq!(scanned.notes, ["1 of 7 files was skipped: another copy of an image, written otherwise"]);
    }
    let mut other = stack.section(2);
    other.text(tags::PATIENT_NAME, VR::PN, "OTHER^NAME");
    for bytes in [other.file(EXPLICIT), {
        let mut one_byte = stack.section(2).file(EXPLICIT);
        *one_byte.last_mut().unwrap() ^= 1;
        one_byte
    }] {
        // Which of the two is right cannot be told: the series cannot be used, and only that one.
        let scanned = read_one(folder_with("other.dcm", &bytes).path()).unwrap();
        let SeriesSelection::Chosen { series, .. } =
            series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
        else {
            panic!()
        };
        let problem = stack::load(&series, &FileLimits::default()).unwrap_err().problem();
        assert_eq!(problem.code, Code::DuplicateInstance);
        assert!(problem.message.contains("002.dcm") && problem.message.contains("other.dcm"), "{problem:?}");
    }
    let mut report = stack.section(2);
    report.text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.88.34").text(
        tags::SOP_INSTANCE_UID,
        VR::UI,
        "1.7",
    );
    let folder = folder_with("report.dcm", &report.file(EXPLICIT));
    report.text(tags::STUDY_ID, VR::SH, "another");
    fs::write(folder.path().join("report-again.dcm"), report.file(EXPLICIT)).unwrap();
    let scanned = read_one(folder.path()).unwrap();
    assert!(scanned.unreadable.is_empty() && scanned.notes[0].contains("another file with the same SOPInstanceUID"));
}

#[test]
fn beyond_the_pairs_that_are_compared_copies_are_not_called_different() {
    let stack = Stack { rows: 4, columns: 4, sections: 1003, ..Stack::t2("1") };
    let folder = tempdir().unwrap();
    write(folder.path(), "a", &stack.all(), EXPLICIT);
    write(folder.path(), "b", &stack.all(), IMPLICIT);
    let scanned = read_one(folder.path()).unwrap();
    let copies = scanned.skipped.iter().filter(|s| s.reason == SkipReason::SameImage).count();
    assert_eq!((copies, scanned.unreadable.len()), (1000, 3));
    let error = &scanned.unreadable[0].error;
    assert_eq!(error.code(), Code::DuplicateInstance);
    for words in [error.to_string(), error.brief()] {
        assert!(words.contains("not compared") && !words.contains("differ"), "{words}");
    }
}

#[test]
fn frames_of_two_large_files_are_compared_in_one_pass() {
    let read_bytes = || {
        let io = fs::read_to_string("/proc/self/io").unwrap();
        io.lines().find_map(|l| l.strip_prefix("rchar: ")?.parse::<u64>().ok()).unwrap()
    };
    let order: Vec<usize> = (0..200).collect();
    let stack = Stack { sections: order.len(), ..Stack::t2("1") };
    let native = stack.enhanced(&order);
    let mut compressed = native.clone();
    let fragments = order.iter().map(|section| rle_literal(&stack.plane(*section)));
    compressed.put(tags::PIXEL_DATA, VR::OB, Value::Fragments([vec![]].into_iter().chain(fragments).collect()));
    let folder = tempdir().unwrap();
    let mut files = write(folder.path(), "native", &[native], EXPLICIT);
    files.extend(write(folder.path(), "compressed", &[compressed], RLE));
    let size: u64 = files.iter().map(|f| fs::metadata(f).unwrap().len()).sum();
    let before = read_bytes();
    let scanned = read_one(folder.path()).unwrap();
    let read = read_bytes() - before;
    assert_eq!(scanned.skipped[0].reason, SkipReason::SameImage);
    assert!(read < 4 * size, "{read} bytes were read of {size}");
}
