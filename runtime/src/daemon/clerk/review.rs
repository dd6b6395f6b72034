//! What a reader says of an answer: put down beside the job, and as a DICOM object where the job has a study.

use cordline_sdk::FileKind;
use cordline_sdk::job::JobState;
use cordline_sdk::review::{MOST_REASON_CHARS, Review, Verdict};
use cordline_sdk::wire::event::FileInfo;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::Judgement;

use super::{Clerk, fault, input, internal, wrong_state};
use crate::daemon::clock::{self, now_ms};
use crate::dicom::write::sr;
use crate::journal::JobRecord;
use crate::{deliver, digest};

impl Clerk {
    /// The same said twice counts once, and nothing is taken back where nothing stands.
    pub(super) fn review(&mut self, said: Judgement) -> Result<Answer, Fault> {
        input::check_reader(&said.reader)?;
        if said.reason.chars().count() > MOST_REASON_CHARS {
            return Err(Fault::new(
                FaultCode::TooLarge,
                format!("the reason has more than {MOST_REASON_CHARS} characters"),
                "say it in fewer words",
            ));
        }
        let known = self.known(&said.job)?;
        if known.state != JobState::Completed {
            return Err(wrong_state(&known, "has no answer of which something could be said"));
        }
        let is_known = known.reviews.last().is_some_and(|last| {
            (&last.reader, last.verdict, &last.reason) == (&said.reader, said.verdict, &said.reason)
        });
        let takes_nothing_back = said.verdict == Verdict::Withdrawn && Review::standing(&known.reviews).is_none();
        if !is_known && !takes_nothing_back {
            let Judgement { job, verdict, reason, reader } = said;
            // Moments tell reviews apart, also two of one millisecond.
            let after = known.reviews.last().map_or(0, |last| last.at_ms + 1);
            let at_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX).max(after);
            let mut review = Review { job, reader, at_ms, verdict, reason, file: None };
            // The file first: one that no review names is written anew by the next, a review without its file would stay so.
            review.file = self.review_file(&known, &review)?;
            self.journal.add_review(&review).map_err(|e| fault(&e))?;
        }
        self.summary(&known.job)
    }

    /// Writes the review as a DICOM object among the job's results; `None` where the job has no DICOM study.
    fn review_file(&self, known: &JobRecord, review: &Review) -> Result<Option<FileInfo>, Fault> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(job = %known.job, %error, "a review could not be written");
            internal("the review could not be written as a DICOM object, and was not kept")
        };
        let folder = self.spool.results(&known.job);
        let moment = u64::try_from(review.at_ms).ok().and_then(clock::local);
        let number = known.reviews.len() + 1;
        let moment = moment.unwrap_or_else(deliver::now);
        let written = sr::review::write(&folder, review, number, &deliver::device(), moment);
        let Some(bytes) = written.map_err(|e| failed(&e))? else { return Ok(None) };
        let path = format!("review-{number}.dcm");
        self.spool.add_result(&known.job, &path, &bytes).map_err(|e| e.fault())?;
        Ok(Some(FileInfo {
            path,
            kind: FileKind::Review.to_string(),
            media_type: "application/dicom".into(),
            bytes: bytes.len() as u64,
            sha256: digest::sha256(&bytes),
        }))
    }
}
