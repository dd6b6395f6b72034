//! ZIP archives.

use cordline_sdk::problem::Code;

use super::*;

/// An archive of members, deflated.
fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn archives_hold_the_same_series_as_folders() {
    let folder = tempdir().unwrap();
    let stack = Stack::t2("1");
    stack.write(folder.path());
    let members: Vec<_> =
        (0..6).map(|k| (["a", "b", "c", "d", "e", "f"][k], stack.section(k).file(EXPLICIT))).collect();
    let mut mixed = members.clone();
    mixed.push(("../../evil/README.txt", b"hello".to_vec()));
    mixed.push(("inner.zip", zip(&members[..1])));
    let archive = tempdir().unwrap();
    fs::write(archive.path().join("study.zip"), zip(&mixed)).unwrap();
    let volume = |path: &Path| {
        let scanned = read_one(path).unwrap();
        let SeriesSelection::Chosen { series, .. } =
            series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
        else {
            panic!()
        };
        (stack::load(&series, &FileLimits::default()).unwrap().0.pixel_sha256(), scanned)
    };
    let (one, _) = volume(folder.path());
    let (other, scanned) = volume(&archive.path().join("study.zip"));
    assert_eq!(one, other);
    let reasons: Vec<_> = scanned.skipped.iter().map(|s| s.reason.to_string()).collect();
    assert_eq!(reasons, ["not a DICOM file", "an archive inside an archive; unpack it first"]);
    assert!(scanned.skipped[0].origin.to_string().ends_with("study.zip, file 7"));
}

#[test]
fn archives_that_cannot_be_read_are_named() {
    let folder = tempdir().unwrap();
    let code = |bytes: &[u8], limits: &FileLimits| {
        let path = folder.path().join("a.zip");
        fs::write(&path, bytes).unwrap();
        read(&[path], limits).unwrap_err().code()
    };
    let good = zip(&[("a", Stack::t2("1").section(0).file(EXPLICIT)), ("b", vec![1; 2000])]);
    assert_eq!(code(&good[..good.len() - 30], &FileLimits::default()), Code::ArchiveUnreadable);
    assert_eq!(code(&good, &FileLimits { files: 1, ..FileLimits::default() }), Code::TooManyFiles);
    assert_eq!(code(&good, &FileLimits { study_bytes: 1000, ..FileLimits::default() }), Code::ArchiveBomb);
    // A member that says it is shorter than it is: no more than it says is inflated.
    let real = Stack::t2("1").section(0).file(EXPLICIT).len() as u32;
    let mut bytes = good;
    let places: Vec<_> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == real.to_le_bytes()).map(|(i, _)| i).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|i| bytes[*i..i + 4].copy_from_slice(&400u32.to_le_bytes()));
    assert_eq!(code(&bytes, &FileLimits::default()), Code::TruncatedFile);
}
