//! Analyses of a study of the archive, for whoever looks at it: the one that was made when it arrived, or one that is wanted now.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use cordline_sdk::job::{JobSummary, Priority};
use schemars::JsonSchema;
use serde::Deserialize;

use super::jobs::job_id;
use crate::fault::Refusal;
use crate::guest::{Submitter, Viewer};
use crate::hall::Hall;
use crate::orthanc::arrivals::{ArrivalError, Porter};
use crate::orthanc::mark::Mark;

/// A study, and what a person wants of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// Study Instance UID.
    study_uid: String,
    /// Series Instance UID that a person chose, instead of the automatic choice.
    #[serde(default)]
    series: Option<String>,
    /// Who goes first; `urgent` when left out, since somebody waits.
    #[serde(default = "urgent")]
    priority: Priority,
}

fn urgent() -> Priority {
    Priority::Urgent
}

/// A study.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OfStudy {
    /// Study Instance UID.
    study_uid: String,
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

/// Fetches the study and submits it. The same study is the same job, however often it is wanted.
pub(super) async fn wanted(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<JobSummary>), Refusal> {
    let (porter, study) = find(&hall, &wish.study_uid).await?;
    let job = porter.analyse(&study, wish.priority, wish.series).await?.ok_or_else(|| {
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

async fn find(hall: &Hall, uid: &str) -> Result<(Porter, String), Refusal> {
    let archive = hall.archive.clone().ok_or_else(Refusal::no_archive)?;
    if uid.is_empty() || uid.len() > 64 || !uid.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_uid",
            "this is no UID",
            "send the Study Instance UID",
        ));
    }
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
