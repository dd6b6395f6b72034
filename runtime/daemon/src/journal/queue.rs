//! The order of jobs, and what a restart recovers.

use cordline_sdk::job::{JobId, JobKind, JobState, Priority};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::event::EventKind;
use rusqlite::{OptionalExtension, Row, params};

use super::connection::Journal;
use super::error::JournalError;
use super::events::append_in;
use super::record::{self, JobRecord, quoted};
use super::watermark;

/// A job during which the daemon died this often is quarantined.
const MAX_ATTEMPTS: u32 = 2;

/// The most urgent first, then the oldest; the name breaks a tie so that the order is the same every time.
fn order() -> String {
    let places: Vec<String> =
        Priority::ALL.into_iter().map(|p| format!("WHEN '{}' THEN {}", p.as_str(), p as u8)).collect();
    format!("CASE priority {} END DESC, touched_ms, job", places.join(" "))
}

/// The columns of moments that [`record::read`] does not read.
const MOMENTS: [&str; 3] = ["started_ms", "ended_ms", "ended_counted_ms"];

/// True where whatever is asked of a row can be read, and a job that has not ended has its input.
fn is_whole(row: &Row<'_>) -> bool {
    MOMENTS.iter().all(|moment| row.get::<_, Option<u64>>(*moment).is_ok())
        && record::read(row).is_ok_and(|job| job.state.has_ended() || job.input.is_some())
}

/// What a restart did with the jobs that were running.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// They are queued again.
    pub queued: Vec<JobId>,
    /// The daemon died during them too often: they have failed.
    pub quarantined: Vec<JobId>,
    /// Their rows could not be read: they have failed.
    pub damaged: Vec<String>,
}

