//! What goes away by itself: old results, uploads that nobody goes on with, folders that no job knows.

use cordline_sdk::job::JobId;

use super::clock::now_ms;
use crate::config::Keep;
use crate::journal::{Journal, JournalError};
use crate::spool::Spool;

/// Uploads without a sign of life are dropped after this time.
const IDLE_UPLOAD_MS: u64 = 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// Removes what is too old or too much; the oldest first. Returns how many jobs went.
pub(super) fn tidy(journal: &mut Journal, spool: &Spool, keep: &Keep) -> Result<usize, JournalError> {
    let now = now_ms();
    let mut gone: Vec<JobId> = journal.idle_uploads(now.saturating_sub(IDLE_UPLOAD_MS))?;
    let ended = journal.ended()?;
    let sizes: Vec<u64> = ended.iter().map(|(job, _)| spool.size(job)).collect();
    let mut total: u64 = sizes.iter().sum();
    for ((job, ended_ms), size) in ended.into_iter().zip(sizes) {
        let old = now.saturating_sub(ended_ms) > u64::from(keep.days) * DAY_MS;
        if old || total > keep.bytes {
            total -= size;
            gone.push(job);
        }
    }
    let mut removed = 0;
    for job in gone {
        // The folder first: a job without one is an error that says so, a folder without job would stay for ever.
        match spool.remove(&job) {
            Ok(()) => {
                journal.forget(&job)?;
                removed += 1;
            }
            Err(error) => tracing::warn!(%job, %error, "an old job could not be removed"),
        }
    }
    for job in spool.jobs().unwrap_or_default() {
        if journal.job(&job)?.is_none() {
            // Left by a daemon that went down between the two steps above.
            let _ = spool.remove(&job);
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cordline_sdk::job::{JobKind, JobState, Priority};
    use cordline_sdk::wire::request::Input;

    use super::*;
    use crate::daemon::happening::state;
    use crate::journal::NewJob;

    #[test]
    fn the_old_the_too_much_and_the_forgotten_go_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let now = now_ms();
        let job = |name: &str| JobId::new(name).unwrap();
        for (name, began, end) in [
            ("old", 1, Some(now - 40 * DAY_MS)),
            ("large", now - 9000, Some(now - 3000)),
            ("late", now - 9000, Some(now - 1000)),
            ("idle", now - IDLE_UPLOAD_MS - 9, None),
            ("fresh", now - 9, None),
        ] {
            let input = Input::Folder { path: "/x".into(), again: 0 };
            let (kind, priority) = (JobKind::Folder, Priority::Routine);
            journal
                .begin(&NewJob { job: job(name), kind, priority, submitted_ms: began, input, series: None })
                .unwrap();
            fs::create_dir_all(spool.results(&job(name))).unwrap();
            fs::write(spool.results(&job(name)).join("x"), vec![0; if name == "large" { 900 } else { 10 }]).unwrap();
            if let Some(at) = end {
                journal.append(&job(name), at, vec![state(JobState::Completed)]).unwrap();
            }
        }
        fs::create_dir_all(spool.results(&job("orphan"))).unwrap();
        assert_eq!(tidy(&mut journal, &spool, &Keep { days: 30, bytes: 100 }).unwrap(), 3);
        let mut left = spool.jobs().unwrap();
        left.sort();
        assert_eq!(left, ["fresh", "late"].map(job));
        assert!(journal.job(&job("large")).unwrap().is_none() && journal.job(&job("late")).unwrap().is_some());
    }
}
