//! The session of a browser: a token becomes a cookie, which scripts cannot read and other sites cannot use.

use aide::NoApi;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use cordline_sdk::wire::reply::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sign_in;
use crate::auth::credentials::COOKIE_NAME;
use crate::error::ApiError;
use crate::http::extract::Viewer;
use crate::http::input::{Body, Query};
use crate::state::AppState;

/// How long a browser keeps the cookie: a working day.
const MAX_AGE_S: u32 = 12 * 3600;

/// A token.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SessionRequest {
    /// As the operator handed it out.
    token: String,
}

pub(super) async fn open(
    State(state): State<AppState>,
    Body(SessionRequest { token }): Body<SessionRequest>,
) -> Result<NoApi<Response>, ApiError> {
    state.tokens.authenticate(&token).ok_or_else(ApiError::unauthenticated)?;
    Ok(NoApi((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie(&token, state.secure))]).into_response()))
}

/// Whose token it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionResponse {
    /// Name of the token, as the operator gave it.
    name: String,
    /// What it allows.
    role: Role,
}

/// Tells a page what its reader may do, before they try.
pub(super) async fn show(Viewer(principal): Viewer) -> Json<SessionResponse> {
    Json(SessionResponse { name: principal.name, role: principal.role })
}

/// A token, and the page that the browser asked for before it was sent to sign in.
#[derive(Debug, Deserialize)]
pub(super) struct EnterQuery {
    token: String,
    to: Option<String>,
}

/// The address that is printed at the start. It sets the cookie and redirects, so that the token leaves the address line at once.
pub(super) async fn enter(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(EnterQuery { token, to }): Query<EnterQuery>,
) -> Result<Response, ApiError> {
    let token = token.trim();
    if state.tokens.authenticate(token).is_none() {
        return if sign_in::accepts_html(&headers) {
            Ok(sign_in::page(to.as_deref(), true))
        } else {
            Err(ApiError::unauthenticated())
        };
    }
    let to = to.filter(|to| sign_in::is_own_address(to)).unwrap_or_else(|| "/".into());
    Ok(([(SET_COOKIE, cookie(token, state.secure))], Redirect::to(&to)).into_response())
}

fn cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={token}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Strict{secure}")
}
