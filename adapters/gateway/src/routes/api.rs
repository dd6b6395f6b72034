//! The routes under `/api/v1`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::{Extension, Json, Router};
use cordline_sdk::job::JobSummary;
use tower_http::limit::RequestBodyLimitLayer;

use super::openapi::{bytes, describe, without_token};
use super::{analyses, arrivals, events, files, jobs, openapi, reviews, session, status, websocket};
use crate::state::AppState;

/// Media type of an answer of bytes.
const OCTETS: &str = "application/octet-stream";
/// Largest body of a request that needs no token.
const ANONYMOUS_BODY_BYTES: usize = 1024;

/// All routes. `body_bytes`: largest body of a request.
pub(super) fn router(state: AppState, body_bytes: usize) -> Router {
    let mut document = openapi::empty();
    let routes = ApiRouter::new()
        .api_route("/api/v1/health", get_with(status::health, |o| without_token(o.summary("Is the daemon there?"))))
        .api_route(
            "/api/v1/status",
            get_with(status::status, |o| o.summary("The daemon: ready, queue, disk, warnings")),
        )
        .api_route("/api/v1/device", get_with(status::device, |o| o.summary("What the box is and can run")))
        .api_route("/api/v1/jobs", get_with(jobs::list, |o| o.summary("Jobs, newest first")))
        .api_route("/api/v1/jobs/{job}", get_with(jobs::status, |o| o.summary("Where a job is")))
        .api_route("/api/v1/jobs/{job}/cancel", post_with(jobs::cancel, |o| o.summary("Stop a job")))
        .api_route(
            "/api/v1/jobs/{job}/choose",
            post_with(jobs::select_series, |o| o.summary("Choose the series of a job that asks")),
        )
        .api_route(
            "/api/v1/jobs/{job}/events",
            get_with(events::stream, |o| o.summary("Events after a number, and those to come (server-sent events)")),
        )
        .api_route(
            "/api/v1/jobs/{job}/events/{number}/raw",
            get_with(events::raw, |o| bytes(o.summary("The bytes of an event: a packed mask, a heat map"), OCTETS)),
        )
        .api_route("/api/v1/jobs/{job}/files", get_with(files::list, |o| o.summary("What a job made")))
        .api_route(
            "/api/v1/jobs/{job}/files/{*path}",
            get_with(files::download, |o| bytes(o.summary("One of these files"), "*/*")),
        )
        .api_route(
            "/api/v1/analyses",
            get_with(analyses::of_arrival, |o| o.summary("The analysis that was made when a study arrived"))
                .post_with(analyses::analyze, |o| {
                    o.summary("Have a study of the archive analysed").response::<202, Json<JobSummary>>()
                }),
        )
        .api_route(
            "/api/v1/analyses/store",
            post_with(analyses::store, |o| o.summary("Store the results of an analysis")),
        )
        .api_route(
            "/api/v1/analyses/verdict",
            post_with(reviews::add, |o| {
                o.summary("Accept or reject an analysis, or withdraw that").response::<204, ()>()
            }),
        )
        .api_route(
            "/api/v1/analyses/reviews",
            get_with(reviews::list, |o| o.summary("What readers said of a study, oldest first")),
        )
        .api_route(
            "/api/v1/arrivals",
            post_with(arrivals::enqueue, |o| {
                o.summary("A study has arrived in the archive").response::<202, Json<arrivals::EnqueueResponse>>()
            }),
        )
        .api_route("/api/v1/wire", get_with(websocket::open, |o| o.summary("The protocol over a WebSocket")))
        .api_route(
            "/api/v1/session",
            post_with(session::open, |o| without_token(o.summary("Keep the token in a cookie")))
                // It is read before a token is checked.
                .layer(DefaultBodyLimit::max(ANONYMOUS_BODY_BYTES))
                .get_with(session::show, |o| o.summary("Whose token it is, and what it allows")),
        )
        .route("/enter", axum::routing::get(session::enter))
        .api_route(
            "/api/v1/openapi.json",
            get_with(openapi::serve, |o| {
                without_token(o.summary("This document")).response::<200, Json<serde_json::Value>>()
            }),
        )
        .finish_api_with(&mut document, describe);
    let document = Bytes::from(serde_json::to_vec(&document).expect("text keys and plain values"));
    routes
        .layer(Extension(document))
        .layer(DefaultBodyLimit::max(body_bytes))
        // A body that is announced as too large is refused before it arrives.
        .layer(RequestBodyLimitLayer::new(body_bytes))
        .with_state(state)
}
