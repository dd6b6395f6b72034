//! Input as it comes from outside: hostile files, archives, and what lies between the images.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use cordline_sdk::problem::{Code, Diagnose};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use tempfile::{TempDir, tempdir};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::read::header;
use crate::read::instance::sop_class;
use crate::read::origin::Origin;
use crate::read::part10;
use crate::read::series::{self, SeriesRules, SeriesSelection};
use crate::read::stack;
use cordline_testkit::{DEFLATED, EXPLICIT, HIGH_THROUGHPUT, IMPLICIT, MR, Set, Stack, Value, head, meta, write};

mod archives;
mod copies;
mod folders;
mod hostile;

fn read_one(path: &Path) -> Result<ScannedInput, InputError> {
    read(&[path.to_owned()], &FileLimits::default())
}

/// A folder with the good series, and one more file.
fn folder_with(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempdir().unwrap();
    Stack::t2("1").write(folder.path());
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// The error code for a file alone and beside a good series; both within a second.
fn refused(bytes: &[u8]) -> Code {
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

/// Where an element begins in a file whose elements follow in little endian.
fn place(bytes: &[u8], of: Tag) -> usize {
    let tag = [of.0.to_le_bytes(), of.1.to_le_bytes()].concat();
    bytes.windows(4).position(|w| w == tag).unwrap()
}

/// Peak resident memory of this process in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
