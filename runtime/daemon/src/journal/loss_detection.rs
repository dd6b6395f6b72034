//! How much was committed in all, so that a loss is noticed; and how long the daemon ran.
//!
//! SQLite cannot tell a journal without its write-ahead log, or an older copy, from a whole one. So a number that only grows is stored
//! in the journal, and once more in a file beside it (`journal.mark`): where the file is ahead, committed data was lost.

use std::io;

use rusqlite::params;

use super::connection::Journal;
use super::error::JournalError;
use super::watermark::Watermark;

/// How long the daemon ran, as far as the machine vouches for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedUptime {
    /// In all, in ms.
    pub counted_ms: u64,
    /// Id of the boot in which it was counted last; empty where the system does not tell boots apart.
    pub boot: String,
    /// Uptime of the machine then, in ms.
    pub up_ms: u64,
}

impl Journal {
    fn committed(&self) -> Result<u64, JournalError> {
        Ok(self.db.prepare_cached("SELECT put_down FROM pulse")?.query_row([], |row| row.get(0))?)
    }

    /// Writes the number of committed transactions to the file. A failure there does not fail the journal.
    pub(super) fn raise_watermark(&self) {
        let Some(watermark) = &self.watermark else { return };
        let written = self.committed().map_err(io::Error::other).and_then(|number| watermark.write(number));
        if let Err(error) = written {
            tracing::warn!(%error, "the mark beside the journal cannot be written");
        }
    }

    /// To be called once after opening: number of transactions that were committed and are not in the journal any more.
    pub(super) fn compare_with_watermark(&mut self) -> Result<u64, JournalError> {
        let here = self.committed()?;
        let marked = match Watermark::open(&self.path) {
            Ok((watermark, number)) => {
                self.watermark = Some(watermark);
                number
            }
            Err(error) => {
                tracing::warn!(%error, "the mark beside the journal cannot be used: a loss would not be noticed");
                None
            }
        };
        let missing = marked.unwrap_or(0).saturating_sub(here);
        if missing > 0 {
            // Counted on from there: later transactions must not hide a second loss.
            self.db.execute("UPDATE pulse SET put_down = ?1", [marked])?;
        }
        self.raise_watermark();
        self.force_watermark();
        Ok(missing)
    }

    fn force_watermark(&self) {
        if let Some(Err(error)) = self.watermark.as_ref().map(Watermark::force) {
            tracing::warn!(%error, "the mark beside the journal cannot be forced to the disk");
        }
    }

    /// Transactions that were committed and were missing when the journal was opened; 0 where nothing was lost.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The counted uptime.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn uptime(&self) -> Result<CountedUptime, JournalError> {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(CountedUptime { counted_ms: row.get(0)?, boot: row.get(1)?, up_ms: row.get(2)? })
        };
        Ok(self.db.prepare_cached("SELECT counted_ms, boot, up_ms FROM pulse")?.query_row([], read)?)
    }

    /// Stores the counted uptime. Jobs that end from now on end at that moment.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn store_uptime(&mut self, counted: &CountedUptime) -> Result<(), JournalError> {
        let CountedUptime { counted_ms, boot, up_ms } = counted;
        self.db
            .prepare_cached("UPDATE pulse SET counted_ms = ?1, boot = ?2, up_ms = ?3")?
            .execute(params![counted_ms, boot, up_ms])?;
        self.force_watermark();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cordline_sdk::job::{JobId, JobState};
    use cordline_sdk::wire::event::EventKind;
    use cordline_sdk::wire::request::Input;

    use super::*;
    use crate::journal::NewJob;

    fn accept(journal: &mut Journal, name: &str) {
        let new = NewJob::new(JobId::new(name).unwrap(), 1, Input::Folder { path: "/x".into(), again: 0 });
        journal.begin(&new).unwrap();
        journal.accept(&new.job, 2, None).unwrap();
    }

    #[test]
    fn a_journal_without_its_log_or_as_it_was_before_is_noticed_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut journal = Journal::open(&path).unwrap();
        accept(&mut journal, "a");
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.missing(), 0);
        accept(&mut journal, "b");
        accept(&mut journal, "c");
        // As after a kill: the log was not yet brought into the file.
        let killed = folder.path().join("killed");
        fs::create_dir(&killed).unwrap();
        for file in ["journal.sqlite", "journal.mark"] {
            fs::copy(folder.path().join(file), killed.join(file)).unwrap();
        }
        let path = killed.join("journal.sqlite");
        let mut short = Journal::open(&path).unwrap();
        assert_eq!(short.missing(), 2);
        assert!(short.job(&JobId::new("b").unwrap()).unwrap().is_none());
        accept(&mut short, "d");
        drop(short);
        assert_eq!(Journal::open(&path).unwrap().missing(), 0, "said once");
        for kept in ["journal.sqlite", "journal.sqlite-wal"] {
            let _ = fs::remove_file(killed.join(kept));
        }
        assert_eq!(Journal::open(&path).unwrap().missing(), 4, "a new journal beside an old watermark");
        fs::write(killed.join("journal.mark"), "no number").unwrap();
        assert_eq!(Journal::open(&path).unwrap().missing(), 0);
    }

    #[test]
    fn counted_time_is_kept_and_marks_what_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let counted = CountedUptime { counted_ms: 5000, boot: "b".into(), up_ms: 77 };
        let mut journal = Journal::open(&path).unwrap();
        journal.store_uptime(&counted).unwrap();
        accept(&mut journal, "a");
        let end = EventKind::state(JobState::Completed).into();
        journal.append(&JobId::new("a").unwrap(), 9, &[end]).unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.uptime().unwrap(), counted);
        let ended = journal.ended().unwrap();
        assert_eq!((ended[0].ended_ms, ended[0].counted_ms), (9, 5000));
    }
}
