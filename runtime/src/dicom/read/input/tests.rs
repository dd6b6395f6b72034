use std::fs;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use tempfile::{TempDir, tempdir};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::dicom::read::series::{self, Choice, SeriesRules};
use crate::dicom::read::stack;
use crate::dicom::read::testing::{DEFLATED, EXPLICIT, IMPLICIT, JPEG_LS, MR, Set, Stack, Value, head, meta, write};

fn read_one(path: &Path) -> Result<Intake, InputError> {
    read(&[path.to_owned()], &Limits::default())
}

/// A folder with the good series, and one more file.
fn folder_with(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// The error code for a file alone and beside a good series; both within a second.
fn refused(bytes: &[u8]) -> String {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("hostile.dcm"), bytes).unwrap();
    let study = folder_with("hostile.dcm", bytes);
    let began = Instant::now();
    let alone = read_one(folder.path()).expect_err("a hostile file alone is no input");
    let beside = read_one(study.path()).expect_err("nor may it hide in a study");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let problem = alone.problem();
    assert!(problem.message.contains("hostile.dcm") && !problem.action.is_empty());
    assert_eq!(problem.code, beside.code());
    problem.code
}

/// A file that begins well and then goes on with `rest`.
fn begun(rest: &[u8]) -> Vec<u8> {
    let mut bytes = meta(MR, EXPLICIT);
    let mut set = Set::default();
    set.text(tags::SOP_CLASS_UID, VR::UI, MR);
    bytes.extend(set.encode(EXPLICIT, false));
    bytes.extend(rest);
    bytes
}

/// Peak resident memory of this process in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn declared_lengths_are_not_believed() {
    for (vr, len) in [(VR::OW, 3_000_000_000), (VR::UC, 2_000_000_000), (VR::OB, u32::MAX - 1), (VR::UN, 0x7FFF_FFFF)] {
        let mut rest = Vec::new();
        head(&mut rest, Tag(0x0009, 0x1010), vr, len, EXPLICIT);
        rest.extend([0; 40]);
        assert_eq!(refused(&begun(&rest)), "value_beyond_end", "{vr}");
    }
    let mut pixels = Stack { rows: 4, columns: 4, ..Stack::t2("7") }.section(0);
    pixels.drop(tags::PIXEL_DATA);
    let mut bytes = pixels.file(EXPLICIT);
    head(&mut bytes, tags::PIXEL_DATA, VR::OW, 3_000_000_000, EXPLICIT);
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), &bytes).unwrap();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), "value_beyond_end");
    assert!(peak_memory() < 512 << 20);
}

#[test]
fn nested_sequences_cannot_exhaust_the_stack() {
    let depth = 20_000;
    let mut undefined = Vec::new();
    for _ in 0..depth {
        head(&mut undefined, tags::CONTENT_SEQUENCE, VR::SQ, u32::MAX, EXPLICIT);
        head(&mut undefined, Tag(0xFFFE, 0xE000), VR::UN, 0, IMPLICIT);
        let at = undefined.len();
        undefined[at - 4..].fill(0xFF);
    }
    assert_eq!(refused(&begun(&undefined)), "nested_too_deep");
    let mut defined: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let mut outer = Vec::new();
        head(&mut outer, tags::CONTENT_SEQUENCE, VR::SQ, defined.len() as u32 + 8, EXPLICIT);
        head(&mut outer, Tag(0xFFFE, 0xE000), VR::UN, defined.len() as u32, IMPLICIT);
        // From the inside out: what is there comes last.
        outer.append(&mut defined);
        defined = outer;
    }
    assert_eq!(refused(&begun(&defined)), "nested_too_deep");
    let mut unknown = Vec::new();
    for i in 0..depth {
        // What lies inside of such an element is written without value representations.
        head(&mut unknown, Tag(0x0009, 0x1010), VR::UN, u32::MAX, if i == 0 { EXPLICIT } else { IMPLICIT });
        head(&mut unknown, Tag(0xFFFE, 0xE000), VR::UN, u32::MAX, IMPLICIT);
    }
    assert_eq!(refused(&begun(&unknown)), "nested_too_deep");
}

#[test]
fn sequences_up_to_the_limit_are_read() {
    let mut inner = Set::default();
    inner.text(tags::CODE_MEANING, VR::LO, "deep");
    for _ in 0..15 {
        let mut outer = Set::default();
        outer.items(tags::CONTENT_SEQUENCE, vec![inner]);
        inner = outer;
    }
    let mut set = Stack::t2("1").section(0);
    set.0.extend(inner.0);
    for defined in [true, false] {
        let mut bytes = meta(MR, EXPLICIT);
        bytes.extend(set.encode(EXPLICIT, defined));
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("x"), bytes).unwrap();
        assert_eq!(read_one(folder.path()).unwrap().instances.len(), 1);
    }
}

