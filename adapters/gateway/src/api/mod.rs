//! The interface under `/api/v1`: every route, and the OpenAPI document that is made of them.
//!
//! - [`status`]: is anybody there, what is the box, what can it run
//! - [`jobs`]: list, look at, cancel, choose the series
//! - [`events`]: what happened to a job, as a stream that misses nothing
//! - [`files`]: what a job made
//! - [`arrivals`]: a study is there, says the archive
//! - [`analyses`]: of a study that somebody looks at
//! - [`reviews`]: what readers say of them
//! - [`wire`]: the protocol itself over a WebSocket
//! - [`session`]: a token becomes a cookie
//! - [`parts`]: path, query and body of a request

mod analyses;
mod arrivals;
mod events;
mod files;
mod jobs;
mod parts;
mod reviews;
mod session;
mod status;
mod wire;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::{self, Info, MediaType, OpenApi, ReferenceOr, Response, SecurityScheme};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::extract::DefaultBodyLimit;
use axum::{Extension, Json, Router};
use cordline_sdk::RESEARCH_USE;
use cordline_sdk::job::JobSummary;

use crate::fault::Refusal;
use crate::hall::Hall;

/// Name of the security scheme in the document.
const TOKEN: &str = "token";
const OCTETS: &str = "application/octet-stream";

/// All routes. `body_bytes`: largest body of a request.
pub fn router(hall: Hall, body_bytes: usize) -> Router {
    let mut document = OpenApi {
        info: Info {
            title: "Cordline gateway".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some(format!(
                "Jobs, events and results of the Cordline daemon, for browsers and archives. {RESEARCH_USE}."
            )),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let routes = ApiRouter::new()
        .api_route("/api/v1/health", get_with(status::health, |o| open_to_all(o.summary("Is the daemon there?"))))
        .api_route(
            "/api/v1/status",
            get_with(status::status, |o| o.summary("The daemon: ready, queue, disk, warnings")),
        )
        .api_route("/api/v1/device", get_with(status::device, |o| o.summary("What the box is and can run")))
        .api_route("/api/v1/jobs", get_with(jobs::list, |o| o.summary("Jobs, newest first")))
        .api_route("/api/v1/jobs/{job}", get_with(jobs::one, |o| o.summary("Where a job is")))
        .api_route("/api/v1/jobs/{job}/cancel", post_with(jobs::cancel, |o| o.summary("Stop a job")))
        .api_route(
            "/api/v1/jobs/{job}/choose",
            post_with(jobs::choose, |o| o.summary("Choose the series of a job that asks")),
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
            get_with(files::one, |o| bytes(o.summary("One of these files"), "*/*")),
        )
        .api_route(
            "/api/v1/analyses",
            get_with(analyses::known, |o| o.summary("The analysis that was made when a study arrived"))
                .post_with(analyses::wanted, |o| {
                    o.summary("Have a study of the archive analysed").response::<202, Json<JobSummary>>()
                }),
        )
        .api_route(
            "/api/v1/analyses/store",
            post_with(analyses::keep, |o| o.summary("Store the results of an analysis")),
        )
        .api_route(
            "/api/v1/analyses/verdict",
            post_with(reviews::say, |o| {
                o.summary("Accept or reject an analysis, or withdraw that").response::<204, ()>()
            }),
        )
        .api_route(
            "/api/v1/analyses/reviews",
            get_with(reviews::of_a_study, |o| o.summary("What readers said of a study, oldest first")),
        )
        .api_route(
            "/api/v1/arrivals",
            post_with(arrivals::tell, |o| {
                o.summary("A study has arrived in the archive").response::<202, Json<arrivals::Heard>>()
            }),
        )
        .api_route("/api/v1/wire", get_with(wire::open, |o| o.summary("The protocol over a WebSocket")))
        .api_route(
            "/api/v1/session",
            post_with(session::open, |o| open_to_all(o.summary("Keep the token in a cookie")))
                .get_with(session::who, |o| o.summary("Whose token it is, and what it allows")),
        )
        .route("/enter", axum::routing::get(session::enter))
        .api_route("/api/v1/openapi.json", get_with(serve, |o| open_to_all(o.summary("This document"))))
        .finish_api_with(&mut document, describe);
    routes.layer(Extension(Arc::new(document))).layer(DefaultBodyLimit::max(body_bytes)).with_state(hall)
}

/// What holds for every route: a token, and the shape of a refusal.
fn describe(api: TransformOpenApi) -> TransformOpenApi {
    let token = SecurityScheme::Http {
        scheme: "bearer".into(),
        bearer_format: None,
        description: Some("From `cordline-gateway token`; browsers carry it in a cookie instead".into()),
        extensions: Default::default(),
    };
    let mut api = api.security_scheme(TOKEN, token).security_requirement(TOKEN).default_response::<Refusal>();
    // The router's sign for "and all that follows" is none of OpenAPI's.
    if let Some(paths) = &mut api.inner_mut().paths {
        paths.paths =
            std::mem::take(&mut paths.paths).into_iter().map(|(p, item)| (p.replace("{*", "{"), item)).collect();
    }
    api
}

/// Describes an answer that is bytes.
fn bytes<'a>(mut operation: TransformOperation<'a>, media_type: &str) -> TransformOperation<'a> {
    let content = [(media_type.to_owned(), MediaType::default())].into_iter().collect();
    let answer = Response { description: "The bytes".into(), content, ..Response::default() };
    let responses = operation.inner_mut().responses.get_or_insert_default();
    responses.responses.insert(openapi::StatusCode::Code(200), ReferenceOr::Item(answer));
    operation
}

/// Marks a route that asks for no token.
fn open_to_all(mut operation: TransformOperation) -> TransformOperation {
    operation.inner_mut().security = vec![Default::default()];
    operation
}

async fn serve(Extension(document): Extension<Arc<OpenApi>>) -> Json<OpenApi> {
    Json((*document).clone())
}
