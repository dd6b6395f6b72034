//! What goes away with age.

use cordline_sdk::job::{JobId, JobState};
use rusqlite::params;

use super::{Journal, JournalError};

impl Journal {
    /// Jobs that have ended, the longest ago first, with the moment of their end in ms since 1970.
    pub fn ended(&self) -> Result<Vec<(JobId, u64)>, JournalError> {
        let sql = "SELECT job, ended_ms FROM jobs WHERE ended_ms IS NOT NULL ORDER BY ended_ms, job";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let all: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter_map(|(name, at)| Some((JobId::new(name)?, at))).collect())
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
