//! A job as it is kept.

use cordline_sdk::Finding;
use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::result::Problem;
use cordline_sdk::review::Review;
use cordline_sdk::wire::request::{Input, Predecessor};
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str =
    "job, kind, state, priority, submitted_ms, touched_ms, input, series, attempts, last_event, finding, problem,
     study_uid, predecessors,
     (SELECT group_concat(review, ',') FROM (SELECT review FROM reviews WHERE reviews.job = jobs.job ORDER BY number))";

/// A job that is about to be put down.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its name.
    pub job: JobId,
    /// What it works on.
    pub kind: JobKind,
    /// Who goes first.
    pub priority: Priority,
    /// Now, in ms since 1970.
    pub submitted_ms: u64,
    /// The input as it was described.
    pub input: Input,
    /// Series Instance UID that a person chose.
    pub series: Option<String>,
    /// Results of earlier analyses that it follows.
    pub predecessors: Vec<Predecessor>,
}

/// A job of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Its name.
    pub job: JobId,
    /// What it works on.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// Who goes first.
    pub priority: Priority,
    /// When it was submitted, in ms since 1970.
    pub submitted_ms: u64,
    /// When the last piece of its input came, or it was accepted.
    pub touched_ms: u64,
    /// The input as it was described; `None` where the row is damaged.
    pub input: Option<Input>,
    /// Series Instance UID that a person chose.
    pub series: Option<String>,
    /// How often a worker began it.
    pub attempts: u32,
    /// Number of its last event.
    pub last_event: u64,
    /// The answer.
    pub finding: Option<Finding>,
    /// Why there is none.
    pub problem: Option<Problem>,
    /// Study Instance UID, once it is known.
    pub study_uid: Option<String>,
    /// Results of earlier analyses that it follows.
    pub predecessors: Vec<Predecessor>,
    /// What readers said of the answer, oldest first.
    pub reviews: Vec<Review>,
}

impl JobRecord {
    /// As it stands in a list; the place in the queue is for the caller to add.
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

/// A row as a record. Words that this program does not know make a row unreadable, JSON that does not only its field.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let word = |i: usize| row.get::<_, String>(i);
    Ok(JobRecord {
        job: known(0, JobId::new(word(0)?))?,
        kind: known(1, JobKind::of(&word(1)?))?,
        state: known(2, JobState::of(&word(2)?))?,
        priority: known(3, Priority::of(&word(3)?))?,
        submitted_ms: row.get(4)?,
        touched_ms: row.get(5)?,
        input: from_json(row.get(6)?),
        series: row.get(7)?,
        attempts: row.get(8)?,
        last_event: row.get(9)?,
        finding: row.get::<_, Option<String>>(10)?.and_then(from_json),
        problem: row.get::<_, Option<String>>(11)?.and_then(from_json),
        study_uid: row.get(12)?,
        predecessors: row.get::<_, Option<String>>(13)?.and_then(from_json).unwrap_or_default(),
        reviews: row.get::<_, Option<String>>(14)?.map(reviews).unwrap_or_default(),
    })
}

/// The rows of reviews, joined by commas.
fn reviews(rows: String) -> Vec<Review> {
    from_json(format!("[{rows}]")).unwrap_or_else(|| {
        tracing::error!(
            "reviews of a job cannot be read; their rows are left as they are: check the disk of the spool"
        );
        Vec::new()
    })
}

fn known<T>(column: usize, value: Option<T>) -> rusqlite::Result<T> {
    value.ok_or_else(|| {
        let why = "a word that this program does not know".into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why)
    })
}

/// Plain data as JSON text.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("messages are plain data with text keys")
}

/// True where the text describes an input.
pub(super) fn is_input(text: &str) -> bool {
    serde_json::from_str::<Input>(text).is_ok()
}

fn from_json<T: DeserializeOwned>(text: String) -> Option<T> {
    serde_json::from_str(&text).ok()
}
