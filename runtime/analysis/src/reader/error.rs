//! Why the process that reads files gave no volume.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use super::ReaderLimits;

/// Why the process that reads files gave no volume.
#[derive(Debug, Error)]
pub enum ReaderError {
    /// It could not be started.
    #[error("the process that reads files could not be started: {0}")]
    NotStarted(io::Error),
    /// It ended before it had a volume, or said what no reader says.
    #[error("the files could not be read: {}", .0)]
    Broke(Failure),
}

/// How a reader failed.
#[derive(Debug)]
pub struct Failure {
    /// What stopped its answer.
    pub(super) error: io::Error,
    /// How the process ended; `None` where it had to be stopped.
    pub(super) ending: Option<Ending>,
    pub(super) limits: ReaderLimits,
}

/// How a process ended, in words.
#[derive(Debug)]
pub(super) struct Ending(pub(super) ExitStatus);

impl Diagnose for ReaderError {
    fn code(&self) -> Code {
        match self {
            Self::NotStarted(_) => Code::ReaderNotStarted,
            Self::Broke(_) => Code::ReaderBroke,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::NotStarted(_) => "look at memory and process limits of the box, then submit the study again".into(),
            Self::Broke(Failure { limits, .. }) => format!(
                "have the files checked, one of them may be damaged; a study that honestly needs more than {} MB or {} s \
                 needs a higher daemon.reader.memory_bytes or daemon.reader.cpu_seconds",
                limits.memory_bytes >> 20,
                limits.cpu_seconds
            )
            .into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, ending, limits } = self;
        match ending {
            _ if error.kind() == ErrorKind::TimedOut => {
                write!(f, "no volume came within {} s", limits.timeout().as_secs())
            }
            Some(Ending(status)) if status.signal() == Some(libc::SIGXCPU) => {
                write!(f, "reading took more than {} s of processor time", limits.cpu_seconds)
            }
            Some(Ending(status)) if status.code() == Some(1) => {
                write!(f, "the process that reads them gave up: {error}")
            }
            Some(how) => write!(f, "the process that read them {how}"),
            None => write!(f, "what came from the process that read them makes no sense: {error}"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.signal(), self.0.code()) {
            (Some(libc::SIGABRT), _) => f.write_str("broke down, or needed more memory than it is given"),
            (Some(signal), _) => write!(f, "was ended by signal {signal}"),
            (None, code) => write!(f, "ended with exit code {}", code.unwrap_or_default()),
        }
    }
}
