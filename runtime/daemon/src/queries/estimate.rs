//! When a job will have ended, as far as the durations of earlier jobs tell.

use cordline_sdk::job::JobState;
use cordline_sdk::wire::reply::Answer;

use crate::clock::now_ms;
use crate::journal::{Journal, JournalError};

/// Seconds until all of `queued` jobs and the running ones have ended, so many at a time; `None` before the first job has.
///
/// # Errors
///
/// The journal cannot be read.
pub(super) fn seconds_left(journal: &Journal, queued: u64, workers: usize) -> Result<Option<f64>, JournalError> {
    Ok(median_seconds(journal)?.map(|each| seconds_running(journal, each) + each * rounds(queued, workers)))
}

/// How often all workers take a job until so many are taken.
fn rounds(jobs: u64, workers: usize) -> f64 {
    jobs.div_ceil(workers.max(1) as u64) as f64
}

/// Adds the place in the queue, and the estimated time, to an answer about a job.
pub(super) fn with_queue_position(journal: &Journal, workers: usize, answer: Answer) -> Answer {
    let Answer::Job(mut summary) = answer else { return answer };
    let each = median_seconds(journal).ok().flatten();
    if summary.state == JobState::Queued {
        let waiting = journal.waiting().unwrap_or_default();
        let before = waiting.iter().position(|job| *job == summary.job);
        summary.position = before.map(|n| n as u32);
        let left = |(n, each)| seconds_running(journal, each) + each * rounds(n as u64 + 1, workers);
        summary.seconds_left = before.zip(each).map(left);
    } else if summary.state.is_running() {
        summary.seconds_left = each.map(|each| seconds_running(journal, each));
    }
    Answer::Job(summary)
}

/// Seconds that the job that runs longest still takes, if it takes `each` in all.
fn seconds_running(journal: &Journal, each: f64) -> f64 {
    let since = journal.running_since_ms().ok().flatten();
    since.map_or(0.0, |ms| (each - now_ms().saturating_sub(ms) as f64 / 1000.0).max(0.0))
}

fn median_seconds(journal: &Journal) -> Result<Option<f64>, JournalError> {
    let mut durations = journal.durations_ms()?;
    durations.sort_unstable();
    Ok(durations.get(durations.len() / 2).map(|ms| *ms as f64 / 1000.0))
}
