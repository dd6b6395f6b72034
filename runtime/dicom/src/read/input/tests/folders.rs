//! Folders: other files, copies, damaged ones, links.

use cordline_sdk::problem::Code;

use super::*;

#[test]
fn other_files_between_are_skipped_with_a_reason() {
    let folder = folder_with("notes.txt", b"hello");
    fs::write(folder.path().join("empty.dcm"), b"").unwrap();
    fs::write(folder.path().join("picture.png"), [0x89, b'P', b'N', b'G', 0, 0]).unwrap();
    let mut directory = meta(sop_class::DIRECTORY, EXPLICIT);
    directory.extend(Set::default().text(tags::FILE_SET_ID, VR::CS, "X").encode(EXPLICIT, true));
    fs::write(folder.path().join("DICOMDIR"), directory).unwrap();
    // Begins like a data set without preamble and is none.
    fs::write(folder.path().join("odd.bin"), [8, 0, 5, 0, b'C', b'S', 200, 0, 1, 2, 3]).unwrap();
    let scanned = read_one(folder.path()).unwrap();
    assert_eq!(scanned.instances.len(), 6);
    let reasons: Vec<_> = scanned.skipped.iter().map(|s| s.reason.to_string()).collect();
    assert_eq!(reasons, ["a DICOMDIR", "an empty file", "not a DICOM file", "not a DICOM file", "not a DICOM file"]);
    assert!(scanned.notes[0].starts_with("5 of 11 files were skipped"), "{:?}", scanned.notes);
}

#[test]
fn objects_that_are_no_mr_images_do_not_disturb() {
    let mut report = Stack::t2("5").section(0);
    report
        .text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.88.34")
        .text(tags::MODALITY, VR::CS, "SR")
        .drop(tags::PIXEL_DATA);
    let folder = folder_with("sr.dcm", &report.file(EXPLICIT));
    let scanned = read_one(folder.path()).unwrap();
    let SeriesSelection::Chosen { rejected, .. } =
        series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
    else {
        panic!()
    };
    assert_eq!(rejected[0].reasons, ["not MR (SR)"]);
    // Damaged, but of a class that is never analysed.
    let mut cut = report.file(EXPLICIT);
    cut.truncate(500);
    let folder = folder_with("sr.dcm", &cut);
    assert!(read_one(folder.path()).unwrap().skipped[0].reason.to_string().starts_with("not an MR image, and"));
}

#[test]
fn files_without_preamble_and_with_an_executable_one_are_read() {
    let stack = Stack::t2("1");
    let folder = tempdir().unwrap();
    for (k, set) in stack.all().into_iter().enumerate() {
        let bytes = match k {
            0 => set.encode(EXPLICIT, false),
            1 => set.encode(IMPLICIT, false),
            2 => set.file(EXPLICIT)[132..].to_vec(),
            3 => {
                let mut bytes = set.file(EXPLICIT);
                bytes[..4].copy_from_slice(b"\x7fELF");
                bytes
            }
            4 => {
                let mut bytes = set.file(IMPLICIT);
                bytes[..2].copy_from_slice(b"MZ");
                bytes
            }
            _ => set.file(EXPLICIT),
        };
        fs::write(folder.path().join(format!("{k}")), bytes).unwrap();
    }
    let scanned = read_one(folder.path()).unwrap();
    assert_eq!((scanned.instances.len(), scanned.skipped.len()), (6, 0));
    let SeriesSelection::Chosen { series, .. } =
        series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
    else {
        panic!()
    };
    assert!(stack::load(&series, &FileLimits::default()).is_ok());
}

