//! Brings the reviews that the daemon has into the archive: their DICOM objects first, then the metadata, then the status line. Done again
//! it adds nothing, so what a killed gateway left undone is completed by the next request for the reviews.

use std::sync::Arc;

use cordline_sdk::job::JobSummary;
use cordline_sdk::review::Review;

use super::error::ProcessingError;
use super::metadata::{REVIEWS, STATUS_LINE};
use super::reviews::{self, StoredReview};
use super::study_record::StudyRecord;
use super::{reanalysis, status_line};
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
        reanalysis::record_before_traces(archive, study).await?;
        archive.write_metadata(study, STATUS_LINE, &line).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cordline_sdk::client::Endpoint;
    use serde_json::json;

    use super::super::fake_orthanc::FakeOrthanc;
    use super::super::study_record::NOT_ANALYZED;
    use super::*;

    #[tokio::test]
    async fn a_verdict_on_a_study_that_was_not_analysed_on_arrival_asks_for_no_analysis() {
        let (archive, daemon) = (FakeOrthanc::start().await, Arc::new(DaemonClient::new(Endpoint::default())));
        let summary: JobSummary = serde_json::from_value(json!({
            "job": "7f3c", "kind": "study", "state": "completed", "priority": "routine", "submitted_ms": 1, "last_event": 1,
            "reviews": [{"job": "7f3c", "reader": "R.", "at_ms": 5, "verdict": "rejected", "reason": "too large"}]
        }))
        .unwrap();
        let series = |instances: &str| {
            let text = r#"[{"ID":"s","Instances":[INSTANCES],"MainDicomTags":{"Modality":"MR"}}]"#;
            archive.put("/studies/a/series", &text.replace("INSTANCES", instances));
        };
        series(r#""one","two""#);
        let client = archive.client();
        sync(&client, &daemon, "a", &[summary]).await.unwrap();
        assert_eq!(archive.page("/studies/a/metadata/1024"), "done - rejected by R.: too large");
        assert!(!reanalysis::is_requested(&client, "a").await.unwrap());
        let record = StudyRecord::read(&client, "a").await.unwrap();
        assert_eq!((record.instances.as_str(), record.job.as_str(), record.wanted), (NOT_ANALYZED, "", false));
        // The report makes the study stable again; a late image of it makes it an arrival.
        assert!(reanalysis::is_no_arrival(&client, "a").await.unwrap());
        series(r#""one","two","three""#);
        assert!(!reanalysis::is_no_arrival(&client, "a").await.unwrap());
        // Its record is deleted to have it analysed, and the next verdict changes nothing of that.
        archive.remove("/studies/a/metadata/1025");
        assert!(reanalysis::is_requested(&client, "a").await.unwrap());
        let _lock = client.study_locks.lock("a").await;
        assert!(reanalysis::record_before_traces(&client, "a").await.unwrap().wanted);
    }
}
