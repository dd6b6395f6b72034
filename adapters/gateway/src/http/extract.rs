//! Access to a route: a valid token, a role that allows it, no foreign origin, and not too many requests.

use std::sync::Arc;
use std::time::Duration;

use aide::OperationIo;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::reply::Role;

use super::request_tracking::TrackedRequest;
use crate::auth::credentials::token;
use crate::auth::origin;
use crate::auth::tokens::Principal;
use crate::error::ApiError;
use crate::limits::quotas::{Permit, STREAM_COST};
use crate::state::AppState;

/// May read.
#[derive(Debug, Clone, OperationIo)]
#[aide(input)]
pub(crate) struct Viewer(pub(crate) Principal);

/// May submit, choose, cancel and review.
#[derive(Debug, Clone, OperationIo)]
#[aide(input)]
pub(crate) struct Submitter(pub(crate) Principal);

/// May read, on a stream or a socket that stays open.
#[derive(Debug, OperationIo)]
#[aide(input)]
pub(crate) struct StreamViewer {
    pub(crate) principal: Principal,
    /// Its place among the streams of this token.
    pub(crate) permit: Permit,
    /// Keeps the request in flight for as long as the stream is open.
    pub(crate) request: Option<Arc<TrackedRequest>>,
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let principal = authorize(parts, state, 1)?;
        let permit = state.quotas.acquire_response(&principal).await?;
        if let Some(request) = parts.extensions.get::<Arc<TrackedRequest>>() {
            request.set_owner(&principal, Some(permit));
        }
        Ok(Self(principal))
    }
}

impl FromRequestParts<AppState> for Submitter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Viewer(principal) = Viewer::from_request_parts(parts, state).await?;
        if principal.role < Role::Submitter {
            return Err(ApiError::not_allowed());
        }
        Ok(Self(principal))
    }
}

impl FromRequestParts<AppState> for StreamViewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let principal = authorize(parts, state, STREAM_COST)?;
        let permit = state.quotas.acquire_stream(&principal)?;
        let request = parts.extensions.get::<Arc<TrackedRequest>>().cloned();
        if let Some(request) = &request {
            request.set_owner(&principal, None);
        }
        Ok(Self { principal, permit, request })
    }
}

/// The owner of the request's token, once origin, rate and number of connections are checked too.
fn authorize(parts: &Parts, state: &AppState, cost: u32) -> Result<Principal, ApiError> {
    let principal = token(&parts.headers)
        .and_then(|token| state.tokens.authenticate(token))
        .ok_or_else(ApiError::unauthenticated)?;
    if origin::is_foreign(parts, state.secure) {
        return Err(ApiError::new(
            Code::OtherOrigin,
            "the page that asks is not from here",
            "open the viewer at the address of this gateway",
        ));
    }
    state.quotas.check_rate(&principal, cost).map_err(ApiError::too_fast)?;
    let guard = parts.extensions.get::<Arc<TrackedRequest>>().and_then(|request| request.connection());
    if guard.is_some_and(|guard| !state.connections.identify(&guard.connection, &principal)) {
        let message = "too many connections of this token are at work";
        return Err(ApiError::busy(Code::TooManyConnections, message, Duration::from_secs(1)));
    }
    Ok(principal)
}
