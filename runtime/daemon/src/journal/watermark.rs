//! The file beside the journal with the number of committed transactions.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Digits of the number in the file: always as many, so that a write replaces all of it.
const DIGITS: usize = 20;

/// The file beside the journal.
#[derive(Debug)]
pub(super) struct Watermark {
    file: File,
}

impl Watermark {
    /// Opens it, or creates one, and reads the number in it.
    pub(super) fn open(journal: &Path) -> io::Result<(Self, Option<u64>)> {
        let path = path_of(journal);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        let mut text = String::new();
        // Anything but a number counts as none.
        let read = (&file).take(DIGITS as u64).read_to_string(&mut text);
        Ok((Self { file }, read.ok().and_then(|_| text.trim().parse().ok())))
    }

    /// Writes the number. It survives a power cut only after [`Watermark::force`]; an earlier number may come back then, and a journal
    /// that is ahead has lost nothing.
    pub(super) fn write(&self, number: u64) -> io::Result<()> {
        self.file.write_all_at(format!("{number:0DIGITS$}\n").as_bytes(), 0)
    }

    pub(super) fn force(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn path_of(journal: &Path) -> PathBuf {
    journal.with_extension("mark")
}

/// Counts a transaction; to be called before its commit.
pub(super) fn count(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE pulse SET put_down = put_down + 1")?.execute([]).map(drop)
}
