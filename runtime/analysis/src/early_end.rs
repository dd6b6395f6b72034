//! Why an analysis ended before any finding.

use cordline_sdk::problem::Problem;
use cordline_sdk::result::State;
use serde::{Deserialize, Serialize};

/// An end before any finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlyEnd {
    /// How the analysis ended: never [`State::Completed`].
    pub state: State,
    /// Why.
    pub problem: Problem,
}

impl EarlyEnd {
    /// Several series fit equally well: a person must choose.
    pub fn needs_selection(problem: impl Into<Problem>) -> Self {
        Self { state: State::NeedsSelection, problem: problem.into() }
    }

    /// The input holds nothing that the bundle was made for.
    pub fn out_of_scope(problem: impl Into<Problem>) -> Self {
        Self { state: State::OutOfScope, problem: problem.into() }
    }
}

impl<E: Into<Problem>> From<E> for EarlyEnd {
    fn from(error: E) -> Self {
        Self { state: State::Failed, problem: error.into() }
    }
}
