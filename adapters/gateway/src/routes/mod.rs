//! Everything that is served.
//!
//! - [`api`]: the table of routes under `/api/v1`; [`openapi`]: the document that is made of them
//! - [`status`]: the gateway's health, the daemon, its machine
//! - [`jobs`], [`events`], [`files`]: a job, what happens to it, what it made
//! - [`analyses`], [`reviews`], [`study`]: analyses of a study of the archive, and what readers say of them
//! - [`arrivals`]: the archive tells that a study has arrived
//! - [`websocket`]: the protocol itself, for browsers
//! - [`session`], [`sign_in`]: a token becomes a cookie
//! - [`dicomweb`]: the archive's DICOMweb, for the viewer
//! - [`static_files`], [`security_headers`]: OHIF and our extension
//! - [`params`]: parameters that several routes share
//! - [`metrics`]: the page of counters, on an address of its own
//!
//! Absent from here: limits and access checks, which all routes get from [`crate::http`].

mod analyses;
mod api;
mod arrivals;
mod dicomweb;
mod events;
mod files;
mod jobs;
pub(crate) mod metrics;
mod openapi;
mod params;
mod reviews;
mod security_headers;
mod session;
mod sign_in;
mod static_files;
mod status;
mod study;
mod websocket;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::error::ApiError;
use crate::http::request_tracking;
use crate::settings::Settings;
use crate::state::AppState;

/// All routes of the gateway's own address.
pub(crate) fn router(state: AppState, settings: &Settings) -> Router {
    let archive = dicomweb::router(state.clone(), settings.archive_body_bytes);
    let patient_data = api::router(state.clone(), settings.body_bytes).merge(archive);
    let patient_data = patient_data.layer(map_response(body_limit_as_api_error));
    // No browser keeps what is said of patients on its disk.
    let patient_data =
        patient_data.layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")));
    let mut pages = static_files::router(settings.ohif.as_deref(), settings.extension.as_deref());
    if settings.ohif.is_some() {
        pages = pages.layer(from_fn_with_state(state.clone(), sign_in::require_token));
    }
    let all = patient_data.merge(pages);
    let all = all.method_not_allowed_fallback(async || ApiError::no_such_method());
    let all = security_headers::add(all, settings.ohif.as_deref());
    all.layer(from_fn_with_state(state, request_tracking::track))
}

/// The layer that bounds bodies answers with plain text; like every other error it is sent as an [`ApiError`].
async fn body_limit_as_api_error(answer: Response) -> Response {
    let is_ours = answer.headers().get(CONTENT_TYPE).is_none_or(|kind| kind == "application/json");
    match answer.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_ours => ApiError::too_large().into_response(),
        _ => answer,
    }
}