#[test]
fn a_damaged_section_is_an_error_of_its_series_and_of_no_other() {
    // In its pixels; in the head and in the value of an element behind the series UID; and one that cannot be read there.
    let in_pixels = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 100);
    let in_a_head = |bytes: &mut Vec<u8>| bytes.truncate(place(bytes, tags::PIXEL_REPRESENTATION) + 5);
    let in_a_value = |bytes: &mut Vec<u8>| bytes.truncate(place(bytes, tags::PIXEL_SPACING) + 10);
    let malformed = |bytes: &mut Vec<u8>| {
        let at = place(bytes, tags::PIXEL_SPACING) + 4;
        bytes[at..at + 2].fill(b'?');
    };
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let damages: [(Damage<'_>, Code); 4] = [
        (&in_pixels, Code::TruncatedFile),
        (&in_a_head, Code::TruncatedFile),
        (&in_a_value, Code::ValueBeyondEnd),
        (&malformed, Code::MalformedDicom),
    ];
    let damaged = |series: &Stack, damage: Damage<'_>| {
        let mut bytes = series.section(5).file(EXPLICIT);
        damage(&mut bytes);
        bytes
    };
    let load = |folder: &Path| {
        let scanned = read_one(folder)?;
        let SeriesSelection::Chosen { series, warnings, .. } =
            series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
        else {
            panic!()
        };
        Ok::<_, InputError>((stack::load(&series, &FileLimits::default()).map(drop).map_err(|e| e.problem()), warnings))
    };
    for (damage, code) in damages {
        let folder = folder_with("s1.2.826.1.1-005.dcm", &damaged(&Stack::t2("1"), damage));
        let problem = load(folder.path()).unwrap().0.unwrap_err();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.message.contains("s1.2.826.1.1-005.dcm"), "{problem:?}");
        // The same fault in a series that is not analysed.
        let folder = folder_with("other.dcm", &damaged(&Stack::t1("2"), damage));
        assert!(load(folder.path()).unwrap().0.is_ok());
    }
}

#[test]
fn inputs_that_hold_nothing_say_so() {
    let folder = tempdir().unwrap();
    let error = read_one(folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "the input holds no DICOM file (files looked at: 0)");
    assert_eq!(error.code(), Code::NoDicom);
    fs::write(folder.path().join("a.txt"), b"x").unwrap();
    assert!(read_one(folder.path()).unwrap_err().to_string().ends_with("a.txt: not a DICOM file"));
    assert_eq!(read_one(&folder.path().join("nowhere")).unwrap_err().code(), Code::InputUnreadable);
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_pipes_do_not_hang() {
    use std::os::unix::fs::symlink;
    let folder = tempdir().unwrap();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    Stack::t2("1").write(&inner);
    symlink(folder.path(), inner.join("circle")).unwrap();
    symlink("nowhere", inner.join("dangling")).unwrap();
    symlink(&inner, folder.path().join("again")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let scanned = read_one(folder.path()).unwrap();
    assert_eq!(scanned.instances.len(), 6);
    assert_eq!(scanned.skipped.len(), 2);
    let limits = FileLimits { folder_depth: 1, ..FileLimits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), Code::FoldersTooDeep);
    let limits = FileLimits { files: 3, ..FileLimits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), Code::TooManyFiles);
    let limits = FileLimits { study_bytes: 50_000, ..FileLimits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), Code::InputTooLarge);
}

#[cfg(unix)]
#[test]
fn every_file_that_is_skipped_is_counted() {
    use std::os::unix::fs::symlink;
    let folder = folder_with("again.dcm", &Stack::t2("1").section(2).file(IMPLICIT));
    let path = |name: &str| folder.path().join(name);
    symlink("nowhere", path("dangling")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let note = |folder: &Path| read_one(folder).unwrap().notes[0].clone();
    assert!(note(folder.path()).starts_with("3 of 9 files were skipped: "), "{}", note(folder.path()));
    // More reasons than are told.
    fs::write(path("notes.txt"), b"hello").unwrap();
    fs::write(path("empty"), b"").unwrap();
    fs::write(path("DICOMDIR"), meta(sop_class::DIRECTORY, EXPLICIT)).unwrap();
    let mut cut = Stack::t1("2").section(0).file(EXPLICIT);
    cut.truncate(place(&cut, tags::PIXEL_REPRESENTATION) + 5);
    fs::write(path("cut"), cut).unwrap();
    let note = note(folder.path());
    assert!(note.starts_with("7 of 13 files were skipped: ") && note.ends_with("; and 2 others"), "{note}");
    // Nothing but what cannot be opened.
    let folder = tempdir().unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    assert!(read_one(folder.path()).unwrap_err().to_string().contains("(files looked at: 1)"));
}

#[test]
fn every_byte_may_be_wrong_and_nothing_panics() {
    let original = Stack { rows: 8, columns: 8, ..Stack::t2("1") }.enhanced(&[1, 0]).file(EXPLICIT);
    let limits = FileLimits::default();
    let origin = Origin::File(PathBuf::from("x"));
    let look = |bytes: &[u8]| drop(header::read(bytes, bytes.len() as u64, part10::kind(bytes), &origin, &limits));
    for at in 128..original.len() {
        for value in [0x00, 0xFF, 0x7F, original[at] ^ 0x10] {
            let mut bytes = original.clone();
            bytes[at] = value;
            look(&bytes);
        }
        look(&original[..at]);
    }
}
