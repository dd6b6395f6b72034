//! Files to a volume; for the daemon in a process of its own, so that a file that breaks the reader breaks one job and nothing else.
//!
//! - [`request`]: what is to be read, and by which rules
//! - [`read`](mod@read): read, choose the series, decode; in either process
//! - [`t1c`]: the contrast-enhanced T1-weighted series beside the chosen one
//! - [`thumbnail`]: the middle sections of series among which a person must choose
//! - [`patients`]: of how many patients the files are, and whether a choice was one between them
//! - [`child`]: the process: its limits, its request, its answer
//! - [`sandbox`](mod@sandbox): the walls that it puts up around itself
//! - [`process`]: the process as its owner sees it; [`error`]: why it gave no volume
//! - [`message`](mod@message): what passes between both
//!
//! Absent from here: networks, and the configuration, of which a request has what it needs.

pub mod child;
pub mod error;
pub mod message;
mod patients;
pub mod process;
pub mod read;
pub mod request;
pub mod sandbox;
pub mod t1c;
pub mod thumbnail;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use process::ReaderProcess;
pub use read::{LoadedSeries, OnStage, ReadNotes, ReadOutcome, read};
pub use request::ReadRequest;

/// The hidden command under which the program is its own reader.
pub const COMMAND: &str = "reader";

/// What the process that reads files may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReaderLimits {
    /// Bytes of its address space.
    pub memory_bytes: u64,
    /// Seconds of processor time for one study.
    pub cpu_seconds: u64,
}

impl ReaderLimits {
    /// How long its owner waits: a slow disk costs no processor time.
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.cpu_seconds.saturating_mul(5))
    }
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, cpu_seconds: 60 }
    }
}
