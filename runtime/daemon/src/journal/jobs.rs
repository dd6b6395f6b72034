//! Jobs: added, read, listed and counted.

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::wire::request::Input;
use rusqlite::{OptionalExtension, params};

use super::connection::Journal;
use super::error::JournalError;
use super::record::{self, JobRecord, NewJob, quoted};

impl Journal {
    /// Adds a job that begins to receive its input. A job that is there already stays as it is.
    ///
    /// Not forced to the disk: nothing was accepted yet, and a client whose job a power cut took submits it again.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn begin(&mut self, job: &NewJob) -> Result<JobRecord, JournalError> {
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        let inserted = self.insert(job);
        self.db.pragma_update(None, "synchronous", "FULL")?;
        inserted?;
        self.job(&job.job)?.ok_or_else(|| JournalError::Vanished(job.job.clone()))
    }

    fn insert(&self, job: &NewJob) -> Result<usize, JournalError> {
        let sql = "INSERT INTO jobs (job, kind, state, priority, submitted_ms, input, series, touched_ms, study_uid, predecessors)
             VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, ?4, (SELECT study_uid FROM jobs WHERE job = ?7), ?9)
             ON CONFLICT (job) DO NOTHING";
        Ok(self.db.prepare_cached(sql)?.execute(params![
            job.job.as_str(),
            job.input.kind().as_str(),
            job.priority.as_str(),
            job.submitted_ms,
            record::to_json(&job.input),
            job.series,
            // A corrected mask is of the study of the job that it corrects.
            match &job.input {
                Input::Mask { job, .. } => Some(job.as_str()),
                _ => None,
            },
            JobState::Receiving.as_str(),
            (!job.predecessors.is_empty()).then(|| record::to_json(&job.predecessors))
        ])?)
    }

    /// The job of this name.
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or the row is damaged.
    pub fn job(&self, job: &JobId) -> Result<Option<JobRecord>, JournalError> {
        let sql = format!("SELECT {} FROM jobs WHERE job = ?1", record::COLUMNS);
        Ok(self.db.prepare_cached(&sql)?.query_row([job.as_str()], record::read).optional()?)
    }

    /// Jobs in these states (all when empty), on this study where one is given, newest first, submitted before a moment where one is
    /// given, at most `limit`. As summaries need them: `input` is there for corrected masks alone.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn list(
        &self,
        states: &[JobState],
        study_uid: Option<&str>,
        before_ms: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, JournalError> {
        let wanted = if states.is_empty() { &JobState::ALL[..] } else { states };
        let states = quoted(wanted.iter().map(|state| state.as_str()));
        let of_study = if study_uid.is_some() { "study_uid = ?3" } else { "?3 IS NULL" };
        let sql = format!(
            "SELECT {} FROM jobs WHERE state IN ({}) AND {of_study} AND submitted_ms < ?1
             ORDER BY submitted_ms DESC, job LIMIT ?2",
            record::brief_columns(),
            states
        );
        // SQLite counts in signed numbers.
        let before = before_ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(i64::MAX);
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![before, limit, study_uid], record::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Number of jobs in each state that has any.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn counts(&self) -> Result<Vec<(JobState, u64)>, JournalError> {
        let mut statement = self.db.prepare_cached("SELECT state, count(*) FROM jobs GROUP BY state")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let counted: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(counted.into_iter().filter_map(|(state, n)| Some((state.parse().ok()?, n))).collect())
    }
}
