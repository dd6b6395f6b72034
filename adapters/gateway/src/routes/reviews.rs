//! What readers say of analyses: written by one, shown to the next.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::JobSummary;
use cordline_sdk::problem::Code;
use cordline_sdk::review::{Review, Verdict};
use cordline_sdk::wire::request::{Judgement, List};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::params::{AnalysisRef, StudyQuery};
use super::study::{find, find_analysis};
use crate::daemon_client::DaemonClient;
use crate::error::ApiError;
use crate::http::extract::{Submitter, Viewer};
use crate::http::input::{Body, Query};
use crate::orthanc::error::ProcessingError;
use crate::orthanc::{review_sync, reviews};
use crate::state::AppState;

/// Jobs of one study whose reviews are shown.
const MAX_JOBS: u32 = 1000;

/// What a reader says of an analysis. Whose verdict it is, the token says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["verdict"]}, {"required": ["accepted"]}]))]
pub(super) struct VerdictRequest {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    study_uid: String,
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Accepted, rejected, or withdrawn: neither any more.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Verdict")]
    verdict: Option<Verdict>,
    /// The same in the words of earlier versions: true where the reader agrees.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool")]
    accepted: Option<bool>,
    /// Why: at most 1,000 characters.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    reason: String,
}

/// An optional field that, where it is present, has a value: null is an error.
fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Stores a verdict: with the job, on the study, and as a DICOM object in the archive.
pub(super) async fn add(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Body(request): Body<VerdictRequest>,
) -> Result<StatusCode, ApiError> {
    let verdict = match (request.verdict, request.accepted) {
        (Some(verdict), None) => verdict,
        (None, Some(true)) => Verdict::Accepted,
        (None, Some(false)) => Verdict::Rejected,
        _ => {
            return Err(ApiError::new(
                Code::NoVerdict,
                "the verdict is missing, or said twice",
                "send `verdict`: accepted, rejected or withdrawn",
            ));
        }
    };
    let analysis = AnalysisRef { study_uid: request.study_uid, job: request.job };
    let (processor, study, job) = find_analysis(&state, &analysis).await?;
    let review = Judgement { job: job.clone(), verdict, reason: request.reason, reader: principal.name.clone() };
    let summary = state.daemon.review(review).await?;
    review_sync::sync(&processor.archive, &processor.daemon, &study, &[summary]).await?;
    tracing::info!(who = principal.name, %job, verdict = verdict.as_str(), "reviewed");
    Ok(StatusCode::NO_CONTENT)
}

/// All reviews of a study, oldest first: the last one of a job is what stands.
pub(super) async fn list(
    _: Viewer,
    State(state): State<AppState>,
    Query(query): Query<StudyQuery>,
) -> Result<Json<Vec<Review>>, ApiError> {
    let (processor, study) = find(&state, &query.study_uid).await?;
    let stored = reviews::read(&processor.archive, &study).await.map_err(ProcessingError::from)?;
    let summaries = jobs(&processor.daemon, &query.study_uid).await;
    if reviews::is_incomplete(&stored, &summaries) {
        // A gateway was stopped half way, or a review was made without one. The answer does not wait for this.
        let (processor, study, summaries) = (processor, study, summaries.clone());
        tokio::spawn(async move {
            if let Err(error) = review_sync::sync(&processor.archive, &processor.daemon, &study, &summaries).await {
                tracing::warn!(%error, study, "what readers said could not be brought into the archive");
            }
        });
    }
    Ok(Json(reviews::merged(&stored, &summaries)))
}

/// The jobs of a study that the daemon has, with reviews that were not made through this gateway. Without the daemon there are none, and
/// the archive's reviews are shown.
async fn jobs(daemon: &DaemonClient, study_uid: &str) -> Vec<JobSummary> {
    let list = List { study_uid: Some(study_uid.to_owned()), limit: Some(MAX_JOBS), ..List::default() };
    match daemon.list(list).await {
        // They come newest first; the last review is written last.
        Ok(found) => found.jobs.into_iter().rev().collect(),
        Err(error) => {
            tracing::warn!(%error, "reviews are shown as they stand in the archive");
            Vec::new()
        }
    }
}
