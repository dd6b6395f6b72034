//! Readers' verdicts on answers: added, never changed, and removed only with their job.

use cordline_sdk::job::JobId;
use cordline_sdk::review::Review;
use rusqlite::params;

use super::connection::Journal;
use super::error::JournalError;
use super::{record, watermark};

impl Journal {
    /// The number of a job's next review, from 1. Rows are counted, also those that cannot be read: each number is given once.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn next_review(&self, job: &JobId) -> Result<usize, JournalError> {
        let sql = "SELECT 1 + count(*) FROM reviews WHERE job = ?1";
        Ok(self.db.prepare_cached(sql)?.query_row([job.as_str()], |row| row.get(0))?)
    }

    /// Adds a review; forced to the disk when this returns. Its file, where it has one, can be fetched from then on.
    ///
    /// # Errors
    ///
    /// There is no such job, or the journal cannot be written.
    pub fn add_review(&mut self, review: &Review) -> Result<(), JournalError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let job = review.job.as_str();
        let put = transaction.execute(
            "INSERT INTO reviews (job, number, review)
             SELECT job, 1 + (SELECT count(*) FROM reviews WHERE reviews.job = jobs.job), ?2 FROM jobs WHERE job = ?1",
            params![job, record::to_json(review)],
        )?;
        if put == 0 {
            return Err(JournalError::Vanished(review.job.clone()));
        }
        if let Some(file) = &review.file {
            transaction.execute(
                "INSERT OR REPLACE INTO files (job, path, bytes) VALUES (?1, ?2, ?3)",
                params![job, file.path, file.bytes],
            )?;
        }
        watermark::count(&transaction)?;
        transaction.commit()?;
        self.raise_watermark();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::review::Verdict;
    use cordline_sdk::wire::event::FileInfo;
    use cordline_sdk::wire::request::{Input, Predecessor};

    use super::*;
    use crate::journal::NewJob;

    fn job(name: &str) -> JobId {
        JobId::new(name).unwrap()
    }

    fn review(name: &str, at_ms: i64, file: Option<&str>) -> Review {
        let file = file.map(|path| FileInfo {
            path: path.into(),
            kind: "review".into(),
            media_type: "application/dicom".into(),
            bytes: 7,
            sha256: String::new(),
        });
        let (reader, reason) = ("R. \"O'M\", [x]".into(), "too large".into());
        Review { job: job(name), reader, at_ms, verdict: Verdict::Rejected, reason, file }
    }

    fn begin(journal: &mut Journal, name: &str) {
        let predecessor = Predecessor { series_uid: "1.2".into(), sop_class_uid: "1.3".into(), sop_uid: "1.4".into() };
        let new = NewJob {
            predecessors: vec![predecessor],
            ..NewJob::new(job(name), 1, Input::Folder { path: "/x".into(), again: 0 })
        };
        assert_eq!(journal.begin(&new).unwrap().predecessors, new.predecessors);
    }

    #[test]
    fn reviews_stand_with_their_job_in_their_order_and_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal.sqlite")).unwrap();
        ["a", "b"].iter().for_each(|name| begin(&mut journal, name));
        let said = [review("a", 9, Some("review-1.dcm")), review("a", 3, None), review("b", 5, None)];
        said.iter().for_each(|review| journal.add_review(review).unwrap());
        assert_eq!(journal.job(&job("a")).unwrap().unwrap().reviews, said[..2], "as they were added");
        let listed = journal.list(&[], None, None, 9).unwrap();
        assert_eq!(listed.iter().map(|record| record.reviews.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(journal.file(&job("a"), "review-1.dcm").unwrap(), Some(7));
        journal.remove(&job("a")).unwrap();
        begin(&mut journal, "a");
        assert_eq!(journal.job(&job("a")).unwrap().unwrap().reviews, []);
        assert!(matches!(journal.add_review(&review("c", 1, None)), Err(JournalError::Vanished(_))));
    }

    #[test]
    fn a_damaged_review_hides_no_other_and_keeps_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal.sqlite")).unwrap();
        begin(&mut journal, "a");
        let said = [review("a", 1, None), review("a", 2, None), review("a", 3, None)];
        said.iter().for_each(|review| journal.add_review(review).unwrap());
        for damage in ["'{\"job'", "x'7bff0a7d'", "'a' || char(10) || 'b'", "7"] {
            let sql = format!("UPDATE reviews SET review = {damage} WHERE number = 2");
            journal.db.execute(&sql, []).unwrap();
            assert_eq!(
                journal.job(&job("a")).unwrap().unwrap().reviews,
                [said[0].clone(), said[2].clone()],
                "{damage}"
            );
            assert_eq!(journal.next_review(&job("a")).unwrap(), 4);
        }
        journal.add_review(&review("a", 4, None)).unwrap();
        assert_eq!(journal.next_review(&job("a")).unwrap(), 5);
    }

    #[test]
    fn a_journal_of_the_format_before_takes_the_step_and_keeps_its_jobs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut journal = Journal::open(&path).unwrap();
        begin(&mut journal, "a");
        let back = "DROP TABLE reviews; DROP TABLE pulse; ALTER TABLE jobs DROP COLUMN predecessors;
                    ALTER TABLE jobs DROP COLUMN ended_counted_ms; ALTER TABLE events DROP COLUMN name;
                    ALTER TABLE events DROP COLUMN checksum; ALTER TABLE events RENAME COLUMN header TO what;
                    PRAGMA user_version = 2;";
        journal.db.execute_batch(back).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        let record = journal.job(&job("a")).unwrap().unwrap();
        assert_eq!((record.submitted_ms, record.predecessors, record.reviews), (1, vec![], vec![]));
        journal.add_review(&review("a", 1, None)).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().job(&job("a")).unwrap().unwrap().reviews.len(), 1);
    }
}
