//! What happened to a job, as a stream that misses nothing: each event has a number, and whoever was away asks from there on.

use std::convert::Infallible;
use std::ops::ControlFlow;

use aide::NoApi;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response, sse};
use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::wire::codec;
use futures_util::Stream;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::jobs::{Of, job_id};
use super::parts::{Path, Query};
use crate::daemon::NAME;
use crate::fault::Refusal;
use crate::guest::Viewer;
use crate::hall::Hall;

/// From where on.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Since {
    /// Number of the last event that is known; 0 for all. A browser that comes back says it in `Last-Event-ID`.
    #[serde(default)]
    #[schemars(range(max = 18_446_744_073_709_551_615_u64))]
    since: u64,
}

/// The events as `id` (number), `event` (kind) and `data` (the header as JSON, without its raw frame).
pub(super) async fn stream(
    _: Viewer,
    State(hall): State<Hall>,
    Path(of): Path<Of>,
    Query(Since { since }): Query<Since>,
    headers: HeaderMap,
) -> Result<NoApi<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>>, Refusal> {
    let job = of.id()?;
    let asked = job.clone();
    // A job that is not there is a plain refusal, not an empty stream.
    hall.daemon.ask(move |client| client.status(&asked)).await?;
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let followed = hall.daemon.client().await?.follow(job, last.unwrap_or(since));
    let events = futures_util::stream::unfold(followed, |mut followed| async move {
        let told = match followed.next().await? {
            Ok((event, _)) => {
                let header = codec::to_json(&event);
                let kind = header["event"].as_str().unwrap_or_default().to_owned();
                sse::Event::default().id(event.number.to_string()).event(kind).data(header.to_string())
            }
            Err(error) => sse::Event::default().event("lost").data(error.to_string()),
        };
        Some((Ok(told), followed))
    });
    Ok(NoApi(Sse::new(events).keep_alive(KeepAlive::default())))
}

/// One event.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct OfEvent {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Number of the event.
    #[schemars(range(max = 18_446_744_073_709_551_615_u64))]
    number: u64,
}

pub(super) async fn raw(_: Viewer, State(hall): State<Hall>, Path(of): Path<OfEvent>) -> Result<Response, Refusal> {
    let job = job_id(&of.job)?;
    let endpoint = hall.daemon.endpoint().clone();
    // On a connection of its own: the events that follow are not for others.
    let found = spawn_blocking(move || {
        let mut client = Client::connect(&endpoint, NAME)?;
        let mut bytes = None;
        if (1..=client.status(&job)?.last_event).contains(&of.number) {
            client.follow(&job, of.number - 1, &mut |_, raw| {
                bytes = raw.map(<[u8]>::to_vec);
                ControlFlow::Break(())
            })?;
        }
        Ok::<_, ClientError>(bytes)
    });
    let found = found.await.map_err(|_| ClientError::Gone)??;
    let bytes = found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "no_such_event",
            "there is no such event yet, or it has no bytes",
            "take the number of an event `section` or `heat_map`",
        )
    })?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
