//! Jobs: list, status, cancel, choice of a series.

use axum::Json;
use axum::extract::State;
use cordline_sdk::job::{JobState, JobSummary};
use cordline_sdk::wire::reply::Jobs;
use cordline_sdk::wire::request::List;
use schemars::JsonSchema;
use serde::Deserialize;

use super::params::{JobPath, check_study_uid};
use crate::error::ApiError;
use crate::http::extract::{Submitter, Viewer};
use crate::http::input::{Body, Path, Query};
use crate::state::AppState;

/// Which jobs.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct JobsQuery {
    /// Only those in this state.
    state: Option<JobState>,
    /// Most jobs in the answer: 100 when left out, at most 1,000.
    #[schemars(range(max = 4_294_967_295_u32))]
    limit: Option<u32>,
    /// Only jobs submitted before this moment, in milliseconds since 1970: the next page.
    #[schemars(range(max = 18_446_744_073_709_551_615_u64))]
    before_ms: Option<u64>,
    /// Only jobs on this study: its Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    study_uid: Option<String>,
}

pub(super) async fn list(
    _: Viewer,
    State(state): State<AppState>,
    Query(query): Query<JobsQuery>,
) -> Result<Json<Jobs>, ApiError> {
    query.study_uid.as_deref().map_or(Ok(()), check_study_uid)?;
    let list = List {
        states: query.state.into_iter().collect(),
        limit: query.limit,
        before_ms: query.before_ms,
        study_uid: query.study_uid,
    };
    Ok(Json(state.daemon.list(list).await?))
}

pub(super) async fn status(
    _: Viewer,
    State(state): State<AppState>,
    Path(path): Path<JobPath>,
) -> Result<Json<JobSummary>, ApiError> {
    let job = path.id()?;
    Ok(Json(state.daemon.status(&job).await?))
}

pub(super) async fn cancel(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Path(path): Path<JobPath>,
) -> Result<Json<JobSummary>, ApiError> {
    let job = path.id()?;
    tracing::info!(who = principal.name, %job, "cancel");
    Ok(Json(state.daemon.cancel(&job).await?))
}

/// A person's choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SelectSeriesRequest {
    /// `selector` of one of the job's candidates: a Series Instance UID, or `UID#N` for the Nth volume of a series.
    series: String,
}

pub(super) async fn select_series(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Path(path): Path<JobPath>,
    Body(request): Body<SelectSeriesRequest>,
) -> Result<Json<JobSummary>, ApiError> {
    let job = path.id()?;
    tracing::info!(who = principal.name, %job, "series chosen");
    Ok(Json(state.daemon.select_series(&job, &request.series).await?))
}
