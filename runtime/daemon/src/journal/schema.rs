//! The tables of the journal.

use std::path::Path;

use rusqlite::Connection;

use super::error::JournalError;

/// Format of the file, in SQLite's `user_version`.
const FORMAT: i64 = 5;

/// A job is one row; times are ms since 1970. `input`, `finding` and `problem` are JSON. `touched_ms`: when
/// it was submitted or, once it was, accepted. `attempts`: how often a worker began it, `started_ms`: when it did last. `files`: what can be fetched.
const TABLES: &str = "
CREATE TABLE jobs (
    job          TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL,
    priority     TEXT NOT NULL,
    submitted_ms INTEGER NOT NULL,
    touched_ms   INTEGER NOT NULL,
    ended_ms     INTEGER,
    input        TEXT NOT NULL,
    series       TEXT,
    started_ms   INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    last_event   INTEGER NOT NULL DEFAULT 0,
    finding      TEXT,
    problem      TEXT,
    study_uid    TEXT
) WITHOUT ROWID;
CREATE INDEX jobs_by_state ON jobs (state, submitted_ms);
CREATE INDEX jobs_by_study ON jobs (study_uid, submitted_ms);
CREATE TABLE events (
    job    TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    what   TEXT NOT NULL,
    raw    BLOB,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE files (
    job    TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    path   TEXT NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (job, path)
) WITHOUT ROWID;
";

/// What turns a journal of each earlier format into one of the next: the first of these one of format 1 into format 2.
const STEPS: [&str; FORMAT as usize - 1] = [
    // 2: the study of a job, which its last event `series` names.
    "ALTER TABLE jobs ADD COLUMN study_uid TEXT;
     UPDATE jobs SET study_uid = (
         SELECT json_extract(what, '$.body.study_uid') FROM events
         WHERE events.job = jobs.job AND json_valid(what) AND json_extract(what, '$.event') = 'series'
         ORDER BY number DESC LIMIT 1);
     CREATE INDEX jobs_by_study ON jobs (study_uid, submitted_ms);",
    // 3: what readers said, and what a job follows.
    REVIEWS,
    // 4: how much was put down, and time that was counted.
    PULSE,
    // 5: events as they are sent.
    ENCODED_EVENTS,
];

/// What readers said of answers, one row a review, as JSON: rows are added and never changed. `predecessors`: results of earlier analyses
/// that a job follows, as JSON.
const REVIEWS: &str = "
ALTER TABLE jobs ADD COLUMN predecessors TEXT;
CREATE TABLE reviews (
    job    TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    review TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
";

/// One row. `put_down`: only grows; `counted_ms`: how long the daemon ran, counted up to `up_ms` of the machine's start `boot`. A job that
/// ended before this was counted has come to its end at the beginning of the count.
const PULSE: &str = "
CREATE TABLE pulse (
    put_down   INTEGER NOT NULL DEFAULT 0,
    counted_ms INTEGER NOT NULL DEFAULT 0,
    boot       TEXT NOT NULL DEFAULT '',
    up_ms      INTEGER NOT NULL DEFAULT 0
);
INSERT INTO pulse DEFAULT VALUES;
ALTER TABLE jobs ADD COLUMN ended_counted_ms INTEGER NOT NULL DEFAULT 0;
";

/// `header`: the header as it goes over the wire, a BLOB; `name`: the event's word, `checksum`: see [`super::events`]. Rows of earlier formats stay as they
/// are, since a large journal has gigabytes of them: their `header` is a TEXT, the JSON of the event without job, number and time, and `name` and
/// `checksum` are NULL.
const ENCODED_EVENTS: &str = "
ALTER TABLE events RENAME COLUMN what TO header;
ALTER TABLE events ADD COLUMN name TEXT;
ALTER TABLE events ADD COLUMN checksum INTEGER;
";

/// More statements than the journal has: each is parsed once, and not again for every event.
pub(super) const STATEMENTS: usize = 64;

/// Sets the connection up, and makes or checks the tables.
pub(super) fn prepare(db: &Connection, path: &Path) -> Result<(), JournalError> {
    let fails = |e| JournalError::open(path, e);
    // Asked first: a file that is no database fails here and not half way.
    let format: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fails)?;
    if format > FORMAT {
        return Err(JournalError::Newer { path: path.into(), found: format, known: FORMAT });
    }
    db.busy_timeout(std::time::Duration::from_secs(5)).map_err(fails)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // What is removed is overwritten: somebody may have asked for it.
    let pragmas = ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"];
    db.execute_batch(&pragmas.map(|pragma| format!("PRAGMA {pragma};")).concat()).map_err(fails)?;
    let steps = match usize::try_from(format) {
        Ok(0) | Err(_) => [TABLES, REVIEWS, PULSE, ENCODED_EVENTS].concat(),
        Ok(format) => STEPS[format - 1..].concat(),
    };
    if format != FORMAT {
        db.execute_batch(&format!("BEGIN IMMEDIATE; {steps} PRAGMA user_version = {FORMAT}; COMMIT;"))
            .map_err(fails)?;
    }
    // Not the quick check: that one does not see a name that is out of its order, and a job that cannot be found by its name is no job.
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(fails)?;
    if verdict != "ok" {
        return Err(JournalError::Damaged { path: path.into(), found: verdict });
    }
    Ok(())
}
