//! Which states allow what.

use cordline_sdk::job::JobState;

/// True for a job that is receiving, or that may be submitted again.
pub(super) fn takes_input(state: JobState) -> bool {
    matches!(state, JobState::Receiving | JobState::Failed | JobState::Cancelled)
}
