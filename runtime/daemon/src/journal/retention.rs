//! Which jobs are old, and their removal.

use std::collections::BTreeSet;

use cordline_sdk::job::{JobId, JobState};
use rusqlite::{OptionalExtension, params};

use super::connection::Journal;
use super::error::JournalError;
use super::record::quoted;
use super::watermark;

/// A job that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJob {
    pub job: JobId,
    /// When it ended, in ms since 1970.
    pub ended_ms: u64,
    /// The counted uptime of the daemon at its end, in ms.
    pub counted_ms: u64,
    /// True where it failed or was cancelled: it can be sent again.
    pub is_unanswered: bool,
    /// True for a corrected mask, an answer with a review, and an answer that was corrected.
    pub has_reader_work: bool,
}

/// The condition of `has_reader_work` for a row of `jobs`. A row whose input is damaged names no other job.
const HAS_READER_WORK: &str = "(kind = 'mask' OR EXISTS (SELECT 1 FROM reviews WHERE reviews.job = jobs.job) OR job IN
    (SELECT CASE WHEN json_valid(input) THEN json_extract(input, '$.job') END FROM jobs WHERE kind = 'mask'))";

impl Journal {
    /// Jobs that have ended, the longest ago first.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn ended(&self) -> Result<Vec<EndedJob>, JournalError> {
        let sql = format!(
            "SELECT job, ended_ms, ended_counted_ms, state IN ({}), {HAS_READER_WORK} FROM jobs WHERE ended_ms IS NOT NULL
                     ORDER BY ended_ms, job",
            quoted([JobState::Failed, JobState::Cancelled].map(JobState::as_str))
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], |row| {
            let name: String = row.get(0)?;
            let (ended_ms, counted_ms, is_unanswered, has_reader_work) =
                (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(JobId::new(name).map(|job| EndedJob { job, ended_ms, counted_ms, is_unanswered, has_reader_work }))
        })?;
        let all: Vec<Option<EndedJob>> = rows.collect::<Result<_, _>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// True where a person's work is in a job, see [`EndedJob::has_reader_work`].
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn has_reader_work(&self, job: &JobId) -> Result<bool, JournalError> {
        let sql = format!("SELECT {HAS_READER_WORK} FROM jobs WHERE job = ?1");
        Ok(self.db.prepare_cached(&sql)?.query_row([job.as_str()], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    /// True where files of the job can be fetched.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn lists_files(&self, job: &JobId) -> Result<bool, JournalError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM files WHERE job = ?1)";
        Ok(self.db.prepare_cached(sql)?.query_row([job.as_str()], |row| row.get(0))?)
    }

    /// The names of all jobs.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn names(&self) -> Result<BTreeSet<JobId>, JournalError> {
        let mut statement = self.db.prepare_cached("SELECT job FROM jobs")?;
        let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(JobId::new).collect())
    }

    /// Number of jobs in all states.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn count(&self) -> Result<u64, JournalError> {
        Ok(self.db.prepare_cached("SELECT count(*) FROM jobs")?.query_row([], |row| row.get(0))?)
    }

    /// Number of jobs with a reader's work that ended before a moment.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn readers_work_before(&self, moment_ms: u64) -> Result<u64, JournalError> {
        let sql = format!("SELECT count(*) FROM jobs WHERE ended_ms < ?1 AND {HAS_READER_WORK}");
        Ok(self.db.prepare_cached(&sql)?.query_row([moment_ms], |row| row.get(0))?)
    }

    /// Jobs that have received input since before a moment. Whether pieces still come is not in the journal.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn idle_uploads(&self, since_ms: u64) -> Result<Vec<JobId>, JournalError> {
        let sql = "SELECT job FROM jobs WHERE state = ?2 AND touched_ms < ?1 ORDER BY touched_ms";
        let mut statement = self.db.prepare_cached(sql)?;
        let wanted = params![since_ms, JobState::Receiving.as_str()];
        let names: Vec<String> = statement.query_map(wanted, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(JobId::new).collect())
    }

    /// Removes a job and its events. The caller has removed its folder before.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn remove(&mut self, job: &JobId) -> Result<(), JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM jobs WHERE job = ?1", [job.as_str()])?;
        watermark::count(&transaction)?;
        transaction.commit()?;
        self.raise_watermark();
        Ok(())
    }

    /// Empties the write-ahead log: what was removed stands in older pages of it. Where somebody reads just now, the next one does it.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn empty_log(&self) -> Result<(), JournalError> {
        Ok(self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}
