//! What readers said of the answers for a study, as it stands in the archive ([`REVIEWS`]): it outlives the daemon's jobs.

use cordline_sdk::job::{JobId, JobSummary};
use cordline_sdk::review::{Review, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::OrthancError;
use super::metadata::REVIEWS;
use crate::archive::ArchiveClient;

/// A review as it stands on a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredReview {
    pub(super) review: Review,
    /// Orthanc's identifier of the DICOM object that says the same, once it is stored.
    pub(super) object: Option<String>,
}

impl StoredReview {
    /// Reads an entry, also one of an earlier version, which had `who` and `accepted`; `None` for anything else.
    pub(super) fn from_entry(entry: &Value) -> Option<Self> {
        #[derive(Deserialize)]
        struct Entry {
            job: JobId,
            #[serde(alias = "who")]
            reader: String,
            at_ms: i64,
            verdict: Option<Verdict>,
            accepted: Option<bool>,
            #[serde(default)]
            reason: String,
            object: Option<String>,
        }
        let Entry { job, reader, at_ms, verdict, accepted, reason, object } = Entry::deserialize(entry).ok()?;
        let earlier = accepted.map(|agrees| if agrees { Verdict::Accepted } else { Verdict::Rejected });
        let review = Review { job, reader, at_ms, verdict: verdict.or(earlier)?, reason, file: None };
        Some(Self { review, object })
    }

    pub(super) fn to_entry(&self) -> Value {
        // The daemon's file ends with its job; the object stays.
        let mut entry = json!(Review { file: None, ..self.review.clone() });
        if let Some(object) = &self.object {
            entry["object"] = json!(object);
        }
        entry
    }

    /// True where it is the same review as `review`.
    pub(super) fn is(&self, review: &Review) -> bool {
        (&self.review.job, self.review.at_ms, &self.review.reader) == (&review.job, review.at_ms, &review.reader)
    }
}

/// All reviews on a study, oldest first.
pub(crate) async fn read(archive: &ArchiveClient, study: &str) -> Result<Vec<StoredReview>, OrthancError> {
    let entries = archive.metadata_list(study, REVIEWS).await?;
    let mut stored: Vec<StoredReview> = entries.iter().filter_map(StoredReview::from_entry).collect();
    stored.sort_by_key(|stored| stored.review.at_ms);
    Ok(stored)
}

/// The same for an analysis, which does not fail where the metadata cannot be read; that stays as it is.
pub(super) async fn read_or_empty(archive: &ArchiveClient, study: &str) -> Result<Vec<StoredReview>, OrthancError> {
    match read(archive, study).await {
        Err(error @ OrthancError::Unreadable { .. }) => {
            tracing::warn!(%error, study, "reviews");
            Ok(Vec::new())
        }
        read => read,
    }
}

/// All reviews of a study, oldest first: those that stand on it, and those that the daemon has of the given jobs beside them.
pub(crate) fn merged(stored: &[StoredReview], summaries: &[JobSummary]) -> Vec<Review> {
    let known: Vec<&Review> = summaries.iter().flat_map(|summary| &summary.reviews).collect();
    let mut all: Vec<Review> = stored.iter().map(|stored| stored.review.clone()).collect();
    all.extend(known.into_iter().filter(|review| !stored.iter().any(|stored| stored.is(review))).cloned());
    all.sort_by_key(|review| review.at_ms);
    all
}

/// True where a review of these jobs, or its DICOM object, is not in the archive yet.
pub(crate) fn is_incomplete(stored: &[StoredReview], summaries: &[JobSummary]) -> bool {
    let mut known = summaries.iter().flat_map(|summary| &summary.reviews);
    known.any(|review| {
        !stored.iter().any(|stored| stored.is(review) && (stored.object.is_some() || review.file.is_none()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_an_earlier_version_are_read_and_new_ones_come_back() {
        let old = json!({"job": "7f3c", "who": "R.", "at_ms": 5, "accepted": false, "reason": "flow void"});
        let stored = StoredReview::from_entry(&old).unwrap();
        assert_eq!((stored.review.verdict, stored.review.reader.as_str()), (Verdict::Rejected, "R."));
        assert_eq!(StoredReview::from_entry(&json!({"job": "7f3c", "who": "R.", "at_ms": 5})), None);
        let new = StoredReview { object: Some("o".into()), ..stored };
        assert_eq!(StoredReview::from_entry(&new.to_entry()), Some(new));
    }
}
