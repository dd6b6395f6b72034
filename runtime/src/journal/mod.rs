//! Jobs on disk: what was accepted, how far it came, and every event, in one SQLite file.
//!
//! - [`schema`]: the tables
//! - [`record`]: a job as it is kept
//! - [`queue`]: who runs next, and what a restart finds half done
//! - [`events`]: what happened, numbered without a gap
//! - [`reviews`]: what readers said of answers
//! - [`retention`]: what goes away with age
//!
//! Write-ahead log with `synchronous = FULL`: what was committed survives a power cut. One process writes; the lock of the
//! [`crate::spool`] sees to that.

mod error;
mod events;
mod queue;
mod record;
mod retention;
mod reviews;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::wire::request::Input;

pub use error::JournalError;
pub use events::KeptEvent;
pub use queue::Interrupted;
pub use record::{JobRecord, NewJob};
pub use retention::Ended;

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    db: Connection,
    path: PathBuf,
}

impl Journal {
    /// Opens the journal, or begins one; a file that is none, or is damaged, is an error that says what to do.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let fails = |e| JournalError::open(path, e);
        let db = Connection::open(path).map_err(fails)?;
        schema::prepare(&db, path)?;
        Ok(Self { db, path: path.into() })
    }

    /// A second handle for looking only; it never waits for the one that writes.
    pub fn reader(path: &Path) -> Result<Self, JournalError> {
        let fails = |e| JournalError::open(path, e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(fails)?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(fails)?;
        Ok(Self { db, path: path.into() })
    }

    /// Puts down a job that begins to receive its input. One that is there already stays as it is.
    ///
    /// Not forced to the disk: nothing was accepted yet, and a client whose job a power cut took submits it again.
    pub fn begin(&mut self, job: &NewJob) -> Result<JobRecord, JournalError> {
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        let put_down = self.put_down(job);
        self.db.pragma_update(None, "synchronous", "FULL")?;
        put_down?;
        self.job(&job.job)?.ok_or_else(|| JournalError::Vanished(job.job.clone()))
    }

    fn put_down(&self, job: &NewJob) -> Result<usize, JournalError> {
        Ok(self.db.execute(
            "INSERT INTO jobs (job, kind, state, priority, submitted_ms, input, series, touched_ms, study_uid, predecessors)
             VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6, ?4, (SELECT study_uid FROM jobs WHERE job = ?7), ?9)
             ON CONFLICT (job) DO NOTHING",
            params![
                job.job.as_str(),
                job.kind.key(),
                job.priority.key(),
                job.submitted_ms,
                record::to_json(&job.input),
                job.series,
                // A corrected mask is of the study of the job that it corrects.
                match &job.input {
                    Input::Mask { job, .. } => Some(job.as_str()),
                    _ => None,
                },
                JobState::Receiving.key(),
                (!job.predecessors.is_empty()).then(|| record::to_json(&job.predecessors))
            ],
        )?)
    }

    /// The job of this name.
    pub fn job(&self, job: &JobId) -> Result<Option<JobRecord>, JournalError> {
        let sql = format!("SELECT {} FROM jobs WHERE job = ?1", record::COLUMNS);
        Ok(self.db.prepare_cached(&sql)?.query_row([job.as_str()], record::read).optional()?)
    }

    /// Jobs in these states (all when empty), on this study where one is given, newest first, submitted before a moment where one is
    /// given, at most `limit`.
    pub fn list(
        &self,
        states: &[JobState],
        study_uid: Option<&str>,
        before_ms: Option<u64>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, JournalError> {
        let wanted = if states.is_empty() { &JobState::ALL[..] } else { states };
        let states = quoted(wanted.iter().map(|state| state.key()));
        let of_study = if study_uid.is_some() { "study_uid = ?3" } else { "?3 IS NULL" };
        let sql = format!(
            "SELECT {} FROM jobs WHERE state IN ({}) AND {of_study} AND submitted_ms < ?1
             ORDER BY submitted_ms DESC, job LIMIT ?2",
            record::COLUMNS,
            states
        );
        // SQLite counts in signed numbers.
        let before = before_ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(i64::MAX);
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![before, limit, study_uid], record::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Number of jobs in each state that has any.
    pub fn counts(&self) -> Result<Vec<(JobState, u64)>, JournalError> {
        let mut statement = self.db.prepare_cached("SELECT state, count(*) FROM jobs GROUP BY state")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let counted: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(counted.into_iter().filter_map(|(state, n)| Some((JobState::of(&state)?, n))).collect())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Words of this program, never of a client, as a list in a statement.
fn quoted(words: impl IntoIterator<Item = &'static str>) -> String {
    words.into_iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}
