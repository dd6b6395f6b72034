//! Analyses of a study of the archive: the one that was made when it arrived, or one that a person requests now.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::{JobSummary, Priority};
use cordline_sdk::problem::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::params::{AnalysisRef, StudyQuery, job_id};
use super::study::{find, find_analysis, not_analysed};
use crate::error::ApiError;
use crate::http::extract::{Submitter, Viewer};
use crate::http::input::{Body, Query};
use crate::orthanc::error::ProcessingError;
use crate::orthanc::study_record::StudyRecord;
use crate::state::AppState;

/// A study, and what a person wants of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnalyzeRequest {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    study_uid: String,
    /// What a person chose, instead of the automatic choice: a Series Instance UID, or `UID#N` for the Nth volume of a series.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*(#[1-9][0-9]{0,3})?$"), length(max = 69))]
    #[serde(default)]
    series: Option<String>,
    /// Who goes first; `urgent` when left out, since somebody waits.
    #[serde(default = "urgent")]
    priority: Priority,
    /// True to have analysed anew what was analysed already: another job, whose results are other objects.
    #[serde(default)]
    again: bool,
}

fn urgent() -> Priority {
    Priority::Urgent
}

/// The analysis that was made when the study arrived.
pub(super) async fn of_arrival(
    _: Viewer,
    State(state): State<AppState>,
    Query(query): Query<StudyQuery>,
) -> Result<Json<JobSummary>, ApiError> {
    let (processor, study) = find(&state, &query.study_uid).await?;
    let record = StudyRecord::read(&processor.archive, &study).await.map_err(ProcessingError::from)?;
    let job = job_id(&record.job).map_err(|_| not_analysed())?;
    Ok(Json(state.daemon.status(&job).await?))
}

/// Fetches the study and submits it. The same study is the same job, however often it is requested, unless `again` is set.
pub(super) async fn analyze(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Body(request): Body<AnalyzeRequest>,
) -> Result<(StatusCode, Json<JobSummary>), ApiError> {
    let (processor, study) = find(&state, &request.study_uid).await?;
    let job = processor.analyze(&study, request.priority, request.series, request.again).await?.ok_or_else(|| {
        ApiError::new(Code::NoMr, "the study holds no MR", "choose a study with a sagittal T2-weighted series")
    })?;
    tracing::info!(who = principal.name, %job, "analysis wanted");
    Ok((StatusCode::ACCEPTED, Json(state.daemon.status(&job).await?)))
}

/// What came into the archive.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StoreResponse {
    /// Objects that were stored.
    objects: usize,
}

/// Stores SEG and SR in the archive, beside what is there.
pub(super) async fn store(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Body(analysis): Body<AnalysisRef>,
) -> Result<Json<StoreResponse>, ApiError> {
    let (processor, study, job) = find_analysis(&state, &analysis).await?;
    let objects = processor.store_results(&study, &job, &principal.name).await?;
    tracing::info!(who = principal.name, %job, objects, "stored");
    Ok(Json(StoreResponse { objects }))
}
