//! Jobs on disk: what was accepted, how far it came, and every event, in one SQLite file.
//!
//! - [`connection`]: opened for writing or for reading
//! - [`schema`]: the tables, and the steps from earlier formats
//! - [`record`]: a job as it is stored; [`jobs`] adds and lists them, [`summaries`]: its state and short forms without reading all of it
//! - [`queue`]: the order of jobs, and what a restart recovers
//! - [`events`]: what happened, numbered without a gap
//! - [`reviews`]: readers' verdicts on answers
//! - [`retention`]: what is old, and its removal
//! - [`loss_detection`]: how much was committed, compared with a [`watermark`] beside the file; and how long the daemon ran
//!
//! Write-ahead log with `synchronous = FULL`: what was committed survives a power cut. One process writes; the lock of the
//! [`crate::spool`] sees to that.

mod connection;
mod error;
mod events;
mod jobs;
mod loss_detection;
mod queue;
mod record;
mod retention;
mod reviews;
mod schema;
mod summaries;
#[cfg(test)]
mod tests;
mod watermark;

pub use connection::Journal;
pub use error::JournalError;
pub use events::{PendingEvent, StoredEvent};
pub use loss_detection::CountedUptime;
pub use queue::Recovered;
pub use record::{JobRecord, NewJob};
pub use retention::EndedJob;
