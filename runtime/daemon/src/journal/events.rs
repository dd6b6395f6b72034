//! Events of jobs: numbered from 1 without a gap, and stored as they are sent.

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::event::{Event, EventKind, EventName, Files, StateChange, Warning};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::connection::Journal;
use super::error::JournalError;
use super::{record, watermark};

/// An event that is not in the journal yet.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEvent {
    pub kind: EventKind,
    /// Mask or heat map.
    pub raw: Option<Vec<u8>>,
}

impl From<EventKind> for PendingEvent {
    fn from(kind: EventKind) -> Self {
        Self { kind, raw: None }
    }
}

/// An event of the journal, as it is sent: its header was encoded once, when it was appended.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    pub number: u64,
    /// The first frame on the wire.
    pub header: Vec<u8>,
    /// Mask or heat map: the second frame.
    pub raw: Option<Vec<u8>>,
}

impl StoredEvent {
    /// What the header says; `None` where it does not describe an event.
    pub fn kind(&self) -> Option<EventKind> {
        match codec::from_daemon(&[&self.header]) {
            Ok((FromDaemon::Event(event), _)) => Some(event.kind),
            _ => None,
        }
    }
}

impl Journal {
    /// Appends events, all or none, and returns the number of the last one. A change of state is written to the job in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// There is no such job, it has ended already and was to end once more, or the journal cannot be written.
    pub fn append(&mut self, job: &JobId, at_ms: u64, events: &[PendingEvent]) -> Result<u64, JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let last = append_in(&transaction, job, at_ms, events)?;
        transaction.commit()?;
        let queues =
            |event: &PendingEvent| matches!(&event.kind, EventKind::State(change) if change.state == JobState::Queued);
        if events.iter().any(queues) {
            self.note_queued();
        }
        // A job that has not ended is run again after a loss: not worth a write for each section.
        let ends = |event: &PendingEvent| matches!(&event.kind, EventKind::State(change) if change.state.has_ended());
        if events.iter().any(ends) {
            self.raise_watermark();
        }
        Ok(last)
    }

    /// Events after number `since`, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn events(&self, job: &JobId, since: u64, limit: u32) -> Result<Vec<StoredEvent>, JournalError> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE job = ?1 AND number > ?2 ORDER BY number LIMIT ?3");
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![job.as_str(), since, limit], |row| read(job, row))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Sections, rows and columns of a job's volume; `None` where it never had one.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn grid(&self, job: &JobId) -> Result<Option<[u64; 3]>, JournalError> {
        Ok(match self.last(job, EventName::Grid)? {
            Some(EventKind::Grid(grid)) => Some(grid.shape),
            _ => None,
        })
    }

    /// The selector of one of the series among which a person is to choose; `None` where the job does not offer what is named.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn candidate(&self, job: &JobId, named: &str) -> Result<Option<String>, JournalError> {
        Ok(match self.last(job, EventName::Series)? {
            Some(EventKind::Series(choice)) => choice.candidate(named).map(|c| c.selector().to_owned()),
            _ => None,
        })
    }

    /// The last event of a kind.
    fn last(&self, job: &JobId, name: EventName) -> Result<Option<EventKind>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE job = ?1 AND (name = ?2 OR name IS NULL AND header LIKE ?3)
             ORDER BY number DESC LIMIT 1"
        );
        let as_json = format!("{{\"event\":\"{name}\"%");
        let mut statement = self.db.prepare_cached(&sql)?;
        let wanted = params![job.as_str(), name.as_str(), as_json];
        let found = statement.query_row(wanted, |row| read(job, row)).optional()?;
        Ok(found.and_then(|stored| stored.kind()))
    }

    /// Length of a file of a job; `None` where the job lists no such file.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
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
    events: &[PendingEvent],
) -> Result<u64, JournalError> {
    let (mut number, mut has_ended) = progress(db, job)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO events (job, number, at_ms, name, header, checksum, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for PendingEvent { kind, raw } in events {
        number += 1;
        let header = encode(job, number, at_ms, kind.clone());
        let (name, checksum) = (kind.name().as_str(), checksum(&header));
        insert.execute(params![job.as_str(), number, at_ms, name, header, checksum, raw])?;
        match kind {
            // A second end would take back what clients were told.
            EventKind::State(change) if has_ended && change.state.has_ended() => {
                return Err(JournalError::Ended(job.clone()));
            }
            EventKind::State(change) => {
                write_state(db, job, at_ms, change)?;
                has_ended = change.state.has_ended();
            }
            EventKind::Files(files) => write_files(db, job, files)?,
            EventKind::Series(choice) => write_study(db, job, choice.study_uid.as_deref())?,
            _ => {}
        }
    }
    db.prepare_cached("UPDATE jobs SET last_event = ?2 WHERE job = ?1")?.execute(params![job.as_str(), number])?;
    Ok(number)
}

/// The columns that [`read`] reads, in its order.
const COLUMNS: &str = "number, at_ms, header, checksum, raw";

/// An event as it is sent. Events of formats before 5 are JSON, and are encoded here. A damaged event keeps its place in the numbers, so that
/// subscribers get what comes after it.
fn read(job: &JobId, row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let (number, at_ms) = (row.get(0)?, row.get(1)?);
    let stored_checksum: Option<i64> = row.get(3).unwrap_or_default();
    let header = match row.get_ref(2)? {
        ValueRef::Blob(header) if stored_checksum == Some(checksum(header)) => header.to_vec(),
        ValueRef::Text(json) => encode(job, number, at_ms, serde_json::from_slice(json).unwrap_or_else(|_| damaged())),
        _ => encode(job, number, at_ms, damaged()),
    };
    Ok(StoredEvent { number, header, raw: row.get(4)? })
}

fn encode(job: &JobId, number: u64, at_ms: u64, kind: EventKind) -> Vec<u8> {
    codec::header(&Event { job: job.clone(), number, at_ms, kind })
}

/// Part of the SHA-256: enough to notice flipped bits, since the header is sent without being parsed.
fn checksum(header: &[u8]) -> i64 {
    let digest = Sha256::of(header);
    let (first, _) = digest.as_bytes().split_first_chunk().expect("a SHA-256 has 32 bytes");
    i64::from_le_bytes(*first)
}

/// Stands for an event that cannot be read.
fn damaged() -> EventKind {
    EventKind::Warning(Warning { message: "what the journal kept of this event cannot be read".into() })
}

/// Number of the last event of a job, and whether it has ended.
fn progress(db: &Connection, job: &JobId) -> Result<(u64, bool), JournalError> {
    let mut statement = db.prepare_cached("SELECT last_event, state FROM jobs WHERE job = ?1")?;
    let has_ended = |state: String| state.parse().is_ok_and(JobState::has_ended);
    match statement.query_row([job.as_str()], |row| Ok((row.get(0)?, has_ended(row.get(1)?)))) {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(JournalError::Vanished(job.clone())),
        other => Ok(other?),
    }
}

fn write_state(db: &Connection, job: &JobId, at_ms: u64, change: &StateChange) -> Result<(), JournalError> {
    let ended = change.state.has_ended().then_some(at_ms);
    let begins = change.state == JobState::Decoding;
    if ended.is_some() {
        watermark::count(db)?;
    }
    db.prepare_cached(
        "UPDATE jobs SET state = ?2, finding = ?3, problem = ?4, ended_ms = ?5, attempts = attempts + ?7,
                ended_counted_ms = (SELECT counted_ms FROM pulse),
                started_ms = CASE ?7 WHEN 1 THEN ?6 ELSE started_ms END WHERE job = ?1",
    )?
    .execute(params![
        job.as_str(),
        change.state.as_str(),
        change.finding.as_ref().map(record::to_json),
        change.problem.as_ref().map(record::to_json),
        ended,
        at_ms,
        u8::from(begins)
    ])?;
    Ok(())
}

/// The study of a job. A known one stays where a later choice of series has none.
fn write_study(db: &Connection, job: &JobId, study_uid: Option<&str>) -> Result<(), JournalError> {
    db.prepare_cached("UPDATE jobs SET study_uid = coalesce(?2, study_uid) WHERE job = ?1")?
        .execute(params![job.as_str(), study_uid])?;
    Ok(())
}

fn write_files(db: &Connection, job: &JobId, files: &Files) -> Result<(), JournalError> {
    db.prepare_cached("DELETE FROM files WHERE job = ?1")?.execute([job.as_str()])?;
    let mut insert = db.prepare_cached("INSERT INTO files (job, path, bytes) VALUES (?1, ?2, ?3)")?;
    for file in &files.files {
        insert.execute(params![job.as_str(), file.path, file.bytes])?;
    }
    Ok(())
}