#[test]
fn broken_encodings_are_named() {
    let item = |tag: Tag| {
        let mut rest = Vec::new();
        head(&mut rest, tag, VR::UN, 0, IMPLICIT);
        rest
    };
    assert_eq!(refused(&begun(&item(Tag(0xFFFE, 0xE000)))), "malformed_dicom");
    assert_eq!(refused(&begun(b"\x10\x00\x10\x00??\x04\x00abcd")), "malformed_dicom");
    let mut sequence = Vec::new();
    head(&mut sequence, tags::CONTENT_SEQUENCE, VR::SQ, 20, EXPLICIT);
    sequence.extend([0; 20]);
    assert_eq!(refused(&begun(&sequence)), "malformed_dicom");
    // An element that reaches over the end of its item.
    let mut over = Vec::new();
    head(&mut over, tags::CONTENT_SEQUENCE, VR::SQ, 8 + 12, EXPLICIT);
    head(&mut over, Tag(0xFFFE, 0xE000), VR::UN, 12, IMPLICIT);
    head(&mut over, tags::CODE_MEANING, VR::LO, 400, EXPLICIT);
    over.extend([b' '; 600]);
    assert_eq!(refused(&begun(&over)), "value_beyond_end");
    let mut undefined = Vec::new();
    head(&mut undefined, Tag(0x0009, 0x1010), VR::OB, u32::MAX, EXPLICIT);
    undefined.extend([0; 64]);
    assert_eq!(refused(&begun(&undefined)), "malformed_dicom");
    assert_eq!(refused(&begun(b"\x10\x00\x10\x00L")), "truncated_file");
}

#[test]
fn millions_of_elements_are_refused() {
    let mut rest = Vec::new();
    for _ in 0..600_000 {
        head(&mut rest, Tag(0x0009, 0x1010), VR::LO, 0, EXPLICIT);
    }
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), begun(&rest)).unwrap();
    let began = Instant::now();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), "too_many_elements");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_wide_group_searched_for_every_frame_costs_no_time() {
    // Two thousand empty frames beside a shared group of 400,000 elements.
    let mut bytes = meta(sop_class::ENHANCED_MR, EXPLICIT);
    let mut first = Set::default();
    first.text(tags::SOP_CLASS_UID, VR::UI, sop_class::ENHANCED_MR).text(tags::SOP_INSTANCE_UID, VR::UI, "1.5");
    first.text(tags::STUDY_INSTANCE_UID, VR::UI, "1.6").text(tags::SERIES_INSTANCE_UID, VR::UI, "1.7");
    bytes.extend(first.encode(EXPLICIT, true));
    head(&mut bytes, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, VR::SQ, 8 + 400_000 * 8, EXPLICIT);
    head(&mut bytes, Tag(0xFFFE, 0xE000), VR::UN, 400_000 * 8, IMPLICIT);
    for _ in 0..400_000 {
        head(&mut bytes, Tag(0x0009, 0x1010), VR::LO, 0, EXPLICIT);
    }
    let mut last = Set::default();
    last.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, vec![Set::default(); 2000]);
    bytes.extend(last.encode(EXPLICIT, true));
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), bytes).unwrap();
    let began = Instant::now();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), "missing_attribute");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_header_without_end_is_refused() {
    let mut rest = Vec::new();
    head(&mut rest, Tag(0x0009, 0x1010), VR::OB, 33 << 20, EXPLICIT);
    rest.resize(34 << 20, 0);
    assert_eq!(refused(&begun(&rest)), "header_too_large");
}

#[test]
fn absurd_dimensions_are_refused_by_arithmetic() {
    let stack = Stack { rows: 65_535, columns: 65_535, ..Stack::t2("7") };
    let small = Stack { rows: 4, columns: 4, ..stack.clone() };
    let mut classic = small.section(0);
    classic.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535).text(tags::NUMBER_OF_FRAMES, VR::IS, 2_000_000);
    let mut enhanced = small.enhanced(&[0]);
    enhanced.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535).text(tags::NUMBER_OF_FRAMES, VR::IS, 2_000_000);
    for set in [classic, enhanced] {
        let folder = tempdir().unwrap();
        write(folder.path(), "hostile", &[set], EXPLICIT);
        let error = read_one(folder.path()).unwrap_err();
        assert_eq!(error.code(), "too_many_pixels");
        assert!(error.to_string().contains("65535 x 65535 pixels in 2000000 frames"), "{error}");
    }
    // Under limits that would let them pass, the length of PixelData still decides.
    let mut set = small.section(0);
    set.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535);
    let folder = tempdir().unwrap();
    write(folder.path(), "hostile", &[set], EXPLICIT);
    let limits = Limits { rows_columns: 70_000, ..Limits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), "pixel_length");
}

