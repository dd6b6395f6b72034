//! A connection to the journal: one for writing, or any number for reading.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::JournalError;
use super::schema;
use super::watermark::Watermark;

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    /// Only of the connection that writes.
    pub(super) watermark: Option<Watermark>,
    pub(super) missing: u64,
    /// False once no queued job was found, until one is queued: `next` asks nothing meanwhile. `None` of a connection for reading,
    /// which does not hear of what is queued.
    pub(super) may_have_queued: Option<Cell<bool>>,
}

impl Journal {
    /// Opens the journal for writing, or creates one.
    ///
    /// # Errors
    ///
    /// The file is no journal, is damaged, or is of a later format.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let fails = |e| JournalError::open(path, e);
        let db = Connection::open(path).map_err(fails)?;
        schema::prepare(&db, path)?;
        let mut journal =
            Self { db, path: path.into(), watermark: None, missing: 0, may_have_queued: Some(Cell::new(true)) };
        journal.missing = journal.compare_with_watermark()?;
        Ok(journal)
    }

    /// Opens the journal for reading; a reader never waits for the writer.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn reader(path: &Path) -> Result<Self, JournalError> {
        let fails = |e| JournalError::open(path, e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(fails)?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(fails)?;
        db.set_prepared_statement_cache_capacity(schema::STATEMENTS);
        Ok(Self { db, path: path.into(), watermark: None, missing: 0, may_have_queued: None })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As on a disk that is full: the file does not grow any more.
    #[cfg(test)]
    pub(crate) fn set_full(&self, is_full: bool) {
        let pages = if is_full { 1 } else { 1_000_000 };
        self.db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    }

    /// As on a disk that can be read only.
    #[cfg(test)]
    pub(crate) fn set_read_only(&self, is_read_only: bool) {
        self.db.pragma_update(None, "query_only", is_read_only).unwrap();
    }
}
