//! A reader's verdict on an answer: stored beside the job, and as a DICOM object where the job has a study.

use cordline_analysis::output;
use cordline_dicom::write::sr;
use cordline_sdk::FileKind;
use cordline_sdk::job::JobState;
use cordline_sdk::problem::Code;
use cordline_sdk::review::{MOST_REASON_CHARS, Review, Verdict};
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::event::FileInfo;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::Judgement;

use super::Scheduler;
use crate::clock::{self, now_ms};
use crate::error::{internal, journal_fault, wrong_state};
use crate::journal::JobRecord;
use crate::submission::check_reader;

impl Scheduler {
    /// Stores a verdict. The same verdict twice counts once, and nothing is withdrawn where none stands.
    ///
    /// # Errors
    ///
    /// Why it is not stored.
    pub(super) fn review(&mut self, said: Judgement) -> Result<Answer, Fault> {
        check_reader(&said.reader)?;
        if said.reason.chars().count() > MOST_REASON_CHARS {
            return Err(Fault::new(
                Code::TooLarge,
                format!("the reason has more than {MOST_REASON_CHARS} characters"),
                "say it in fewer words",
            ));
        }
        let record = self.record(&said.job)?;
        if record.state != JobState::Completed {
            return Err(wrong_state(&record, "has no answer of which something could be said"));
        }
        let is_repeated = record.reviews.last().is_some_and(|last| {
            (&last.reader, last.verdict, &last.reason) == (&said.reader, said.verdict, &said.reason)
        });
        let withdraws_nothing = said.verdict == Verdict::Withdrawn && Review::standing(&record.reviews).is_none();
        if !is_repeated && !withdraws_nothing {
            let Judgement { job, verdict, reason, reader } = said;
            // Reviews are told apart by their time, also two in one millisecond.
            let after = record.reviews.last().map_or(0, |last| last.at_ms + 1);
            let at_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX).max(after);
            let mut review = Review { job, reader, at_ms, verdict, reason, file: None };
            // The file first: a file without its row is replaced by the next review, a row without its file would stay so.
            review.file = self.write_review_file(&record, &review)?;
            self.journal.add_review(&review).map_err(|e| journal_fault(&e))?;
        }
        self.summary(&record.job)
    }

    /// Writes the review as a DICOM object among the job's results; `None` where the job has no DICOM study.
    fn write_review_file(&self, record: &JobRecord, review: &Review) -> Result<Option<FileInfo>, Fault> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(job = %record.job, %error, "a review could not be written");
            internal("the review could not be written as a DICOM object, and was not kept")
        };
        let folder = self.spool.results(&record.job);
        let moment = u64::try_from(review.at_ms).ok().and_then(clock::local);
        let number = self.journal.next_review(&record.job).map_err(|e| journal_fault(&e))?;
        let moment = moment.unwrap_or_else(output::now);
        let written = sr::review::write(&folder, review, number, &output::objects::device(), moment);
        let Some(bytes) = written.map_err(|e| failed(&e))? else { return Ok(None) };
        let path = format!("review-{number}.dcm");
        self.spool.add_result(&record.job, &path, &bytes).map_err(|e| e.fault())?;
        Ok(Some(FileInfo {
            path,
            kind: FileKind::Review.to_string(),
            media_type: "application/dicom".into(),
            bytes: bytes.len() as u64,
            sha256: Sha256::of(&bytes).to_string(),
        }))
    }
}