#[test]
fn pixel_formats_that_mr_does_not_use_are_named() {
    let code = |change: &dyn Fn(&mut Set)| {
        let mut set = Stack::t2("1").section(0);
        change(&mut set);
        let folder = tempdir().unwrap();
        write(folder.path(), "f", &[set], EXPLICIT);
        read_one(folder.path()).unwrap_err().code()
    };
    assert_eq!(code(&|s| _ = s.us(tags::SAMPLES_PER_PIXEL, 3)), "pixel_format");
    assert_eq!(code(&|s| _ = s.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB")), "pixel_format");
    assert_eq!(code(&|s| _ = s.us(tags::BITS_STORED, 17)), "pixel_format");
    assert_eq!(code(&|s| _ = s.us(tags::BITS_ALLOCATED, 32)), "pixel_format");
    assert_eq!(code(&|s| _ = s.us(tags::HIGH_BIT, 15)), "pixel_format");
    assert_eq!(code(&|s| _ = s.put(tags::HIGH_BIT, VR::UL, Value::Ul(vec![u32::MAX]))), "pixel_format");
    assert_eq!(code(&|s| _ = s.text(tags::NUMBER_OF_FRAMES, VR::IS, 3)), "pixel_format");
    assert_eq!(code(&|s| _ = s.us(tags::ROWS, 0)), "no_pixels");
    assert_eq!(code(&|s| _ = s.us(tags::ROWS, 129)), "pixel_length");
    assert_eq!(code(&|s| _ = s.drop(tags::BITS_STORED)), "missing_attribute");
    assert_eq!(code(&|s| _ = s.drop(tags::PIXEL_DATA)), "missing_attribute");
    for slope in ["0", "NaN", "x"] {
        assert_eq!(code(&|s| _ = s.text(tags::RESCALE_SLOPE, VR::DS, slope)), "invalid_rescale");
    }
    assert_eq!(code(&|s| _ = s.text(tags::SOP_INSTANCE_UID, VR::UI, "../../etc/passwd")), "invalid_uid");
    assert_eq!(code(&|s| _ = s.text(tags::SERIES_INSTANCE_UID, VR::UI, "1.".repeat(33))), "invalid_uid");
}

#[test]
fn whole_numbers_of_another_representation_are_read() {
    let folder = tempdir().unwrap();
    let mut set = Stack::t2("1").section(0);
    set.put(tags::ROWS, VR::UL, Value::Ul(vec![128])).text(tags::COLUMNS, VR::IS, 130);
    write(folder.path(), "f", &[set], EXPLICIT);
    let p = read_one(folder.path()).unwrap().instances[0].pixels.clone();
    assert_eq!((p.rows, p.columns), (128, 130));
}

#[test]
fn encodings_that_are_not_read_are_refused_by_name_with_what_to_do() {
    // The header of a deflated file cannot be read: the file could be a section of any series.
    let folder = folder_with("z.dcm", &Stack::t2("7").section(0).file(DEFLATED));
    let problem = read_one(folder.path()).unwrap_err().problem();
    assert_eq!(problem.code, "unsupported_transfer_syntax");
    assert!(problem.message.contains("Deflated Explicit VR Little Endian (1.2.840.10008.1.2.1.99)"), "{problem:?}");
    assert!(problem.action.contains("Explicit VR Little Endian"));
    // The header of a JPEG-LS file can: it is chosen by its merits, and then refused.
    let folder = tempdir().unwrap();
    Stack::t1("2").write(folder.path());
    let mut sets = Stack::t2("1").all();
    sets.iter_mut().for_each(|s| _ = s.put(tags::PIXEL_DATA, VR::OB, Value::Fragments(vec![vec![], vec![0; 8]])));
    write(folder.path(), "ls", &sets, JPEG_LS);
    let intake = read_one(folder.path()).unwrap();
    let Choice::Chosen { series, warnings, .. } =
        series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
    else {
        panic!()
    };
    assert!(warnings[0].contains("JPEG-LS Lossless"));
    let problem = stack::load(&series, &Limits::default()).unwrap_err().problem();
    assert_eq!(problem.code, "unsupported_transfer_syntax");
    assert!(problem.message.contains("JPEG-LS Lossless (1.2.840.10008.1.2.4.80)"));
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("p"), Stack::t2("7").section(0).file("1.2.3.4\u{1b}")).unwrap();
    let error = read_one(folder.path()).unwrap_err();
    assert!(error.to_string().contains("a private or unknown transfer syntax (1.2.3.4?)"), "{error}");
}

#[test]
fn a_deflate_bomb_in_either_wrapping_is_named_before_it_is_inflated() {
    // 300 MB of zeros deflate to about 300 kB.
    let bomb = || {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("IM0001.dcm", SimpleFileOptions::default()).unwrap();
        let chunk = vec![0u8; 1 << 20];
        for _ in 0..300 {
            zip.write_all(&chunk).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let bytes = bomb();
    let folder = folder_with("bomb.zip", &bytes);
    let began = Instant::now();
    let problem = read_one(folder.path()).unwrap_err().problem();
    assert_eq!(problem.code, "archive_bomb");
    assert!(
        problem.message.contains("bomb.zip is a deflate bomb") && problem.message.contains("314572800"),
        "{problem:?}"
    );
    let mut deflated = meta(MR, DEFLATED);
    deflated.extend(&bytes);
    assert_eq!(refused(&deflated), "unsupported_transfer_syntax");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(peak_memory() < 512 << 20);
}

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
        let intake = read_one(path).unwrap();
        let Choice::Chosen { series, .. } = series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
        else {
            panic!()
        };
        (stack::load(&series, &Limits::default()).unwrap().0.pixel_sha256(), intake)
    };
    let (one, _) = volume(folder.path());
    let (other, intake) = volume(&archive.path().join("study.zip"));
    assert_eq!(one, other);
    let reasons: Vec<_> = intake.skipped.iter().map(|s| s.reason.as_str()).collect();
    assert_eq!(reasons, ["not a DICOM file", "an archive inside an archive; unpack it first"]);
    assert!(intake.skipped[0].path.ends_with("study.zip:../../evil/README.txt"));
}

#[test]
fn archives_that_cannot_be_read_are_named() {
    let folder = tempdir().unwrap();
    let code = |bytes: &[u8], limits: &Limits| {
        let path = folder.path().join("a.zip");
        fs::write(&path, bytes).unwrap();
        read(&[path], limits).unwrap_err().code()
    };
    let good = zip(&[("a", Stack::t2("1").section(0).file(EXPLICIT)), ("b", vec![1; 2000])]);
    assert_eq!(code(&good[..good.len() - 30], &Limits::default()), "archive_unreadable");
    assert_eq!(code(&good, &Limits { files: 1, ..Limits::default() }), "too_many_files");
    assert_eq!(code(&good, &Limits { study_bytes: 1000, ..Limits::default() }), "archive_bomb");
    // A member that says it is shorter than it is: no more than it says is inflated.
    let real = Stack::t2("1").section(0).file(EXPLICIT).len() as u32;
    let mut bytes = good;
    let places: Vec<_> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == real.to_le_bytes()).map(|(i, _)| i).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|i| bytes[*i..i + 4].copy_from_slice(&400u32.to_le_bytes()));
    assert_eq!(code(&bytes, &Limits::default()), "truncated_file");
}

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
    let intake = read_one(folder.path()).unwrap();
    assert_eq!(intake.instances.len(), 6);
    let reasons: Vec<_> = intake.skipped.iter().map(|s| s.reason.as_str()).collect();
    assert_eq!(reasons, ["a DICOMDIR", "an empty file", "not a DICOM file", "not a DICOM file", "not a DICOM file"]);
    assert!(intake.notes[0].starts_with("5 of 11 files were skipped"), "{:?}", intake.notes);
}

