//! Brings the reviews that the daemon has into the archive: their DICOM objects first, then the metadata, then the status line. Done again
//! it adds nothing, so what a killed gateway left undone is completed by the next request for the reviews.

use std::sync::Arc;

use cordline_sdk::job::JobSummary;
use cordline_sdk::review::Review;

use super::error::ProcessingError;
use super::metadata::{REVIEWS, STATUS_LINE};
use super::reviews::{self, StoredReview};
use super::status_line;
use super::study_record::StudyRecord;
use crate::archive::ArchiveClient;
use crate::daemon_client::DaemonClient;

/// Brings the reviews of these jobs into the archive.
pub(crate) async fn sync(
    archive: &ArchiveClient,
    daemon: &Arc<DaemonClient>,
    study: &str,
    summaries: &[JobSummary],
) -> Result<(), ProcessingError> {
    let _lock = archive.study_locks.lock(study).await;
    let mut entries = archive.metadata_list(study, REVIEWS).await?;
    let before = entries.clone();
    for review in summaries.iter().flat_map(|summary| &summary.reviews) {
        let at = entries.iter().position(|entry| StoredReview::from_entry(entry).is_some_and(|s| s.is(review)));
        let object = at.and_then(|at| StoredReview::from_entry(&entries[at])).and_then(|stored| stored.object);
        let object = match (object, &review.file) {
            (None, Some(file)) => {
                let bytes = daemon.download_whole(&review.job, file).await?;
                Some(archive.add_instance(bytes).await?)
            }
            (object, _) => object,
        };
        let entry = StoredReview { review: review.clone(), object }.to_entry();
        match at {
            Some(at) => entries[at] = entry,
            None => entries.push(entry),
        }
    }
    if entries != before {
        archive.write_metadata_list(study, REVIEWS, entries).await?;
    }
    update_status_line(archive, daemon, study, summaries).await
}

/// Writes the status line where one of these jobs is what the study shows. A job that is under way writes its own when it ends.
async fn update_status_line(
    archive: &ArchiveClient,
    daemon: &DaemonClient,
    study: &str,
    summaries: &[JobSummary],
) -> Result<(), ProcessingError> {
    let shown = StudyRecord::read(archive, study).await?;
    if !shown.job.is_empty() && !shown.done {
        return Ok(());
    }
    let summary = match summaries.iter().find(|summary| summary.job.as_str() == shown.job) {
        Some(summary) => Some(summary.clone()),
        None if shown.job.is_empty() => summaries.iter().rfind(|summary| !summary.reviews.is_empty()).cloned(),
        None => daemon.status_if_kept(&shown.job).await?,
    };
    let Some(summary) = summary else { return Ok(()) };
    let reviews: Vec<Review> = reviews::read(archive, study).await?.into_iter().map(|stored| stored.review).collect();
    let line = status_line::with_later_series(&status_line::of(&summary, &reviews), shown.came_later);
    if archive.metadata(study, STATUS_LINE).await?.as_ref() != Some(&line) {
        archive.write_metadata(study, STATUS_LINE, &line).await?;
    }
    Ok(())
}
