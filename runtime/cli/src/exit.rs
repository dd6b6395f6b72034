//! What the exit codes mean.

use std::process::ExitCode;

use cordline_sdk::result::State;

/// How the program ends. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `analyze`: there is an answer, also the answer that nothing was found.
    Completed = 0,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Several series fit equally well.
    NeedsSelection = 3,
    /// The study holds nothing that the bundle was made for.
    OutOfScope = 4,
    /// Something is wrong with the input or the host.
    Failed = 5,
}

impl From<State> for Exit {
    fn from(state: State) -> Self {
        match state {
            State::Completed => Self::Completed,
            State::NeedsSelection => Self::NeedsSelection,
            State::OutOfScope => Self::OutOfScope,
            State::Failed => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
