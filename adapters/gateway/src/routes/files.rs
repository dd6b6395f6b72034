//! The files of a job.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use cordline_sdk::client::ClientError;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::event::FileInfo;
use futures_util::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;

use super::params::{JobPath, job_id};
use crate::error::ApiError;
use crate::http::extract::Viewer;
use crate::http::input::Path;
use crate::state::AppState;

/// A file of a job.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FilePath {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Its path, as the list of files names it.
    path: String,
}

pub(super) async fn list(
    _: Viewer,
    State(state): State<AppState>,
    Path(path): Path<JobPath>,
) -> Result<Json<Vec<FileInfo>>, ApiError> {
    let job = path.id()?;
    Ok(Json(state.daemon.files(&job).await?))
}

pub(super) async fn download(
    _: Viewer,
    State(state): State<AppState>,
    Path(wanted): Path<FilePath>,
) -> Result<Response, ApiError> {
    let job = job_id(&wanted.job)?;
    let files = state.daemon.files(&job).await?;
    let file = files
        .into_iter()
        .find(|file| file.path == wanted.path)
        .ok_or_else(|| ApiError::new(Code::NoSuchArtifact, "the job lists no such file", "take a path of its files"))?;
    let mut download = state.daemon.download(&job, &file);
    // A file that cannot be fetched at all is a plain error; one that breaks off later ends the answer short of its length.
    let first = download.next().await?.unwrap_or_default();
    let rest = stream::try_unfold(download, |mut download| async move {
        let piece =
            download.next().await.inspect_err(|error| tracing::warn!(%error, "a file cannot be handed over"))?;
        Ok::<_, ClientError>(piece.map(|piece| (piece, download)))
    });
    let body = Body::from_stream(stream::once(async { Ok(first) }).chain(rest));
    let headers = [
        (CONTENT_TYPE, file.media_type),
        (CONTENT_LENGTH, file.bytes.to_string()),
        (ETAG, format!("\"{}\"", file.sha256)),
        // A report carries its own pictures and styles, and nothing that runs.
        (CONTENT_SECURITY_POLICY, "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox".to_owned()),
    ];
    Ok((headers, body).into_response())
}
