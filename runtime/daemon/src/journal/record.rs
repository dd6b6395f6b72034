//! A job as it is stored.

use cordline_sdk::Finding;
use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::problem::Problem;
use cordline_sdk::review::Review;
use cordline_sdk::wire::request::{Input, Predecessor};
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str =
    "job, kind, state, priority, submitted_ms, touched_ms, input, series, attempts, last_event, finding, problem,
     study_uid, predecessors,
     (SELECT group_concat(review, char(10)) FROM (SELECT review FROM reviews WHERE reviews.job = jobs.job ORDER BY number))";

/// The same without the input, except for corrected masks, whose readers are in summaries.
pub(super) fn brief_columns() -> String {
    COLUMNS.replacen(" input,", " CASE kind WHEN 'mask' THEN input ELSE '' END,", 1)
}

/// A job to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    pub job: JobId,
    pub priority: Priority,
    /// In ms since 1970.
    pub submitted_ms: u64,
    /// The input as it was described.
    pub input: Input,
    /// Selector of the series that a person chose: its Series Instance UID, or `UID#N` where one UID names several.
    pub series: Option<String>,
    /// Results of earlier analyses, which the new ones name.
    pub predecessors: Vec<Predecessor>,
}

impl NewJob {
    /// An ordinary job: routine, nothing chosen, no earlier results.
    pub fn new(job: JobId, submitted_ms: u64, input: Input) -> Self {
        Self { job, priority: Priority::default(), submitted_ms, input, series: None, predecessors: Vec::new() }
    }
}

/// A job of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    pub job: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub priority: Priority,
    /// When it was submitted, in ms since 1970.
    pub submitted_ms: u64,
    /// When it was submitted or, once it was, accepted, in ms since 1970.
    pub touched_ms: u64,
    /// The input as it was described; `None` where the row is damaged.
    pub input: Option<Input>,
    /// Selector of the series that a person chose: its Series Instance UID, or `UID#N` where one UID names several.
    pub series: Option<String>,
    /// How often it was started.
    pub attempts: u32,
    /// Number of its last event.
    pub last_event: u64,
    pub finding: Option<Finding>,
    /// Why there is no answer.
    pub problem: Option<Problem>,
    /// Study Instance UID, once it is known.
    pub study_uid: Option<String>,
    /// Results of earlier analyses, which the new ones name.
    pub predecessors: Vec<Predecessor>,
    /// Verdicts of readers, oldest first.
    pub reviews: Vec<Review>,
}

impl JobRecord {
    /// For clients; the caller adds the place in the queue.
    pub fn summary(&self) -> JobSummary {
        let (reader, corrects) = match &self.input {
            Some(Input::Mask { reader, job, .. }) => (reader.clone(), Some(job.clone())),
            _ => (None, None),
        };
        JobSummary {
            job: self.job.clone(),
            kind: self.kind,
            state: self.state,
            priority: self.priority,
            submitted_ms: self.submitted_ms,
            last_event: self.last_event,
            position: None,
            seconds_left: None,
            finding: self.finding.clone(),
            problem: self.problem.clone(),
            study_uid: self.study_uid.clone(),
            reader,
            corrects,
            reviews: self.reviews.clone(),
        }
    }
}

/// Reads a row. Unknown words make the whole row unreadable, damaged JSON only its field.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let word = |i: usize| row.get::<_, String>(i);
    Ok(JobRecord {
        job: known(0, JobId::new(word(0)?))?,
        kind: known(1, word(1)?.parse().ok())?,
        state: known(2, word(2)?.parse().ok())?,
        priority: known(3, word(3)?.parse().ok())?,
        submitted_ms: row.get(4)?,
        touched_ms: row.get(5)?,
        input: text(row, 6)?.and_then(from_json),
        series: text(row, 7)?,
        attempts: row.get(8)?,
        last_event: row.get(9)?,
        finding: text(row, 10)?.and_then(from_json),
        problem: text(row, 11)?.and_then(from_json),
        study_uid: text(row, 12)?,
        predecessors: text(row, 13)?.and_then(from_json).unwrap_or_default(),
        reviews: reviews(row.get_ref(14)?.as_bytes_or_null().ok().flatten().unwrap_or_default()),
    })
}

/// An optional field. One that is no text (after a bit flip on the disk) counts as absent, since it must not hide the other jobs.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let bytes = row.get_ref(column)?.as_bytes_or_null();
    Ok(bytes.ok().flatten().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
}

/// Parses rows of reviews, one a line, since JSON holds no line break. One that is damaged hides no other.
fn reviews(rows: &[u8]) -> Vec<Review> {
    let parse = |row: &[u8]| {
        let read = serde_json::from_slice(row).ok();
        if read.is_none() {
            tracing::error!("a review of a job cannot be read; its row is left as it is: check the disk of the spool");
        }
        read
    };
    rows.split(|byte| *byte == b'\n').filter(|row| !row.is_empty()).filter_map(parse).collect()
}

pub(super) fn known<T>(column: usize, value: Option<T>) -> rusqlite::Result<T> {
    value.ok_or_else(|| {
        let why = "a word that this program does not know".into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why)
    })
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("messages are plain data with text keys")
}

fn from_json<T: DeserializeOwned>(text: String) -> Option<T> {
    serde_json::from_str(&text).ok()
}

/// A list of words for a statement. Only for words of this program, never of a client.
pub(super) fn quoted(words: impl IntoIterator<Item = &'static str>) -> String {
    words.into_iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}