impl Journal {
    /// Queues a job whose input is whole and on disk. Its attempts are counted from zero again.
    ///
    /// # Errors
    ///
    /// There is no such job, or the journal cannot be written.
    pub fn accept(&mut self, job: &JobId, at_ms: u64, series: Option<&str>) -> Result<(), JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "UPDATE jobs SET attempts = 0, touched_ms = ?2, series = coalesce(?3, series) WHERE job = ?1",
            )?
            .execute(params![job.as_str(), at_ms, series])?;
        append_in(&transaction, job, at_ms, &[EventKind::state(JobState::Queued).into()])?;
        watermark::count(&transaction)?;
        transaction.commit()?;
        self.note_queued();
        self.raise_watermark();
        Ok(())
    }

    /// Queues a running job again because of a shutdown; the attempt does not count.
    ///
    /// # Errors
    ///
    /// There is no such job, or the journal cannot be written.
    pub fn requeue(&mut self, job: &JobId, at_ms: u64) -> Result<(), JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("UPDATE jobs SET attempts = max(attempts - 1, 0) WHERE job = ?1", [job.as_str()])?;
        append_in(&transaction, job, at_ms, &[EventKind::state(JobState::Queued).into()])?;
        transaction.commit()?;
        self.note_queued();
        Ok(())
    }

    /// There is a job for [`next`](Self::next) again.
    pub(super) fn note_queued(&self) {
        if let Some(may_have_queued) = &self.may_have_queued {
            may_have_queued.set(true);
        }
    }

    /// The job that runs next. Costs nothing where the last answer was none, and nothing was queued since.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn next(&self) -> Result<Option<JobRecord>, JournalError> {
        if self.may_have_queued.as_ref().is_some_and(|may| !may.get()) {
            return Ok(None);
        }
        let sql = format!("SELECT {} FROM jobs WHERE state = ?1 ORDER BY {} LIMIT 1", record::COLUMNS, order());
        let next = self.db.prepare_cached(&sql)?.query_row([JobState::Queued.as_str()], record::read).optional()?;
        if let Some(may_have_queued) = &self.may_have_queued {
            may_have_queued.set(next.is_some());
        }
        Ok(next)
    }

    /// The queued jobs, in the order in which they will run.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn waiting(&self) -> Result<Vec<JobId>, JournalError> {
        let sql = format!("SELECT job FROM jobs WHERE state = ?1 ORDER BY {}", order());
        let mut statement = self.db.prepare_cached(&sql)?;
        let names: Vec<String> =
            statement.query_map([JobState::Queued.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(JobId::new).collect())
    }

    /// When the running job was started, in ms since 1970.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn running_since_ms(&self) -> Result<Option<u64>, JournalError> {
        let running = quoted(JobState::ALL.into_iter().filter(|s| s.is_running()).map(JobState::as_str));
        let sql = format!("SELECT min(started_ms) FROM jobs WHERE state IN ({running})");
        Ok(self.db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }

    /// How long the last jobs took from decoding to their end in ms, newest first, at most twenty.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn durations_ms(&self) -> Result<Vec<u64>, JournalError> {
        let sql = "SELECT ended_ms - started_ms FROM jobs WHERE state = ?1 AND started_ms <= ended_ms
                   ORDER BY ended_ms DESC LIMIT 20";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([JobState::Completed.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// To be called once after opening: jobs that were running when the daemon died are queued again, or quarantined.
    ///
    /// # Errors
    ///
    /// The journal cannot be read or written.
    pub fn recover(&mut self, at_ms: u64) -> Result<Recovered, JournalError> {
        let mut found = Recovered { damaged: self.fail_damaged(at_ms)?, ..Recovered::default() };
        let running: Vec<JobState> = JobState::ALL.into_iter().filter(|s| s.is_running()).collect();
        for job in self.list(&running, None, None, u32::MAX)? {
            if job.attempts >= MAX_ATTEMPTS {
                let problem = Problem {
                    code: Code::Quarantined,
                    message: format!("the daemon went down {} times while it worked on this job", job.attempts),
                    action: "look at the daemon's log for the reason; submit the study again once it is mended".into(),
                };
                self.append(&job.job, at_ms, &[EventKind::ended(JobState::Failed, problem).into()])?;
                found.quarantined.push(job.job);
            } else {
                self.append(&job.job, at_ms, &[EventKind::state(JobState::Queued).into()])?;
                found.queued.push(job.job);
            }
        }
        Ok(found)
    }

    /// Rows that cannot be read would fail every list: they become failed jobs that say so. Returns their names.
    fn fail_damaged(&mut self, at_ms: u64) -> Result<Vec<String>, JournalError> {
        // An invalid name (after a bit flip on the disk) hides all other jobs. Its folder is set aside by the next scan.
        let unnamed = "DELETE FROM jobs WHERE typeof(job) != 'text' OR job GLOB '*[^0-9A-Za-z]*' OR length(job) NOT BETWEEN 1 AND 64";
        let mut damaged = vec!["a job without a name".to_owned(); self.db.execute(unnamed, [])?];
        {
            let sql = format!("SELECT {}, {} FROM jobs", record::COLUMNS, MOMENTS.join(", "));
            let mut statement = self.db.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if !is_whole(row) {
                    damaged.push(row.get("job").unwrap_or_default());
                }
            }
        }
        let problem = Problem {
            code: Code::JournalRowDamaged,
            message: "what the journal kept of this job cannot be read".into(),
            action: "check the disk of the spool, and submit the study again".into(),
        };
        for name in &damaged {
            let Some(job) = JobId::new(name.clone()) else { continue };
            let [kinds, priorities] =
                [quoted(JobKind::ALL.map(JobKind::as_str)), quoted(Priority::ALL.map(Priority::as_str))];
            // Numbers too: a negative one would fail every list, or put its job first in the queue for ever. The row is in no state that
            // has ended, until its end is written below.
            let sql = format!(
                "UPDATE jobs SET state = ?3, ended_ms = NULL, ended_counted_ms = 0, started_ms = NULL, attempts = 0,
                        submitted_ms = CASE WHEN typeof(submitted_ms) = 'integer' AND submitted_ms >= 0 THEN submitted_ms ELSE ?2 END,
                        touched_ms = CASE WHEN typeof(touched_ms) = 'integer' AND touched_ms >= 0 THEN touched_ms ELSE ?2 END,
                        last_event = max(0, coalesce((SELECT max(number) FROM events WHERE events.job = jobs.job), 0)),
                        kind = CASE WHEN kind IN ({kinds}) THEN kind ELSE ?4 END,
                        priority = CASE WHEN priority IN ({priorities}) THEN priority ELSE ?5 END
                 WHERE job = ?1"
            );
            let [receiving, study, routine] =
                [JobState::Receiving.as_str(), JobKind::Study.as_str(), Priority::default().as_str()];
            let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            transaction.execute(&sql, params![name, at_ms, receiving, study, routine])?;
            append_in(&transaction, &job, at_ms, &[EventKind::ended(JobState::Failed, problem.clone()).into()])?;
            transaction.commit()?;
            self.raise_watermark();
        }
        Ok(damaged)
    }
}
