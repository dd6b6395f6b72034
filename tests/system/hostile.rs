//! Hostile files against the program itself: a named error with exit code 5, within one second of processor time and 512 MB of address
//! space. The shell sets both limits, so that an excess kills the program and fails the test.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use tempfile::tempdir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use cordline_testkit::{
    DEFLATED, EXPLICIT, IMPLICIT, JPEG_2000_LOSSLESS, JPEG_LOSSLESS, MR, RLE, Set, Stack, Value, example_manifest,
    head, meta, write,
};

const FAILED: i32 = 5;

/// A bundle whose models are never reached.
fn bundle(folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("bundle.toml"), example_manifest()).unwrap();
}

/// The error code with which the program refuses a folder.
fn refused(study: &Path) -> String {
    let room = tempdir().unwrap();
    bundle(&room.path().join("bundle"));
    let out = room.path().join("out");
    let run = Command::new("sh")
        .args(["-c", "ulimit -v 524288; ulimit -t 1; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_cordline"), "analyze"])
        .arg(study)
        .args(["--quiet", "--bundle"])
        .arg(room.path().join("bundle"))
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(FAILED), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let result: serde_json::Value = serde_json::from_slice(&fs::read(out.join("result.json")).unwrap()).unwrap();
    assert_eq!(result["state"], "failed");
    let problem = &result["problem"];
    assert!(problem["action"].as_str().unwrap().len() > 20);
    assert!(!said.contains("CANARY") && !problem.to_string().contains("CANARY"), "patient data in a message");
    problem["code"].as_str().unwrap().to_owned()
}

/// The error code for a file alone; beside a good series it must be the same.
fn refused_file(name: &str, bytes: &[u8]) -> String {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let code = refused(folder.path());
    Stack::t2("1").write(folder.path());
    assert_eq!(refused(folder.path()), code);
    code
}

/// A file that begins well and then goes on with `rest`.
fn begun(rest: &[u8]) -> Vec<u8> {
    let mut bytes = meta(MR, EXPLICIT);
    bytes.extend(Set::default().text(tags::SOP_CLASS_UID, VR::UI, MR).encode(EXPLICIT, false));
    bytes.extend(rest);
    bytes
}

/// 600 MB of zeros, deflated inside an archive.
fn zip_bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("IM0001.dcm", SimpleFileOptions::default()).unwrap();
    let chunk = vec![0u8; 1 << 20];
    for _ in 0..600 {
        zip.write_all(&chunk).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn three_gigabytes_declared_in_three_hundred_bytes() {
    for vr in [VR::OW, VR::UC, VR::UN] {
        let mut rest = Vec::new();
        head(&mut rest, Tag(0x0009, 0x1010), vr, 3_000_000_000, EXPLICIT);
        rest.resize(300 - begun(&[]).len(), 0);
        let bytes = begun(&rest);
        assert_eq!(bytes.len(), 300);
        assert_eq!(refused_file("hostile.dcm", &bytes), "value_beyond_end");
    }
}

#[test]
fn twenty_thousand_nested_sequences() {
    let mut undefined = Vec::new();
    for _ in 0..20_000 {
        head(&mut undefined, tags::CONTENT_SEQUENCE, VR::SQ, u32::MAX, EXPLICIT);
        head(&mut undefined, Tag(0xFFFE, 0xE000), VR::UN, u32::MAX, IMPLICIT);
    }
    assert_eq!(refused_file("hostile.dcm", &begun(&undefined)), "nested_too_deep");
    // Of defined length: each sequence and its item end where the file ends.
    let mut defined = Vec::new();
    for left in (0..20_000u32).rev() {
        head(&mut defined, tags::CONTENT_SEQUENCE, VR::SQ, left * 20 + 8, EXPLICIT);
        head(&mut defined, Tag(0xFFFE, 0xE000), VR::UN, left * 20, IMPLICIT);
    }
    assert_eq!(refused_file("hostile.dcm", &begun(&defined)), "nested_too_deep");
}

#[test]
fn a_deflate_bomb_in_a_transfer_syntax_and_in_an_archive() {
    let zip = zip_bomb();
    let mut deflated = meta(MR, DEFLATED);
    ZipArchive::new(Cursor::new(&zip)).unwrap().by_index_raw(0).unwrap().read_to_end(&mut deflated).unwrap();
    assert!(deflated.len() > 500_000, "the stream is there");
    assert_eq!(refused_file("hostile.dcm", &deflated), "unsupported_transfer_syntax");
    assert_eq!(refused_file("hostile.zip", &zip), "archive_bomb");
}

#[test]
fn sixty_five_thousand_squared_pixels_in_two_million_frames() {
    let small = Stack { rows: 4, columns: 4, ..Stack::t2("7") };
    for mut set in [small.section(0), small.enhanced(&[0])] {
        set.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535).text(tags::NUMBER_OF_FRAMES, VR::IS, 2_000_000);
        let folder = tempdir().unwrap();
        write(folder.path(), "hostile", &[set], EXPLICIT);
        assert_eq!(refused(folder.path()), "too_many_pixels");
    }
}

#[test]
fn one_compressed_section_that_lies_spoils_its_series_by_name() {
    let siz = |rows: u32, columns: u32| {
        let mut out = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
        for v in [columns, rows, 0, 0, columns, rows, 0, 0] {
            out.extend(v.to_be_bytes());
        }
        out.extend([0, 1, 15, 1, 1, 0xFF, 0x90, 0, 10, 0]);
        out
    };
    let sof = vec![0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 16, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0];
    for (syntax, stream, code) in [
        (JPEG_2000_LOSSLESS, siz(1_000_000_000, 1_000_000_000), "codestream_mismatch"),
        (JPEG_2000_LOSSLESS, vec![0; 64], "codestream_mismatch"),
        (JPEG_LOSSLESS, sof, "codestream_mismatch"),
        (RLE, vec![0xFF; 64], "decompression_failed"),
    ] {
        // One among good ones, then all of them.
        for spoiled in [1, usize::MAX] {
            let folder = tempdir().unwrap();
            let mut sets = Stack::t2("1").all();
            let good = sets.split_off(spoiled.min(sets.len()));
            for set in &mut sets {
                set.put(tags::PIXEL_DATA, VR::OB, Value::Fragments(vec![vec![], stream.clone()]));
            }
            write(folder.path(), "spoiled", &sets, syntax);
            write(folder.path(), "good", &good, EXPLICIT);
            assert_eq!(refused(folder.path()), code, "{syntax}, {spoiled}");
        }
    }
}
