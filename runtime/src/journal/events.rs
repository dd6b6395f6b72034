//! What happened to a job: numbered from 1 without a gap, and kept.

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::wire::event::{Event, Files, Happening, StateChange};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Journal, JournalError, record};

/// An event and its raw frame.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptEvent {
    /// The event.
    pub event: Event,
    /// Mask or heat map.
    pub raw: Option<Vec<u8>>,
}

impl Journal {
    /// Puts down what happened, all of it or nothing, and returns it with its numbers. A change of state is written to the
    /// job in the same transaction.
    pub fn append(
        &mut self,
        job: &JobId,
        at_ms: u64,
        happened: Vec<(Happening, Option<Vec<u8>>)>,
    ) -> Result<Vec<KeptEvent>, JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let kept = append_in(&transaction, job, at_ms, happened)?;
        transaction.commit()?;
        Ok(kept)
    }

    /// Events after number `since`, in order, at most `limit`.
    pub fn events(&self, job: &JobId, since: u64, limit: u32) -> Result<Vec<KeptEvent>, JournalError> {
        let sql = "SELECT number, at_ms, what, raw FROM events WHERE job = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(params![job.as_str(), since, limit], |row| {
            let what = serde_json::from_str(&row.get::<_, String>(2)?)
                .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))?;
            let event = Event { job: job.clone(), number: row.get(0)?, at_ms: row.get(1)?, what };
            Ok(KeptEvent { event, raw: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Sections, rows and columns of a job's volume; `None` where it came to none.
    pub fn grid(&self, job: &JobId) -> Result<Option<[u64; 3]>, JournalError> {
        Ok(match self.last(job, "grid")? {
            Some(Happening::Grid(grid)) => Some(grid.shape),
            _ => None,
        })
    }

    /// The selector of one of the series among which a job asks a person to choose; none where it does not offer what is named.
    pub fn candidate(&self, job: &JobId, named: &str) -> Result<Option<String>, JournalError> {
        Ok(match self.last(job, "series")? {
            Some(Happening::Series(choice)) => choice.candidate(named).map(|c| c.selector().to_owned()),
            _ => None,
        })
    }

    /// The last event of a kind, by its word on the wire.
    fn last(&self, job: &JobId, kind: &str) -> Result<Option<Happening>, JournalError> {
        let sql = "SELECT what FROM events WHERE job = ?1 AND what LIKE ?2 ORDER BY number DESC LIMIT 1";
        let like = format!("{{\"event\":\"{kind}\"%");
        let what: Option<String> =
            self.db.prepare_cached(sql)?.query_row([job.as_str(), &like], |row| row.get(0)).optional()?;
        Ok(what.and_then(|what| serde_json::from_str(&what).ok()))
    }

    /// Length of a file of a job; `None` where the job lists no such file.
    pub fn file(&self, job: &JobId, path: &str) -> Result<Option<u64>, JournalError> {
        let sql = "SELECT bytes FROM files WHERE job = ?1 AND path = ?2";
        Ok(self.db.prepare_cached(sql)?.query_row([job.as_str(), path], |row| row.get(0)).optional()?)
    }
}

/// As [`Journal::append`], inside a transaction of the caller.
pub(super) fn append_in(
    db: &Transaction<'_>,
    job: &JobId,
    at_ms: u64,
    happened: Vec<(Happening, Option<Vec<u8>>)>,
) -> Result<Vec<KeptEvent>, JournalError> {
    let mut number = last_number(db, job)?;
    let mut insert =
        db.prepare_cached("INSERT INTO events (job, number, at_ms, what, raw) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut kept = Vec::with_capacity(happened.len());
    for (what, raw) in happened {
        number += 1;
        insert.execute(params![job.as_str(), number, at_ms, record::to_json(&what), raw])?;
        match &what {
            Happening::State(change) => write_state(db, job, at_ms, change)?,
            Happening::Files(files) => write_files(db, job, files)?,
            Happening::Series(choice) => write_study(db, job, choice.study_uid.as_deref())?,
            _ => {}
        }
        kept.push(KeptEvent { event: Event { job: job.clone(), number, at_ms, what }, raw });
    }
    db.execute("UPDATE jobs SET last_event = ?2 WHERE job = ?1", params![job.as_str(), number])?;
    Ok(kept)
}

fn last_number(db: &Connection, job: &JobId) -> Result<u64, JournalError> {
    let row = db.prepare_cached("SELECT last_event FROM jobs WHERE job = ?1")?.query_row([job.as_str()], |r| r.get(0));
    match row {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(JournalError::Vanished(job.clone())),
        other => Ok(other?),
    }
}

fn write_state(db: &Connection, job: &JobId, at_ms: u64, change: &StateChange) -> Result<(), JournalError> {
    let ended = change.state.has_ended().then_some(at_ms);
    let begins = change.state == JobState::Decoding;
    db.prepare_cached(
        "UPDATE jobs SET state = ?2, finding = ?3, problem = ?4, ended_ms = ?5, attempts = attempts + ?7,
                started_ms = CASE ?7 WHEN 1 THEN ?6 ELSE started_ms END WHERE job = ?1",
    )?
    .execute(params![
        job.as_str(),
        change.state.key(),
        change.finding.as_ref().map(record::to_json),
        change.problem.as_ref().map(record::to_json),
        ended,
        at_ms,
        u8::from(begins)
    ])?;
    Ok(())
}

/// The study of a job; one that is known already stays where the files no longer tell.
fn write_study(db: &Connection, job: &JobId, study_uid: Option<&str>) -> Result<(), JournalError> {
    db.prepare_cached("UPDATE jobs SET study_uid = coalesce(?2, study_uid) WHERE job = ?1")?
        .execute(params![job.as_str(), study_uid])?;
    Ok(())
}

fn write_files(db: &Connection, job: &JobId, files: &Files) -> Result<(), JournalError> {
    db.execute("DELETE FROM files WHERE job = ?1", [job.as_str()])?;
    let mut insert = db.prepare_cached("INSERT INTO files (job, path, bytes) VALUES (?1, ?2, ?3)")?;
    for file in &files.files {
        insert.execute(params![job.as_str(), file.path, file.bytes])?;
    }
    Ok(())
}
