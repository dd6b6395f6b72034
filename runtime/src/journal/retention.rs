//! What goes away with age.

use cordline_sdk::job::{JobId, JobState};
use rusqlite::params;

use super::{Journal, JournalError};

/// A job that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its name.
    pub job: JobId,
    /// When it ended, in ms since 1970.
    pub ended_ms: u64,
    /// True where a person's work is in it: a corrected mask, a review, or the answer that was corrected.
    pub of_a_reader: bool,
}

/// True for a row of `jobs` in which a person's work is. A row whose input is damaged names no other.
const OF_A_READER: &str = "(kind = 'mask' OR EXISTS (SELECT 1 FROM reviews WHERE reviews.job = jobs.job) OR job IN
    (SELECT CASE WHEN json_valid(input) THEN json_extract(input, '$.job') END FROM jobs WHERE kind = 'mask'))";

impl Journal {
    /// Jobs that have ended, the longest ago first.
    pub fn ended(&self) -> Result<Vec<Ended>, JournalError> {
        let sql =
            format!("SELECT job, ended_ms, {OF_A_READER} FROM jobs WHERE ended_ms IS NOT NULL ORDER BY ended_ms, job");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
        let all: Vec<(String, u64, bool)> = rows.collect::<Result<_, _>>()?;
        let known = all
            .into_iter()
            .filter_map(|(name, ended_ms, of_a_reader)| Some(Ended { job: JobId::new(name)?, ended_ms, of_a_reader }));
        Ok(known.collect())
    }

    /// How many jobs with a reader's work have ended before a moment.
    pub fn readers_work_before(&self, moment_ms: u64) -> Result<u64, JournalError> {
        let sql = format!("SELECT count(*) FROM jobs WHERE ended_ms < ?1 AND {OF_A_READER}");
        Ok(self.db.prepare_cached(&sql)?.query_row([moment_ms], |row| row.get(0))?)
    }

    /// Uploads without a sign of life since a moment.
    pub fn idle_uploads(&self, since_ms: u64) -> Result<Vec<JobId>, JournalError> {
        let sql = "SELECT job FROM jobs WHERE state = ?2 AND touched_ms < ?1 ORDER BY touched_ms";
        let mut statement = self.db.prepare_cached(sql)?;
        let wanted = params![since_ms, JobState::Receiving.key()];
        let names: Vec<String> = statement.query_map(wanted, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(JobId::new).collect())
    }

    /// Removes a job and its events. What lies in the spool is for the caller to remove, before.
    pub fn forget(&mut self, job: &JobId) -> Result<(), JournalError> {
        self.db.execute("DELETE FROM jobs WHERE job = ?1", [job.as_str()])?;
        Ok(())
    }
}
