//! Short forms of a job, without its input: the manifest of a large study is megabytes.

use cordline_sdk::job::{JobId, JobState};
use rusqlite::{OptionalExtension, params};

use super::connection::Journal;
use super::error::JournalError;
use super::record::{self, JobRecord};

impl Journal {
    /// State and number of the last event of a job.
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or the row is damaged.
    pub fn progress(&self, job: &JobId) -> Result<Option<(JobState, u64)>, JournalError> {
        let mut statement = self.db.prepare_cached("SELECT state, last_event FROM jobs WHERE job = ?1")?;
        // An unknown word is an error, not the absence of the job.
        let read =
            |row: &rusqlite::Row<'_>| Ok((record::known(0, row.get::<_, String>(0)?.parse().ok())?, row.get(1)?));
        Ok(statement.query_row([job.as_str()], read).optional()?)
    }

    /// A job as a summary needs it: `input` is there for a corrected mask alone.
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or the row is damaged.
    pub fn brief(&self, job: &JobId) -> Result<Option<JobRecord>, JournalError> {
        let sql = format!("SELECT {} FROM jobs WHERE job = ?1", record::brief_columns());
        Ok(self.db.prepare_cached(&sql)?.query_row([job.as_str()], record::read).optional()?)
    }

    /// Uploads that were begun and not committed, each with the bytes of its manifest.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn receiving(&self) -> Result<Vec<(JobId, u64)>, JournalError> {
        let mut statement = self.db.prepare_cached("SELECT job, length(input) FROM jobs WHERE state = ?1")?;
        let rows = statement.query_map(params![JobState::Receiving.as_str()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
        })?;
        let found: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(found.into_iter().filter_map(|(job, bytes)| Some((JobId::new(job)?, bytes))).collect())
    }
}
