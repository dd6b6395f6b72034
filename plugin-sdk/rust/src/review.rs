//! What a reader says of an answer: accepted, rejected, or neither any more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file_info::FileInfo;
use crate::job_id::JobId;
use crate::words::words;

/// Most characters of a reader's name: a DICOM person name holds 64.
pub const MOST_READER_CHARS: usize = 64;
/// Most characters of a reason.
pub const MOST_REASON_CHARS: usize = 1000;

words! {
    /// What a reader says of an answer.
    pub enum Verdict {
        /// The reader agrees.
        Accepted = "accepted",
        /// The reader does not.
        Rejected = "rejected",
        /// What was said before does not hold any more, and nothing was put in its place.
        Withdrawn = "withdrawn",
    }
}

/// A verdict: of whom, when, on which job, and why. None is ever removed; the last one of a job is what stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The job that answered.
    pub job: JobId,
    /// Name of the reader: that of the token behind the gateway, else as the viewer said it.
    pub reader: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// What the reader says.
    pub verdict: Verdict,
    /// Why; may be empty.
    #[serde(default)]
    pub reason: String,
    /// The same as a DICOM structured report, to be fetched with `artifact`; absent where the job has no DICOM study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileInfo>,
}

impl Review {
    /// The review of a list, oldest first, that stands; `None` where none was given, or the last one was withdrawn.
    pub fn standing(reviews: &[Review]) -> Option<&Review> {
        reviews.last().filter(|review| review.verdict != Verdict::Withdrawn)
    }

    /// Verdict, reader and reason in one line for people: "rejected by R.: too large".
    pub fn line(&self) -> String {
        let reason = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        format!("{} by {}{why}", self.verdict.as_str(), self.reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(verdict: Verdict, reason: &str) -> Review {
        let job = JobId::new("7f3c").expect("letters and digits");
        Review { job, reader: "R. Meyer".into(), at_ms: 1, verdict, reason: reason.into(), file: None }
    }

    #[test]
    fn the_last_one_stands_unless_it_takes_back() {
        let said = [review(Verdict::Accepted, ""), review(Verdict::Rejected, "too\n large")];
        assert_eq!(Review::standing(&said).unwrap().line(), "rejected by R. Meyer: too large");
        assert_eq!(Review::standing(&said[..1]).unwrap().line(), "accepted by R. Meyer");
        let withdrawn = [said[0].clone(), review(Verdict::Withdrawn, "")];
        assert_eq!((Review::standing(&withdrawn), Review::standing(&[])), (None, None));
    }

    #[test]
    fn words_are_those_on_the_wire() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
        }
    }
}
