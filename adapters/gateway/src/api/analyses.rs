//! Analyses of a study of the archive, for whoever looks at it: the one that was made when it arrived, or one that is wanted now.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::{JobId, JobSummary, Priority};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::jobs::{job_id, study_uid};
use super::parts::{Body, Query};
use crate::fault::Refusal;
use crate::guest::{Submitter, Viewer};
use crate::hall::Hall;
use crate::orthanc::mark::Mark;
use crate::orthanc::porter::{ArrivalError, Porter};

/// A study, and what a person wants of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    study_uid: String,
    /// Series Instance UID that a person chose, instead of the automatic choice.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*(#[1-9][0-9]{0,3})?$"), length(max = 64))]
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

/// A study.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OfStudy {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    pub(super) study_uid: String,
}

/// The analysis that was made when the study arrived.
pub(super) async fn known(
    _: Viewer,
    State(hall): State<Hall>,
    Query(of): Query<OfStudy>,
) -> Result<Json<JobSummary>, Refusal> {
    let (porter, study) = find(&hall, &of.study_uid).await?;
    let mark = Mark::read(&porter.archive, &study).await.map_err(ArrivalError::from)?;
    let job = job_id(&mark.job).map_err(|_| not_analysed())?;
    Ok(Json(hall.daemon.ask(move |client| client.status(&job)).await?))
}

/// Fetches the study and submits it. The same study is the same job, however often it is wanted, unless `again` is said.
pub(super) async fn wanted(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Body(wish): Body<Wish>,
) -> Result<(StatusCode, Json<JobSummary>), Refusal> {
    let (porter, study) = find(&hall, &wish.study_uid).await?;
    let job = porter.analyse(&study, wish.priority, wish.series, wish.again).await?.ok_or_else(|| {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_mr",
            "the study holds no MR",
            "choose a study with a sagittal T2-weighted series",
        )
    })?;
    tracing::info!(who = guest.name, %job, "analysis wanted");
    Ok((StatusCode::ACCEPTED, Json(hall.daemon.ask(move |client| client.status(&job)).await?)))
}

/// An analysis of a study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Analysis {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    pub(super) study_uid: String,
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    pub(super) job: String,
}

/// What came into the archive.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Kept {
    /// Objects that were stored.
    objects: usize,
}

/// Stores SEG and SR in the archive, beside what is there: a person wants them.
pub(super) async fn keep(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Body(wanted): Body<Analysis>,
) -> Result<Json<Kept>, Refusal> {
    let (porter, study, job) = of_study(&hall, &wanted).await?;
    let objects = porter.keep(&study, &job, &guest.name).await?;
    tracing::info!(who = guest.name, %job, objects, "stored");
    Ok(Json(Kept { objects }))
}

/// The study and the job, once it is sure that the one is of the other: a result in another patient's study would be the worst.
pub(super) async fn of_study(hall: &Hall, wanted: &Analysis) -> Result<(Porter, String, JobId), Refusal> {
    let (porter, study) = find(hall, &wanted.study_uid).await?;
    let job = job_id(&wanted.job)?;
    let series = porter.result(&job).await?.and_then(|result| result.series);
    if series.and_then(|series| series.study_uid).as_ref() != Some(&wanted.study_uid) {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "other_study",
            "the analysis is not of this study",
            "open the study that was analysed",
        ));
    }
    Ok((porter, study, job))
}

pub(super) async fn find(hall: &Hall, uid: &str) -> Result<(Porter, String), Refusal> {
    let archive = hall.archive.clone().ok_or_else(Refusal::no_archive)?;
    study_uid(uid)?;
    let porter = Porter { archive, daemon: hall.daemon.clone(), heat_maps: false };
    let study = porter.archive.study(uid).await.map_err(ArrivalError::from)?.ok_or_else(not_analysed)?;
    Ok((porter, study))
}

fn not_analysed() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not_analysed",
        "the archive has no such study, or it was not analysed yet",
        "look at the archive, or have it analysed",
    )
}
