//! What goes away by itself: old results, uploads that nobody goes on with, folders that no job knows.

use cordline_sdk::job::JobId;

use super::clock::now_ms;
use crate::config::Keep;
use crate::journal::{Ended, Journal, JournalError};
use crate::spool::Spool;

/// Uploads without a sign of life are dropped after this time.
const IDLE_UPLOAD_MS: u64 = 3_600_000;
pub(super) const DAY_MS: u64 = 86_400_000;

/// Removes what is too old or too much; the oldest first. Returns how many jobs went.
pub(super) fn tidy(journal: &mut Journal, spool: &Spool, keep: &Keep) -> Result<usize, JournalError> {
    let now = now_ms();
    let mut gone: Vec<JobId> = journal.idle_uploads(now.saturating_sub(IDLE_UPLOAD_MS))?;
    let (of_readers, ended): (Vec<Ended>, Vec<Ended>) = journal.ended()?.into_iter().partition(|job| job.of_a_reader);
    let age = |job: &Ended| now.saturating_sub(job.ended_ms);
    let sizes: Vec<u64> = ended.iter().map(|ended| spool.size(&ended.job)).collect();
    let mut total: u64 = sizes.iter().sum();
    for (ended, size) in ended.into_iter().zip(sizes) {
        let old = age(&ended) > u64::from(keep.days) * DAY_MS;
        if old || total > keep.bytes {
            total -= size;
            gone.push(ended.job);
        }
    }
    // A person's work is not for a disk to give up: age alone ends it, and that was announced.
    let past = of_readers.into_iter().filter(|job| age(job) > u64::from(keep.reader_days.max(keep.days)) * DAY_MS);
    let past: Vec<JobId> = past.map(|ended| ended.job).collect();
    if !past.is_empty() {
        tracing::warn!(jobs = past.len(), "jobs with a reader's work have come to their age and are removed");
        gone.extend(past);
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
    use cordline_sdk::review::{Review, Verdict};
    use cordline_sdk::wire::request::Input;
    use cordline_sdk::wire::tensor::{Element, Tensor};

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
                .begin(&NewJob {
                    job: job(name),
                    kind,
                    priority,
                    submitted_ms: began,
                    input,
                    series: None,
                    predecessors: vec![],
                })
                .unwrap();
            fs::create_dir_all(spool.results(&job(name))).unwrap();
            fs::write(spool.results(&job(name)).join("x"), vec![0; if name == "large" { 900 } else { 10 }]).unwrap();
            if let Some(at) = end {
                journal.append(&job(name), at, vec![state(JobState::Completed)]).unwrap();
            }
        }
        fs::create_dir_all(spool.results(&job("orphan"))).unwrap();
        assert_eq!(tidy(&mut journal, &spool, &Keep { days: 30, bytes: 100, reader_days: 300 }).unwrap(), 3);
        let mut left = spool.jobs().unwrap();
        left.sort();
        assert_eq!(left, ["fresh", "late"].map(job));
        assert!(journal.job(&job("large")).unwrap().is_none() && journal.job(&job("late")).unwrap().is_some());
    }

    #[test]
    fn a_readers_work_stays_for_its_own_time_and_never_goes_for_space() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let (now, job) = (now_ms(), |name: &str| JobId::new(name).unwrap());
        let folder_of = |_: &str| Input::Folder { path: "/x".into(), again: 0 };
        let mask_of = |base: &str| Input::Mask {
            job: JobId::new(base).unwrap(),
            mask: Tensor { shape: vec![1, 1, 1], element: Element::Bit },
            sha256: String::new(),
            reader: None,
        };
        for (name, days, kind, input) in [
            ("machine", 40, JobKind::Folder, folder_of("")),
            ("base", 41, JobKind::Folder, folder_of("")),
            ("corrected", 40, JobKind::Mask, mask_of("base")),
            ("judged", 40, JobKind::Folder, folder_of("")),
            ("ancient", 400, JobKind::Mask, mask_of("gone")),
        ] {
            let (priority, series, predecessors) = (Priority::Routine, None, vec![]);
            let new = NewJob { job: job(name), kind, priority, submitted_ms: 1, input, series, predecessors };
            journal.begin(&new).unwrap();
            fs::create_dir_all(spool.results(&job(name))).unwrap();
            fs::write(spool.results(&job(name)).join("x"), [0; 900]).unwrap();
            journal.append(&job(name), now - days * DAY_MS, vec![state(JobState::Completed)]).unwrap();
        }
        let review = Review {
            job: job("judged"),
            reader: "R.".into(),
            at_ms: 1,
            verdict: Verdict::Accepted,
            reason: String::new(),
            file: None,
        };
        journal.add_review(&review).unwrap();
        assert_eq!(journal.readers_work_before(now - 39 * DAY_MS).unwrap(), 4);
        assert_eq!(tidy(&mut journal, &spool, &Keep { days: 30, bytes: 100, reader_days: 300 }).unwrap(), 2);
        let mut left = spool.jobs().unwrap();
        left.sort();
        assert_eq!(left, ["base", "corrected", "judged"].map(job));
    }
}
