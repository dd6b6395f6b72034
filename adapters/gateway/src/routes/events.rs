//! The events of a job, as a stream that loses none: each has a number, and a client that was away asks for those after the last one it has.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use aide::NoApi;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response, sse};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec;
use futures_util::Stream;
use schemars::JsonSchema;
use serde::Deserialize;

use super::params::{JobPath, job_id};
use crate::error::ApiError;
use crate::http::extract::{StreamViewer, Viewer};
use crate::http::input::{Path, Query};
use crate::state::AppState;

/// From where on.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SinceQuery {
    /// Number of the last event that is known; 0 for all. A browser that comes back says it in `Last-Event-ID`.
    #[serde(default)]
    #[schemars(range(max = 18_446_744_073_709_551_615_u64))]
    since: u64,
}

/// The events as `id` (number), `event` (kind) and `data` (the header as JSON, without its raw frame).
pub(super) async fn stream(
    StreamViewer { principal, permit, .. }: StreamViewer,
    State(state): State<AppState>,
    Path(path): Path<JobPath>,
    Query(SinceQuery { since }): Query<SinceQuery>,
    headers: HeaderMap,
) -> Result<NoApi<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>>, ApiError> {
    let job = path.id()?;
    // A job that does not exist is a plain error, not an empty stream.
    state.daemon.status(&job).await?;
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let events = state.daemon.follow(job, last.unwrap_or(since));
    let stream = futures_util::stream::unfold(Some((events, principal, permit)), move |open| {
        let state = state.clone();
        async move {
            let (mut events, principal, permit) = open?;
            let next = tokio::select! {
                () = state.tokens.revoked(&principal) => {
                    state.metrics.dismissed.fetch_add(1, Ordering::Relaxed);
                    let last = sse::Event::default().event("lost").data("the token was taken back, or has expired");
                    return Some((Ok(last), None));
                }
                next = events.next() => next?,
            };
            let message = match next {
                Ok((event, _)) => {
                    let header = codec::to_json(&event);
                    let kind = header["event"].as_str().unwrap_or_default().to_owned();
                    sse::Event::default().id(event.number.to_string()).event(kind).data(header.to_string())
                }
                Err(error) => sse::Event::default().event("lost").data(error.to_string()),
            };
            Some((Ok(message), Some((events, principal, permit))))
        }
    });
    Ok(NoApi(Sse::new(stream).keep_alive(KeepAlive::default())))
}

/// One event.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct EventPath {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Number of the event.
    #[schemars(range(max = 18_446_744_073_709_551_615_u64))]
    number: u64,
}

pub(super) async fn raw(
    _: Viewer,
    State(state): State<AppState>,
    Path(path): Path<EventPath>,
) -> Result<Response, ApiError> {
    let job = job_id(&path.job)?;
    let mut bytes = None;
    if (1..=state.daemon.status(&job).await?.last_event).contains(&path.number) {
        bytes = state.daemon.event_bytes(&job, path.number).await?;
    }
    let bytes = bytes.ok_or_else(|| {
        ApiError::new(
            Code::NoSuchEvent,
            "there is no such event yet, or it has no bytes",
            "take the number of an event `section` or `heat_map`",
        )
    })?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
