//! Why the road of a study ends early.

use cordline_sdk::result::{Problem, State};
use serde::{Deserialize, Serialize};

/// An end before any finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// How it ended.
    pub state: State,
    /// Why.
    pub problem: Problem,
}

impl Stop {
    /// An end in this state, for this reason.
    pub fn at(state: State, problem: Problem) -> Self {
        Self { state, problem }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self { state: State::Failed, problem }
    }
}
