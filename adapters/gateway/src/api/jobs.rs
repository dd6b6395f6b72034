//! Jobs: list, look at, cancel, choose the series.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::{JobId, JobState, JobSummary};
use cordline_sdk::wire::reply::Jobs;
use cordline_sdk::wire::request::List;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parts::{Body, Path, Query};
use crate::fault::Refusal;
use crate::guest::{Submitter, Viewer};
use crate::hall::Hall;

/// A job, by the name that the daemon gave it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Of {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
}

impl Of {
    pub(super) fn id(&self) -> Result<JobId, Refusal> {
        job_id(&self.job)
    }
}

/// A name of a job, or the refusal.
pub(super) fn job_id(name: &str) -> Result<JobId, Refusal> {
    JobId::new(name).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "no_such_job",
            "no job can have this name",
            "ask /api/v1/jobs for the jobs that are kept",
        )
    })
}

/// The refusal of what cannot be a study's UID.
pub(super) fn study_uid(uid: &str) -> Result<(), Refusal> {
    if cordline_sdk::uid::check(uid).is_ok() {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "no_uid", "this is no UID", "send the Study Instance UID"))
}

/// Which jobs.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Which {
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
    State(hall): State<Hall>,
    Query(which): Query<Which>,
) -> Result<Json<Jobs>, Refusal> {
    which.study_uid.as_deref().map_or(Ok(()), study_uid)?;
    let list = List {
        states: which.state.into_iter().collect(),
        limit: which.limit,
        before_ms: which.before_ms,
        study_uid: which.study_uid,
    };
    Ok(Json(hall.daemon.ask(move |client| client.list(list)).await?))
}

pub(super) async fn one(_: Viewer, State(hall): State<Hall>, Path(of): Path<Of>) -> Result<Json<JobSummary>, Refusal> {
    let job = of.id()?;
    Ok(Json(hall.daemon.ask(move |client| client.status(&job)).await?))
}

pub(super) async fn cancel(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Path(of): Path<Of>,
) -> Result<Json<JobSummary>, Refusal> {
    let job = of.id()?;
    tracing::info!(who = guest.name, %job, "cancel");
    Ok(Json(hall.daemon.ask(move |client| client.cancel(&job)).await?))
}

/// A person's choice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    /// `selector` of one of the job's candidates: a Series Instance UID, or `UID#N` for the Nth volume of a series.
    series: String,
}

pub(super) async fn choose(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Path(of): Path<Of>,
    Body(choice): Body<Choice>,
) -> Result<Json<JobSummary>, Refusal> {
    let job = of.id()?;
    tracing::info!(who = guest.name, %job, "series chosen");
    Ok(Json(hall.daemon.ask(move |client| client.choose(&job, &choice.series)).await?))
}
