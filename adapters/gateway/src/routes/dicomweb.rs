//! DICOMweb of the archive, passed on for the viewer: what [`cordline_dicomweb`] lets pass.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use cordline_dicomweb::paths::{self, DICOM_WEB, Refusal, WADO};
use tower_http::limit::RequestBodyLimitLayer;

use crate::archive::{TransferError, passed_on};
use crate::error::ApiError;
use crate::http::extract::Viewer;
use crate::state::AppState;

/// Headers that go to the archive and come back; all others stay here, cookies and tokens above all.
const QUERY_HEADERS: [HeaderName; 1] = [ACCEPT];
/// With a body alone: where its length is announced and it does not follow, the archive takes it from the next request on the connection.
const STORE_HEADERS: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, CONTENT_LENGTH];
const RESPONSE_HEADERS: [HeaderName; 2] = [CONTENT_TYPE, CONTENT_LENGTH];

/// The routes. `body_bytes`: largest body of a request.
pub(super) fn router(state: AppState, body_bytes: usize) -> Router {
    Router::new()
        .route(&format!("{DICOM_WEB}/{{*path}}"), any(forward))
        .route(DICOM_WEB, any(forward))
        .route(WADO, any(forward))
        // Bodies pass as streams, which only this layer counts.
        .layer(RequestBodyLimitLayer::new(body_bytes))
        .with_state(state)
}

/// Passes a request on to the archive, and its answer back.
async fn forward(
    Viewer(principal): Viewer,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let archive = state.archive.as_ref().ok_or_else(ApiError::no_archive)?;
    let requested = request.uri().path_and_query().map_or("/", |p| p.as_str());
    paths::check(request.method().as_str(), requested, principal.role).map_err(refused)?;
    let path = paths::archive_path(&archive.settings().dicom_web, requested);
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::POST => {
            archive.store(Method::POST, &path, keep_only(&parts.headers, &STORE_HEADERS), body).await.map_err(failed)?
        }
        method => {
            let request = archive.request(method, &path).headers(keep_only(&parts.headers, &QUERY_HEADERS));
            archive.ask(request).await.map_err(|error| failed(error.into()))?
        }
    };
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = keep_only(answer.headers(), &RESPONSE_HEADERS);
    Ok((status, headers, passed_on(answer)).into_response())
}

fn failed(error: TransferError) -> ApiError {
    tracing::warn!(%error, "a request was not passed on to the archive and answered");
    match error {
        TransferError::ArchiveSilent => ApiError::archive_silent(),
        TransferError::Archive(error) if error.is_timeout() => ApiError::archive_silent(),
        TransferError::Archive(_) => ApiError::archive_unreachable(),
        TransferError::SenderSilent => ApiError::too_slow(),
        TransferError::BodyTooLarge => ApiError::too_large(),
        TransferError::BodyBroken => {
            ApiError::unreadable(StatusCode::BAD_REQUEST, "the body of the request breaks off".into())
        }
    }
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Path => ApiError::no_such_path(),
        Refusal::Method => ApiError::no_such_method(),
        Refusal::Role => ApiError::not_allowed(),
    }
}

fn keep_only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}
