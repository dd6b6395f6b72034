//! What a job made.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use cordline_sdk::wire::event::FileInfo;
use schemars::JsonSchema;
use serde::Deserialize;

use super::jobs::{Of, job_id};
use super::parts::Path;
use crate::fault::Refusal;
use crate::guest::Viewer;
use crate::hall::Hall;

/// A file of a job.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OfFile {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Its path, as the list of files names it.
    path: String,
}

pub(super) async fn list(
    _: Viewer,
    State(hall): State<Hall>,
    Path(of): Path<Of>,
) -> Result<Json<Vec<FileInfo>>, Refusal> {
    let job = of.id()?;
    Ok(Json(hall.daemon.ask(move |client| client.files(&job)).await?))
}

pub(super) async fn one(_: Viewer, State(hall): State<Hall>, Path(of): Path<OfFile>) -> Result<Response, Refusal> {
    let job = job_id(&of.job)?;
    let wanted = of.path;
    let found = hall
        .daemon
        .ask(move |client| {
            let Some(file) = client.files(&job)?.into_iter().find(|file| file.path == wanted) else { return Ok(None) };
            let bytes = client.artifact(&job, &file)?;
            Ok(Some((file, bytes)))
        })
        .await?;
    let (file, bytes) = found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "no_such_artifact",
            "the job lists no such file",
            "take a path of its files",
        )
    })?;
    let headers = [
        (CONTENT_TYPE, file.media_type),
        (ETAG, format!("\"{}\"", file.sha256)),
        // A report carries its own pictures and styles, and nothing that runs.
        (CONTENT_SECURITY_POLICY, "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
