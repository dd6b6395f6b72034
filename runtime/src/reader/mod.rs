//! Files to a volume; for the daemon in a process of its own, so that a file that breaks the reader breaks one job and nothing else.
//!
//! - [`intake`]: read, choose the series, decode; in whichever process
//! - [`thumbnail`]: the middle sections of series among which a person must choose
//! - [`patients`]: of how many patients the files are, and whether a choice was one between them
//! - [`child`]: the process: its limits, its order, its answer
//! - [`sandbox`](mod@sandbox): system calls that it gives up
//! - [`process`]: the process as its owner sees it
//! - [`message`](mod@message): what passes between both

pub mod child;
pub mod intake;
mod message;
mod patients;
pub mod process;
mod sandbox;
pub mod thumbnail;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use intake::{Ask, Intake, Taken, take_in};
pub use process::Reader;

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
    fn patience(&self) -> Duration {
        Duration::from_secs(self.cpu_seconds.saturating_mul(5))
    }
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, cpu_seconds: 60 }
    }
}
