//! A study is there, says the archive's hook or a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::Priority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::Body;
use crate::fault::Refusal;
use crate::guest::Submitter;
use crate::hall::Hall;
use crate::orthanc::porter::ArrivalError;
use crate::orthanc::{again, is_name};

/// A study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arrival {
    /// Orthanc's name of the study.
    #[schemars(regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{8}){4}$"))]
    study: String,
    /// True to have it analysed anew where that was done already: the new results are objects of their own.
    #[serde(default)]
    again: bool,
    /// Who goes first; `routine` when left out.
    #[serde(default)]
    priority: Priority,
}

/// How many wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Heard {
    /// Studies that wait or are worked on, this one included.
    waiting: usize,
}

/// Answers at once: whoever tells of a study does not wait for it.
pub(super) async fn tell(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Body(arrival): Body<Arrival>,
) -> Result<(StatusCode, Json<Heard>), Refusal> {
    let arrivals = hall.arrivals.as_ref().ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "no_arrivals",
            "this gateway does not analyse what arrives",
            "start it with --archive URL --arrivals DIR",
        )
    })?;
    if !is_name(&arrival.study) {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_study",
            "this is no name that Orthanc gives to a study",
            "send the first argument of OnStableStudy as it is",
        ));
    }
    if arrival.again {
        let archive = hall.archive.as_ref().ok_or_else(Refusal::no_archive)?;
        if !again::wish(archive, &arrival.study).await.map_err(ArrivalError::from)? {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "no_such_study",
                "the archive has no such study",
                "send Orthanc's own name of a study that it holds",
            ));
        }
        tracing::info!(who = guest.name, study = arrival.study, "wanted anew");
    }
    let waiting = arrivals.tell(&arrival.study, arrival.priority).map_err(|error| {
        tracing::error!(%error, "the list of studies cannot be kept");
        Refusal::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "not_kept",
            "the study cannot be put down on this machine",
            "look at the folder of arrivals, then send it again",
        )
    })?;
    Ok((StatusCode::ACCEPTED, Json(Heard { waiting })))
}
