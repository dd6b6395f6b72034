//! Who runs next, and what a restart finds half done.

use cordline_sdk::job::{JobId, JobKind, JobState, Priority};
use cordline_sdk::result::Problem;
use cordline_sdk::wire::event::Happening;
use rusqlite::{OptionalExtension, params};

use super::events::append_in;
use super::{JobRecord, Journal, JournalError, KeptEvent, quoted, record};

/// A job that takes its worker down this often is set aside.
const MOST_ATTEMPTS: u32 = 2;

/// The most urgent first, then the oldest; the name breaks a tie so that the order is the same every time.
fn order() -> String {
    let places: Vec<String> =
        Priority::ALL.into_iter().map(|p| format!("WHEN '{}' THEN {}", p.key(), p as u8)).collect();
    format!("CASE priority {} END DESC, touched_ms, job", places.join(" "))
}

/// What a restart did with the jobs that were running.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interrupted {
    /// They wait again.
    pub queued: Vec<JobId>,
    /// They took their worker down too often, and have failed.
    pub quarantined: Vec<JobId>,
    /// Their rows could not be read, and they have failed.
    pub damaged: Vec<String>,
}

impl Journal {
    /// The input is whole and on disk: the job waits for a worker from now on. Its attempts begin anew.
    pub fn accept(&mut self, job: &JobId, at_ms: u64, series: Option<&str>) -> Result<Vec<KeptEvent>, JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute(
            "UPDATE jobs SET attempts = 0, touched_ms = ?2, series = coalesce(?3, series) WHERE job = ?1",
            params![job.as_str(), at_ms, series],
        )?;
        let kept = append_in(&transaction, job, at_ms, vec![(Happening::state(JobState::Queued), None)])?;
        transaction.commit()?;
        Ok(kept)
    }

    /// The worker stopped because the daemon goes down: the job waits again, and the attempt does not count.
    pub fn hand_back(&mut self, job: &JobId, at_ms: u64) -> Result<(), JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute("UPDATE jobs SET attempts = max(attempts - 1, 0) WHERE job = ?1", [job.as_str()])?;
        append_in(&transaction, job, at_ms, vec![(Happening::state(JobState::Queued), None)])?;
        Ok(transaction.commit()?)
    }

    /// A piece of the input came.
    pub fn touch(&self, job: &JobId, at_ms: u64) -> Result<(), JournalError> {
        self.db.execute("UPDATE jobs SET touched_ms = ?2 WHERE job = ?1", params![job.as_str(), at_ms])?;
        Ok(())
    }

    /// The job that runs next.
    pub fn next(&self) -> Result<Option<JobRecord>, JournalError> {
        let sql = format!("SELECT {} FROM jobs WHERE state = ?1 ORDER BY {} LIMIT 1", record::COLUMNS, order());
        Ok(self.db.prepare_cached(&sql)?.query_row([JobState::Queued.key()], record::read).optional()?)
    }

    /// The jobs that wait, in the order in which they will run.
    pub fn waiting(&self) -> Result<Vec<JobId>, JournalError> {
        let sql = format!("SELECT job FROM jobs WHERE state = ?1 ORDER BY {}", order());
        let mut statement = self.db.prepare_cached(&sql)?;
        let names: Vec<String> =
            statement.query_map([JobState::Queued.key()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(JobId::new).collect())
    }

    /// When the work on the job that runs began, in ms since 1970.
    pub fn running_since_ms(&self) -> Result<Option<u64>, JournalError> {
        let running = quoted(JobState::ALL.into_iter().filter(|s| s.is_running()).map(JobState::key));
        let sql = format!("SELECT min(started_ms) FROM jobs WHERE state IN ({running})");
        Ok(self.db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }

    /// How long the last jobs took from decoding to their end in ms, newest first, at most twenty.
    pub fn durations_ms(&self) -> Result<Vec<u64>, JournalError> {
        let sql = "SELECT ended_ms - started_ms FROM jobs WHERE state = ?1 AND started_ms <= ended_ms
                   ORDER BY ended_ms DESC LIMIT 20";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([JobState::Completed.key()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// To be called once after opening: jobs that were running when the daemon went down wait again, or are set aside.
    pub fn take_up(&mut self, at_ms: u64) -> Result<Interrupted, JournalError> {
        let mut found = Interrupted { damaged: self.fail_damaged(at_ms)?, ..Interrupted::default() };
        let running: Vec<JobState> = JobState::ALL.into_iter().filter(|s| s.is_running()).collect();
        for job in self.list(&running, None, None, u32::MAX)? {
            if job.attempts >= MOST_ATTEMPTS {
                let problem = Problem {
                    code: "quarantined".into(),
                    message: format!("the daemon went down {} times while it worked on this job", job.attempts),
                    action: "look at the daemon's log for the reason; submit the study again once it is mended".into(),
                };
                self.append(&job.job, at_ms, vec![(Happening::ended(JobState::Failed, problem), None)])?;
                found.quarantined.push(job.job);
            } else {
                self.append(&job.job, at_ms, vec![(Happening::state(JobState::Queued), None)])?;
                found.queued.push(job.job);
            }
        }
        Ok(found)
    }

    /// Rows that cannot be read would stop every list: they become failed jobs that say so. Returns their names.
    fn fail_damaged(&mut self, at_ms: u64) -> Result<Vec<String>, JournalError> {
        let mut damaged = Vec::new();
        {
            let mut statement = self.db.prepare("SELECT job, kind, state, priority, input FROM jobs")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let word = |i: usize| row.get::<_, String>(i).unwrap_or_default();
                let state = JobState::of(&word(2));
                let whole = JobId::new(word(0)).is_some()
                    && JobKind::of(&word(1)).is_some()
                    && Priority::of(&word(3)).is_some()
                    && state.is_some_and(|s| s.has_ended() || record::is_input(&word(4)));
                if !whole {
                    damaged.push(word(0));
                }
            }
        }
        let problem = Problem {
            code: "journal_row_damaged".into(),
            message: "what the journal kept of this job cannot be read".into(),
            action: "check the disk of the spool, and submit the study again".into(),
        };
        for name in &damaged {
            let known = JobId::new(name.clone());
            if known.is_none() {
                self.db.execute("DELETE FROM jobs WHERE job = ?1", [name])?;
                continue;
            }
            let [kinds, priorities] =
                [quoted(JobKind::ALL.map(JobKind::key)), quoted(Priority::ALL.map(Priority::key))];
            let sql = format!(
                "UPDATE jobs SET state = ?4, ended_ms = ?2, problem = ?3, finding = NULL,
                        kind = CASE WHEN kind IN ({kinds}) THEN kind ELSE ?5 END,
                        priority = CASE WHEN priority IN ({priorities}) THEN priority ELSE ?6 END
                 WHERE job = ?1"
            );
            let [failed, study, routine] = [JobState::Failed.key(), JobKind::Study.key(), Priority::default().key()];
            self.db.execute(&sql, params![name, at_ms, record::to_json(&problem), failed, study, routine])?;
            if let Some(job) = known {
                self.append(&job, at_ms, vec![(Happening::ended(JobState::Failed, problem.clone()), None)])?;
            }
        }
        Ok(damaged)
    }
}
