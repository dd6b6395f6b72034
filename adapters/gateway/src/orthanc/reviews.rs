//! What readers said of the answers of a study (note 1026), and the DICOM objects that say the same: in the archive, so that it outlives the daemon's jobs.

use cordline_sdk::job::{JobId, JobSummary};
use cordline_sdk::review::{Review, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::line;
use super::mark::{self, Mark};
use super::porter::{ArrivalError, Porter};
use super::rest::OrthancError;
use crate::archive::ArchiveClient;

/// Number of the note.
const REVIEWS: u16 = 1026;

/// A review as it stands on a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What was said.
    pub review: Review,
    /// Orthanc's name of the object that says the same, once it is stored.
    pub object: Option<String>,
}

impl Kept {
    /// Reads an entry, also one of an earlier version, which knew `who` and `accepted`; `None` for what is none.
    fn read(entry: &Value) -> Option<Self> {
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

    fn write(&self) -> Value {
        // The daemon's file goes with its job; the object is what stays.
        let mut entry = json!(Review { file: None, ..self.review.clone() });
        if let Some(object) = &self.object {
            entry["object"] = json!(object);
        }
        entry
    }

    fn says(&self, review: &Review) -> bool {
        (&self.review.job, self.review.at_ms, &self.review.reader) == (&review.job, review.at_ms, &review.reader)
    }
}

/// All reviews on a study, oldest first.
pub async fn read(archive: &ArchiveClient, study: &str) -> Result<Vec<Kept>, OrthancError> {
    let entries = archive.list_note(study, REVIEWS).await?;
    let mut kept: Vec<Kept> = entries.iter().filter_map(Kept::read).collect();
    kept.sort_by_key(|kept| kept.review.at_ms);
    Ok(kept)
}

/// The same for an analysis, which a note that cannot be read does not hold up: the note stays as it is.
pub async fn as_far_as_readable(archive: &ArchiveClient, study: &str) -> Result<Vec<Kept>, OrthancError> {
    match read(archive, study).await {
        Err(error @ OrthancError::Unreadable { .. }) => {
            tracing::warn!(%error, study, "reviews");
            Ok(Vec::new())
        }
        read => read,
    }
}

/// All that readers said of a study, oldest first: what stands on it, and what the daemon knows of the given jobs beside that.
pub fn merged(kept: &[Kept], summaries: &[JobSummary]) -> Vec<Review> {
    let known: Vec<&Review> = summaries.iter().flat_map(|summary| &summary.reviews).collect();
    let mut all: Vec<Review> = kept.iter().map(|kept| kept.review.clone()).collect();
    all.extend(known.into_iter().filter(|review| !kept.iter().any(|kept| kept.says(review))).cloned());
    all.sort_by_key(|review| review.at_ms);
    all
}

/// True where something that readers said of these jobs is not in the archive yet.
pub fn lacks(kept: &[Kept], summaries: &[JobSummary]) -> bool {
    let mut known = summaries.iter().flat_map(|summary| &summary.reviews);
    known.any(|review| !kept.iter().any(|kept| kept.says(review) && (kept.object.is_some() || review.file.is_none())))
}

/// Brings what readers said of these jobs into the archive: the objects first, then the note, then the line for people. Done again it adds nothing, so a
/// gateway that was killed in between is made up for by the next one who looks.
pub async fn bring(porter: &Porter, study: &str, summaries: &[JobSummary]) -> Result<(), ArrivalError> {
    let archive = &porter.archive;
    let _turn = archive.turns.take(study).await;
    let mut entries = archive.list_note(study, REVIEWS).await?;
    let before = entries.clone();
    for review in summaries.iter().flat_map(|summary| &summary.reviews) {
        let at = entries.iter().position(|entry| Kept::read(entry).is_some_and(|kept| kept.says(review)));
        let stored = at.and_then(|at| Kept::read(&entries[at])).and_then(|kept| kept.object);
        let object = match (stored, &review.file) {
            (None, Some(file)) => {
                let (of, file) = (review.job.clone(), file.clone());
                let bytes = porter.daemon.ask(move |client| client.artifact(&of, &file)).await?;
                Some(archive.add(bytes).await?)
            }
            (stored, _) => stored,
        };
        let entry = Kept { review: review.clone(), object }.write();
        match at {
            Some(at) => entries[at] = entry,
            None => entries.push(entry),
        }
    }
    if entries != before {
        archive.write_list_note(study, REVIEWS, entries).await?;
    }
    say(porter, study, summaries).await
}

/// Writes the line anew where one of these jobs is what the study shows. One that is under way says so itself when it ends.
async fn say(porter: &Porter, study: &str, summaries: &[JobSummary]) -> Result<(), ArrivalError> {
    let archive = &porter.archive;
    let shown = Mark::read(archive, study).await?;
    if !shown.job.is_empty() && !shown.done {
        return Ok(());
    }
    let summary = match summaries.iter().find(|summary| summary.job.as_str() == shown.job) {
        Some(summary) => Some(summary.clone()),
        None if shown.job.is_empty() => summaries.iter().rfind(|summary| !summary.reviews.is_empty()).cloned(),
        None => porter.summary(&shown.job).await?,
    };
    let Some(summary) = summary else { return Ok(()) };
    let reviews: Vec<Review> = read(archive, study).await?.into_iter().map(|kept| kept.review).collect();
    let said = line::came_later(&line::of(&summary, &reviews), shown.came_later);
    if archive.note(study, mark::FOR_PEOPLE).await?.as_ref() != Some(&said) {
        archive.write_note(study, mark::FOR_PEOPLE, &said).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_an_earlier_version_are_read_and_new_ones_come_back() {
        let old = json!({"job": "7f3c", "who": "R.", "at_ms": 5, "accepted": false, "reason": "flow void"});
        let kept = Kept::read(&old).unwrap();
        assert_eq!((kept.review.verdict, kept.review.reader.as_str()), (Verdict::Rejected, "R."));
        assert_eq!(Kept::read(&json!({"job": "7f3c", "who": "R.", "at_ms": 5})), None);
        let new = Kept { object: Some("o".into()), ..kept };
        assert_eq!(Kept::read(&new.write()), Some(new));
    }
}
