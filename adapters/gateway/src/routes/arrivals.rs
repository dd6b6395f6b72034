//! A study has arrived: told by the hook of the archive, or by a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::Priority;
use cordline_sdk::problem::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::http::extract::Submitter;
use crate::http::input::Body;
use crate::orthanc::error::ProcessingError;
use crate::orthanc::id::is_orthanc_id;
use crate::orthanc::reanalysis;
use crate::state::AppState;

/// A study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EnqueueRequest {
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
pub(super) struct EnqueueResponse {
    /// Studies that wait or are worked on, this one included.
    waiting: usize,
}

/// Queues the study, and does not wait for its analysis.
pub(super) async fn enqueue(
    Submitter(principal): Submitter,
    State(state): State<AppState>,
    Body(request): Body<EnqueueRequest>,
) -> Result<(StatusCode, Json<EnqueueResponse>), ApiError> {
    let queue = state.queue.as_ref().ok_or_else(|| {
        ApiError::new(
            Code::NoArrivals,
            "this gateway does not analyse what arrives",
            "start it with --archive URL --arrivals DIR",
        )
    })?;
    if !is_orthanc_id(&request.study) {
        return Err(ApiError::new(
            Code::NoStudy,
            "this is no name that Orthanc gives to a study",
            "send the first argument of OnStableStudy as it is",
        ));
    }
    if request.again {
        let archive = state.archive.as_ref().ok_or_else(ApiError::no_archive)?;
        if !reanalysis::request(archive, &request.study).await.map_err(ProcessingError::from)? {
            return Err(ApiError::new(
                Code::NoSuchStudy,
                "the archive has no such study",
                "send Orthanc's own name of a study that it holds",
            ));
        }
        tracing::info!(who = principal.name, study = request.study, "wanted anew");
    }
    let waiting = queue.enqueue(&request.study, request.priority).map_err(|error| {
        tracing::error!(%error, "the list of studies cannot be kept");
        ApiError::new(
            Code::NotKept,
            "the study cannot be put down on this machine",
            "look at the folder of arrivals, then send it again",
        )
    })?;
    Ok((StatusCode::ACCEPTED, Json(EnqueueResponse { waiting })))
}