#[test]
fn objects_that_are_no_mr_images_do_not_disturb() {
    let mut report = Stack::t2("5").section(0);
    report
        .text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.88.34")
        .text(tags::MODALITY, VR::CS, "SR")
        .drop(tags::PIXEL_DATA);
    let folder = folder_with("sr.dcm", &report.file(EXPLICIT));
    let intake = read_one(folder.path()).unwrap();
    let Choice::Chosen { rejected, .. } = series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
    else {
        panic!()
    };
    assert_eq!(rejected[0].reasons, ["not MR (SR)"]);
    // Damaged, but of a class that is no concern of ours.
    let mut cut = report.file(EXPLICIT);
    cut.truncate(500);
    let folder = folder_with("sr.dcm", &cut);
    assert!(read_one(folder.path()).unwrap().skipped[0].reason.starts_with("not an MR image, and"));
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
    let intake = read_one(folder.path()).unwrap();
    assert_eq!((intake.instances.len(), intake.skipped.len()), (6, 0));
    let Choice::Chosen { series, .. } = series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
    else {
        panic!()
    };
    assert!(stack::load(&series, &Limits::default()).is_ok());
}

#[test]
fn identical_copies_are_left_out_and_different_ones_refused() {
    let stack = Stack::t2("1");
    let folder = folder_with("copy.dcm", &stack.section(2).file(EXPLICIT));
    let intake = read_one(folder.path()).unwrap();
    assert_eq!(intake.instances.len(), 6);
    assert_eq!(intake.notes, ["1 file was an identical copy of another and was left out"]);
    let twice = [folder.path().to_owned(), folder.path().join("copy.dcm")];
    assert_eq!(read(&twice, &Limits::default()).unwrap().instances.len(), 6);
    let mut other = stack.section(2);
    other.us(tags::SMALLEST_IMAGE_PIXEL_VALUE, 1);
    for bytes in [other.file(EXPLICIT), {
        let mut one_byte = stack.section(2).file(EXPLICIT);
        *one_byte.last_mut().unwrap() ^= 1;
        one_byte
    }] {
        // Nobody knows which of the two is right: the series is spoilt, and only that.
        let intake = read_one(folder_with("other.dcm", &bytes).path()).unwrap();
        let Choice::Chosen { series, .. } = series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
        else {
            panic!()
        };
        let problem = stack::load(&series, &Limits::default()).unwrap_err().problem();
        assert_eq!(problem.code, "duplicate_instance");
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
    let intake = read_one(folder.path()).unwrap();
    assert!(intake.broken.is_empty() && intake.notes[0].contains("another file with the same SOPInstanceUID"));
}

#[test]
fn a_truncated_section_is_an_error_of_its_series_and_of_no_other() {
    let cut = |series: &Stack, keep: usize| {
        let mut bytes = series.section(5).file(EXPLICIT);
        bytes.truncate(keep);
        bytes
    };
    let whole = Stack::t2("1").section(5).file(EXPLICIT).len();
    let load = |folder: &Path| {
        let intake = read_one(folder)?;
        let Choice::Chosen { series, warnings, .. } =
            series::choose(&intake, &SeriesRules::default(), &Limits::default(), None)
        else {
            panic!()
        };
        Ok::<_, InputError>((stack::load(&series, &Limits::default()).map(drop).map_err(|e| e.problem()), warnings))
    };
    // In its pixels, and in its header behind the series UID.
    for keep in [whole - 100, 1150] {
        let folder = folder_with("s1.2.826.1.1-005.dcm", &cut(&Stack::t2("1"), keep));
        let problem = load(folder.path()).unwrap().0.unwrap_err();
        assert!(["truncated_file", "value_beyond_end"].contains(&problem.code.as_str()), "{problem:?}");
        assert!(problem.message.contains("s1.2.826.1.1-005.dcm"), "{problem:?}");
        // The same fault in a series that is not analysed.
        let folder = folder_with("other.dcm", &cut(&Stack::t1("2"), keep));
        assert!(load(folder.path()).unwrap().0.is_ok());
    }
}

#[test]
fn inputs_that_hold_nothing_say_so() {
    let folder = tempdir().unwrap();
    let error = read_one(folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "the input holds no DICOM file (files looked at: 0)");
    assert_eq!(error.code(), "no_dicom");
    fs::write(folder.path().join("a.txt"), b"x").unwrap();
    assert!(read_one(folder.path()).unwrap_err().to_string().ends_with("a.txt: not a DICOM file"));
    assert_eq!(read_one(&folder.path().join("nowhere")).unwrap_err().code(), "input_unreadable");
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
    let intake = read_one(folder.path()).unwrap();
    assert_eq!(intake.instances.len(), 6);
    assert_eq!(intake.skipped.len(), 2);
    let limits = Limits { folder_depth: 1, ..Limits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), "folders_too_deep");
    let limits = Limits { files: 3, ..Limits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), "too_many_files");
    let limits = Limits { study_bytes: 50_000, ..Limits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), "input_too_large");
}

#[test]
fn every_byte_may_be_wrong_and_nothing_panics() {
    let original = Stack { rows: 8, columns: 8, ..Stack::t2("1") }.enhanced(&[1, 0]).file(EXPLICIT);
    let limits = Limits::default();
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
